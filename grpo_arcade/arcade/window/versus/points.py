"""Who was ahead when: the points of all players of a match in one chart, below the boards.

A :class:`Course` takes down how one player's points went. It keeps so few of them that a long game costs no more to
draw than a short one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pygame

from grpo_arcade.arcade.scales import labelled, roomy, ticks
from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.theme import Theme

_MOST = 400
"""Points that a course keeps: about one for every second pixel."""


@dataclass(slots=True)
class Course:
    """How a player's points went, over moves or seconds."""

    points: list[tuple[float, float]] = field(default_factory=list)
    """Time and points, evenly thinned where there are many; the last one is where the game stands."""
    _apart: float = 0.0
    """Between two points that are kept."""

    def note(self, at: float, score: float) -> None:
        """Take down where the game stands at a time. Back in time it is another game."""
        if self.points and self.points[-1] == (at, score):
            return
        if self.points and at < self.points[-1][0]:
            self.points.clear()
            self._apart = 0.0
        if len(self.points) > 1 and self.points[-1][0] - self.points[-2][0] < self._apart:
            self.points.pop()
        self.points.append((at, score))
        if len(self.points) > _MOST:
            self._apart = 2 * (self.points[-1][0] - self.points[0][0]) / _MOST
            self.points[1:-1] = self.points[2:-1:2]


@dataclass(frozen=True, slots=True)
class Line:
    """One player in the chart."""

    name: str
    colour: int
    course: Course


class PointsChart:
    """Set :attr:`rect`, then draw."""

    def __init__(self) -> None:
        self.rect = pygame.Rect(0, 0, 0, 0)

    def draw(self, surface: pygame.Surface, look: Theme, lines: Sequence[Line], unit: str) -> None:
        """Paint it; ``unit`` is what goes from left to right, in words."""
        pad, small = look.px(theme.GAP), look.px(theme.CAPTION)
        paint.panel(surface, self.rect, look.card, look.px(theme.RADIUS), look.line)
        inside = self.rect.inflate(-2 * pad, -2 * look.px(theme.TIGHT))
        _draw_names(surface, look, inside, lines)
        played = [line for line in lines if len(line.course.points) > 1]
        plot = pygame.Rect(inside.left, inside.top + 3 * small, inside.width, inside.height - 5 * small)
        if not played:
            words = "Here the points of all players go on, move by move."
            paint.text(surface, words, plot.center, small, look.faint, anchor="middle", room=plot.width)
            return
        values = [score for line in played for _, score in line.course.points]
        low, high = min(values), max(values)
        limits = roomy(low, high, 3) if low < high else (low, low + 1)
        last = max(line.course.points[-1][0] for line in played)
        # Where there are no halves of points none are marked.
        whole = all(float(value).is_integer() for value in values)
        marks = labelled([mark for mark in ticks(*limits, 3) if not whole or mark.is_integer()])
        wide = max((paint.text_width(words, small) for _, words in marks), default=0)
        plot = pygame.Rect(plot.left + wide + small, plot.top, plot.width - wide - small, plot.height)
        _draw_axes(surface, look, plot, limits, marks, last, unit)
        for line in played:
            _draw_line(surface, look, plot, limits, last, line)


def _draw_names(surface: pygame.Surface, look: Theme, area: pygame.Rect, lines: Sequence[Line]) -> None:
    """What is shown, and whose line is which."""
    small, thick = look.px(theme.CAPTION), look.px(3)
    y = area.top + small
    x = paint.text(surface, "Points", (area.left, y), small, look.soft, weight="bold").right + 2 * small
    for line in lines:
        room = area.right - x - 3 * small
        if room < 4 * small:
            return
        surface.fill(line.colour, (x, y - thick // 2, 2 * small, thick))
        x = paint.text(surface, line.name, (x + 3 * small, y), small, look.soft, room=room).right + 2 * small


def _draw_axes(
    surface: pygame.Surface,
    look: Theme,
    plot: pygame.Rect,
    limits: tuple[float, float],
    marks: Sequence[tuple[float, str]],
    last: float,
    unit: str,
) -> None:
    small, thin = look.px(theme.CAPTION), max(1, look.px(1))
    for value, words in marks:
        y = round(_y(plot, value, limits))
        surface.fill(theme.mix(look.card, look.line, 0.5), (plot.left, y, plot.width, thin))
        paint.text(surface, words, (plot.left - small // 2, y), small, look.faint, anchor="right")
    y = plot.bottom + small + small // 2
    for at, words in labelled(ticks(0, last, max(2, plot.width // (10 * small)))):
        x = plot.left + round((plot.width - 1) * at / last)
        if at == 0:
            paint.text(surface, f"0 {unit}", (x, y), small, look.faint)
        elif x + paint.text_width(words, small) // 2 <= plot.right:
            paint.text(surface, words, (x, y), small, look.faint, anchor="middle")


def _draw_line(
    surface: pygame.Surface, look: Theme, plot: pygame.Rect, limits: tuple[float, float], last: float, line: Line
) -> None:
    rgb = line.colour >> 16 & 255, line.colour >> 8 & 255, line.colour & 255
    at = [(plot.left + (plot.width - 1) * when / last, _y(plot, score, limits)) for when, score in line.course.points]
    for lower in (0, 1):
        pygame.draw.aalines(surface, rgb, False, [(x, y + lower) for x, y in at])
    pygame.draw.circle(surface, rgb, (round(at[-1][0]), round(at[-1][1])), look.px(3))


def _y(plot: pygame.Rect, value: float, limits: tuple[float, float]) -> float:
    low, high = limits
    return plot.bottom - 1 - (plot.height - 1) * (value - low) / (high - low)
