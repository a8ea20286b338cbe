"""Text and soft-edged shapes on any surface, from the shipped fonts; knows no scene and no colour of its own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import lru_cache
from pathlib import PurePath
from typing import Literal

import numpy as np
import pygame

from grpo_arcade.foreign_text import LONGEST
from grpo_arcade.games import fonts

Anchor = Literal["left", "middle", "right"]
Colour = int

_KEPT_SHARE = 0.5
"""Of the window's pixels: so much text is kept as it was drawn. A full window with its help over it takes 0.2 to 0.3,
and numbers that are never seen again must not pile up."""


class _Kept:
    """Surfaces drawn before, the least recently used thrown away beyond a number of bytes."""

    def __init__(self) -> None:
        self.limit = 1 << 20
        self._surfaces: OrderedDict[Hashable, pygame.Surface] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable, make: Callable[[], pygame.Surface]) -> pygame.Surface:
        found = self._surfaces.get(key)
        if found is not None:
            self._surfaces.move_to_end(key)
            return found
        made = self._surfaces[key] = make()
        self._bytes += 4 * made.get_width() * made.get_height()
        while self._bytes > self.limit and len(self._surfaces) > 1:
            _, dropped = self._surfaces.popitem(last=False)
            self._bytes -= 4 * dropped.get_width() * dropped.get_height()
        return made


_kept = _Kept()


def fit(size: tuple[int, int]) -> None:
    """Keep as much of what is drawn as a window of ``size`` pixels can use."""
    _kept.limit = max(1 << 20, round(_KEPT_SHARE * 4 * size[0] * size[1]))


def text(
    surface: pygame.Surface,
    words: str,
    at: tuple[int, int],
    height: int,
    colour: Colour,
    *,
    weight: fonts.Weight = "medium",
    anchor: Anchor = "left",
    room: int | None = None,
) -> pygame.Rect:
    """Write one line and return what it covers.

    Args:
        surface: where to.
        words: the text; control characters and line ends become spaces.
        at: x of the anchor, and y of the middle of the capitals.
        height: of the capitals, in pixels (``theme.px(theme.BODY)``).
        colour: 0xRRGGBB.
        weight: "medium" or "bold".
        anchor: which end of the line lies at x.
        room: pixels it may be wide; a longer text ends in an ellipsis, and a path in it loses its middle before that.
    """
    words = _one_line(words)
    if room is not None:
        words = _cut(words, max(room, 0), height, weight)
    glyphs = _kept.get((words, height, colour, weight), lambda: _glyphs(words, height, colour, weight))
    width, rows = glyphs.get_size()
    x = at[0] - (0 if anchor == "left" else width if anchor == "right" else width // 2)
    return surface.blit(glyphs, (x, at[1] - rows // 2))


def text_width(words: str, height: int, weight: fonts.Weight = "medium") -> int:
    """Pixels that :func:`text` takes for a line."""
    return fonts.coverage(_one_line(words), height, weight).shape[1]


def wrapped(words: str, width: int, height: int, weight: fonts.Weight = "medium") -> list[str]:
    """``words`` broken into lines at most ``width`` pixels wide; a longer single word is cut as in :func:`text`."""
    lines: list[str] = []
    line = ""
    for word in words[: 20 * LONGEST].split():
        longer = f"{line} {word}".strip()
        if line and text_width(longer, height, weight) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    lines.append(line)
    return [_cut(line, width, height, weight) for line in lines]


def whole_clauses(words: str, width: int, height: int, between: str = ", ") -> str:
    """As many of the clauses that ``between`` parts as fit; none where not even the first does: half says nothing."""
    while words and text_width(words, height) > width:
        words = words.rpartition(between)[0]
    return words


def _cut(words: str, width: int, height: int, weight: fonts.Weight) -> str:
    """Words that are at most so wide: what a path in them has in its middle is left out, then the end of them all."""
    path = next((word for word in reversed(words.split(" ")) if _is_path(word)), "")
    if not path or text_width(words, height, weight) <= width:
        return fonts.elided(words, width, height, weight)
    before, _, after = words.rpartition(path)
    head, name = path[: -len(PurePath(path).name)], PurePath(path).name
    short, long = 0, len(head)
    while short < long:
        middle = (short + long + 1) // 2
        tried = f"{before}{head[:middle]}…/{name}{after}"
        short, long = (middle, long) if text_width(tried, height, weight) <= width else (short, middle - 1)
    return fonts.elided(f"{before}{head[:short]}…/{name}{after}", width, height, weight)


def _is_path(word: str) -> bool:
    """Whether a word names a file somewhere: deep in folders, and not a name as "atari/pong"."""
    return word.count("/") > 1 and "://" not in word and bool(PurePath(word).name)


def panel(
    surface: pygame.Surface, rect: pygame.Rect, colour: Colour, radius: int, border: Colour | None = None, edge: int = 1
) -> None:
    """Fill a rectangle with round, soft corners, with a border of ``edge`` pixels inside it if one is given."""
    if rect.width < 1 or rect.height < 1:
        return
    radius = max(0, min(radius, rect.width // 2, rect.height // 2))
    if border is not None:
        panel(surface, rect, border, radius)
        panel(surface, rect.inflate(-2 * edge, -2 * edge), colour, max(0, radius - edge))
        return
    surface.fill(colour, rect.inflate(-2 * radius, 0))
    surface.fill(colour, rect.inflate(0, -2 * radius))
    if not radius:
        return
    disc = _kept.get(("disc", radius, colour), lambda: _disc(radius, colour))
    for right in (0, 1):
        for low in (0, 1):
            at = rect.left if not right else rect.right - radius, rect.top if not low else rect.bottom - radius
            surface.blit(disc, at, (right * radius, low * radius, radius, radius))


def arrow(
    surface: pygame.Surface, at: tuple[int, int], side: int, way: Literal["up", "right", "down", "left"], colour: Colour
) -> pygame.Rect:
    """A soft triangle that points up, right, down or left, ``side`` pixels large, its middle at a point."""

    def draw() -> pygame.Surface:
        large = pygame.Surface((8 * side, 8 * side), pygame.SRCALPHA)
        large.fill((colour >> 16 & 255, colour >> 8 & 255, colour & 255, 0))
        corners = [(4 * side, 1.4 * side), (7.2 * side, 6.6 * side), (0.8 * side, 6.6 * side)]
        pygame.draw.polygon(large, (colour >> 16 & 255, colour >> 8 & 255, colour & 255, 255), corners)
        turned = pygame.transform.rotate(large, {"up": 0, "left": 90, "down": 180, "right": 270}[way])
        return pygame.transform.smoothscale(turned, (side, side))

    drawn = _kept.get(("arrow", side, way, colour), draw)
    return surface.blit(drawn, drawn.get_rect(center=at))


def veil(surface: pygame.Surface, colour: Colour, opacity: float, area: pygame.Rect | None = None) -> None:
    """Lay a colour over a part of the surface, 0 invisible to 1 opaque."""
    area = surface.get_rect() if area is None else area.clip(surface.get_rect())
    if area.width and area.height:
        cover = pygame.Surface(area.size)
        cover.fill(colour)
        cover.set_alpha(round(255 * opacity))
        surface.blit(cover, area)


@lru_cache(maxsize=512)
def _one_line(words: str) -> str:
    return "".join(c if c.isprintable() else " " for c in words[:LONGEST])


def _glyphs(words: str, height: int, colour: Colour, weight: fonts.Weight) -> pygame.Surface:
    return _tinted(fonts.coverage(words, height, weight), colour)


def _disc(radius: int, colour: Colour) -> pygame.Surface:
    away = np.abs(np.arange(2 * radius) + 0.5 - radius)
    cover = np.clip(radius + 0.5 - np.hypot(away[:, None], away[None, :]), 0.0, 1.0)
    return _tinted(np.round(cover * 255).astype(np.uint8), colour)


def _tinted(cover: np.ndarray, colour: Colour) -> pygame.Surface:
    rows, columns = cover.shape
    tinted = pygame.Surface((columns, rows), pygame.SRCALPHA, 32)
    tinted.fill((colour >> 16 & 255, colour >> 8 & 255, colour & 255, 0))
    if columns:
        pygame.surfarray.pixels_alpha(tinted)[...] = cover.T
    return tinted
