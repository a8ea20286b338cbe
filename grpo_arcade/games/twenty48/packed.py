"""Many boards at once as ``marshal`` writes lists of their tiles, for all boards of a round with no work for each.

``marshal`` (its version 2) begins a list with ``[`` and its length, and writes a number as ``i`` and its value: for
either a letter and 32 bits, lowest byte first. So boards of a size are always the same units of five bytes but for the
values, and the values of all boards are set byte by byte in a copy of a blank message.

Knows boards as :mod:`~grpo_arcade.games.twenty48.rules` has them, and no rules.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from functools import cache

_UNIT = 5
"""Bytes of a number, or of what a list begins with."""
_VALUE_BYTES = 3
"""A tile is at most 2**17."""
_BEGINNING = 255
"""Stands for the beginning of a list, among the numbers of cells and among the tiles in them."""


class PackedBoards:
    """Writes boards of one size."""

    def __init__(self, size: int) -> None:
        cells = size * size
        row = range(size)
        units = [_BEGINNING] + [unit for r in row for unit in (_BEGINNING, *(r * size + c for c in row))]
        self._blank = marshal.dumps([[0] * size for _ in row], 2)
        self._at_once = _BEGINNING // cells
        self._units = [
            b"".join(bytes(unit if unit == _BEGINNING else n * cells + unit for unit in units) for n in range(count))
            for count in range(self._at_once + 1)
        ]
        """By number of boards, as many as a table of 255 cells holds: which of their cells each unit's value is."""
        # Every list of a board is as long as its rows.
        self._values = tuple(
            bytes((1 << tile if tile else 0) >> 8 * byte & 255 for tile in range(_BEGINNING))
            + bytes([size >> 8 * byte])
            for byte in range(_VALUE_BYTES)
        )
        """By byte of a value, lowest first: what it is for each tile."""

    def pack(self, boards: Sequence[bytes]) -> bytes:
        """A list of the boards, each a list of rows of tile values."""
        count, at_once = len(boards), self._at_once
        units = b"".join(
            [
                self._units[min(at_once, count - at)].translate(_table(boards[at : at + at_once]))
                for at in range(0, count, at_once)
            ]
        )
        packed = bytearray(b"[" + count.to_bytes(4, "little") + self._blank * count)
        for byte, values in enumerate(self._values):
            packed[_UNIT + 1 + byte :: _UNIT] = units.translate(values)
        return bytes(packed)


def _table(boards: Sequence[bytes]) -> bytes:
    """The cells of the boards by their number, and at the end what stands for the beginning of a list."""
    return b"".join(boards).ljust(_BEGINNING + 1, bytes([_BEGINNING]))


@cache
def packed_boards(size: int) -> PackedBoards:
    """The one :class:`PackedBoards` of that size."""
    return PackedBoards(size)
