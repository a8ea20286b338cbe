"""Unifont: a picture of 16 rows for every character of Unicode's first plane and for the emoji, in one packed file.

``unifont.xz`` holds three groups, of glyphs 8 and 16 pixels wide and of marks, which lie over the 8 pixels before and
after them. Each is: how many (uint32), how far each character's number is from the one before (uint32), and then, for
each column of bytes, the glyphs' 16 rows in it. It is read when the first such character is drawn.
"""

from __future__ import annotations

import lzma
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np

ROWS = 16
BASELINE = 14
"""Rows above the baseline."""
CAPITALS = 10
"""Height of capitals and digits."""
WIDTHS = (8, 16, 0)
"""Pixels that a glyph of each group moves on by."""


class Group(NamedTuple):
    """The glyphs of one width."""

    codes: np.ndarray
    """Characters' numbers, sorted, uint32."""
    glyphs: np.ndarray
    """uint8 (glyphs, 16 rows, bytes a row), eight pixels a byte."""


def has(code: int) -> bool:
    """Whether a character has a glyph."""
    return _find(code) is not None


def line(text: str) -> np.ndarray:
    """``text`` in pixels, 0 or 255, as uint8 (16, columns); characters without a glyph are left out."""
    found = [place for place in map(_find, map(ord, text)) if place is not None]
    canvas = np.zeros((ROWS, 16 + sum(WIDTHS[group] for group, _ in found)), np.uint8)
    x = 8
    for group, index in found:
        rows = np.unpackbits(_groups()[group].glyphs[index], axis=1)
        left = x if WIDTHS[group] else x - 8
        canvas[:, left : left + rows.shape[1]] |= rows
        x += WIDTHS[group]
    return canvas[:, 8:x] * np.uint8(255)


def packed(groups: tuple[Group, ...]) -> bytes:
    """The content of the file for the groups of each of :data:`WIDTHS`."""
    parts = []
    for group in groups:
        parts += [np.array(len(group.codes), "<u4"), np.diff(group.codes, prepend=0).astype("<u4")]
        parts.append(group.glyphs.transpose(2, 0, 1))
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 0, "pb": 4}]
    return lzma.compress(b"".join(part.tobytes() for part in parts), check=lzma.CHECK_CRC32, filters=filters)


def unpacked(content: bytes) -> tuple[Group, ...]:
    """The inverse of :func:`packed`."""
    data, groups, at = lzma.decompress(content), [], 0
    for width in WIDTHS:
        count, columns = int(np.frombuffer(data, "<u4", 1, at)[0]), (width or 16) // 8
        codes = np.frombuffer(data, "<u4", count, at + 4).cumsum(dtype=np.uint32)
        at += 4 + 4 * count
        glyphs = np.frombuffer(data, np.uint8, count * ROWS * columns, at).reshape(columns, count, ROWS)
        groups.append(Group(codes, glyphs.transpose(1, 2, 0)))
        at += count * ROWS * columns
    return tuple(groups)


@cache
def _groups() -> tuple[Group, ...]:
    return unpacked(files(__package__).joinpath("unifont.xz").read_bytes())


def _find(code: int) -> tuple[int, int] | None:
    """The group and the place in it."""
    for number, group in enumerate(_groups()):
        index = int(group.codes.searchsorted(code))
        if index < len(group.codes) and group.codes[index] == code:
            return number, index
    return None
