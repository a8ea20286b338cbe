"""Where words have room in a chart: beside what they name, and clear of the curves and of each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pygame

from grpo_arcade.arcade.window.draw import paint
from grpo_arcade.games import fonts

Line = Sequence[tuple[float, float]]
"""A curve as it is drawn: pixels, from left to right."""
_LOOKED_AT = 16
"""Places along some words at which a curve is looked at."""
_ALONG = 0.0, 1.0, 1 / 3, 2 / 3
"""Where a name may stand along its line, the ends first."""


def clear_of(box: pygame.Rect, lines: Sequence[Line]) -> float:
    """Pixels between a box and the nearest of the curves above or below it; 0 where one runs through it."""
    at = np.linspace(box.left, box.right, _LOOKED_AT)
    nearest = float("inf")
    for line in lines:
        if not line:
            continue
        x, y = np.array(line).T
        here = at[(at >= x[0]) & (at <= x[-1])]
        if here.size:
            away = np.interp(here, x, y)
            nearest = min(nearest, float(np.maximum(box.top - away, away - box.bottom).clip(0).min()))
    return nearest


def clearest(boxes: Sequence[pygame.Rect], lines: Sequence[Line], taken: Sequence[pygame.Rect]) -> pygame.Rect:
    """The first of the boxes that is well clear of all, or else the one that is clearest."""

    def clear(box: pygame.Rect) -> float:
        return -1.0 if box.collidelist(list(taken)) >= 0 else min(clear_of(box, lines), box.height / 3)

    return max(boxes, key=clear)


def draw_level_names(
    surface: pygame.Surface,
    plot: pygame.Rect,
    levels: Mapping[str, int],
    lines: Sequence[Line],
    *,
    height: int,
    ink: int,
    ground: int,
    taken: Sequence[pygame.Rect] = (),
) -> None:
    """Write the names of level lines, each close to its own: where the curves leave room, at an end if there is any.

    Args:
        surface: where to.
        plot: what the chart covers.
        levels: y of each line, by what is written at it.
        lines: the curves.
        height: of the capitals, in pixels.
        ink: of the words.
        ground: what lies behind them.
        taken: what else is written there.
    """
    written = list(taken)
    inset = height // 2
    for words, y in levels.items():
        words = fonts.elided(words, plot.width // 2, height, "medium")
        wide = paint.text_width(words, height)
        box = pygame.Rect(0, 0, wide + height, height + height // 2)
        room = plot.width - box.width - inset
        places = [box.move(plot.left + round(share * room), middle - box.height // 2)
                  for share in _ALONG for middle in (y - height, y + height + 1)]  # fmt: skip
        inside = [place for place in places if plot.contains(place)] or [place.clamp(plot) for place in places]
        place = clearest(inside, lines, written)
        written.append(place)
        surface.fill(ground, place.inflate(-height // 2, -(height // 3)))
        paint.text(surface, words, (place.left + inset, place.centery), height, ink)
