"""Writes a run's database: the trainer's side. One writer at a time, held by a lock.

Every method is one transaction, so that a reader and a crash see all of it or nothing. A full disk or a read-only
folder raises :class:`~grpo_arcade.recordings.runs.folder.RunFolderError` and leaves a valid database.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from grpo_arcade.recordings.runs import schema
from grpo_arcade.recordings.runs.database import connect
from grpo_arcade.recordings.runs.folder import DATABASE, LOCK, RunFolderError, try_lock, writing
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.new_run import Settings, new_folder, write_config
from grpo_arcade.recordings.runs.packed import pack_actions, pack_seats, pack_tokens

if TYPE_CHECKING:
    from grpo_arcade.games import Episode, Outcome

# Facts about the process and not about the training; they survive when a resume drops the steps after a checkpoint.
_LASTING_EVENTS = ("started", "resumed", "interrupted", "failed", "command")


class PlayedStrategy(Protocol):
    """A completion and what came of it, as a run records it."""

    @property
    def completion(self) -> str:
        """The model's text."""

    @property
    def source(self) -> str | None:
        """The strategy in it; None where there is none."""

    @property
    def error(self) -> str:
        """Why it was refused or how it crashed; empty if neither."""

    @property
    def cpu_s(self) -> float:
        """CPU seconds its match took."""

    @property
    def outcome(self) -> Outcome:
        """The outcome of most of its games."""

    @property
    def score(self) -> float:
        """Mean counted score over the seeds."""

    @property
    def episodes(self) -> Sequence[Episode]:
        """Its games, one a seed; of several seats each as its own seat has it (:func:`.packed.own_side`)."""

    @property
    def sat(self) -> Sequence[int]:
        """Where it sat in each of them; empty for games of one seat."""


