"""The run folder, as everybody but the trainer sees it: read, listed, and sent commands.

    outputs/<game>-<model>-<time>/
      config.json      the resolved configuration, versions, git revision
      run.db           SQLite in WAL mode (``schema``)
      checkpoint-N/    what Hugging Face's Trainer writes, and ``arcade_state.json`` when it is complete
      log.txt          everything the trainer printed
      recordings/      episodes worth keeping and the GIFs made from them

A reader never blocks the trainer, and sees each row whole or not at all. Nothing here imports torch.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
import zlib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from grpo_arcade.atomic_write import atomic_write
from grpo_arcade.recordings.runs import schema

if TYPE_CHECKING:
    from grpo_arcade.games import Episode

DATABASE, LOCK, LOG, CONFIG, RECORDINGS = "run.db", "run.lock", "log.txt", "config.json", "recordings"
STATE = "arcade_state.json"
"""Written last into a checkpoint: a checkpoint without it is torn and never resumed from."""
COMMANDS = ("pause", "resume", "stop", "save", "evaluate", "gif")
LIVE = ("starting", "running", "paused")
"""Statuses of a run that is being trained."""
RESUMABLE = ("stopped", "crashed")
"""How a run stands that waits to be gone on with."""


class RunFolderError(ValueError):
    """The run folder cannot be read or written; one line that says why and what would work."""


@dataclass(frozen=True)
class RunSummary:
    """A run in one line."""

    path: Path
    game: str
    model: str
    status: str
    """starting, running, paused; finished; stopped, which can be resumed; crashed, where the trainer met an error or is
    gone without a word, which can too; failed, where training collapsed for good, which cannot."""
    step: int
    max_steps: int
    started: float
    updated: float
    reward: float | None
    """Of the last step."""
    first_score: float | None
    """Held-out mean of the first evaluation."""
    score: float | None
    """Held-out mean of the last one."""


@dataclass(frozen=True)
class Champion:
    """The best strategy so far, at some step."""

    step: int
    strategy_id: int
    score: float
    """Mean over the run's champion seeds, on which it was chosen; held-out scores are in the evaluations."""
    source: str


@dataclass(frozen=True)
class Alarm:
    """Something that usually means trouble, since ``step``."""

    step: int
    name: str
    message: str
    help: str


