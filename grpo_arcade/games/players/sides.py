"""One contender's side of a match of several: whoever plays at its chairs, and answers for all of them at once.

A :class:`Chair` is a seat of one game of the match. A program's chairs are served by one process of its own, behind the
walls and with the budgets of every match; a baseline's by this process. Knows no rounds and no results:
:mod:`~grpo_arcade.games.players.versus` asks and decides.
"""

from __future__ import annotations

import hashlib
import marshal
import random
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from grpo_arcade.games.game import Baseline, Game, Outcome
from grpo_arcade.games.players.limits import Limits
from grpo_arcade.games.players.monty_sitting import MontySitting
from grpo_arcade.games.players.sandbox import process, walls, wire
from grpo_arcade.games.players.sitting import FAILURES, Exchange, FatalError, answers_to, why_gone
from grpo_arcade.games.seats import at_seat


@dataclass(slots=True)
class Chair:
    """One seat of one game of a match."""

    game: Game
    seed: int
    seat: int
    outcome: Outcome | None = None
    """Why whoever sits here has failed; None as long as it has not."""
    answer: int = 0
    """The action last asked for."""

    def first(self) -> bytes:
        """What its program's randomness comes from beside its source: another one at each seat of each seed.

        A digest, since the seed itself would tell a program the game's future.
        """
        seen = wire.pack(self.game.seat_observation(self.seat))
        return hashlib.blake2b(b"%d %d " % (self.seed, self.seat) + seen).digest()


class Side(ABC):
    """Answers for some chairs."""

    error: str = ""
    """What went wrong first."""
    crowded: bool = False
    """Its games have taken so much memory together that each has to be played alone."""

    def __init__(self, chairs: list[Chair]) -> None:
        self.chairs = chairs

    @abstractmethod
    def open(self) -> None:
        """Get ready to answer; chairs whose program cannot be called have an outcome then.

        Raises:
            FatalError: the program has lost all its games, or the one it names.
            GapError: the wall cannot run the program.
        """

    @abstractmethod
    def ask(self, places: list[int], chairs: list[Chair], games: list[Game], seats: list[int]) -> None:
        """Have each of these chairs give its ``answer``, or an outcome; ``places`` are theirs in :attr:`chairs`.

        Raises:
            FatalError: as :meth:`open`.
            GapError: likewise.
        """

    def loosen(self) -> None:  # noqa: B027 - most hold nothing
        """Let go of a core it may have kept to itself."""

    def hold(self) -> None:  # noqa: B027 - likewise
        """Keep to the core of the calling thread."""

    def charge(self) -> None:  # noqa: B027 - who is not confined has no budget
        """End what has used up its budget. Raises ``FatalError`` where that is all."""

    @abstractmethod
    def close(self) -> float:
        """Let it go; the seconds it has used."""


class BaselineSide(Side):
    """A player that came with the game."""

    def __init__(self, chairs: list[Chair], name: str, baseline: Baseline) -> None:
        super().__init__(chairs)
        self._baseline = baseline
        self._views = [at_seat(chair.game, chair.seat) for chair in chairs]
        self._randomness = [random.Random(f"{name} {chair.seed} {chair.seat}") for chair in chairs]

    def open(self) -> None:
        """Nothing to do."""

    def ask(self, places: list[int], chairs: list[Chair], games: list[Game], seats: list[int]) -> None:
        """As :class:`Side` says; it never fails."""
        for place, chair, game in zip(places, chairs, games, strict=True):
            # Where seats take turns it is this one's.
            seen = self._views[place] if game.simultaneous else game
            chair.answer = self._baseline(seen, self._randomness[place])

    def close(self) -> float:
        """Nothing is charged."""
        return 0.0


class _Watched(Exchange):
    """A child that is charged for the time in which it was asked, where no clock of its own says what it used."""

    idle_s = 0.0
    last: float | None = None

    def used_s(self) -> float:
        """Without the time others took."""
        return self.child.cpu_s() if self.child.judged_by_cpu else self.child.cpu_s() - self.idle_s

    def exchange(self, message: bytes, sequence: int, count: int) -> bytes:
        """As :class:`Exchange`; since the last answer it had to wait for others."""
        if self.last is not None:
            waited = time.monotonic() - self.last
            self.idle_s += waited
            self.started += waited
        answers = super().exchange(message, sequence, count)
        self.last = time.monotonic()
        return answers


