"""Several players meet in games of several seats, many seeds at once and in lockstep, each from every side.

Each program has a child of its own, in which it plays all its seats of the match; each round every child is asked once
for all games in which it acts. Its budgets are its own: what one needs is charged to none of the others.

A program that fails ends its game: its seat says how, the others have won. By the rules of the module ``match``, an
exception or a wrong answer ends one game, a death or a move without end takes its child with it, after which the games
that were going on are played again from their start in fresh children, where they repeat themselves; and the second
such death in a match ends all games that this program still plays, a forbidden system call the first time.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from grpo_arcade.games.episode import Episode, seat_results
from grpo_arcade.games.game import Game, Outcome
from grpo_arcade.games.players.contenders import Contender, SeatsResult, rotations
from grpo_arcade.games.players.limits import Limits
from grpo_arcade.games.players.monty_sitting import GapError
from grpo_arcade.games.players.policy import Refusal, read_source
from grpo_arcade.games.players.sandbox import monty_gaps, process, walls, wire
from grpo_arcade.games.players.sharing import can_share_a_process
from grpo_arcade.games.players.sides import BaselineSide, Chair, MontySide, ProgramSide, Side
from grpo_arcade.games.players.sitting import FatalError, clean
from grpo_arcade.games.registry import make

_ATTEMPTS = 3
_SLICE_S = 0.05
"""How long is played before the budgets are looked at."""
_SHORT_ROUND_S = 0.002
"""Rounds longer than this gain nothing from all processes sharing a core."""


def play_seats(
    contenders: Sequence[Contender],
    game: str,
    options: Mapping[str, Any],
    seeds: Sequence[int],
    *,
    seatings: Sequence[Sequence[int]] | None = None,
    limits: Limits | None = None,
    policy: bool = True,
    allow_unwalled: bool = False,
) -> SeatsResult:
    """Let programs and baselines meet: one game for each seed and seating.

    Args:
        contenders: who takes part.
        game: a game of several seats.
        options: its options.
        seeds: each is played in every seating.
        seatings: which contender sits at each seat, by its place in ``contenders``; every :func:`rotations` by default,
            so that sides are swapped. One contender may sit at several seats.
        limits: budgets of each program.
        policy: whether programs are checked before they are played.
        allow_unwalled: as of :func:`~grpo_arcade.games.players.match.play_match`.

    Raises:
        ValueError: no such game, option or baseline, a game of one seat, a seating that does not fit, or more than
            8,190 seats in all for one contender.
        SandboxError: this machine cannot confine a strategy.
    """
    first = make(game, **options)
    count = len(first.seats)
    if count == 1:
        raise ValueError(f"{game} has one seat only, so that nobody can play against anybody in it")
    asked = [tuple(seating) for seating in seatings] if seatings is not None else rotations(len(contenders), count)
    for seating in asked:
        if len(seating) != count or any(not 0 <= who < len(contenders) for who in seating):
            raise ValueError(
                f"a seating of {game} names a contender for each of {', '.join(first.seats)}: not {seating}"
            )
    if seatings is None and len(contenders) != count:
        raise ValueError(f"{game} has {count} seats, for {count} contenders, not {len(contenders)}")
    for contender in contenders:
        if contender.baseline and contender.baseline not in first.baselines:
            known = ", ".join(first.baselines)
            raise ValueError(f"{game} has no baseline {contender.baseline!r}; it has {known}")
        if bool(contender.source) == bool(contender.baseline):
            raise ValueError(f"{contender.name} must be either a program or a baseline")
    match = _Match(contenders, limits or Limits(), policy, allow_unwalled)
    for seed in seeds:
        for seating in asked:
            match.tables.append(_Table(make(game, **options), seed, seating))
    for who in range(len(contenders)):
        if sum(table.seating.count(who) for table in match.tables) > wire.MAX_GAMES:
            raise ValueError(f"a match has at most {wire.MAX_GAMES} seats for each contender")
    return match.play()


class _Table:
    """One game of a match."""

    def __init__(self, game: Game, seed: int, seating: tuple[int, ...]) -> None:
        self.game, self.seed, self.seating = game, seed, seating
        self.chairs = [Chair(game, seed, seat) for seat in range(len(seating))]
        self.actions = bytearray()
        self.reset()

    def reset(self) -> None:
        """Back to the start."""
        self.game.reset(self.seed)
        self.actions.clear()
        for chair in self.chairs:
            chair.outcome = None

    @property
    def over(self) -> bool:
        """Whether its game has ended, or somebody at it has failed."""
        return self.game.outcome is not None or any(chair.outcome is not None for chair in self.chairs)

    def episode(self, contenders: Sequence[Contender]) -> Episode:
        """What was played."""
        game, players = self.game, [contenders[who] for who in self.seating]
        failed = {chair.seat: chair.outcome for chair in self.chairs if chair.outcome is not None}
        return Episode(
            game=game.name,
            options=dict(game.options),
            seed=self.seed,
            actions=bytes(self.actions),
            outcome=game.outcome or next(iter(failed.values()), Outcome.CRASHED),
            score=float(game.score),
            wasted=game.wasted,
            player=" against ".join(player.name for player in players),
            versions=game.versions,
            observations=game.kept(),
            per_step=game.per_step,
            seats=seat_results(game, [player.name for player in players], failed, [_digest(p.source) for p in players]),
        )


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest() if source else ""


class _FaultError(Exception):
    """A contender's program has ended more than one chair, in a way that its process did not survive."""

    def __init__(self, who: int, fatal: FatalError, chair: Chair | None) -> None:
        super().__init__(fatal.text)
        self.who, self.fatal, self.chair = who, fatal, chair


