"""Whom a strategy descends from: a line of dots with their scores, and what is new against its parent, in words."""

from __future__ import annotations

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.games import score_text
from grpo_arcade.recordings.runs.lineage import Line

_MOST_DOTS = 8


def against_parent(line: Line, new: int) -> str:
    """What is new in a program against the one it was written from."""
    parent = line.parent
    if parent is None:
        return "Its program, written from the game's words alone"
    lines = f"{new} line{'s' if new != 1 else ''} new" if new else "nothing new"
    return f"Its program: {lines} against its parent #{parent.id}, which scored {score_text(parent.score)}"


def draw_line(surface: pygame.Surface, look: Theme, area: pygame.Rect, line: Line) -> int:
    """The line as dots from the first ancestor to the strategy, as high as their scores, which stand below them.

    Returns the pixels of height it takes; 0 where there is no room, or nobody to descend from.
    """
    small, dot = look.px(theme.CAPTION), look.px(4)
    row = round(small * theme.LINE)
    if area.height < 4 * row or len(line.kin) < 2:
        return 0
    kin = line.kin[-_MOST_DOTS:]
    words = "Descends from" if len(kin) == len(line.kin) else f"Descends, in {len(line.kin) - 1} generations, from"
    paint.text(surface, words, (area.left, area.top + row // 2), small, look.faint, room=area.width)
    high = min(area.height - 2 * row, 3 * row)
    top, bottom = area.top + row + dot, area.top + row + high - dot
    low, span = min(each.score for each in kin), max(each.score for each in kin) - min(each.score for each in kin)
    step = area.width / len(kin)
    at = [
        (
            round(area.left + (place + 0.5) * step),
            round(bottom - (bottom - top) * (each.score - low) / span) if span else (top + bottom) // 2,
        )
        for place, each in enumerate(kin)
    ]
    pygame.draw.lines(surface, look.faint, False, at, max(1, look.px(1)))
    for place, (each, centre) in enumerate(zip(kin, at, strict=True)):
        own = place == len(kin) - 1
        pygame.draw.circle(surface, look.rival if own else look.soft, centre, dot)
        below = centre[0], area.top + row + high + row // 2
        colour = look.ink if own else look.soft
        paint.text(surface, score_text(each.score), below, small, colour, anchor="middle", room=round(step))
    return 2 * row + high
