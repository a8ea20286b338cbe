"""A run as everybody but the trainer sees it: read, listed, and sent commands. Nothing here imports torch."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from grpo_arcade.foreign_data import parsed_json, read_file
from grpo_arcade.recordings.runs.columns import decoded, fact
from grpo_arcade.recordings.runs.database import ReadDatabase, connect, explained
from grpo_arcade.recordings.runs.folder import CONFIG, DATABASE, LIVE, RunFolderError, checkpoints, is_live
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.packed import unpack_actions, unpack_tokens, whole_game
from grpo_arcade.recordings.runs.records import RECENT, Alarm, Champion, HeldOut, RunSummary
from grpo_arcade.recordings.runs.verdict import Verdict, judge

if TYPE_CHECKING:
    from grpo_arcade.games import Episode

_LARGEST_CONFIG = 1 << 20
_MOST_PLAYED = 16 << 20
"""Actions of all games of a strategy, beyond what their blobs let expect."""
COMMANDS = ("pause", "resume", "stop", "save", "evaluate", "gif")


_USUAL_WEIGHTS = {"progress": 50.0}
"""Where it is not 1, the weight that a function had by default when runs did not yet say their weights."""


class RunReader:
    """Reads one run, live or ended; every query is its own short transaction."""

    def __init__(self, folder: str | Path) -> None:
        """Open ``folder``.

        Raises:
            RunFolderError: it is no run folder, or one written by another version of this program.
        """
        self.folder = Path(folder)
        self._database = ReadDatabase(self.folder)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __enter__(self) -> RunReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Rows of any SELECT over the tables of ``schema``; columns by name. For the modules of this folder."""
        return self._database.query(sql, values)

    def facts(self) -> dict[str, Any]:
        """The table ``run``: status, step, max_steps, game, model, run_key, baselines, versions and more."""
        return self._facts("")

    def config(self) -> dict[str, Any]:
        """``config.json``: the keys config, versions, git, command, and since there is one, defaults."""
        try:
            told = parsed_json(read_file(self.folder / CONFIG, _LARGEST_CONFIG))
        except (OSError, ValueError) as error:
            raise RunFolderError(f"{self.folder / CONFIG} cannot be read: {error}") from error
        if not isinstance(told, dict) or not isinstance(told.get("config"), dict):
            raise RunFolderError(f"{self.folder / CONFIG} holds no configuration of a run")
        return told

    def status(self) -> str:
        """As in :class:`RunSummary`."""
        said = str(self.facts().get("status", "starting"))
        return "crashed" if said in LIVE and not is_live(self.folder) else said

    def summary(self) -> RunSummary:
        """The run in one line."""
        facts = self.facts()
        last = self.query("SELECT time FROM steps ORDER BY step DESC LIMIT 1")
        rewards, held_out = self._rewards(), self.held_out()
        with explained(self.folder):
            started = float(facts.get("started", 0.0))
            return RunSummary(
                self.folder,
                str(facts.get("game", "")),
                str(facts.get("model", "")),
                self.status(),
                max(0, int(facts.get("step", 0))),
                int(facts.get("max_steps", 0)),
                started,
                max([float(facts.get("updated", started)), *(row["time"] for row in last)]),
                statistics.fmean(reward for _, reward in rewards[-RECENT:]) if rewards else None,
                held_out[0].mean if held_out else None,
                held_out[-1].mean if held_out else None,
                self.verdict().line,
                RunKind.of(facts),
            )

    def verdict(self) -> Verdict:
        """Whether it is learning."""
        failure = self.failure()
        return judge(
            self._rewards(),
            self.held_out(),
            failure=failure.message if failure else "",
            live=self.status() in LIVE,
            of=self.kind,
        )

    def _rewards(self) -> list[tuple[int, float]]:
        rows = self.query("SELECT step, reward FROM steps WHERE reward IS NOT NULL ORDER BY step")
        return [(row["step"], row["reward"]) for row in rows]

    def steps(self, after: int = 0) -> list[dict[str, Any]]:
        """Rows of ``steps`` with a higher number, JSON columns decoded."""
        rows = self.query("SELECT * FROM steps WHERE step > ? ORDER BY step", (after,))
        return [self._decoded("steps", row, "outcomes", "rewards", "metrics") for row in rows]

    def evaluations(self) -> list[dict[str, Any]]:
        """Rows of ``evaluations`` by step, JSON columns decoded."""
        rows = self.query("SELECT * FROM evaluations ORDER BY step")
        columns = ("options", "seeds", "outcomes", "histogram", "scores", "baselines")
        return [self._decoded("evaluations", row, *columns) for row in rows]

    def held_out(self) -> list[HeldOut]:
        """Every evaluation without its bulk, by step."""
        rows = self.query(
            "SELECT step, stage, mean, low, high, won, compiled, distinct_share, strategies, seeds, histogram, "
            "champion, baselines FROM evaluations ORDER BY step"
        )
        return [self._held_out(row) for row in rows]

    def strategies(self, step: int, purpose: str = "training") -> list[dict[str, Any]]:
        """The strategies of one step in order: their rows, ``source``, and the completion's ``text``, ``error`` and
        ``reasons``; ``text`` is None where it equals the source.

        For sorting and filtering a whole run there is ``strategy_list``.
        """
        rows = self.query(
            "SELECT strategies.*, sources.source, sources.sha256, completions.text, completions.error, "
            "completions.reasons FROM strategies JOIN completions ON strategy_id = strategies.id LEFT JOIN sources ON "
            "sources.id = source_id WHERE step = ? AND purpose = ? ORDER BY position",
            (step, purpose),
        )
        return [self._strategy(row) for row in rows]

    def training_step(self, wished: int | None = None) -> int:
        """The newest step that has strategies, or of those the last up to ``wished``, or else the first; 0: none."""
        first, newest = self.query("SELECT MIN(step), MAX(step) FROM strategies WHERE purpose = 'training'")[0]
        if newest is None:
            return 0
        if wished is None or wished >= newest:
            return int(newest)
        sql = "SELECT MAX(step) FROM strategies WHERE purpose = 'training' AND step <= ?"
        return int(self.query(sql, (wished,))[0][0] or first)

    def judged_step(self) -> int | None:
        """The newest step of which a group is complete, so that it has rewards; None while there is none."""
        rows = self.query("SELECT step FROM strategies WHERE reward IS NOT NULL ORDER BY id DESC LIMIT 1")
        return int(rows[0]["step"]) if rows else None

    def rewards_of(self, step: int) -> list[tuple[float, str]]:
        """Reward and outcome of each strategy of a step that has been judged, in order."""
        sql = "SELECT reward, outcome FROM strategies WHERE step = ? AND purpose = 'training' ORDER BY position"
        return [(row["reward"], row["outcome"]) for row in self.query(sql, (step,)) if row["reward"] is not None]

    def groups(self, step: int, purpose: str = "training") -> list[dict[str, Any]]:
        """What the groups of a step play: rows of ``groups`` by number, JSON columns decoded."""
        rows = self.query("SELECT * FROM groups WHERE step = ? AND purpose = ? ORDER BY number", (step, purpose))
        return [self._decoded("groups", row, "options", "seeds") for row in rows]

    def best_mate(self, strategy_id: int) -> str | None:
        """The source of the best other strategy of a strategy's group; None where no other has one."""
        rows = self.query(
            "SELECT source FROM strategies JOIN sources ON sources.id = source_id WHERE "
            "(step, purpose, number) = (SELECT step, purpose, number FROM strategies WHERE id = ?) AND "
            "strategies.id != ? ORDER BY reward DESC, score DESC LIMIT 1",
            (strategy_id, strategy_id),
        )
        return str(rows[0]["source"]) if rows else None

    def reward_names(self) -> list[str]:
        """The reward functions, as the newest step had them."""
        rows = self.query("SELECT rewards FROM steps ORDER BY step DESC LIMIT 1")
        return list(self.json("steps.rewards", rows[0]["rewards"])) if rows else []

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
            first, last = self.query("SELECT MIN(id), MAX(id) FROM strategies")[0]
            has = "it has none yet" if first is None else f"they are numbered {first} to {last}"
            raise RunFolderError(f"{self.folder} has no strategy {strategy_id}; {has}")
        found = self._strategy(rows[0])
        with explained(self.folder):
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
        facts = self._facts("WHERE key IN ('game', 'model', 'episode_versions')")
        rows = self.query("SELECT * FROM episodes WHERE strategy_id = ? ORDER BY number", (strategy_id,))
        # A game in which nothing happens takes next to nothing; a few thousand times a megabyte is no small file.
        left = _MOST_PLAYED + 64 * sum(len(row["actions"]) for row in rows)
        found: list[Episode] = []
        sittings = self._sittings(strategy_id)
        options = self.json("groups.options", owner[0]["options"])
        with explained(self.folder):
            for row in rows:
                actions, observations = unpack_actions(row["actions"], left)
                left -= len(actions)
                found.append(
                    Episode(
                        game=facts["game"],
                        options=options,
                        seed=row["seed"],
                        actions=actions,
                        observations=observations,
                        outcome=Outcome(row["outcome"]),
                        score=row["score"],
                        wasted=row["wasted"],
                        player=f"{facts['model']} step {owner[0]['step']}",
                        source_sha256=owner[0]["sha256"] or "",
                        versions=facts["episode_versions"],
                    )
                )
                if (kept := sittings.get(row["number"])) is not None:
                    found[-1] = whole_game(found[-1], *kept)
        return found

    def _sittings(self, strategy_id: int) -> dict[int, tuple[int, list[list[Any]]]]:
        """By the number of an episode of several seats: action ids a step, and how it was for each."""
        if not self.query("SELECT 1 FROM sqlite_master WHERE name = 'sittings'"):
            return {}  # a run of an earlier version
        rows = self.query("SELECT number, per_step, seats FROM sittings WHERE strategy_id = ?", (strategy_id,))
        return {row["number"]: (row["per_step"], self.json("sittings.seats", row["seats"])) for row in rows}

    def champions(self) -> list[Champion]:
        """The hall of fame, oldest first."""
        rows = self.query(
            "SELECT champions.step, strategy_id, champions.score, source, stage, previous, scores FROM champions "
            "JOIN strategies ON strategies.id = strategy_id JOIN sources ON sources.id = source_id "
            "ORDER BY champions.id"
        )
        return [Champion(**dict(row) | {"scores": tuple(self.json("champions.scores", row["scores"]))}) for row in rows]

    def champion(self) -> Champion | None:
        """The best strategy so far; None while there is none."""
        return next(reversed(self.champions()), None)

    def events(self, after: int = 0) -> list[dict[str, Any]]:
        """Rows of ``events`` with a higher id, ``data`` decoded."""
        rows = self.query("SELECT * FROM events WHERE id > ? ORDER BY id", (after,))
        return [self._decoded("events", row, "data") for row in rows]

    def failure(self) -> Alarm | None:
        """Why training failed for good; None where it did not."""
        if self.facts().get("status") != "failed":
            return None
        sql = "SELECT step, name, message, help FROM events WHERE kind = 'failed' ORDER BY id DESC LIMIT 1"
        return next((Alarm(*row) for row in self.query(sql)), None)

    def alarms(self) -> list[Alarm]:
        """The alarms that are on."""
        on: dict[str, Alarm] = {}
        for row in self.query("SELECT * FROM events WHERE kind IN ('alarm', 'alarm_over') ORDER BY id"):
            on.pop(row["name"], None)
            if row["kind"] == "alarm":
                on[row["name"]] = Alarm(row["step"], row["name"], row["message"], row["help"])
        return list(on.values())

    def reward_weights(self) -> dict[str, float]:
        """What each reward function's value is multiplied by; empty where the run does not say."""
        if said := self.facts().get("reward_weights"):
            return {name: float(weight) for name, weight in said.items()}
        try:
            config = self.config()["config"]
            names = [re.split(r"[.:]", word)[-1] for word in config["rewards"]]
            weights = config["reward_weights"] or [_USUAL_WEIGHTS.get(name, 1.0) for name in names]
            return {name: float(weight) for name, weight in zip(names, weights, strict=True)}
        except (RunFolderError, KeyError, TypeError, ValueError):
            return {}

    def commands(self, newest: int | None = None) -> list[dict[str, Any]]:
        """Every command ever sent, with its answer; or so many of the newest, the newest first."""
        if newest is None:
            return [dict(row) for row in self.query("SELECT * FROM commands ORDER BY id")]
        return [dict(row) for row in self.query("SELECT * FROM commands ORDER BY id DESC LIMIT ?", (newest,))]

    @property
    def kind(self) -> RunKind:
        """Whether a model was trained or a program improved."""
        return RunKind.of(self.facts())

    @property
    def again(self) -> str:
        """The command that goes on with the run."""
        return self.kind.again(self.folder)

    def send(self, name: str, argument: str = "") -> int:
        """Ask the live trainer for something of :data:`COMMANDS`; the id under which the answer will stand.

        Raises:
            RunFolderError: no such command, or nobody is training.
        """
        if name not in COMMANDS:
            raise RunFolderError(f"there is no command {name!r}; there are {', '.join(COMMANDS)}")
        if (status := self.status()) not in LIVE:
            raise RunFolderError(f"{self.folder} is {status}: nobody can {name}; {self.again}")
        with explained(self.folder), contextlib.closing(connect(self.folder / DATABASE)) as connection:
            row = connection.execute(
                "INSERT INTO commands (time, name, argument) VALUES (?, ?, ?) RETURNING id",
                (time.time(), name, argument),
            ).fetchone()
            return int(row["id"])

    def checkpoints(self) -> list[Path]:
        """The complete checkpoints, oldest first."""
        return checkpoints(self.folder)

    def json(self, name: str, text: str | None) -> Any:
        """The value of a JSON column that was asked for by :meth:`query`; ``name`` is the table's and the column's.

        Raises:
            RunFolderError: it is no JSON, or not of the shape that such a column has.
        """
        with explained(self.folder):
            return decoded(name, text)

    def _facts(self, which: str) -> dict[str, Any]:
        rows = self.query(f"SELECT key, value FROM run {which}")
        with explained(self.folder):
            return {row["key"]: fact(row["key"], row["value"]) for row in rows}

    def _decoded(self, table: str, row: sqlite3.Row, *columns: str) -> dict[str, Any]:
        return {**dict(row), **{column: self.json(f"{table}.{column}", row[column]) for column in columns}}

    def _strategy(self, row: sqlite3.Row) -> dict[str, Any]:
        return self._decoded("strategies", row, "rewards") | {
            "reasons": self.json("completions.reasons", row["reasons"])
        }

    def _held_out(self, row: sqlite3.Row) -> HeldOut:
        values = self._decoded("evaluations", row, "seeds", "histogram", "baselines")
        means = {name: float(kept["mean"]) for name, kept in values["baselines"].items()}
        return HeldOut(**values | {"seeds": len(values["seeds"]), "baselines": means})


def list_runs(outputs: str | Path = "outputs", refused: Callable[[str], None] | None = None) -> list[RunSummary]:
    """The runs in a folder, the newest first; of what cannot be read ``refused`` is told in one line each."""
    found = []
    for database in Path(outputs).glob(f"*/{DATABASE}"):
        try:
            with RunReader(database.parent) as run:
                found.append(run.summary())
        except RunFolderError as error:
            if refused is not None:
                refused(str(error))
    return sorted(found, key=lambda run: run.started, reverse=True)