class _CrowdedError(Exception):
    """Games of one process have taken so much memory together that each has to be played alone."""


class _GapError(Exception):
    """The wall cannot run a contender's program."""

    def __init__(self, who: int, gap: str) -> None:
        super().__init__(gap)
        self.who = who


@dataclass
class _Match:
    """Everything that is played, and what is known of each contender so far."""

    contenders: Sequence[Contender]
    limits: Limits
    policy: bool
    allow_unwalled: bool
    tables: list[_Table] = field(default_factory=list)

    def __post_init__(self) -> None:
        count = len(self.contenders)
        self.errors, self.cpu_s, self.faults = [""] * count, [0.0] * count, [0] * count
        self.refusals: list[Outcome | None] = [None] * count
        self.walls = ["" if contender.baseline else walls.choose(self.allow_unwalled) for contender in self.contenders]
        self.apart = False

    def play(self) -> SeatsResult:
        """Play all games to their ends."""
        for who, contender in enumerate(self.contenders):
            if contender.source:
                self._read(who, contender.source)
        lost = 0
        while running := [table for table in self.tables if not table.over]:
            try:
                # One after another where games must not share a process.
                self._sit(running[:1] if self.apart else running)
            except _CrowdedError:
                self.apart = True
                _reset(running)
            except _GapError as gap:
                self._no_wall(gap.who, str(gap))
                _reset(table for table in self.tables if not table.over)
            except _FaultError as fault:
                self._fault(fault)
                _reset(table for table in self.tables if not table.over)
            except process.ChildLostError as error:
                lost += 1
                if lost == _ATTEMPTS or (error.killed and lost > 1):
                    raise
                _reset(running)
        episodes = tuple(table.episode(self.contenders) for table in self.tables)
        seatings = tuple(table.seating for table in self.tables)
        refusals = tuple(self.refusals[who] or self._never_called(who) for who in range(len(self.contenders)))
        return SeatsResult(episodes, seatings, tuple(self.errors), tuple(self.cpu_s), refusals, tuple(self.walls))

    def _never_called(self, who: int) -> Outcome | None:
        """How a program failed before its first move, if so."""
        for table in self.tables:
            for chair in self._chairs(who, table):
                return chair.outcome if chair.outcome in (Outcome.SYNTAX_ERROR, Outcome.NO_CODE) else None
        return None

    def _read(self, who: int, source: str) -> None:
        """Refuse a program that may not be played, and see how it has to be."""
        if not self.policy:
            self.apart = len(self.tables) > 1
            return
        found = read_source(source)
        if isinstance(found, Refusal):
            self._refuse(who, found.outcome, found.reason)
            return
        if self.walls[who] == "monty" and (gap := monty_gaps.gap_in(found)):
            self._no_wall(who, gap)
        self.apart = self.apart or (len(self.tables) > 1 and not can_share_a_process(found))

    def _no_wall(self, who: int, gap: str) -> None:
        if self.allow_unwalled:
            self.walls[who] = "policy"
        else:
            reason = clean(f"the wall of this system, Monty, cannot run this program: {gap}")
            self._refuse(who, Outcome.FORBIDDEN, reason)

    def _refuse(self, who: int, outcome: Outcome, reason: str) -> None:
        self.walls[who], self.refusals[who] = "", outcome
        self._end(who, outcome, reason)

    def _end(self, who: int, outcome: Outcome, reason: str) -> None:
        """End all games that a contender still plays."""
        self.errors[who] = self.errors[who] or reason
        for table in self.tables:
            if table.game.outcome is None and all(chair.outcome is None for chair in table.chairs):
                for chair in self._chairs(who, table):
                    chair.outcome = outcome

    def _chairs(self, who: int, table: _Table) -> list[Chair]:
        return [chair for chair, sitting in zip(table.chairs, table.seating, strict=True) if sitting == who]

    def _fault(self, fault: _FaultError) -> None:
        """What a death ends: the game in which it happened, or all of that program's."""
        who, fatal = fault.who, fault.fatal
        self.faults[who] += 1
        if fault.chair is not None and self.faults[who] == 1:
            self.errors[who] = self.errors[who] or fatal.text
            fault.chair.outcome = fatal.outcome
        else:
            self._end(who, fatal.outcome, fatal.text)

    def _sit(self, tables: list[_Table]) -> None:
        """Let fresh children play these games to their ends, or to one of their own."""
        chairs: dict[int, list[Chair]] = {}
        for table in tables:
            for who in dict.fromkeys(table.seating):
                chairs.setdefault(who, []).extend(self._chairs(who, table))
        sides: dict[int, Side] = {}
        try:
            for who, mine in chairs.items():
                sides[who] = self._side(who, mine)
                with _Blamed(who, sides[who]):
                    sides[who].open()
            _Sitting(tables, sides).play()
        finally:
            for who, side in sides.items():
                self.errors[who] = self.errors[who] or side.error
                self.cpu_s[who] += side.close()
        if not self.apart and any(side.crowded for side in sides.values()):
            raise _CrowdedError

    def _side(self, who: int, chairs: list[Chair]) -> Side:
        contender, wall = self.contenders[who], self.walls[who]
        if contender.baseline:
            return BaselineSide(chairs, contender.baseline, chairs[0].game.baselines[contender.baseline])
        limits = self.limits
        if self.apart:
            left_s = limits.match_cpu_s - self.cpu_s[who]
            if left_s <= 0:
                text = f"the match used more than its {limits.match_cpu_s:g} s of CPU time"
                raise _FaultError(who, FatalError(Outcome.TIMEOUT, text), None)
            limits = replace(limits, match_cpu_s=left_s)
        if wall == "monty":
            return MontySide(chairs, contender.source, limits, alone=self.apart)
        return ProgramSide(chairs, wall, contender.source, limits, self.policy)


