"""Trusted players of Connect Four, to measure strategies against and to play against: random, one-ply, alpha-beta.

:data:`CHOICES` choose a column from the two players' stones as :mod:`.rules` has them, so that a game can let one of
them play the other side.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Protocol, cast

from grpo_arcade.games.connect_four.rules import CENTRE_FIRST, FULL, LINES, has_four, landing, open_columns
from grpo_arcade.games.game import Baseline, Game

Choice = Callable[[int, int, random.Random], int]
"""From my stones, their stones and some randomness to a column that is open."""


def random_column(mine: int, theirs: int, rng: random.Random) -> int:
    """Any open column, all equally likely."""
    return rng.choice(open_columns(mine | theirs))


def one_ply_column(mine: int, theirs: int, rng: random.Random) -> int:
    """Where a stone makes four in a row; else where it keeps the other player from four; else any open column."""
    taken = mine | theirs
    columns = open_columns(taken)
    for stones in (mine, theirs):
        if there := [column for column in columns if has_four(stones | landing(taken, column))]:
            return rng.choice(there)
    return rng.choice(columns)


DEPTH = 5
"""Stones that alpha-beta looks ahead."""


def alpha_beta_column(mine: int, theirs: int, rng: random.Random) -> int:
    """The best column for who looks :data:`DEPTH` stones ahead and then counts lines; equals are drawn by lot."""
    best: list[int] = []
    value = -_WIN * 2
    for column in CENTRE_FIRST:
        stone = landing(mine | theirs, column)
        if not stone:
            continue
        # One less than the best so far, so that those that are as good are found out too.
        found = -_search(theirs, mine | stone, DEPTH - 1, -_WIN * 2, -value + 1)
        if found > value:
            best, value = [column], found
        elif found == value:
            best.append(column)
    return rng.choice(best)


_WIN = 100_000


def _search(mine: int, theirs: int, depth: int, low: int, high: int) -> int:
    """What a position is worth to who moves next, exactly where it lies between ``low`` and ``high``."""
    if has_four(theirs):
        # A win that comes sooner, with more of the depth left, is worth more.
        return -_WIN - depth
    taken = mine | theirs
    if taken == FULL:
        return 0
    if depth == 0:
        return _worth(mine, theirs)
    for column in CENTRE_FIRST:
        stone = landing(taken, column)
        if stone:
            low = max(low, -_search(theirs, mine | stone, depth - 1, -high, -low))
            if low >= high:
                break
    return low


_WORTH = (0, 1, 4, 16)
"""Of a line with so many stones of one player and none of the other."""


def _worth(mine: int, theirs: int) -> int:
    total = 0
    for line in LINES:
        ours, others = line & mine, line & theirs
        if not others:
            total += _WORTH[ours.bit_count()]
        elif not ours:
            total -= _WORTH[others.bit_count()]
    return total


CHOICES: Mapping[str, Choice] = {
    "random": random_column,
    "one-ply": one_ply_column,
    "alpha-beta": alpha_beta_column,
}


class _Position(Protocol):
    def sides(self) -> tuple[int, int]: ...


def _baseline(choice: Choice) -> Baseline:
    def play(game: Game, rng: random.Random) -> int:
        return choice(*cast(_Position, game).sides(), rng)

    play.__doc__ = choice.__doc__
    return play


BASELINES: Mapping[str, Baseline] = {name: _baseline(choice) for name, choice in CHOICES.items()}
