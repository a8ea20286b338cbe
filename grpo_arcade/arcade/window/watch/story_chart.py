"""The climb of a run in one chart: held-out and training score over the steps, among the baselines, with their names.

The axis is fitted to the curves, so that a climb fills it; a baseline far beyond stands at its edge as a mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pygame

from grpo_arcade.arcade.scales import labelled, reaching, roomy, ticks
from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.arcade.window.watch.clear_places import Line, clearest, draw_level_names
from grpo_arcade.arcade.window.watch.run_feed import News
from grpo_arcade.games import score_text
from grpo_arcade.recordings.runs.kind import RunKind

_SMOOTH = 48
"""Points of the training score, whose single steps are noise: neighbours are averaged to so many."""
Curve = Sequence[tuple[float, float]]

_HELD_OUT = {
    RunKind.TRAINING: "Score on held-out games, never trained on",
    RunKind.SEARCH: "The champion's score on held-out games",
}
_PLAYED = {RunKind.TRAINING: "in training", RunKind.SEARCH: "of the candidates"}
"""What the lines are."""


class StoryChart:
    """Set :attr:`rect`, then draw; pointing at it finds a step."""

    def __init__(self) -> None:
        self.rect = pygame.Rect(0, 0, 0, 0)
        self._plot = pygame.Rect(0, 0, 0, 0)
        self._last = 1

    def step_at(self, at: tuple[int, int]) -> int | None:
        """The step below a point; None outside."""
        if not self.rect.collidepoint(at) or not self._plot.width:
            return None
        share = (at[0] - self._plot.left) / max(1, self._plot.width - 1)
        return max(1, min(self._last, round(share * self._last)))

    def draw(self, surface: pygame.Surface, look: Theme, news: News) -> None:
        """Paint it."""
        pad, small = look.px(theme.GAP), look.px(theme.CAPTION)
        self._plot = pygame.Rect(0, 0, 0, 0)
        paint.panel(surface, self.rect, look.card, look.px(theme.RADIUS), look.line)
        if self.rect.height < 7 * small or self.rect.width < 20 * small:
            return
        held_out = [(float(point.step), point.held_out) for point in news.points if point.held_out is not None]
        scores = [(point.step, point.score) for point in news.points if point.score is not None]
        training = thinned(scores, _SMOOTH)
        inside = self.rect.inflate(-2 * pad, -2 * pad)
        inside.top += self._draw_legend(surface, look, inside, news, bool(held_out), bool(training))
        inside.height = self.rect.bottom - pad - inside.top
        curves = [curve for curve in (training, held_out) if curve]
        if not curves:
            words = f"The curve begins with the first evaluation or the first whole {news.kind.step}."
            paint.text(surface, words, inside.center, small, look.faint, anchor="middle", room=inside.width)
            return
        values = [value for curve in curves for _, value in curve]
        limits, beyond = reaching(min(values), max(values), news.baselines.values())
        limits = roomy(*limits, 4)
        marks = labelled([mark for mark in ticks(*limits, 4) if limits[0] <= mark <= limits[1]])
        wide = max((paint.text_width(words, small) for _, words in marks), default=0)
        self._last = max(1, news.newest, news.step, *(point.step for point in news.points[-1:]))
        self._plot = pygame.Rect(inside.left + wide + pad, inside.top, 0, inside.height - 2 * small)
        self._plot.width = inside.right - self._plot.left
        near = {name: level for name, level in news.baselines.items() if level not in beyond}
        levels = {f"{name} {score_text(level)}": round(self._y(level, limits)) for name, level in near.items()}
        self._draw_axes(surface, look, limits, marks, levels.values(), news.kind)
        self._draw_shown(surface, look, news)
        drawn = [self._draw_line(surface, look, limits, training, look.faint, look.px(1)),
                 self._draw_line(surface, look, limits, held_out, look.rival, look.px(2.5))]  # fmt: skip
        far = {name: level for name, level in news.baselines.items() if level in beyond}
        taken = self._draw_beyond(surface, look, limits, far)
        taken.append(self._draw_end(surface, look, limits, curves[-1], news, drawn, taken))
        draw_level_names(surface, self._plot, levels, drawn, height=small, ink=look.soft, ground=look.card, taken=taken)

    def _x(self, step: float) -> float:
        return self._plot.left + (self._plot.width - 1) * step / self._last

    def _y(self, value: float, limits: tuple[float, float]) -> float:
        low, high = limits
        share = (value - low) / (high - low) if high > low else 0.5
        return self._plot.bottom - 1 - (self._plot.height - 1) * share

    def _draw_legend(
        self, surface: pygame.Surface, look: Theme, area: pygame.Rect, news: News, held_out: bool, training: bool
    ) -> int:
        """What the lines are; returns the height it takes."""
        small = look.px(theme.CAPTION)
        x, y = area.left, area.top + small // 2
        entries = [
            *([(_HELD_OUT[news.kind], look.rival, look.px(4))] if held_out else []),
            *([(_PLAYED[news.kind], look.faint, look.px(2))] if training else []),
            *([("a new champion", look.gold, 0)] if news.crowned else []),
        ]
        for words, colour, thick in entries:
            if x + 2 * small + paint.text_width(words, small) > area.right:
                break
            if thick:
                surface.fill(colour, (x, y - thick // 2, 2 * small, thick))
            else:
                _diamond(surface, (x + small, y), small // 2, colour)
            x = paint.text(surface, words, (x + 3 * small, y), small, look.soft).right + 2 * small
        return 2 * small + small // 2

    def _draw_axes(
        self,
        surface: pygame.Surface,
        look: Theme,
        limits: tuple[float, float],
        marks: Sequence[tuple[float, str]],
        levels: Iterable[int],
        kind: RunKind,
    ) -> None:
        """Ticks, and a broken line at each of the levels."""
        plot, small, thin = self._plot, look.px(theme.CAPTION), max(1, look.px(1))
        for value, words in marks:
            y = round(self._y(value, limits))
            surface.fill(theme.mix(look.card, look.line, 0.5), (plot.left, y, plot.width, thin))
            paint.text(surface, words, (plot.left - small // 2, y), small, look.faint, anchor="right")
        for y in levels:
            for x in range(plot.left, plot.right, 3 * small // 2):
                surface.fill(look.soft, (x, y, min(small, plot.right - x), thin))
        steps = labelled([mark for mark in ticks(0, self._last, max(2, plot.width // (8 * small))) if mark % 1 == 0])
        for step, words in steps:
            x = round(self._x(step))
            anchor = "left" if step == 0 else "right" if x + 2 * small > plot.right else "middle"
            said = f"{kind.step} 0" if step == 0 else words
            paint.text(surface, said, (x, plot.bottom + small), small, look.faint, anchor=anchor)  # type: ignore[arg-type]

    def _draw_beyond(
        self, surface: pygame.Surface, look: Theme, limits: tuple[float, float], beyond: Mapping[str, float]
    ) -> list[pygame.Rect]:
        """Baselines that the axis does not reach, at its upper or lower edge; what they cover."""
        plot, small = self._plot, look.px(theme.CAPTION)
        written: list[pygame.Rect] = []
        for above in (True, False):
            names = [f"{name} {score_text(level)}" for name, level in beyond.items() if (level > limits[1]) == above]
            if not names:
                continue
            y = plot.top + small if above else plot.bottom - small
            words = ", ".join(names)
            wide = min(paint.text_width(words, small), plot.width // 2)
            box = pygame.Rect(0, 0, wide + 2 * small, 2 * small)
            box.center = plot.centerx, y
            surface.fill(look.card, box.inflate(0, -small // 2))
            paint.text(surface, words, (box.right, y), small, look.soft, anchor="right", room=wide)
            paint.arrow(surface, (box.left + small // 2, y), small, "up" if above else "down", look.soft)
            written.append(box)
        return written

    def _draw_shown(self, surface: pygame.Surface, look: Theme, news: News) -> None:
        plot = self._plot
        if news.shown:
            tint = theme.mix(look.card, look.accent, 0.45)
            surface.fill(tint, (round(self._x(news.shown)), plot.top, max(1, look.px(1.5)), plot.height))
        for step in news.crowned:
            if step <= self._last:
                _diamond(
                    surface,
                    (round(self._x(step)), plot.bottom - look.px(theme.CAPTION) // 2),
                    look.px(theme.CAPTION) // 2,
                    look.gold,
                )

    def _draw_line(
        self,
        surface: pygame.Surface,
        look: Theme,
        limits: tuple[float, float],
        curve: Curve,
        colour: int,
        thick: int,
    ) -> Line:
        rgb = colour >> 16 & 255, colour >> 8 & 255, colour & 255
        at = [(self._x(step), self._y(value, limits)) for step, value in thinned(curve, max(2, self._plot.width // 2))]
        for lower in range(-(thick // 2), thick - thick // 2) if len(at) > 1 else ():
            pygame.draw.aalines(surface, rgb, False, [(x, y + lower) for x, y in at])
        for x, y in at if len(at) <= 12 and thick > look.px(1) else at[-1:]:
            pygame.draw.circle(surface, rgb, (round(x), round(y)), max(2, thick + look.px(1)))
        return at

    def _draw_end(
        self,
        surface: pygame.Surface,
        look: Theme,
        limits: tuple[float, float],
        curve: Curve,
        news: News,
        drawn: Sequence[Line],
        taken: Sequence[pygame.Rect],
    ) -> pygame.Rect:
        """The score as it stood at the step that is shown, beside its point; what it covers."""
        until = [point for point in curve if point[0] <= max(news.shown, 1)] or list(curve[:1])
        step, value = until[-1]
        height = look.px(theme.BODY)
        x, y = round(self._x(step)), round(self._y(value, limits))
        pygame.draw.circle(surface, _rgb(look.rival), (x, y), look.px(5))
        box = pygame.Rect(0, 0, paint.text_width(score_text(value), height, "bold"), height * 3 // 2)
        places = [box.move(left, middle - box.height // 2)
                  for middle in (y - height * 3 // 2, y + height * 3 // 2)
                  for left in (x + height, x - box.width // 2, x - box.width - height)]  # fmt: skip
        inside = [place for place in places if self._plot.contains(place)] or [box.move(x, y).clamp(self._plot)]
        box = clearest(inside, drawn, taken)
        surface.fill(look.card, box.inflate(height // 2, -2))
        paint.text(surface, score_text(value), (box.left, box.centery), height, look.ink, weight="bold")
        return box


def _diamond(surface: pygame.Surface, at: tuple[int, int], half: int, colour: int) -> None:
    x, y = at
    pygame.draw.polygon(surface, _rgb(colour), [(x, y - half), (x + half, y), (x, y + half), (x - half, y)])


def _rgb(colour: int) -> tuple[int, int, int]:
    return colour >> 16 & 255, colour >> 8 & 255, colour & 255


def thinned(known: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """At most that many points: neighbours are averaged."""
    size = max(1, -(-len(known) // most))
    parts = [known[at : at + size] for at in range(0, len(known), size)]
    return [(sum(step for step, _ in part) / len(part), sum(value for _, value in part) / len(part)) for part in parts]