class RunReader:
    """Reads one run, live or ended; every query is its own short transaction."""

    def __init__(self, folder: str | Path) -> None:
        """Open ``folder``.

        Raises:
            RunFolderError: it is no run folder, or one written by another version of this program.
        """
        self.folder = Path(folder)
        self._connection = _open(self.folder)
        try:
            _check_version(self._connection, self.folder)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def __enter__(self) -> RunReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Rows of any SELECT over the tables of ``schema``; columns by name."""
        with _explained(self.folder):
            return self._connection.execute(sql, values).fetchall()

    def facts(self) -> dict[str, Any]:
        """The table ``run``: status, step, max_steps, game, model, run_key, baselines, versions and more."""
        return {row["key"]: json.loads(row["value"]) for row in self.query("SELECT key, value FROM run")}

    def config(self) -> dict[str, Any]:
        """``config.json``: the keys config, versions, git, command."""
        try:
            return json.loads((self.folder / CONFIG).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunFolderError(f"{self.folder / CONFIG} cannot be read: {error}") from error

    def status(self) -> str:
        """As in :class:`RunSummary`."""
        said = str(self.facts().get("status", "starting"))
        return "crashed" if said in LIVE and not is_live(self.folder) else said

    def summary(self) -> RunSummary:
        """The run in one line."""
        facts = self.facts()
        last = self.query("SELECT reward, time FROM steps ORDER BY step DESC LIMIT 1")
        scores = [row["mean"] for row in self.query("SELECT mean FROM evaluations ORDER BY step")]
        started = float(facts.get("started", 0.0))
        return RunSummary(
            self.folder,
            str(facts.get("game", "")),
            str(facts.get("model", "")),
            self.status(),
            int(facts.get("step", 0)),
            int(facts.get("max_steps", 0)),
            started,
            max([float(facts.get("updated", started)), *(row["time"] for row in last)]),
            last[0]["reward"] if last else None,
            scores[0] if scores else None,
            scores[-1] if scores else None,
        )

    def steps(self, after: int = 0) -> list[dict[str, Any]]:
        """Rows of ``steps`` with a higher number, JSON columns decoded."""
        rows = self.query("SELECT * FROM steps WHERE step > ? ORDER BY step", (after,))
        return [_decoded(row, "outcomes", "rewards", "metrics") for row in rows]

    def evaluations(self) -> list[dict[str, Any]]:
        """Rows of ``evaluations`` by step, JSON columns decoded."""
        rows = self.query("SELECT * FROM evaluations ORDER BY step")
        return [_decoded(row, "options", "seeds", "outcomes", "histogram", "scores", "baselines") for row in rows]

    def strategies(self, step: int, purpose: str = "training") -> list[dict[str, Any]]:
        """The strategies of one step in order, with ``source`` and ``rewards`` decoded.

        For sorting and filtering a whole run, :meth:`query` the table; its bulky parts are kept apart.
        """
        rows = self.query(
            "SELECT strategies.*, sources.source, sources.sha256 FROM strategies LEFT JOIN sources ON "
            "sources.id = source_id WHERE step = ? AND purpose = ? ORDER BY position",
            (step, purpose),
        )
        return [_decoded(row, "rewards") for row in rows]

    def strategy(self, strategy_id: int) -> dict[str, Any]:
        """All about one strategy: its row, source, completion text, token ids, error, and reasons.

        Raises:
            RunFolderError: no such strategy.
        """
        rows = self.query(
            "SELECT strategies.*, sources.source, sources.sha256, completions.text, completions.token_ids, "
            "completions.error, completions.reasons FROM strategies JOIN completions ON strategy_id = strategies.id "
            "LEFT JOIN sources ON sources.id = source_id WHERE strategies.id = ?",
            (strategy_id,),
        )
        if not rows:
            raise RunFolderError(f"{self.folder} has no strategy {strategy_id}")
        found = _decoded(rows[0], "rewards", "reasons")
        found["token_ids"] = unpack_tokens(found["token_ids"])
        if found["text"] is None:
            found["text"] = found["source"]
        return found

    def episodes(self, strategy_id: int) -> list[Episode]:
        """Its games, ready to be filmed, saved or verified."""
        from grpo_arcade.games import Episode, Outcome

        owner = self.query(
            "SELECT strategies.step, strategies.purpose, groups.options, sources.sha256 FROM strategies "
            "JOIN groups ON groups.step = strategies.step AND groups.purpose = strategies.purpose "
            "AND groups.number = strategies.number LEFT JOIN sources ON sources.id = source_id WHERE strategies.id = ?",
            (strategy_id,),
        )
        if not owner:
            raise RunFolderError(f"{self.folder} has no strategy {strategy_id}")
        facts = self.facts()
        rows = self.query("SELECT * FROM episodes WHERE strategy_id = ? ORDER BY number", (strategy_id,))
        return [
            Episode(
                game=facts["game"],
                options=json.loads(owner[0]["options"]),
                seed=row["seed"],
                **_played(row["actions"]),
                outcome=Outcome(row["outcome"]),
                score=row["score"],
                wasted=row["wasted"],
                player=f"{facts['model']} step {owner[0]['step']}",
                source_sha256=owner[0]["sha256"] or "",
                versions=facts["episode_versions"],
            )
            for row in rows
        ]

    def champions(self) -> list[Champion]:
        """The hall of fame, oldest first."""
        rows = self.query(
            "SELECT champions.step, strategy_id, champions.score, source FROM champions JOIN strategies ON "
            "strategies.id = strategy_id JOIN sources ON sources.id = source_id ORDER BY champions.id"
        )
        return [Champion(*row) for row in rows]

    def champion(self) -> Champion | None:
        """The best strategy so far; None while there is none."""
        return next(reversed(self.champions()), None)

    def events(self, after: int = 0) -> list[dict[str, Any]]:
        """Rows of ``events`` with a higher id, ``data`` decoded."""
        rows = self.query("SELECT * FROM events WHERE id > ? ORDER BY id", (after,))
        return [_decoded(row, "data") for row in rows]

    def alarms(self) -> list[Alarm]:
        """The alarms that are on."""
        on: dict[str, Alarm] = {}
        for row in self.query("SELECT * FROM events WHERE kind IN ('alarm', 'alarm_over') ORDER BY id"):
            on.pop(row["name"], None)
            if row["kind"] == "alarm":
                on[row["name"]] = Alarm(row["step"], row["name"], row["message"], row["help"])
        return list(on.values())

    def commands(self) -> list[dict[str, Any]]:
        """Every command ever sent, with its answer."""
        return [dict(row) for row in self.query("SELECT * FROM commands ORDER BY id")]

    def send(self, name: str, argument: str = "") -> int:
        """Ask the live trainer for something of :data:`COMMANDS`; the id under which the answer will stand.

        Raises:
            RunFolderError: no such command, or nobody is training.
        """
        if name not in COMMANDS:
            raise RunFolderError(f"there is no command {name!r}; there are {', '.join(COMMANDS)}")
        if (status := self.status()) not in LIVE:
            raise RunFolderError(f"{self.folder} is {status}: nobody can {name}; arcade train --resume {self.folder}")
        with _explained(self.folder), contextlib.closing(connect(self.folder / DATABASE)) as connection:
            row = connection.execute(
                "INSERT INTO commands (time, name, argument) VALUES (?, ?, ?) RETURNING id",
                (time.time(), name, argument),
            ).fetchone()
            return int(row["id"])

    def checkpoints(self) -> list[Path]:
        """The complete checkpoints, oldest first."""
        return checkpoints(self.folder)


def _played(blob: bytes) -> dict[str, bytes]:
    inflate = zlib.decompressobj()
    actions = inflate.decompress(blob)
    if not inflate.eof:
        raise zlib.error("a game's moves break off")
    return {"actions": actions, "observations": inflate.unused_data}


def list_runs(outputs: str | Path = "outputs") -> list[RunSummary]:
    """The runs in a folder, the newest first; what cannot be read is left out."""
    found = []
    for database in Path(outputs).glob(f"*/{DATABASE}"):
        with contextlib.suppress(RunFolderError), RunReader(database.parent) as run:
            found.append(run.summary())
    return sorted(found, key=lambda run: run.started, reverse=True)


def checkpoints(folder: Path) -> list[Path]:
    """The complete checkpoints of a run, oldest first."""
    return sorted((state.parent for state in folder.glob(f"checkpoint-*/{STATE}")), key=checkpoint_step)


def checkpoint_step(checkpoint: Path) -> int:
    """The step a checkpoint was made after."""
    return int(checkpoint.name.rpartition("-")[2])


def is_live(folder: Path) -> bool:
    """Whether a trainer is at work on the run: it holds the lock as long as its process exists."""
    try:
        with (folder / LOCK).open("rb") as file:
            return not try_lock(file.fileno(), shared=True)
    except OSError:
        return False


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Take the lock of an open file without waiting; it is freed when the file is closed or the process dies."""
    try:
        import fcntl
    except ImportError:
        return _try_lock_windows(descriptor)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _try_lock_windows(descriptor: int) -> bool:
    import msvcrt

    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    return True


