"""The rules of 2048 on a square board: how tiles slide and merge, what can move, where a new tile appears.

Knows nothing of episodes, players or pictures.

A board is ``bytes``, one a cell in reading order (row by row, left to right): 0 for an empty cell, else the exponent
of its tile (1 is a 2, 2 is a 4, 11 is a 2048). Every move is a move to the left of a turned board, and a row moved to
the left is looked up in a table that is filled as rows turn up.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import cache
from operator import getitem
from typing import Any, TypeAlias

UP, RIGHT, DOWN, LEFT = range(4)

Slide: TypeAlias = tuple[int, int, int, int, int, bool]
"""From row, from column, to row, to column, the tile's value before the move, whether it merges on arrival."""

_EMPTY = b"\0"

_TABLE = 256
"""Cells that ``bytes.translate`` can permute at once."""

_TABLE_LIMIT = 100_000
"""Rows a table holds before it starts anew. A 4-wide board meets some 10,000 rows in practice; an 8-wide one knows
10**10, which without a limit would eat the memory of a long run."""


class RowTable(dict[bytes, Any]):
    """A function of a row that remembers its values."""

    def __init__(self, compute: Callable[[bytes], Any]) -> None:
        super().__init__()
        self._compute = compute

    def __missing__(self, row: bytes) -> Any:
        if len(self) >= _TABLE_LIMIT:
            self.clear()
        value = self[row] = self._compute(row)
        return value


@cache
def _steps(size: int, rows: int) -> tuple[int, list[tuple[int, int, int]], list[tuple[int, int, int]]]:
    """For :func:`slide`: cells that have another to their right, then for each gap to close and for each pair to merge
    three numbers: the highest bit and the others of the cell in every row, and the bytes of the cells that then move.
    """
    each = sum(1 << 8 * size * row for row in range(rows))
    cells = [(each << 8 * cell + 7, each * 0x7F << 8 * cell, 8 * (size - cell)) for cell in range(size - 1)]
    gaps = [(high, low, (1 << bits) - 1) for high, low, bits in reversed(cells)]
    pairs = [(high, low, (1 << bits) - 256) for high, low, bits in cells]
    return each * ((1 << 8 * (size - 1)) - 1), gaps, pairs


def slide(cells: int, size: int, rows: int) -> int:
    """So many rows of that size after a move to the left, all at once; as a little-endian number, one byte a cell.

    Tiles close up, then from the left each pair of equal ones becomes the next; a tile made so does not merge again.
    A tile is less than 128, so that the highest bit of a cell is free to say which rows something is true of.
    """
    with_right, gaps, pairs = _steps(size, rows)
    for high, low, rest in gaps:
        empty = high - (cells & low) & high
        cells ^= (cells ^ cells >> 8 & with_right) & (empty >> 7) * rest
    for high, low, rest in pairs:
        equal = high - ((cells ^ cells >> 8) & low) & (cells & low) + low & high
        if equal:
            equal >>= 7
            cells += equal
            cells ^= (cells ^ cells >> 8 & with_right) & equal * rest
    return cells


def slide_left(row: bytes) -> bytes:
    """The row after a move to the left."""
    size = len(row)
    return slide(int.from_bytes(row, "little"), size, 1).to_bytes(size, "little")


def _worth(row: bytes) -> int:
    """The tiles' share of the score, (e - 3) · 2**e for each tile 2**e; see :meth:`Grid.score`."""
    return sum((tile - 3) << tile for tile in row if tile)


_COLUMN = b"\xff"
"""Before the cells of a line: it is a column, from the top."""


def _ways(line: bytes) -> int:
    """1 if a move to the left changes the row, 9 if one to the right does, 81 and 729 for a column up and down.

    Sums over 8 rows and 8 columns keep the four apart.
    """
    cells = line.removeprefix(_COLUMN)
    ways = (slide_left(cells) != cells) + 9 * (slide_left(cells[::-1]) != cells[::-1])
    return ways if cells == line else 81 * ways


# Tables are keyed by whole rows, so boards of all sizes share them.
_slid = RowTable(slide_left).__getitem__
_slid_right = RowTable(lambda row: slide_left(row[::-1])[::-1]).__getitem__
_worth_of = RowTable(_worth).__getitem__
_ways_of = RowTable(_ways).__getitem__
_tiles_of = RowTable(lambda row: [1 << tile if tile else 0 for tile in row]).__getitem__
_copy = list.copy