class RunWriter:
    """The one writer of a run folder; a context manager."""

    def __init__(self, folder: Path, lock: IO[bytes], connection: sqlite3.Connection, kind: RunKind) -> None:
        """Use :meth:`create` or :meth:`reopen`."""
        self.folder = folder
        self._again = kind.again(folder)
        self._lock = lock
        self._connection = connection

    @classmethod
    def create(cls, config: Settings, facts: Mapping[str, Any]) -> RunWriter:
        """Make a new run folder under ``config.output_dir``.

        Raises:
            RunFolderError: it cannot be written, or exists.
        """
        undo = contextlib.ExitStack()
        try:
            folder = new_folder(config)
            undo.callback(shutil.rmtree, folder, ignore_errors=True)
            with writing(folder):
                lock = undo.enter_context((folder / LOCK).open("wb"))
                try_lock(lock.fileno())
                write_config(folder, config)
                connection = undo.enter_context(contextlib.closing(connect(folder / DATABASE, "rwc")))
                _tune(connection)
                connection.executescript(
                    f"BEGIN IMMEDIATE; PRAGMA application_id = {schema.APPLICATION_ID};"
                    f"PRAGMA user_version = {schema.VERSION}; {schema.TABLES} COMMIT;"
                )
                writer = cls(folder, lock, connection, RunKind.of(facts))
                writer.note(status="starting", started=time.time(), step=0, **facts)
        except BaseException:
            undo.close()
            raise
        # Nothing may be called here: a kill would strike between the folder that is made and who removes it.
        return writer

    @classmethod
    def reopen(cls, folder: Path, step: int, kind: RunKind = RunKind.TRAINING) -> RunWriter:
        """Go on writing a run whose last complete checkpoint was made after ``step``; what came later is dropped.

        Raises:
            RunFolderError: another trainer is at work on it, or it cannot be written.
        """
        with contextlib.ExitStack() as undo, writing(folder, kind.again(folder)):
            lock = undo.enter_context((folder / LOCK).open("wb"))
            # A reader that looks whether the run is live holds the lock for an instant.
            for _ in range(20):
                if try_lock(lock.fileno()):
                    break
                time.sleep(0.05)
            else:
                raise RunFolderError(f"{folder}: another process is at work on this run; stop it first")
            connection = undo.enter_context(contextlib.closing(connect(folder / DATABASE)))
            _tune(connection)
            _add_missing_tables(connection)
            writer = cls(folder, lock, connection, kind)
            writer._refuse_old_commands(step)
            writer._drop_after(step)
            undo.pop_all()
            return writer

    def _refuse_old_commands(self, step: int) -> None:
        # Whoever asked meant the trainer that is gone: its `stop` must not stop this one.
        with self.together() as connection:
            connection.execute(
                "UPDATE commands SET status = 'refused', answer = ?, answered = ?, step = ? "
                "WHERE status IN ('asked', 'accepted')",
                ("the trainer ended before it could answer", time.time(), max(0, step)),
            )

    def _drop_after(self, step: int) -> None:
        lasting = ", ".join(f"'{kind}'" for kind in _LASTING_EVENTS)
        with self.together() as connection:
            dropped = "SELECT id FROM strategies WHERE step > ?"
            connection.execute(f"DELETE FROM champions WHERE step > ? OR strategy_id IN ({dropped})", (step, step))
            for table in ("completions", "episodes", "sittings", "lineage"):
                connection.execute(f"DELETE FROM {table} WHERE strategy_id IN ({dropped})", (step,))
            for table in ("strategies", "groups", "steps", "evaluations", "league_games", "ratings", "league"):
                connection.execute(f"DELETE FROM {table} WHERE step > ?", (step,))
            connection.execute(f"DELETE FROM events WHERE step > ? AND kind NOT IN ({lasting})", (step,))
            connection.execute(
                "DELETE FROM sources WHERE id NOT IN (SELECT source_id FROM strategies WHERE source_id IS NOT NULL)"
            )
        self.note(status="starting", step=max(0, step))

    def close(self) -> None:
        """Close the database and free the lock; never raises, whatever state the disk is in."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        with contextlib.suppress(OSError):
            self._lock.close()

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def discard(self) -> bool:
        """Close, and remove the folder if nothing has been recorded yet; whether it was removed."""
        with contextlib.suppress(sqlite3.Error):
            if self._connection.execute("SELECT 1 FROM strategies LIMIT 1").fetchone() is None:
                self.close()
                shutil.rmtree(self.folder, ignore_errors=True)
                return True
        return False

    @contextlib.contextmanager
    def together(self) -> Iterator[sqlite3.Connection]:
        """Make all that is written inside one transaction."""
        if self._connection.in_transaction:
            yield self._connection
            return
        with writing(self.folder, self._again):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back already when the disk was full.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def note(self, **facts: Any) -> None:
        """Set facts of the table ``run``; values are JSON-able."""
        with self.together() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO run (key, value) VALUES (?, ?)",
                [(key, _json(value)) for key, value in {**facts, "updated": time.time()}.items()],
            )

    def group(
        self, step: int, purpose: str, number: int, stage: int, options: Mapping[str, Any], seeds: Sequence[int]
    ) -> None:
        """Say what a group plays, before its strategies are written."""
        with self.together() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO groups VALUES (?, ?, ?, ?, ?, ?)",
                (step, purpose, number, stage, _json(dict(options)), _json(list(seeds))),
            )

    def strategy(
        self,
        step: int,
        purpose: str,
        position: int,
        number: int,
        play: PlayedStrategy,
        tokens: Sequence[int],
        truncated: bool,
        count: int | None = None,
    ) -> int:
        """Write a strategy that has been played, with its episodes; its id.

        ``count`` is of its tokens, where only their number is known.
        """
        with self.together() as connection:
            source_id = None if play.source is None else _source(connection, play.source)
            row = connection.execute(
                "INSERT INTO strategies (step, purpose, position, number, time, source_id, outcome, score, tokens, "
                "truncated, cpu_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                (
                    *(step, purpose, position, number, time.time(), source_id, play.outcome.value, play.score),
                    *(len(tokens) if count is None else count, truncated, play.cpu_s),
                ),
            ).fetchone()
            strategy_id = int(row["id"])
            text = None if play.completion == play.source else play.completion
            connection.execute(
                "INSERT INTO completions (strategy_id, text, token_ids, error) VALUES (?, ?, ?, ?)",
                (strategy_id, text, pack_tokens(tokens), play.error),
            )
            connection.executemany(
                "INSERT INTO episodes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(strategy_id, place, *_episode(episode)) for place, episode in enumerate(play.episodes)],
            )
            connection.executemany(
                "INSERT INTO sittings VALUES (?, ?, ?, ?, ?)",
                [
                    (strategy_id, place, seat, episode.per_step, pack_seats(episode))
                    for place, (episode, seat) in enumerate(zip(play.episodes, play.sat, strict=False))
                ],
            )
            return strategy_id

    def judged(
        self, ids: Sequence[int], rewards: Sequence[Mapping[str, float | None]], reasons: Sequence[Mapping[str, str]],
        totals: Sequence[float], advantages: Sequence[float],
    ) -> None:  # fmt: skip
        """Add what a group's strategies earned: one entry of each sequence a strategy."""
        with self.together() as connection:
            connection.executemany(
                "UPDATE strategies SET rewards = ?, reward = ?, advantage = ? WHERE id = ?",
                [
                    (_json(dict(split)), _number(total), _number(advantage), strategy_id)
                    for strategy_id, split, total, advantage in zip(ids, rewards, totals, advantages, strict=True)
                ],
            )
            connection.executemany(
                "UPDATE completions SET reasons = ? WHERE strategy_id = ?",
                [(_json(dict(why)), strategy_id) for strategy_id, why in zip(ids, reasons, strict=True)],
            )

    def lineage(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows of ``lineage``."""
        with self.together():
            for row in rows:
                self._insert("lineage", row)

    def league(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows of ``league``, ``league_games`` or ``ratings``."""
        with self.together():
            for row in rows:
                self._insert(table, row)

    def step(self, row: Mapping[str, Any]) -> None:
        """Write one row of ``steps``; JSON columns as Python values."""
        self._insert("steps", row)
        self.note(step=row["step"])

    def evaluation(self, row: Mapping[str, Any]) -> None:
        """Write one row of ``evaluations``."""
        self._insert("evaluations", row)

    def drop_evaluation(self, step: int) -> None:
        """Forget the evaluation made after ``step``, if there is one, with its strategies and games."""
        with self.together() as connection:
            old = "SELECT id FROM strategies WHERE step = ? AND purpose = 'evaluation'"
            for table in ("completions", "episodes", "sittings"):
                connection.execute(f"DELETE FROM {table} WHERE strategy_id IN ({old})", (step,))
            for table in ("strategies", "groups"):
                connection.execute(f"DELETE FROM {table} WHERE step = ? AND purpose = 'evaluation'", (step,))
            connection.execute("DELETE FROM evaluations WHERE step = ?", (step,))

    def champion(self, row: Mapping[str, Any]) -> None:
        """Write one row of ``champions``."""
        self._insert("champions", row)

    def event(
        self,
        kind: str,
        step: int,
        message: str,
        *,
        name: str = "",
        help: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Write one row of ``events``."""
        row = {"time": time.time(), "step": step, "kind": kind, "name": name, "message": message, "help": help}
        self._insert("events", {**row, "data": dict(data or {})})

    def asked(self) -> list[tuple[int, str, str]]:
        """Commands nobody has answered: id, name, argument."""
        with self.together() as connection:
            rows = connection.execute("SELECT id, name, argument FROM commands WHERE status = 'asked' ORDER BY id")
            return [tuple(row) for row in rows]

    def answer(self, command: int, status: str, answer: str, step: int) -> None:
        """Answer a command: accepted, done or refused, with words."""
        with self.together() as connection:
            connection.execute(
                "UPDATE commands SET status = ?, answer = ?, answered = ?, step = ? WHERE id = ?",
                (status, answer, time.time(), step, command),
            )

    def _insert(self, table: str, row: Mapping[str, Any]) -> None:
        values = [_json(value) if isinstance(value, dict | list) else _number(value) for value in row.values()]
        places = ", ".join("?" * len(values))
        with self.together() as connection:
            connection.execute(f"INSERT OR REPLACE INTO {table} ({', '.join(row)}) VALUES ({places})", values)


def _tune(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    # In WAL mode this loses the last transactions at a power cut, never the database.
    connection.execute("PRAGMA synchronous = NORMAL")


def _add_missing_tables(connection: sqlite3.Connection) -> None:
    """Bring a run of an earlier version to this one, which has only added tables."""
    connection.executescript(
        f"BEGIN IMMEDIATE; {schema.TABLES.replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS')}"
        f"PRAGMA user_version = {schema.VERSION}; COMMIT;".replace("CREATE INDEX", "CREATE INDEX IF NOT EXISTS")
    )


def _source(connection: sqlite3.Connection, source: str) -> int:
    digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
    row = connection.execute("SELECT id FROM sources WHERE sha256 = ?", (digest,)).fetchone()
    if row is None:
        stored = source.encode("utf-8", "replace").decode("utf-8")
        row = connection.execute(
            "INSERT INTO sources (sha256, source) VALUES (?, ?) RETURNING id", (digest, stored)
        ).fetchone()
    return int(row["id"])


def _episode(episode: Episode) -> tuple[Any, ...]:
    return (
        *(episode.seed, episode.outcome.value, float(episode.score), episode.moves, episode.wasted),
        pack_actions(episode),
    )


def _json(value: Any) -> str:
    return json.dumps(_finite(value), separators=(",", ":"))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return _number(value)


def _number(value: Any) -> Any:
    """JSON and SQLite know no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
