"""Many observations of memory and screen at once, as ``marshal`` writes them.

Each holds hundreds of small numbers. What ``marshal`` makes of them differs in nothing but these numbers' bytes, so
they are set in a copy of a blank one, which takes half the time of making integers and having them written.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence

import numpy as np

_NUMBER = 5
"""Bytes of a number: its type, then 32 bits, lowest byte first."""
_LIST = 5
"""Bytes that a list begins with: its type and its length."""


class PackedMemory:
    """Writes observations with a ``ram`` of 128 bytes and a ``screen`` of ``rows`` times ``columns``."""

    def __init__(self, rows: int, columns: int) -> None:
        screen = [[0] * columns for _ in range(rows)]
        blank = marshal.dumps({"ram": [0] * 128, "screen": screen, "step": 0, "score": 0, "lives": 0}, 2)
        self._blank = np.frombuffer(blank, np.uint8)
        self._grid = rows, columns
        self._ram = blank.index(b"ram") + len(b"ram") + _LIST
        self._screen = blank.index(b"screen") + len(b"screen") + _LIST
        self._counts = [blank.index(name) + len(name) + 1 for name in (b"step", b"score", b"lives")]

    def __call__(self, memories: bytes, screens: bytes, counts: Sequence[tuple[int, int, int]]) -> bytes:
        """A list of as many observations as there are ``counts``: step, score and lives of each.

        ``memories`` are 128 bytes of each, ``screens`` are ``rows`` times ``columns`` numbers below 256 of each.
        """
        games, (rows, columns) = len(counts), self._grid
        sheets = np.empty((games, len(self._blank)), np.uint8)
        sheets[:] = self._blank
        ram = sheets[:, self._ram : self._ram + 128 * _NUMBER]
        ram[:, 1::_NUMBER] = np.frombuffer(memories, np.uint8).reshape(games, 128)
        row = _LIST + columns * _NUMBER
        screen = sheets[:, self._screen : self._screen + rows * row].reshape(games, rows, row)
        screen[:, :, _LIST + 1 :: _NUMBER] = np.frombuffer(screens, np.uint8).reshape(games, rows, columns)
        numbers = np.array(counts, "<i4").view(np.uint8).reshape(games, 3, 4)
        for index, at in enumerate(self._counts):
            sheets[:, at : at + 4] = numbers[:, index]
        return b"".join((b"[", games.to_bytes(4, "little"), sheets.data))
