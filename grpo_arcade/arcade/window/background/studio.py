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
from grpo_arcade.arcade.window.background.tape import Packer, Tape
from grpo_arcade.games import Episode, Game, make
from grpo_arcade.recordings import ForgedEpisodeError, RecordingError
from grpo_arcade.recordings.verify import replay

_SLICE_S = 0.02
"""How long one tape is worked on before the next; also how long the window's word may have to wait."""
_AT_FIRST = 60
"""Moves of a new tape that are wanted before anybody has said how fast it is shown."""


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
    ended: bool
    genuine: bool | None
    problem: str


class Recording:
    """An episode's tape while it is being made, and afterwards; letting go of it ends the work on it.

    The entries are pairs of score and :meth:`~grpo_arcade.games.Game.view`, one for the start and one a move.
    """

    def __init__(self, expected: int, want: Callable[[int, int], None]) -> None:
        self.tape = Tape()
        self.expected = expected
        """Moves there will be, as far as is known."""
        self.ended = False
        """Whether there will be no more than there are."""
        self.genuine: bool | None = None
        """Once it has ended: True if the replay agrees with the episode, False if not, None if it cannot be checked."""
        self.problem = ""
        """Why it is not genuine or cannot be played, in one line."""
        self._want = want
        self._wanted = _AT_FIRST

    @property
    def ready(self) -> int:
        """Moves that can be shown; -1 while not even the start can."""
        return len(self.tape) - 1

    def want(self, shown: int, upto: int) -> None:
        """Say which move is being shown, and which will be wanted soon."""
        upto = min(upto, self.expected + 1)  # one more than there are: that the last has been is known after it
        if self.ended or upto <= self._wanted:
            return
        # Said once in a while: the process works some way ahead anyway.
        if upto > self.expected or self._wanted < shown + (upto - shown) * 3 // 4:
            self._wanted = upto
            self._want(shown, upto)

    def take(self, made: _Made) -> None:
        """More of it has come."""
        self.tape.extend(made.entries)
        if made.ended:
            self.ended, self.genuine, self.problem = True, made.genuine, made.problem
            self.expected = max(0, self.ready)


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
        self._open: weakref.WeakValueDictionary[int, Recording] = weakref.WeakValueDictionary()

    def episode(self, episode: Episode) -> Recording:
        """Tape an episode from its start; the recording grows while the app takes its turns."""
        return self._make(episode, len(episode.actions))

    def sample(self, sample: Sample) -> Recording:
        """Tape a piece of a baseline's game, all of it."""
        recording = self._make(sample, sample.moves)
        recording.want(0, sample.moves + 1)
        return recording

    def _make(self, what: Episode | Sample, moves: int) -> Recording:
        if self._task is None:
            self._task = self._background.process(_work, item=self._take, failed=self._died, hears=True)
        self._number += 1
        number = self._number
        task = self._task
        recording = Recording(moves, lambda shown, upto: task.tell(("want", number, shown, upto)))
        self._open[number] = recording
        weakref.finalize(recording, task.tell, ("drop", number)).atexit = False
        task.tell(("make", number, what, _AT_FIRST))
        return recording

    def _take(self, made: _Made) -> None:
        recording = self._open.get(made.number)
        if recording is not None:
            recording.take(made)

    def _died(self, error: Exception) -> None:
        self._task = None
        for number, recording in list(self._open.items()):
            recording.take(_Made(number, [], True, None, str(error)))
        self._open.clear()
        self._failed(error)


# From here on: in the process.


class _Job:
    def __init__(self, number: int, what: Episode | Sample, wanted: int) -> None:
        self.number = number
        self.preview = isinstance(what, Sample)
        """Whether it may wait: a dozen previews take seconds, and who has opened an episode looks at nothing else."""
        self.wanted = wanted
        self.shown = 0
        self.made = -1
        self.ended = False
        self._packer = Packer()
        self._what = what
        self._genuine: bool | None = None
        self._problem = ""
        self._games = self._episode(what) if isinstance(what, Episode) else _sampled(what)

    @property
    def due(self) -> bool:
        return not self.ended and self.made < self.wanted

    def work(self) -> _Made:
        entries: list[bytes] = []
        # A new tape makes room for the others at once: so all boards of a screen begin together.
        until = time.perf_counter() + (_SLICE_S if self.made > 0 else 0.0)
        try:
            while self.due and (not entries or time.perf_counter() < until):
                game = next(self._games)
                entries.append(self._packer.pack((game.score, game.view())))
                self.made += 1
        except StopIteration:
            self.ended = True
        except (ValueError, TypeError, ImportError) as error:
            self.ended, self._problem = True, self._problem or " ".join(str(error).split())
        return _Made(self.number, entries, self.ended, self._genuine, self._problem)

    def close(self) -> None:
        """Give the console back at once: the next tape wants one."""
        self._games.close()

    def _episode(self, episode: Episode) -> Generator[Game, None, None]:
        try:
            yield from replay(episode)
            self._genuine = True
        except ForgedEpisodeError as error:
            self._genuine, self._problem = False, str(error)
        except RecordingError as error:
            # Another version may have played it; it is shown all the same, as far as it goes.
            self._problem = str(error)
            yield from _as_far_as_it_goes(episode)


def _as_far_as_it_goes(episode: Episode) -> Generator[Game, None, None]:
    game = episode.new_game()
    yield game
    for action in episode.actions:
        if game.outcome is not None or action >= len(game.actions):
            return
        game.step(action)
        yield game


def _sampled(sample: Sample) -> Generator[Game, None, None]:
    game = make(sample.game, **sample.options)
    rng = random.Random(sample.seed)
    baseline = game.baselines[sample.baseline]
    game.reset(sample.seed)
    for _ in range(sample.skipped):
        if game.outcome is None:
            game.step(baseline(game, rng))
    yield game
    for _ in range(sample.moves):
        if game.outcome is not None:
            return
        game.step(baseline(game, rng))
        yield game


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
