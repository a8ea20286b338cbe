"""What strategies for the console's symbolic games may be lent: the geometry a hand-written player works out first.

The functions know nothing of a strategy; an example a title shows them in use, and plays without a failure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grpo_arcade.games.toolbox import Toolbox


def ahead(place: float, speed: float, calls: float, low: float, high: float) -> float:
    """Returns where a thing at `place` that moves `speed` pixels a call will be after that many calls, bouncing off
    the walls at `low` and `high`.
    """
    span = high - low
    way = (place + speed * calls - low) % (2 * span)
    return low + (way if way <= span else 2 * span - way)


def calls_until(place: float, speed: float, line: float) -> float:
    """Returns in how many calls a thing at `place` that moves `speed` pixels a call comes to `line`; -1 if it moves
    away from it or stands still.
    """
    calls = (line - place) / speed if speed else -1.0
    return calls if calls >= 0 else -1.0


def distance(x: int, y: int, other_x: int, other_y: int) -> int:
    """Returns the pixels between two things, along x and along y added up; 999 if one of them is not there."""
    return 999 if min(x, y, other_x, other_y) < 0 else abs(x - other_x) + abs(y - other_y)


def nearest(x: int, places: list[int]) -> int:
    """Returns the one of a list of x positions that is nearest to `x`, leaving out things that are not there; -1 if
    none is.
    """
    return min((place for place in places if place >= 0), key=lambda place: abs(place - x), default=-1)


def steer(gap: float, reach: float, less: str, more: str) -> str:
    """Returns the action `more` if `gap` is above `reach`, `less` if it is below `-reach`, and "NOOP" between."""
    return more if gap > reach else less if gap < -reach else "NOOP"


_COMMON = (ahead, calls_until, distance, nearest, steer)


def toolbox(example: str, *own: Callable[..., Any]) -> Toolbox:
    """A title's toolbox: what all have, its own functions, and an example that uses some of them."""
    return Toolbox(version=1, functions=(*_COMMON, *own), example=example)