# Index: the sum of _ways over rows and columns.
_LEGAL = tuple(
    tuple(action for action, ways in ((UP, 81), (RIGHT, 9), (DOWN, 729), (LEFT, 1)) if sum_of_ways // ways % 9)
    for sum_of_ways in range(9**4)
)


def board_of(tiles: list[list[int]]) -> bytes:
    """The board of a list of rows of tile values, as :meth:`Grid.tiles` gives it."""
    return bytes(tile.bit_length() - 1 if tile else 0 for row in tiles for tile in row)


BLOCK = 32
"""Draws worked out, or boards packed, at once."""


@cache
def _splitter(width: int, count: int) -> Callable[[bytes], tuple[bytes, ...]]:
    """Cuts ``width * count`` bytes into ``count`` pieces."""
    return struct.Struct(f"{width}s" * count).unpack


class Grid:
    """The moves of one board size; :func:`grid` keeps one for each."""

    def __init__(self, size: int) -> None:
        self.size = size
        cells = size * size
        # bytes.translate permutes a board in one call: entry i of the turn says which cell comes to place i.
        reading = range(cells)
        self.turns = (
            bytes(i % size * size + i // size for i in reading),
            bytes(i // size * size + size - 1 - i % size for i in reading),
            bytes((size - 1 - i % size) * size + i // size for i in reading),
            bytes(reading),
        )
        """By action: which cell of the board comes to each place when it is turned so that the move goes left."""
        back = [bytes(map(turn.index, reading)) for turn in self.turns]
        self._padding = _COLUMN.rjust(_TABLE - cells, _EMPTY)
        columns = (self.turns[UP][at : at + size] for at in range(0, cells, size))
        self._along_lines = bytes(reading) + b"".join(bytes([_TABLE - 1]) + column for column in columns)
        self._lines = struct.Struct(f"{size}s" * size + f"{size + 1}s" * size).unpack
        """The rows of the board, then its columns."""
        self._at_once = _TABLE // cells
        self._turns_of, self._back_of = (
            [tuple(bytes(n * cells + cell for cell in turn) for turn in turns) for n in range(self._at_once)]
            for turns in (self.turns, back)
        )
        """By place among the boards whose cells one table holds, then by action."""
        self.rows = _splitter(size, size)
        """The board's rows, each as bytes."""
        self.shifts = tuple(map(self._shifter, self.turns))
        """:meth:`shift` by action: for whoever moves often, a call less."""

    def _shifter(self, turn: bytes) -> Callable[[bytes], bytes]:
        rows, padding, join = self.rows, self._padding, b"".join
        if turn == self.turns[LEFT]:
            return lambda board: join(map(_slid, rows(board)))
        if turn == self.turns[RIGHT]:
            return lambda board: join(map(_slid_right, rows(board)))
        turned, back = turn.translate, bytes(map(turn.index, range(len(turn)))).translate
        return lambda board: back(join(map(_slid, rows(turned(board + padding)))) + padding)

    def shift(self, board: bytes, action: int) -> bytes:
        """The board after all tiles slid and merged, before a new one appears; equal to ``board`` if nothing moves."""
        return self.shifts[action](board)

    def shift_together(self, boards: Sequence[bytes], actions: bytes) -> list[bytes]:
        """:meth:`shift` of each board by its action. For a few boards that takes longer than one by one."""
        cells, at_once = self.size**2, self._at_once
        some = [actions[at : at + at_once] for at in range(0, len(boards), at_once)]
        turned = b"".join(
            [
                b"".join(map(getitem, self._turns_of, each)).translate(
                    b"".join(boards[n * at_once : (n + 1) * at_once]).ljust(_TABLE, _EMPTY)
                )
                for n, each in enumerate(some)
            ]
        )
        rows = len(boards) * self.size
        slid = slide(int.from_bytes(turned, "little"), self.size, rows).to_bytes(len(turned), "little")
        shifted: list[bytes] = []
        for n, each in enumerate(some):
            table = slid[n * at_once * cells : (n + 1) * at_once * cells].ljust(_TABLE, _EMPTY)
            shifted += _splitter(cells, len(each))(b"".join(map(getitem, self._back_of, each)).translate(table))
        return shifted

    def score(self, board: bytes, spawned: int) -> int:
        """The sum of all tiles made by merging since the start, on a board on which ``spawned`` tiles have appeared.

        Building a tile 2**e from 2s makes tiles worth (e - 1) · 2**e; each spawned 4 saves one merge into a 4. The
        tiles' sum is 2 · spawned + 2 · fours, so the score is the sum of (e - 3) · 2**e, plus 4 · spawned.
        """
        return sum(map(_worth_of, self.rows(board))) + 4 * spawned

    def gain(self, board: bytes, shifted: bytes) -> int:
        """The score of the move that made ``shifted`` of ``board``: the sum of the tiles made by merging."""
        return self.score(shifted, 0) - self.score(board, 0)

    def legal(self, board: bytes) -> tuple[int, ...]:
        """The actions that change the board, ascending."""
        return _LEGAL[sum(map(_ways_of, self._lines(self._along_lines.translate(board + self._padding))))]

    def can_move(self, board: bytes) -> bool:
        """Whether any action changes the board."""
        return any(map(_ways_of, self._lines(self._along_lines.translate(board + self._padding))))

    def tiles(self, board: bytes) -> list[list[int]]:
        """The board as a new list of rows of tile values, top row first; 0 is empty."""
        return [*map(_copy, map(_tiles_of, self.rows(board)))]

    def slides(self, board: bytes, action: int) -> tuple[Slide, ...]:
        """Where each tile of the board goes in a move, in reading order of where it comes from.

        Both tiles of a merging pair are marked; they arrive at the same cell.
        """
        turn = self.turns[action]
        slides: list[Slide] = []
        for start in range(0, len(board), self.size):
            arrived = start - 1
            waiting = 0
            for cell in turn[start : start + self.size]:
                tile = board[cell]
                if not tile:
                    continue
                merged = tile == waiting
                if merged:
                    # Its partner is the tile before it, which lies where both end.
                    slides[-1] = (*slides[-1][:5], True)
                    waiting = 0
                else:
                    arrived += 1
                    waiting = tile
                slides.append((*divmod(cell, self.size), *divmod(turn[arrived], self.size), 1 << tile, merged))
        return tuple(sorted(slides))


@cache
def grid(size: int) -> Grid:
    """The one :class:`Grid` of that size."""
    return Grid(size)


_64_BITS = 2**64 - 1
_GAMMA = 0x9E3779B97F4A7C15
# One integer of 32 lanes, 128 bits each so that a 64-bit product fits, does the arithmetic of 32 draws in one go.
_LANES = sum(1 << 128 * i for i in range(BLOCK))
_LANE_GAMMAS = sum(((i + 1) * _GAMMA & _64_BITS) << 128 * i for i in range(BLOCK))
_LANE_MASK = _64_BITS * _LANES
_unpack_lanes = struct.Struct("<" + "Q8x" * BLOCK).unpack


def draws(seed: int, block: int) -> list[int]:
    """Draws ``32 * block`` to ``32 * block + 31`` of a seed, 64 random bits each.

    Draw ``n`` (from 0) is output ``n`` of splitmix64 started at ``seed``; in 64-bit unsigned arithmetic (all sums and
    products modulo 2**64)::

        z = seed + (n + 1) * 0x9E3779B97F4A7C15
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB
        z = z ^ (z >> 31)

    Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014, with the constants of
    Vigna's public-domain ``splitmix64.c``.
    """
    z = ((seed + block * BLOCK * _GAMMA & _64_BITS) * _LANES + _LANE_GAMMAS) & _LANE_MASK
    z = ((z ^ z >> 30) & _LANE_MASK) * 0xBF58476D1CE4E5B9 & _LANE_MASK
    z = ((z ^ z >> 27) & _LANE_MASK) * 0x94D049BB133111EB & _LANE_MASK
    return list(_unpack_lanes((z ^ z >> 31).to_bytes(16 * BLOCK, "little")))


_MARK = b"\xff"
_TWO = b"\1"
_FOUR = b"\2"


def spawn(board: bytes, draw: int, fours: int) -> bytes:
    """The board, which has an empty cell, with a draw's tile on it.

    With ``n`` empty cells, the tile lands on empty cell ``((draw >> 32) * n) >> 32``, counted from 0 in reading
    order, and is a 4 if ``draw & 0xFFFFFFFF`` is less than ``fours``, which is ``round(probability_fours * 2**32)``;
    else a 2.
    """
    earlier = (draw >> 32) * board.count(_EMPTY) >> 32
    tile = _FOUR if draw & 0xFFFFFFFF < fours else _TWO
    if not earlier:
        return board.replace(_EMPTY, tile, 1)
    # With the earlier empty cells out of the way for a moment, the cell is the first empty one.
    return board.replace(_EMPTY, _MARK, earlier).replace(_EMPTY, tile, 1).replace(_MARK, _EMPTY)