def _reset(tables: Any) -> None:
    for table in list(tables):
        table.reset()


class _Blamed:
    """Around what is asked of a side: says whose fault it was."""

    def __init__(self, who: int, side: Side) -> None:
        self._who, self._side = who, side

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: object) -> None:
        if isinstance(error, FatalError):
            if self._side.crowded:
                raise _CrowdedError from error
            chair = None if error.index is None else self._side.chairs[error.index]
            raise _FaultError(self._who, error, chair) from error
        if isinstance(error, GapError):
            raise _GapError(self._who, str(error)) from error


class _Sitting:
    """One pass over some games, with a side for each contender."""

    def __init__(self, tables: list[_Table], sides: Mapping[int, Side]) -> None:
        self._tables, self._sides = tables, sides
        self._places = {
            id(chair): (who, place) for who, side in sides.items() for place, chair in enumerate(side.chairs)
        }

    def play(self) -> None:
        """Play to the end of all games."""
        tables = [table for table in self._tables if not table.over]
        if not tables:
            return
        together = tables[0].game.simultaneous
        asked = self._asked(tables)
        self._hold()
        checked, rounds, short = time.monotonic(), 0, True
        while tables:
            ended = False
            if time.monotonic() - checked > _SLICE_S:
                short = time.monotonic() - checked < _SHORT_ROUND_S * rounds
                for who, side in self._sides.items():
                    side.loosen()
                    with _Blamed(who, side):
                        side.charge()
                checked, rounds, ended = time.monotonic(), 0, True
            else:
                for who, question in asked.items():
                    with _Blamed(who, self._sides[who]):
                        self._sides[who].ask(*question)
                rounds += 1
                ended = self._step(tables)
                if rounds == 2 and short:
                    # By then the scheduler has moved them to an idle core, if there is one.
                    self._hold()
            if ended:
                tables = [table for table in tables if not table.over]
            if ended or not together:
                asked = self._asked(tables)

    def _step(self, tables: list[_Table]) -> bool:
        """Let the answers count; whether a game has ended."""
        ended = False
        for table in tables:
            game, chairs = table.game, table.chairs
            acting = chairs if game.simultaneous else (chairs[game.to_move],)
            for chair in acting:
                if chair.outcome is not None:
                    ended = True
                    break
            else:
                actions = [chair.answer for chair in acting]
                table.actions.extend(actions)
                game.step_seats(actions)
                ended = ended or game.outcome is not None
        return ended

    def _asked(self, tables: list[_Table]) -> dict[int, tuple[list[int], list[Chair], list[Game], list[int]]]:
        """Of each contender that acts: its places, chairs, games and seats."""
        asked: dict[int, tuple[list[int], list[Chair], list[Game], list[int]]] = {}
        for table in tables:
            for seat in table.game.acting():
                chair = table.chairs[seat]
                who, place = self._places[id(chair)]
                places, chairs, games, seats = asked.setdefault(who, ([], [], [], []))
                places.append(place)
                chairs.append(chair)
                games.append(table.game)
                seats.append(seat)
        return asked

    def _hold(self) -> None:
        for side in self._sides.values():
            side.hold()
