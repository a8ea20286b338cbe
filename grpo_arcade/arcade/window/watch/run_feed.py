"""What a run says, read beside the window: a process polls the run folder and sends what Watch shows.

A process and not a thread: rows are decoded in Python, and a thread that is doing so while the trainer has the cores
would hold up every frame. Reading never disturbs the trainer, and any number of windows may do it. Nothing here draws.
"""

from __future__ import annotations

import dataclasses
import json
import os
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from grpo_arcade.games import Episode, Outcome
from grpo_arcade.recordings.runs.folder import DATABASE, RunFolderError
from grpo_arcade.recordings.runs.reader import Champion, RunReader

POLL_S = 0.2
"""A look at whether the database changed costs some 30 µs."""
_STATUS_S = 1.0
_QUIET_S = 30
"""A live run that has not written for so long is said to be quiet, in steps of 10 s."""
LIVE = ("starting", "running", "paused")
MOST_POINTS = 512
"""Of a longer run's history, means of stretches of steps are kept: a curve has no room for more, and memory is to stay
as it is however long a run is watched."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """One strategy of the step that is shown."""

    id: int
    group: int
    outcome: Outcome
    score: float
    reward: float | None
    """None until its group is complete."""
    rewards: Mapping[str, float]
    reasons: Mapping[str, str]
    source: str | None
    text: str
    """The source, or the completion where there is none."""
    error: str
    episodes: tuple[Episode, ...]
    time: float


@dataclass(frozen=True, slots=True)
class Point:
    """What a step or an evaluation came to, or the means of a stretch of steps that ends here; None: not known."""

    step: int
    reward: float | None = None
    spread: float | None = None
    step_s: float | None = None
    held_out: float | None = None


@dataclass(frozen=True, slots=True)
class Warning:
    """An alarm or a failure, in words."""

    message: str
    help: str


@dataclass(frozen=True, slots=True)
class News:
    """A run as it stands; a new one is handed over whenever anything changed."""

    game: str = ""
    model: str = ""
    status: str = "starting"
    step: int = 0
    max_steps: int = 0
    newest: int = 0
    """The last step that has strategies."""
    shown: int = 0
    """The step that :attr:`entrants` are of; 0 while there are none."""
    entrants: tuple[Entrant, ...] = ()
    expected: int = 0
    """How many strategies a whole group has."""
    baselines: Mapping[str, float] = field(default_factory=dict)
    """Mean held-out scores, weakest first."""
    champion: Champion | None = None
    """The best strategy up to the step that is shown."""
    champion_episodes: tuple[Episode, ...] = ()
    rival: Champion | None = None
    """The one that stood before the step that is shown: what its strategies are compared with."""
    points: tuple[Point, ...] = ()
    """One a step or a stretch of steps, ascending; step 0 is the untrained model."""
    present: Point | None = None
    """What is known last at the step that is shown; None before the first evaluation."""
    warnings: tuple[Warning, ...] = ()
    quiet_s: int = 0
    problem: str = ""
    """Why nothing more can be read; empty while all is well."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """News on their way: of what is long and mostly stays as it was, only what is new."""

    news: News
    """Without entrants, and without points where they are as before."""
    entrants: tuple[tuple[int, float], ...]
    """Ids and times of all."""
    fresh: tuple[Entrant, ...]
    """Those that are new or have changed."""
    same_points: bool


class Sender:
    """Makes dispatches of news."""

    def __init__(self) -> None:
        self._entrants: dict[tuple[int, float], Entrant] = {}
        self._points: tuple[Point, ...] = ()

    def dispatch(self, news: News) -> Dispatch:
        """The next one."""
        before, self._entrants = self._entrants, {(entrant.id, entrant.time): entrant for entrant in news.entrants}
        fresh = tuple(entrant for key, entrant in self._entrants.items() if before.get(key) is not entrant)
        same, self._points = self._points == news.points, news.points
        bare = dataclasses.replace(news, entrants=(), points=() if same else news.points)
        return Dispatch(bare, tuple(self._entrants), fresh, same)


class Receiver:
    """Puts news together again."""

    def __init__(self) -> None:
        self._entrants: dict[tuple[int, float], Entrant] = {}
        self._points: tuple[Point, ...] = ()

    def news(self, dispatch: Dispatch) -> News:
        """What a dispatch says, each of which has to be taken in in order."""
        known = self._entrants | {(entrant.id, entrant.time): entrant for entrant in dispatch.fresh}
        self._entrants = {key: known[key] for key in dispatch.entrants}
        if not dispatch.same_points:
            self._points = dispatch.news.points
        return dataclasses.replace(dispatch.news, entrants=tuple(self._entrants.values()), points=self._points)


def follow(folder: Path, step: int | None, *, heard: Connection, emit: Callable[[Dispatch], None]) -> None:
    """Send news of a run for as long as somebody listens; for :meth:`Background.process`.

    Args:
        folder: the run's.
        step: the one to show, None for the newest; another one may be told at any time.
        heard: where it is told.
        emit: where dispatches go.
    """
    feed, sender = Feed(folder), Sender()
    try:
        while True:
            news = feed.look(step)
            if news is not None:
                emit(sender.dispatch(news))
            pause = _STATUS_S if feed.news.problem else POLL_S
            while heard.poll(pause):
                step, pause = heard.recv(), 0.0
    except (EOFError, OSError):
        return  # the window is gone
    finally:
        feed.close()


def glance(folder: Path, step: int | None) -> News | None:
    """What a run says now, once: a process takes a while to start."""
    feed = Feed(folder)
    try:
        return feed.look(step)
    finally:
        feed.close()


class Feed:
    """Reads one run folder again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.news = News()
        self._reader: RunReader | None = None
        self._inode = 0
        self._version = -1
        self._wished: int | None = None
        self._status = ""
        self._status_at = 0.0
        self._points: list[Point] = []
        self._last: tuple[int, float] | None = None
        self._entrants: dict[tuple[int, float], Entrant] = {}
        self._champions: dict[int, tuple[Episode, ...]] = {}

    def close(self) -> None:
        """Let go of the database."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def look(self, wished: int | None) -> News | None:
        """What the run says now, if that is something else than the last time."""
        try:
            changed = self._open()
            reader = self._reader
            assert reader is not None
            version = reader.query("PRAGMA data_version")[0][0]
            changed |= version != self._version or wished != self._wished or bool(self.news.problem)
            now = time.monotonic()
            if changed or now - self._status_at >= _STATUS_S:
                status, quiet = self._looked_at(reader)
                self._status_at = now
                changed |= (status, quiet) != (self.news.status, self.news.quiet_s)
            if not changed:
                return None
            news = self._read(reader, wished, status, quiet)
            self._version, self._wished = version, wished
        except (ValueError, KeyError, OSError, zlib.error) as error:
            # Also a row that another version wrote, or a damaged one: the window goes on with what it has.
            return self._lost(error)
        self.news = news
        return news

    def _lost(self, error: Exception) -> News | None:
        gone = not (self.folder / DATABASE).is_file()
        line = f"The run was deleted: {self.folder}"
        if not (gone and self.news.game):
            known = isinstance(error, RunFolderError | OSError)
            line = str(error) if known else f"{self.folder / DATABASE} is damaged: {error}"
        self.close()
        self._version = -1
        if line == self.news.problem:
            return None
        # What was shown stays: it may be the last that is left of it.
        self.news = dataclasses.replace(self.news, problem=line, quiet_s=0)
        return self.news

    def _open(self) -> bool:
        try:
            inode = os.stat(self.folder / DATABASE).st_ino
        except OSError:
            inode = 0
        if self._reader is not None and inode == self._inode:
            return False
        # An open database outlives its name: without this look, a deleted run would seem to stand still for ever.
        self.close()
        self._reader, self._inode, self._version = RunReader(self.folder), inode, -1
        self._points, self._last = [], None
        self._entrants.clear()
        self._champions.clear()
        return True

    @staticmethod
    def _looked_at(reader: RunReader) -> tuple[str, int]:
        facts = reader.facts()
        status = reader.status()
        quiet = int(time.time() - float(facts.get("updated", 0.0))) if status in LIVE else 0
        return status, quiet // 10 * 10 if quiet >= _QUIET_S else 0

    def _read(self, reader: RunReader, wished: int | None, status: str, quiet: int) -> News:
        facts = reader.facts()
        newest = _one(reader, "SELECT MAX(step) FROM strategies WHERE purpose = 'training'") or 0
        shown = newest if wished is None else self._nearest(reader, wished)
        champions = [champion for champion in reader.champions() if champion.step <= max(shown, 1)]
        champion = champions[-1] if champions else None
        rival = next((c for c in reversed(champions) if c.step < shown), None)
        return News(
            game=str(facts.get("game", "")),
            model=Path(str(facts.get("model", "")).rstrip("/")).name,
            status=status,
            step=int(facts.get("step", 0)),
            max_steps=int(facts.get("max_steps", 0)),
            newest=newest,
            shown=shown,
            entrants=self._read_entrants(reader, shown),
            expected=_group_size(reader, shown),
            baselines=_baselines(reader, facts, shown),
            champion=champion,
            champion_episodes=self._champion_episodes(reader, champion),
            rival=rival,
            points=self._read_points(reader),
            present=_present(reader, shown),
            warnings=_warnings(reader, status),
            quiet_s=quiet,
        )

    @staticmethod
    def _nearest(reader: RunReader, wished: int) -> int:
        return (
            _one(reader, f"SELECT MAX(step) FROM strategies WHERE purpose = 'training' AND step <= {int(wished)}")
            or _one(reader, "SELECT MIN(step) FROM strategies WHERE purpose = 'training'")
            or 0
        )

    def _read_entrants(self, reader: RunReader, step: int) -> tuple[Entrant, ...]:
        if not step:
            return ()
        said = reader.query(
            "SELECT strategy_id, error, reasons, CASE WHEN source_id IS NULL THEN text END AS text FROM completions "
            "JOIN strategies ON strategies.id = strategy_id WHERE step = ? AND purpose = 'training'",
            (step,),
        )
        words = {row["strategy_id"]: row for row in said}
        found: dict[tuple[int, float], Entrant] = {}
        for row in reader.strategies(step):
            # A resumed run gives the ids of dropped strategies to new ones.
            key = row["id"], row["time"]
            entrant = self._entrants.get(key) or Entrant(
                id=row["id"],
                group=row["number"],
                outcome=Outcome(row["outcome"]),
                score=row["score"],
                reward=None,
                rewards={},
                reasons={},
                source=row["source"],
                text=(row["source"] if row["source"] is not None else words[row["id"]]["text"]) or "",
                error=words[row["id"]]["error"],
                episodes=tuple(reader.episodes(row["id"])),
                time=row["time"],
            )
            if entrant.reward is None and row["reward"] is not None:
                reasons = json.loads(words[row["id"]]["reasons"] or "{}")
                rewards = row["rewards"] or {}
                entrant = dataclasses.replace(entrant, reward=row["reward"], rewards=rewards, reasons=reasons)
            found[key] = entrant
        self._entrants = found
        return tuple(found.values())

    def _champion_episodes(self, reader: RunReader, champion: Champion | None) -> tuple[Episode, ...]:
        if champion is None:
            return ()
        if champion.strategy_id not in self._champions:
            self._champions = {champion.strategy_id: tuple(reader.episodes(champion.strategy_id))}
        return self._champions[champion.strategy_id]

    def _read_points(self, reader: RunReader) -> tuple[Point, ...]:
        if self._last is not None:
            same = reader.query("SELECT 1 FROM steps WHERE step = ? AND time = ?", self._last)
            if not same:  # the run went back to a checkpoint
                self._points, self._last = [], None
        after = self._last[0] if self._last else 0
        sql = "SELECT step, time, reward, reward_std, step_s FROM steps WHERE step > ? ORDER BY step"
        for row in reader.query(sql, (after,)):
            self._points.append(Point(row["step"], row["reward"], row["reward_std"], row["step_s"]))
            self._last = row["step"], row["time"]
        if len(self._points) > MOST_POINTS:
            self._points = _stretches(reader, self._points[-1].step)
        scored = {point.step: point for point in self._points}
        for step, mean in _evaluated(reader):
            scored[step] = dataclasses.replace(scored.get(step, Point(step)), held_out=mean)
        return tuple(scored[step] for step in sorted(scored))


def _stretches(reader: RunReader, last: int) -> list[Point]:
    """The steps up to ``last`` in stretches of equal length, half as many as may be kept."""
    length = -(-last // (MOST_POINTS // 2))
    sql = (
        "SELECT MAX(step) AS step, AVG(reward), AVG(reward_std), AVG(step_s) FROM steps WHERE step <= ? "
        "GROUP BY (step - 1) / ? ORDER BY step"
    )
    return [Point(*row) for row in reader.query(sql, (last, length))]


def _evaluated(reader: RunReader) -> list[tuple[int, float]]:
    """Held-out means by step; beyond what may be kept of them, means of stretches."""
    count, last = reader.query("SELECT COUNT(*), MAX(step) FROM evaluations")[0]
    length = -(-last // MOST_POINTS) if count > MOST_POINTS else 1
    sql = "SELECT MAX(step) AS step, AVG(mean) FROM evaluations GROUP BY (step + ? - 1) / ? ORDER BY step"
    return [(row[0], row[1]) for row in reader.query(sql, (length, length))]


def _present(reader: RunReader, shown: int) -> Point | None:
    until = (max(shown, 1),)
    steps = "SELECT step, reward, reward_std, step_s FROM steps WHERE step <= ? ORDER BY step DESC LIMIT 1"
    means = "SELECT step, mean FROM evaluations WHERE step <= ? ORDER BY step DESC LIMIT 1"
    point = next((Point(*row) for row in reader.query(steps, until)), None)
    for row in reader.query(means, until):
        point = dataclasses.replace(point or Point(row["step"]), held_out=row["mean"])
    return point


def _one(reader: RunReader, sql: str) -> int | None:
    return reader.query(sql)[0][0]


def _group_size(reader: RunReader, step: int) -> int:
    try:
        return int(reader.config()["config"]["num_generations"])
    except (RunFolderError, KeyError, TypeError, ValueError):
        pass  # a run without a readable configuration can be watched all the same
    rows = reader.query(
        "SELECT COUNT(*) FROM strategies WHERE step = ? AND purpose = 'training' GROUP BY number", (step,)
    )
    return max((row[0] for row in rows), default=0)


def _baselines(reader: RunReader, facts: Mapping[str, Any], step: int) -> dict[str, float]:
    stage = reader.query("SELECT stage FROM groups WHERE step = ? AND purpose = 'training' LIMIT 1", (step,))
    kept = facts.get("baselines") or {}
    means = kept.get(str(stage[0]["stage"])) if stage else None
    means = means or next(iter(kept.values()), {})
    return {name: float(mean) for name, mean in sorted(means.items(), key=lambda item: item[1])}


def _warnings(reader: RunReader, status: str) -> tuple[Warning, ...]:
    found = [Warning(alarm.message, alarm.help) for alarm in reader.alarms()]
    if status == "failed":
        rows = reader.query("SELECT message, help FROM events WHERE kind = 'failed' ORDER BY id DESC LIMIT 1")
        found = [Warning(row["message"], row["help"]) for row in rows] + found
    return tuple(found)
