"""Episodes of games that take long to step are played again in a process beside the window, which tapes them.

An Atari position costs half a millisecond, and whoever emulates holds on to Python meanwhile: sixteen boards would take
the frames from the window. So the window only asks and shows; any number of tapes is worked on in turns, the one that
is soonest run out first, previews after episodes, and never further ahead than somebody wants to see.
"""

from __future__ import annotations

import random
import time
import weakref
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from grpo_arcade.arcade.window.background.jobs import Background, Task
from grpo_arcade.games import Episode, make
from grpo_arcade.games.episode import Verdict
from grpo_arcade.games.replay import Replay
from grpo_arcade.games.tape import AT_FIRST, Packer, Tape

_SLICE_S = 0.02
"""How long one tape is worked on before the next; also how long the window's word may have to wait."""


@dataclass(frozen=True)
class Sample:
    """A piece of a baseline's game, to look at."""

    game: str
    options: Mapping[str, Any]
    baseline: str
    seed: int
    skipped: int
    """Moves before the first that is taped."""
    moves: int


@dataclass(frozen=True, slots=True)
class _Made:
    """What the process has to say about one tape."""

    number: int
    entries: list[bytes]
    verdict: Verdict | None
    """Set once there are no more."""


class Studio:
    """Where tapes are made; its process starts with the first one.

    Args:
        background: where it works.
        failed: told if the process has died; what was taped stays.
    """

    def __init__(self, background: Background, failed: Callable[[Exception], None]) -> None:
        self._background = background
        self._failed = failed
        self._task: Task | None = None
        self._number = 0
        self._open: weakref.WeakValueDictionary[int, Tape] = weakref.WeakValueDictionary()

    def episode(self, episode: Episode) -> Tape:
        """Tape an episode from its start; the tape grows while the app takes its turns. To let go of it ends that."""
        return self._make(episode, episode.moves)

    def sample(self, sample: Sample) -> Tape:
        """Tape a piece of a baseline's game, all of it."""
        tape = self._make(sample, sample.moves)
        tape.want(0, sample.moves + 1)
        return tape

    def _make(self, what: Episode | Sample, moves: int) -> Tape:
        if self._task is None:
            self._task = self._background.process(_work, item=self._take, failed=self._died, hears=True)
        self._number += 1
        number = self._number
        task = self._task
        tape = Tape(moves, lambda shown, upto: task.tell(("want", number, shown, upto)))
        self._open[number] = tape
        weakref.finalize(tape, task.tell, ("drop", number)).atexit = False
        task.tell(("make", number, what, AT_FIRST))
        return tape

    def _take(self, made: _Made) -> None:
        tape = self._open.get(made.number)
        if tape is not None:
            tape.extend(made.entries, made.verdict)

    def _died(self, error: Exception) -> None:
        self._task = None
        for tape in list(self._open.values()):
            tape.extend([], Verdict(None, str(error)))
        self._open.clear()
        self._failed(error)


# From here on: in the process.

_Positions = Generator[tuple[float, Any], None, Verdict | None]
"""Score and view, one position after the other; at last the verdict."""


class _Job:
    def __init__(self, number: int, what: Episode | Sample, wanted: int) -> None:
        self.number = number
        self.preview = isinstance(what, Sample)
        """Whether it may wait: a dozen previews take seconds, and who has opened an episode looks at nothing else."""
        self.wanted = wanted
        self.shown = 0
        self.made = -1
        self._packer = Packer()
        self._verdict: Verdict | None = None
        self._positions = self._episode(what) if isinstance(what, Episode) else self._sample(what)

    @property
    def ended(self) -> bool:
        return self._verdict is not None

    @property
    def due(self) -> bool:
        return not self.ended and self.made < self.wanted

    def work(self) -> _Made:
        entries: list[bytes] = []
        # A new tape makes room for the others at once: so all boards of a screen begin together.
        until = time.perf_counter() + (_SLICE_S if self.made > 0 else 0.0)
        try:
            while self.due and (not entries or time.perf_counter() < until):
                entries.append(self._packer.pack(next(self._positions)))
                self.made += 1
        except StopIteration as stop:
            self._verdict = stop.value
        except (ValueError, TypeError, ImportError) as error:
            self._verdict = Verdict(None, " ".join(str(error).split()))
        return _Made(self.number, entries, self._verdict)

    def close(self) -> None:
        """Give the console back at once: the next tape wants one."""
        self._positions.close()

    def _episode(self, episode: Episode) -> _Positions:
        replay = Replay(episode)
        for _ in replay.plies():
            yield replay.score, replay.view
        return replay.check()

    def _sample(self, sample: Sample) -> _Positions:
        game = make(sample.game, **sample.options)
        rng = random.Random(sample.seed)
        baseline = game.baselines[sample.baseline]
        game.reset(sample.seed)
        for _ in range(sample.skipped):
            if game.outcome is None:
                game.step(baseline(game, rng))
        yield game.score, game.view()
        for _ in range(sample.moves):
            if game.outcome is not None:
                break
            game.step(baseline(game, rng))
            yield game.score, game.view()
        return Verdict(None)


def _work(*, heard: Connection, emit: Callable[[_Made], None]) -> None:
    jobs: dict[int, _Job] = {}
    while True:
        due = [job for job in jobs.values() if job.due]
        try:
            while heard.poll(0 if due else None):
                kind, number, *rest = heard.recv()
                if kind == "make":
                    jobs[number] = _Job(number, *rest)
                elif kind == "drop" and number in jobs:
                    jobs.pop(number).close()
                elif number in jobs:
                    jobs[number].shown, jobs[number].wanted = rest
                due = [job for job in jobs.values() if job.due]
        except (EOFError, OSError):
            return  # the window is gone
        job = min(due, key=lambda job: (job.preview, job.made - job.shown))
        emit(job.work())
        if job.ended:
            del jobs[job.number]
