"""Who answers in the place of a person, position by position: a program behind its wall, or a baseline.

Neither takes the window's time. A program is called in a process of its own, that the window only writes to and hears
from; a baseline computes in a thread, while the game waits for it and is not stepped.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from grpo_arcade.arcade.window.background.jobs import Background, Task
from grpo_arcade.games import Baseline, Game, Outcome, make
from grpo_arcade.games.players import SandboxError, StrategyError, StrategyPolicy
from grpo_arcade.games.players.lending import game_for
from grpo_arcade.games.seats import at_seat


@dataclass(frozen=True, slots=True)
class Question:
    """A position."""

    number: int
    """Of the question; the answer has the same."""
    first: bool
    """Whether a game begins with it, for which a program is started anew."""
    observation: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """An action, or why there is none."""

    number: int
    action: int = 0
    failed: Outcome | None = None
    error: str = ""


READY = -1
"""The number of what a process says once it can be asked."""


def answer(
    source: str, game: str, options: Mapping[str, Any], *, emit: Callable[[Answer], None], heard: Connection
) -> None:
    """Answer questions with a program until nobody asks any more; for a process of its own."""
    number = READY
    try:
        with StrategyPolicy(source, game_for(source, make(game, **options))) as policy:
            emit(Answer(READY))
            while True:
                question: Question = heard.recv()
                number = question.number
                if question.first:
                    policy.reset()
                emit(_answered(policy, question))
    except EOFError:
        return
    except StrategyError as error:  # one that may not be played at all
        emit(Answer(number, failed=error.outcome, error=str(error)))


def _answered(policy: StrategyPolicy, question: Question) -> Answer:
    try:
        return Answer(question.number, policy(question.observation))
    except StrategyError as error:
        return Answer(question.number, failed=error.outcome, error=str(error))
    except SandboxError as error:
        return Answer(question.number, failed=Outcome.CRASHED, error=str(error))


class Mind(ABC):
    """Answers for one seat; one question at a time.

    Args:
        background: the window's.
        heard: called in the window's thread when an answer has come, or it has become ready.
    """

    def __init__(self, background: Background, heard: Callable[[], None]) -> None:
        self._background, self._heard = background, heard
        self.ready = False
        """Whether it can be asked."""
        self.failed: Outcome | None = None
        """Why it answers no more."""
        self.error = ""
        self.gone = False
        """Whether it cannot even begin another game."""
        self.action: int | None = None
        """The answer; None while it thinks."""
        self._number = 0

    def ask(self, game: Game, seat: int, begins: int | None) -> None:
        """Begin to think about a position; where it is the first one asked about of a game, ``begins`` is its seed."""
        self._number += 1
        self.action = None
        if begins is not None:
            self.failed, self.error = None, ""
        self._think(game, seat, begins)

    @abstractmethod
    def _think(self, game: Game, seat: int, begins: int | None) -> None: ...

    def _take(self, answer: Answer) -> None:
        if answer.failed is not None:
            self.failed, self.error = answer.failed, answer.error
            self.gone = self.gone or answer.number == READY
        elif answer.number == READY:
            self.ready = True
        elif answer.number != self._number:
            return  # of a game that has been left
        else:
            self.action = answer.action
        self._heard()

    def end(self) -> None:
        """Nobody asks any more."""
        self._number += 1


class ProgramMind(Mind):
    """A program, in a sandbox below a process of its own.

    Args:
        background: as of :class:`Mind`.
        heard: likewise.
        source: of the program.
        game: of the kind that it is measured on.
    """

    def __init__(self, background: Background, heard: Callable[[], None], source: str, game: Game) -> None:
        super().__init__(background, heard)
        self.source = source
        self._task: Task = background.process(
            answer, source, game.name, dict(game.options), item=self._take, failed=self._lost, hears=True
        )

    def _think(self, game: Game, seat: int, begins: int | None) -> None:
        self._task.tell(Question(self._number, begins is not None, game.seat_observation(seat)))

    def _lost(self, error: Exception) -> None:
        self.gone = True
        self._take(Answer(self._number, failed=Outcome.CRASHED, error=" ".join(str(error).split())))

    def end(self) -> None:
        """End its process."""
        super().end()
        self._task.cancel()


class BaselineMind(Mind):
    """A player that came with the game.

    Args:
        background: as of :class:`Mind`.
        heard: likewise.
        name: the baseline's.
        baseline: what it does.
    """

    def __init__(self, background: Background, heard: Callable[[], None], name: str, baseline: Baseline) -> None:
        super().__init__(background, heard)
        self.ready = True
        self._name, self._baseline = name, baseline
        self._rng = random.Random(name)

    def _think(self, game: Game, seat: int, begins: int | None) -> None:
        if begins is not None:
            self._rng = random.Random(f"{self._name} {begins} {seat}")
        number = self._number

        def done(action: int) -> None:
            self._take(Answer(number, action))

        def failed(error: Exception) -> None:
            self._take(Answer(number, failed=Outcome.CRASHED, error=str(error)))

        self._background.thread(self._baseline, at_seat(game, seat), self._rng, done=done, failed=failed)
