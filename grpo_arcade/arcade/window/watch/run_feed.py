"""What a run says, read beside the window: a process polls the run folder and sends what Watch shows.

A process and not a thread: rows are decoded in Python, and a thread that is doing so while the trainer has the cores
would hold up every frame. Reading never disturbs the trainer, and any number of windows may do it. Nothing here draws.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from grpo_arcade.arcade.window.watch.headline import Headline, headline_of
from grpo_arcade.games import Episode, Outcome, score_text
from grpo_arcade.recordings.runs.folder import DATABASE, LIVE, RunFolderError
from grpo_arcade.recordings.runs.history import MOST_POINTS
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.league import Member
from grpo_arcade.recordings.runs.lineage import Line, line_of
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.records import Champion, HeldOut
from grpo_arcade.recordings.runs.snapshot import RunFollower, Snapshot

POLL_S = 0.2
"""A look at whether the database changed costs some 30 µs."""
_STATUS_S = 1.0
_QUIET_S = 30
"""A live run that has not written for so long is said to be quiet, in steps of 10 s."""


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
    line: Line | None = None
    """Whom it descends from, where it was written from an earlier program."""


@dataclass(frozen=True, slots=True)
class Point:
    """What a step or an evaluation came to, or the means of a stretch of steps that ends here; None: not known."""

    step: int
    reward: float | None = None
    spread: float | None = None
    step_s: float | None = None
    score: float | None = None
    """Mean over the games of training, failures counting 0."""
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
    kind: RunKind = RunKind.TRAINING
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
    ladder: tuple[Member, ...] = ()
    """Of a run by self-play: everybody in its league, the strongest first."""
    champion: Champion | None = None
    """The best strategy up to the step that is shown."""
    champion_episodes: tuple[Episode, ...] = ()
    champion_held_out: float | None = None
    """What it scored on the held-out seeds by then, as its curve has it; None before it was evaluated."""
    rival: Champion | None = None
    """The one that stood before the step that is shown: what its strategies are compared with."""
    points: tuple[Point, ...] = ()
    """One a step or a stretch of steps, ascending; step 0 is the untrained model."""
    present: Point | None = None
    """What is known last at the step that is shown; None before the first evaluation."""
    headline: Headline = field(default_factory=Headline)
    crowned: tuple[int, ...] = ()
    """The steps of all champions, ascending; also of those that came after the step that is shown."""
    left_s: float | None = None
    """How long training will still take; None unless it is running."""
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
    with contextlib.closing(Feed(folder)) as feed:
        return feed.look(step)


class Feed:
    """Reads one run folder again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.news = News()
        self._run: RunFollower | None = None
        self._snapshot: Snapshot | None = None
        self._wished: int | None = None
        self._status_at = 0.0
        self._entrants: dict[tuple[int, float], Entrant] = {}
        self._champions: dict[int, tuple[Episode, ...]] = {}

    def close(self) -> None:
        """Let go of the database."""
        if self._run is not None:
            self._run.close()
            self._run = None

    def look(self, wished: int | None) -> News | None:
        """What the run says now, if that is something else than the last time."""
        try:
            run, fresh = self._opened()
            changed = run.changed() or fresh
            anew = changed and (run.has_news() or fresh)
            snapshot = run.read() if self._snapshot is None or anew else self._snapshot
            self._snapshot = snapshot
            changed |= wished != self._wished or bool(self.news.problem)
            now = time.monotonic()
            status, quiet = self.news.status, self.news.quiet_s
            if changed or now - self._status_at >= _STATUS_S:
                status, quiet = _pulse(run.reader, snapshot)
                self._status_at = now
                changed |= (status, quiet) != (self.news.status, self.news.quiet_s)
            if not changed:
                return None
            news = self._read(run.reader, snapshot, wished, status, quiet)
            self._wished = wished
        except (ValueError, LookupError, TypeError, ArithmeticError, OSError) as error:
            # Also a row that another version wrote, or a damaged one: the window goes on with what it has.
            return self._lost(error)
        self.news = news
        return news

    def _lost(self, error: Exception) -> News | None:
        line = f"The run was deleted: {self.folder}"
        if (self.folder / DATABASE).is_file() or not self.news.game:
            known = isinstance(error, RunFolderError | OSError)
            line = str(error) if known else f"{self.folder / DATABASE} is damaged: {error}"
        self.close()
        if line == self.news.problem:
            return None
        # What was shown stays: it may be the last that is left of it.
        self.news = dataclasses.replace(self.news, problem=line, quiet_s=0)
        return self.news

    def _opened(self) -> tuple[RunFollower, bool]:
        """The run, and whether it has just been opened."""
        if self._run is not None and not self._run.replaced():
            return self._run, False
        # Without this look, a deleted run would seem to stand still for ever.
        self.close()
        self._run, self._snapshot = RunFollower(self.folder), None
        self._entrants.clear()
        self._champions.clear()
        return self._run, True

    def _read(self, reader: RunReader, run: Snapshot, wished: int | None, status: str, quiet: int) -> News:
        shown = reader.training_step(wished)
        champions = [champion for champion in run.champions if champion.step <= max(shown, 1)]
        champion = champions[-1] if champions else None
        expected, baselines = _group_size(reader, shown), _baselines(reader, run, shown)
        return News(
            game=run.game,
            model=Path(run.model.rstrip("/")).name,
            kind=run.kind,
            status=status,
            step=run.step,
            max_steps=run.max_steps,
            newest=reader.training_step(),
            shown=shown,
            entrants=self._read_entrants(reader, shown),
            expected=expected,
            baselines=baselines,
            ladder=run.ladder,
            champion=champion,
            champion_episodes=self._champion_episodes(reader, champion),
            champion_held_out=_held_out_of(champion, run, shown),
            rival=next((c for c in reversed(champions) if c.step < shown), None),
            points=_points(run),
            present=_present(run, shown),
            headline=headline_of(run, shown, expected, baselines),
            crowned=tuple(sorted({each.step for each in run.champions})),
            left_s=_left_s(run, status),
            warnings=tuple(Warning(alarm.message, alarm.help) for alarm in (run.failure, *run.alarms) if alarm),
            quiet_s=quiet,
        )

    def _read_entrants(self, reader: RunReader, step: int) -> tuple[Entrant, ...]:
        found: dict[tuple[int, float], Entrant] = {}
        for row in reader.strategies(step) if step else ():
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
                text=(row["source"] if row["source"] is not None else row["text"]) or "",
                error=row["error"],
                episodes=tuple(reader.episodes(row["id"])),
                time=row["time"],
            )
            if entrant.reward is None and row["reward"] is not None:
                reasons, rewards = row["reasons"] or {}, row["rewards"] or {}
                known = {"reward": row["reward"], "rewards": rewards, "reasons": reasons}
                entrant = dataclasses.replace(entrant, **known, line=line_of(reader, row["id"]))
            found[key] = entrant
        self._entrants = found
        return tuple(found.values())

    def _champion_episodes(self, reader: RunReader, champion: Champion | None) -> tuple[Episode, ...]:
        if champion is None:
            return ()
        if champion.strategy_id not in self._champions:
            self._champions = {champion.strategy_id: tuple(reader.episodes(champion.strategy_id))}
        return self._champions[champion.strategy_id]