class ProgramSide(Side):
    """A program in a child of the sandbox."""

    def __init__(self, chairs: list[Chair], wall: str, source: str, limits: Limits, policy: bool) -> None:
        super().__init__(chairs)
        self._source, self._policy, self._limits = source, policy, limits
        self._game = chairs[0].game
        self._hard_cpu_s = int(limits.match_cpu_s) + 5
        self._child = walls.spawn(wall, limits.memory_bytes, self._hard_cpu_s, policy)
        self._exchange = _Watched(self._child, limits, chairs)
        self._sequence = 0

    def open(self) -> None:
        """As :class:`Side` says."""
        lent = self._game.lent
        setup: dict[str, Any] = {
            "toolbox": b"" if lent is None else lent.source.encode(),
            "source": self._source.encode("utf-8", "surrogatepass"),
            "entry": "strategy",
            "actions": answers_to(self._game),
            "policy": self._policy,
            "first": [chair.first() for chair in self.chairs],
        }
        self._exchange.load(self._exchanged(wire.pack(setup), len(self.chairs)))

    def ask(self, places: list[int], chairs: list[Chair], games: list[Game], seats: list[int]) -> None:
        """As :class:`Side` says."""
        self._sequence += 1
        message = wire.pack_round(places, type(self._game).packed_seat_observations(games, seats))
        answers = self._exchanged(message, len(places))
        actions = len(self._game.actions)
        for chair, answer in zip(chairs, answers, strict=True):
            if answer < actions:
                chair.answer = answer
            elif answer in FAILURES:
                chair.outcome = FAILURES[answer]
            else:
                raise FatalError(Outcome.FORBIDDEN, "the program wrote to the sandbox's channel")

    def loosen(self) -> None:
        """As :class:`Side` says."""
        self._exchange.pin.loosen()

    def hold(self) -> None:
        """As :class:`Side` says."""
        self._exchange.pin.hold()

    def charge(self) -> None:
        """As :class:`Side` says."""
        self._exchange.charge()
        self.error = self._exchange.error

    def _exchanged(self, message: bytes, count: int) -> bytes:
        try:
            return self._exchange.exchange(message, self._sequence & 0xFFFFFFFF, count)
        except process.ChildGoneError as error:
            index = self._child.progress()[0]
            place = index if index < len(self.chairs) else None
            raise why_gone(self._child.end(), place, self._hard_cpu_s) from error
        finally:
            self.error = self._exchange.error

    def close(self) -> float:
        """As :class:`Side` says."""
        self.loosen()
        if len(self.chairs) > 1 and not self.crowded:
            self.crowded = self._child.peak_bytes() > self._limits.memory_bytes // 2
        return self._child.end().cpu_s


class MontySide(Side):
    """A program in a session of Monty's."""

    def __init__(self, chairs: list[Chair], source: str, limits: Limits, alone: bool) -> None:
        super().__init__(chairs)
        self._alone = alone
        self._sitting = MontySitting(source, limits, chairs, chairs[0].game)
        self._kind = type(chairs[0].game)

    def open(self) -> None:
        """As :class:`Side` says."""
        self._sitting.session.__enter__()
        try:
            self._sitting.load([chair.first() for chair in self.chairs])
        finally:
            self.error = self._sitting.error

    def ask(self, places: list[int], chairs: list[Chair], games: list[Game], seats: list[int]) -> None:
        """As :class:`Side` says."""
        observations = marshal.loads(self._kind.packed_seat_observations(games, seats))
        try:
            answers = self._sitting.ask(places, observations)
            actions = len(games[0].actions)
            for chair, answer in zip(chairs, answers, strict=True):
                chair.answer = answer
                if answer >= actions:
                    self._sitting.refuse(answer, chair)
            self._sitting.charge()
        except FatalError as fatal:
            # Memory is what all games have together, and a worker that died does not say in which.
            self.crowded = fatal.outcome is Outcome.CRASHED and not self._alone and len(self.chairs) > 1
            raise
        finally:
            self.error = self._sitting.error

    def close(self) -> float:
        """As :class:`Side` says."""
        used = self._sitting.session.used_s
        self._sitting.session.__exit__(None, None, None)
        return used
