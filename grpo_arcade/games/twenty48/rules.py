"""The rules of 2048 as pure functions of rows: shift, spawn, and whether anything can still move.

A board is a tuple of rows, top row first; a row is a tuple of tile values, 0 being an empty cell. Knows nothing of
episodes, players or pictures.

Every row is looked up in a table that is filled as rows turn up, which makes a move four look-ups on a 4×4 board; a
vertical move is a horizontal one of the transposed board.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Row: TypeAlias = tuple[int, ...]
Rows: TypeAlias = tuple[Row, ...]

UP, RIGHT, DOWN, LEFT = range(4)

_TABLE_LIMIT = 100_000
"""Rows a table holds before it starts anew: a 4-wide board knows at most 18**4 = 104,976 rows and in practice a tenth
of them, an 8-wide one 10**10, so without a limit long runs on wide boards would eat the memory."""


class RowTable(dict[Row, Any]):
    """A function of a row that remembers its values."""

    def __init__(self, compute: Callable[[Row], Any]) -> None:
        super().__init__()
        self._compute = compute

    def __missing__(self, row: Row) -> Any:
        if len(self) >= _TABLE_LIMIT:
            self.clear()
        value = self[row] = self._compute(row)
        return value


def _shift_left(row: Row) -> tuple[Row, int]:
    """The row after a move to the left, and the score gained. A tile made by this move does not merge again."""
    done: list[int] = []
    gain = 0
    waiting = 0
    for value in row:
        if not value:
            continue
        if value == waiting:
            done.append(2 * value)
            gain += 2 * value
            waiting = 0
        else:
            if waiting:
                done.append(waiting)
            waiting = value
    if waiting:
        done.append(waiting)
    return (*done, *(0,) * (len(row) - len(done))), gain


def _shift_right(row: Row) -> tuple[Row, int]:
    shifted, gain = _shift_left(row[::-1])
    return shifted[::-1], gain


def _movable(row: Row) -> int:
    """Bit 0: a move to the left changes the row; bit 1: one to the right does."""
    return (_shift_left(row)[0] != row) | (_shift_right(row)[0] != row) << 1


LEFTWARDS = RowTable(_shift_left)
RIGHTWARDS = RowTable(_shift_right)
MOVABLE = RowTable(_movable)

_LOOK_UP = (LEFTWARDS.__getitem__, RIGHTWARDS.__getitem__, RIGHTWARDS.__getitem__, LEFTWARDS.__getitem__)
_movable_of = MOVABLE.__getitem__

# Index: bit 0 left, bit 1 right, bit 2 up, bit 3 down.
_LEGAL = tuple(
    tuple(action for action, bit in ((UP, 4), (RIGHT, 2), (DOWN, 8), (LEFT, 1)) if mask & bit) for mask in range(16)
)


def shift(rows: Rows, action: int) -> tuple[Rows, int]:
    """The board after all tiles slid and merged, before anything appears, and the score gained."""
    if action & 1:
        shifted, gains = zip(*map(_LOOK_UP[action], rows), strict=False)
    else:
        columns, gains = zip(*map(_LOOK_UP[action], zip(*rows, strict=False)), strict=False)
        shifted = tuple(zip(*columns, strict=False))
    return shifted, sum(gains)


def legal(rows: Rows) -> tuple[int, ...]:
    """The actions that change the board, ascending."""
    mask = 0
    for bits in map(_movable_of, rows):
        mask |= bits
    for bits in map(_movable_of, zip(*rows, strict=False)):
        mask |= bits << 2
    return _LEGAL[mask]


_MASK = 2**64 - 1


def draw(seed: int, number: int) -> int:
    """64 random bits: the output ``number`` (from 0) of splitmix64 started at ``seed``.

    In 64-bit unsigned arithmetic (all products and sums modulo 2**64)::

        z = seed + (number + 1) * 0x9E3779B97F4A7C15
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB
        z = z ^ (z >> 31)

    Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, with the constants of
    Vigna's public-domain ``splitmix64.c``.
    """
    z = (seed + (number + 1) * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def spawn(rows: Rows, seed: int, number: int, fours: int) -> tuple[Rows, int, int, int]:
    """Put the tile of draw ``number`` on a board that has an empty cell.

    With ``z = draw(seed, number)`` and ``n`` empty cells, the tile lands on empty cell ``((z >> 32) * n) >> 32``,
    counted from 0 in reading order (row by row, left to right), and is a 4 if ``z & 0xFFFFFFFF`` is less than
    ``fours`` = ``round(probability_fours * 2**32)``, else a 2.

    Returns:
        The new board, the cell's row and column, and the number of cells still empty.
    """
    z = draw(seed, number)
    empty = 0
    for row in rows:
        empty += row.count(0)
    nth = ((z >> 32) * empty) >> 32
    r = 0
    row = rows[0]
    while nth >= (here := row.count(0)):
        nth -= here
        r += 1
        row = rows[r]
    c = row.index(0)
    while nth:
        c = row.index(0, c + 1)
        nth -= 1
    tile = 4 if z & 0xFFFFFFFF < fours else 2
    return (*rows[:r], (*row[:c], tile, *row[c + 1 :]), *rows[r + 1 :]), r, c, empty - 1


Slide: TypeAlias = tuple[int, int, int, int, int, bool]
"""From row, from column, to row, to column, the tile's value before the move, whether it merges on arrival."""


def slides(rows: Rows, action: int | None) -> tuple[Slide, ...]:
    """Where each tile of the board goes in a move (``None``: nowhere), in reading order of where it comes from.

    Both tiles of a merging pair are marked; they arrive at the same cell.
    """
    size = len(rows)
    moves: list[Slide] = []
    for line in range(size):
        # `along` counts from the wall the tiles slide towards.
        arrived = -1
        waiting: int | None = None
        for along in range(size):
            r, c = _cell(size, action, line, along)
            value = rows[r][c]
            if not value:
                continue
            if action is None:
                moves.append((r, c, r, c, value, False))
            elif waiting is not None and moves[waiting][4] == value:
                # Its partner came just before it and lies where both end.
                moves[waiting] = (*moves[waiting][:5], True)
                moves.append((r, c, *moves[waiting][2:4], value, True))
                waiting = None
            else:
                arrived += 1
                waiting = len(moves)
                moves.append((r, c, *_cell(size, action, line, arrived), value, False))
    return tuple(sorted(moves))


def _cell(size: int, action: int | None, line: int, along: int) -> tuple[int, int]:
    if action in (RIGHT, DOWN):
        along = size - 1 - along
    return (along, line) if action in (UP, DOWN) else (line, along)