def _pulse(reader: RunReader, run: Snapshot) -> tuple[str, int]:
    """What changes without news: the status, since nobody writes down that a trainer died, and how long it is quiet."""
    status = reader.status()
    written = float(reader.facts().get("updated", run.updated))
    quiet = int(time.time() - written) if status in LIVE else 0
    return status, quiet // 10 * 10 if quiet >= _QUIET_S else 0


def _left_s(run: Snapshot, status: str) -> float | None:
    pace = run.history.seconds_a_step()
    return pace * (run.max_steps - run.step) if pace and status == "running" and run.max_steps > run.step else None


_OF_A_STEP = "reward", "reward_std", "step_s", "score"  # columns of a run that a Point has, in its order


def _points(run: Snapshot) -> tuple[Point, ...]:
    scored = {step: Point(step, *values) for step, *values in run.history.points(*_OF_A_STEP)}
    for step, mean in _evaluated(run):
        scored[step] = dataclasses.replace(scored.get(step, Point(step)), held_out=mean)
    return tuple(scored[step] for step in sorted(scored))


def _evaluated(run: Snapshot) -> list[tuple[int, float]]:
    """Held-out means by step; beyond what may be kept of them, means of stretches, each with its last step."""
    length = -(-run.held_out[-1].step // MOST_POINTS) if len(run.held_out) > MOST_POINTS else 1
    stretches: dict[int, list[HeldOut]] = {}
    for evaluation in run.held_out:
        stretches.setdefault((evaluation.step + length - 1) // length, []).append(evaluation)
    return [(part[-1].step, sum(each.mean for each in part) / len(part)) for part in stretches.values()]


def _present(run: Snapshot, shown: int) -> Point | None:
    history, point = run.history, None
    place = history.between(0, max(shown, 1)).stop - 1
    if place >= 0:
        point = Point(history.steps[place], *(history.at(name, place) for name in _OF_A_STEP))
    for evaluation in [each for each in run.held_out if each.step <= max(shown, 1)][-1:]:
        point = dataclasses.replace(point or Point(evaluation.step), held_out=evaluation.mean)
    return point


def _held_out_of(champion: Champion | None, run: Snapshot, shown: int) -> float | None:
    since = float("inf") if champion is None else champion.step
    scores = [each.champion for each in run.held_out if since <= each.step <= max(shown, 1)]
    return next((score for score in reversed(scores) if score is not None), None)


def champion_score(news: News) -> str:
    """The champion's score for people: the fair one where it has been evaluated, else the one it was chosen by."""
    if news.champion is None:
        return ""
    if news.champion_held_out is not None:
        return f"{score_text(news.champion_held_out)} held-out"
    return score_text(news.champion.score)


def _group_size(reader: RunReader, step: int) -> int:
    try:
        return int(reader.config()["config"]["candidates" if reader.kind is RunKind.SEARCH else "num_generations"])
    except (RunFolderError, KeyError, TypeError, ValueError):
        pass  # a run without a readable configuration can be watched all the same
    sizes = Counter(row["number"] for row in reader.strategies(step))
    return max(sizes.values(), default=0)


def _baselines(reader: RunReader, run: Snapshot, step: int) -> dict[str, float]:
    groups = reader.groups(step)
    means = run.baselines.get(str(groups[0]["stage"])) if groups else None
    means = means or next(iter(run.baselines.values()), {})
    return {name: float(mean) for name, mean in sorted(means.items(), key=lambda item: item[1])}