def connect(database: Path, mode: str = "rw") -> sqlite3.Connection:
    """An autocommitting connection whose rows know their columns' names."""
    where = f"file:{quote(str(database.absolute()))}?{'immutable=1' if mode == 'immutable' else f'mode={mode}'}"
    connection = sqlite3.connect(where, uri=True, timeout=30.0, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection


def pack_tokens(ids: Sequence[int]) -> bytes:
    """Token ids as the database keeps them."""
    packed = array("I", ids)
    if packed.itemsize != 4:  # pragma: no cover - no platform of today
        packed = array("L", ids)
    return zlib.compress(packed.tobytes(), 6)


def unpack_tokens(blob: bytes) -> list[int]:
    """The inverse of :func:`pack_tokens`."""
    unpacked = array("I")
    unpacked.frombytes(zlib.decompress(blob))
    return unpacked.tolist()


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file so that a reader sees the old one or the new one, never half of it."""
    with atomic_write(path) as scratch:
        scratch.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def _open(folder: Path) -> sqlite3.Connection:
    database = folder / DATABASE
    if not database.is_file():
        what = "there is no such folder" if not folder.is_dir() else "it holds no run.db"
        raise RunFolderError(f"{folder} is not a run folder: {what}; arcade runs lists them")
    connection = None
    try:
        connection = connect(database, "ro")
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        return connection
    except sqlite3.OperationalError as error:
        if connection is not None:
            connection.close()
        # On a read-only medium SQLite cannot make its shared-memory file, and needs to be told that nobody writes.
        if not os.access(folder, os.W_OK) and not (folder / f"{DATABASE}-wal").exists():
            return connect(database, "immutable")
        raise RunFolderError(f"{database} cannot be read: {error}") from error
    except sqlite3.DatabaseError as error:
        raise RunFolderError(f"{database} is no database of this program ({error})") from error


def _check_version(connection: sqlite3.Connection, folder: Path) -> None:
    with _explained(folder):
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    if owner != schema.APPLICATION_ID:
        starting = owner == 0 and version == 0
        raise RunFolderError(
            f"{folder} is just being made; try again in a moment"
            if starting
            else f"{folder / DATABASE} is not a run of this program"
        )
    if version > schema.VERSION:
        raise RunFolderError(
            f"{folder} was written by a newer version (tables {version}, this one reads {schema.VERSION}): "
            'pip install --upgrade "grpo-arcade"'
        )


@contextlib.contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        gone = "" if (folder / DATABASE).is_file() else "; the folder is gone"
        raise RunFolderError(f"{folder / DATABASE}: {error}{gone}") from error


def _decoded(row: sqlite3.Row, *columns: str) -> dict[str, Any]:
    values = dict(row)
    for column in columns:
        if values[column] is not None:
            values[column] = json.loads(values[column])
    return values
