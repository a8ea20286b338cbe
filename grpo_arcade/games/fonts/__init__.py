"""Text for pictures, from shipped fonts: how much of each pixel the letters cover, and nothing of colours.

The fonts are Rubik, Noto Sans, Unifont and, for programs, JetBrains Mono, under the SIL Open Font License 1.1 in
``OFL.txt`` beside them; ``letters`` says which of them draws what, ``make`` how the files came to be. Whole are Latin,
Cyrillic, Greek and Hebrew in two weights, and, as pixels of one weight, Chinese, Japanese, Korean and nearly all of
Unicode's first plane, and emoji. Arabic letters and those of Indian scripts are drawn one by one, without joining. No
font of the machine is ever used, and no display is needed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import lru_cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Literal

import numpy as np

from grpo_arcade.games.fonts import letters, pixels

if TYPE_CHECKING:
    import pygame

Weight = Literal["bold", "medium"]

_WEIGHTS = {"bold": "Bold", "medium": "Medium"}
_CAP_HEIGHT = {letters.RUBIK: 0.7, letters.RUBIK_MORE: 0.7, letters.NOTO: 0.714}
"""Height of digits and capitals, in ems (the OS/2 table's ``sCapHeight``)."""
_MARGIN = 0.36
"""Room above and below the capitals, in capital heights: enough for accents and descenders."""
_KEPT = 24
"""Fonts kept open; a window uses about a dozen sizes."""

_lock = threading.RLock()
_open: OrderedDict[tuple[str, int], pygame.font.Font] = OrderedDict()
"""Fonts by file and pixels of an em, the one used last at the end. To be used with the lock held."""


@lru_cache(maxsize=512)
def coverage(text: str, height: int, weight: Weight = "bold") -> np.ndarray:
    """How much of each pixel ``text`` covers, 0 (nothing) to 255, as a read-only uint8 array (rows, columns).

    ``height`` is the height of the digits and capitals in pixels, at least 1. They fill the vertical middle of the
    array, ``margin(height)`` rows above and below them being for accents and descenders; left and right there is no
    empty column. A character no font has appears as its number, ``U+12000``. Text that leaves no ink gives an array of
    no columns.
    """
    if height < 1:
        raise ValueError(f"text height must be at least 1 pixel, not {height}")
    drawable = letters.pieces(text)
    rows = height + 2 * margin(height)
    if not any(piece.strip() for _, piece in drawable):
        return _frozen(np.zeros((rows, 0), np.uint8))
    # Small letters are drawn larger and averaged, which places their stems more finely than hinting would.
    scale = 4 if height < 48 else 2 if height < 128 else 1
    line, ascent = _side_by_side([_drawn(piece, font, weight, height * scale) for font, piece in drawable])
    inked = np.flatnonzero(line.any(axis=0))
    if not len(inked):
        return _frozen(np.zeros((rows, 0), np.uint8))
    line = line[:, inked[0] : inked[-1] + 1]
    # Cut or pad so that the capitals, which stand on the baseline, are in the middle.
    top = ascent - (height + margin(height)) * scale
    canvas = np.zeros((rows * scale, -(-line.shape[1] // scale) * scale), np.uint8)
    source = line[max(top, 0) : top + rows * scale]
    canvas[max(-top, 0) : max(-top, 0) + len(source), : line.shape[1]] = source
    if scale > 1:
        # Rows first: sums along long rows are far quicker than sums of little blocks.
        tall = canvas.reshape(rows, scale, -1).sum(axis=1, dtype=np.uint16)
        blocks = sum(tall[:, at::scale] for at in range(scale))
        canvas = ((blocks + scale * scale // 2) // (scale * scale)).astype(np.uint8)
        # A stem that only touches the last block may have faded out of it.
        inked = np.flatnonzero(canvas.any(axis=0))
        canvas = canvas[:, inked[0] : inked[-1] + 1] if len(inked) else canvas[:, :0]
    return _frozen(canvas)


def _side_by_side(pieces: list[tuple[np.ndarray, int]]) -> tuple[np.ndarray, int]:
    """Pieces of a line on one baseline, and its row."""
    if len(pieces) == 1:
        return pieces[0]
    ascent = max(base for _, base in pieces)
    rows = ascent + max(len(piece) - base for piece, base in pieces)
    padded = [np.pad(piece, ((ascent - base, rows - len(piece) - ascent + base), (0, 0))) for piece, base in pieces]
    return np.concatenate(padded, axis=1), ascent


def _drawn(text: str, font_name: str, weight: Weight, height: int) -> tuple[np.ndarray, int]:
    """How much of each pixel a line in one font covers, (rows, columns), and the row of its baseline."""
    if font_name == letters.UNIFONT:
        return _enlarged(pixels.line(text), height, weight)
    import pygame

    with _lock:
        font = _font(f"{font_name}-{_WEIGHTS[weight]}.ttf", round(height / _CAP_HEIGHT[font_name]))
        surface = font.render(text, True, (255, 255, 255))
        return np.ascontiguousarray(pygame.surfarray.pixels_alpha(surface).T), font.get_ascent()


def _enlarged(line: np.ndarray, height: int, weight: Weight) -> tuple[np.ndarray, int]:
    """A line of pixels with capitals of ``height``, and the row of its baseline. Bold strokes are wider by half."""
    rows, columns = (round(size * height / pixels.CAPITALS) for size in line.shape)
    sized = line[np.arange(rows) * pixels.ROWS // rows]
    if columns:
        sized = sized[:, np.arange(columns) * line.shape[1] // columns]
    if weight == "bold" and (wider := height // (2 * pixels.CAPITALS)):
        sized[:, wider:] = np.maximum(sized[:, wider:], sized[:, :-wider])
    return sized, round(pixels.BASELINE * height / pixels.CAPITALS)


def _font(file: str, em: int) -> pygame.font.Font:
    """A font that is kept open, since it keeps its letters' shapes; a new one draws ten times slower."""
    import pygame

    # A font opened before somebody's pygame.quit() must not be used any more: pygame would crash. The hook below hears
    # of that, and this look of a lone pygame.font.quit(); nothing hears of one that pygame.font.init() follows at once.
    if not pygame.font.get_init():
        _close_all()
        pygame.font.init()
    font = _open.get((file, em))
    if font is not None:
        _open.move_to_end((file, em))
        return font
    if not _open:
        pygame.register_quit(_close_all)  # which pygame forgets with every quit
    with as_file(files(__package__) / file) as path:
        font = _open[file, em] = pygame.font.Font(path, em)
    if len(_open) > _KEPT:
        _open.popitem(last=False)
    return font


def _close_all() -> None:
    with _lock:
        _open.clear()


def margin(height: int) -> int:
    """Rows above and below the capitals in what :func:`coverage` returns."""
    return max(1, round(height * _MARGIN))


def tallest(text: str, width: int, height: int, weight: Weight = "bold") -> int:
    """The largest capital height, at most ``height``, at which ``text`` is at most ``width`` wide; 0 if none is."""
    if height < 1 or width < 1:
        return 0
    wide = coverage(text, height, weight).shape[1]
    if wide <= width:
        return height
    guess = min(height, height * width // max(wide, 1) + 1)
    while guess and coverage(text, guess, weight).shape[1] > width:
        guess -= 1
    return guess


def elided(text: str, width: int, height: int, weight: Weight = "bold") -> str:
    """``text``, or as much of its beginning as fits into ``width`` pixels with an ellipsis; ``""`` if nothing does."""
    shown = text[: 2 * max(width, 0) + 2]  # no letter is narrower than half a pixel
    if len(shown) == len(text) and coverage(text, height, weight).shape[1] <= width:
        return text
    text = shown
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = coverage(text[:middle].rstrip() + "…", height, weight).shape[1] <= width
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[:low].rstrip() + "…" if low else ""


def levels(cover: np.ndarray, count: int) -> np.ndarray:
    """Coverage rounded to ``count`` evenly spaced levels, 0 .. count - 1: few colours compress well and fit a GIF."""
    return ((cover.astype(np.uint16) * (count - 1) + 127) // 255).astype(np.uint8)


def mixed(below: int, above: int, levels: int) -> np.ndarray:
    """Colours from ``below`` to ``above`` in ``levels`` even steps, as uint32 0xRRGGBB."""
    last = levels - 1
    channels = [
        [(((below >> s & 255) * (last - i) + (above >> s & 255) * i + last // 2) // last) << s for i in range(levels)]
        for s in (16, 8, 0)
    ]
    return np.array(channels, np.uint32).sum(axis=0, dtype=np.uint32)


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
