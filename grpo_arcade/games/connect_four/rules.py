"""Stones on a board: where one lands, who has four in a row. Knows no player, no seed and no picture.

One player's stones are a whole number, a bit a cell: bit ``7 * column + row``, row 0 at the bottom. The seventh bit of
a column stays empty, so that shifting by a direction never carries a line over an edge. Standard library only.
"""

from __future__ import annotations

from collections.abc import Iterator

COLUMNS, ROWS = 7, 6
_HEIGHT = ROWS + 1
_DIRECTIONS = (1, _HEIGHT, _HEIGHT + 1, _HEIGHT - 1)
"""From a cell to the next one up, to the right, and along both diagonals."""

CENTRE_FIRST = (3, 2, 4, 1, 5, 0, 6)
"""The columns, those that more lines go through first."""
FULL = sum(((1 << ROWS) - 1) << (_HEIGHT * column) for column in range(COLUMNS))
"""A stone in every cell."""


def cell(column: int, row: int) -> int:
    """The bit of a cell, row 0 at the bottom."""
    return 1 << (_HEIGHT * column + row)


def landing(taken: int, column: int) -> int:
    """The bit of the cell a stone falls to in ``column`` of a board with the stones ``taken``; 0 if it is full."""
    bottom = cell(column, 0)
    return (taken + bottom) & (((1 << ROWS) - 1) * bottom) & ~taken


def open_columns(taken: int) -> tuple[int, ...]:
    """The columns that take another stone, ascending."""
    return tuple(column for column in range(COLUMNS) if not taken & cell(column, ROWS - 1))


def has_four(stones: int) -> bool:
    """Whether four of one player's stones stand in a row, upright, level or along a diagonal."""
    for step in _DIRECTIONS:
        pairs = stones & (stones >> step)
        if pairs & (pairs >> (2 * step)):
            return True
    return False


def lines() -> Iterator[int]:
    """The 69 sets of four cells that win."""
    for step in _DIRECTIONS:
        for start in range(_HEIGHT * COLUMNS):
            line = sum(1 << (start + i * step) for i in range(4))
            if not line & ~FULL:
                yield line


LINES = tuple(lines())


def winning_cells(stones: int) -> frozenset[tuple[int, int]]:
    """Every (column, row) that is part of four in a row of these stones."""
    won = 0
    for line in LINES:
        if stones & line == line:
            won |= line
    return frozenset((column, row) for column in range(COLUMNS) for row in range(ROWS) if won & cell(column, row))


def board(mine: int, theirs: int) -> list[list[int]]:
    """Rows of the board, top row first: 1 where ``mine`` has a stone, -1 where ``theirs`` has, 0 where nobody has."""
    rows = []
    for row in reversed(range(ROWS)):
        cells = [cell(column, row) for column in range(COLUMNS)]
        rows.append([1 if mine & bit else -1 if theirs & bit else 0 for bit in cells])
    return rows
