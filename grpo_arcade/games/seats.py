"""A game of several seats as one of them has it: its name or number, and what stands there for those who ask a game."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from grpo_arcade.games.game import Game, Outcome
from grpo_arcade.games.registry import make


def seat_number(game: Game, seat: str | int) -> int:
    """The number of a seat, from 0, by its name or number.

    Raises:
        ValueError: the game has no such seat.
    """
    if isinstance(seat, str) and seat.isdecimal():
        seat = int(seat)
    if isinstance(seat, int) and not isinstance(seat, bool) and 0 <= seat < len(game.seats):
        return seat
    if seat in game.seats:
        return game.seats.index(seat)
    if len(game.seats) == 1:
        raise ValueError(f"{game.name} has one seat only, so that there is no seat {seat!r} to choose")
    raise ValueError(f"{game.name} has no seat {seat!r}; its seats are {', '.join(game.seats)}")


def make_for_several(name: str, options: Mapping[str, Any]) -> Game:
    """The game of that name for several: as it is, or with ``players=2`` where it is for one unless somebody asks.

    Raises:
        ValueError: no such game, or one that nobody else can join in, in one line.
    """
    game = make(name, **options)
    if len(game.seats) > 1:
        return game
    try:
        several = make(name, **{"players": 2, **options})
    except ValueError as error:
        if "has no option 'players'" in str(error):
            raise ValueError(f"{name} is for one player only; atari/pong and connect-four are for two") from error
        raise
    if len(several.seats) == 1:
        raise ValueError(f"{name} is for one player with these options; leave players out, or say players=2")
    return several


@cache
def counts_for_several(name: str) -> tuple[int, ...]:
    """For how many players there is a game of that name with a seat for each, where an extra may be missing for it."""
    counts = []
    for count in (2, 4):
        try:
            counts += [count] if len(make(name, players=count).seats) == count else []
        except ValueError as error:
            counts += [count] if "is not installed" in str(error) else []
    return tuple(counts)


def at_seat(game: Game, seat: int) -> Game:
    """The game as the one at ``seat`` sees it, to be looked at and not to be stepped: what baselines are given.

    The game itself where it has one seat, or its seats take turns and it is this one's.
    """
    if not game.simultaneous and seat == game.to_move:
        return game
    return cast(Game, _AtSeat(game, seat))


class _AtSeat:
    """Answers for a game, and for one seat where that makes a difference."""

    def __init__(self, game: Game, seat: int) -> None:
        self._game, self._seat = game, seat

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._game, name)

    def observation(self) -> Any:
        """What this seat sees."""
        return self._game.seat_observation(self._seat)

    def legal_actions(self) -> tuple[int, ...]:
        """What this seat may do."""
        return self._game.seat_legal_actions(self._seat)

    @property
    def score(self) -> float:
        """Of this seat."""
        return self._game.seat_score(self._seat)

    @property
    def outcome(self) -> Outcome | None:
        """Of this seat."""
        return self._game.seat_outcome(self._seat)

    @property
    def wasted(self) -> int:
        """Of this seat."""
        return self._game.seat_wasted(self._seat)

    def step(self, action: int) -> None:
        """Not from here."""
        raise ValueError("a game is stepped for all its seats together, with step_seats()")
