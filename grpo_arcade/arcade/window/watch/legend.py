"""What stands below each board of a step, told by an example: it takes the places of the grid that no board fills."""

from __future__ import annotations

from collections.abc import Callable

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.arcade.window.watch.run_feed import Entrant
from grpo_arcade.arcade.window.watch.tile import Measure, draw_score, draw_split, draw_standing

_NARROWEST = 150
"""Points: with less room the words would be cut."""


def draw_legend(surface: pygame.Surface, look: Theme, area: pygame.Rect, entrant: Entrant, measure: Measure) -> None:
    """Each sign of ``entrant``'s caption with its meaning, as far as there is room."""
    small, pad = look.px(theme.CAPTION), look.px(theme.GAP)
    if area.width < look.px(_NARROWEST) or area.height < 8 * small:
        return
    paint.panel(surface, area, look.sunken, look.px(theme.RADIUS))
    inside = area.inflate(-2 * pad, -2 * pad)
    sign = pygame.Rect(inside.left, inside.top, min(look.px(76), inside.width // 3), small)
    text = pygame.Rect(sign.right + pad, inside.top, inside.right - sign.right - pad, small)
    step = round(small * theme.LINE)
    y = inside.top
    for draw, words in _signs(surface, look, entrant, measure):
        lines = paint.wrapped(words, text.width, small)
        if y + len(lines) * step > inside.bottom:
            return
        draw(pygame.Rect(sign.left, y, sign.width, step))
        for line in lines:
            paint.text(surface, line, (text.left, y + step // 2), small, look.soft, room=text.width)
            y += step
        y += small // 2


def _signs(
    surface: pygame.Surface, look: Theme, entrant: Entrant, measure: Measure
) -> list[tuple[Callable[[pygame.Rect], object], str]]:
    """What draws each sign into a rectangle, and what it means."""
    small = look.px(theme.CAPTION)

    def score(at: pygame.Rect) -> None:
        draw_score(surface, look, entrant, (at.left, at.centery), small, at.width)

    def reward(at: pygame.Rect) -> None:
        paint.text(surface, f"{entrant.reward:+.2f}", (at.left, at.centery), small, look.soft)

    def split(at: pygame.Rect) -> None:
        draw_split(surface, look, at, entrant.rewards, measure)

    def standing(at: pygame.Rect) -> None:
        draw_standing(surface, look, at, entrant.score, measure.baselines or {})

    signs: list[tuple[Callable[[pygame.Rect], object], str]] = [(score, "how its games ended, and their mean score")]
    if entrant.reward is not None:
        signs.append((reward, "its reward"))
    if measure.rewards:
        signs.append((split, "what each reward function gave or took"))
    if measure.baselines:
        signs.append((standing, f"its score among those of {', '.join(measure.baselines)}"))
    return signs
