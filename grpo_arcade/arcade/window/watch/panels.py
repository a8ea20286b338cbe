"""What stands around the boards of Watch: words above, the strip of curves below, and the column on the right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pygame

from grpo_arcade.arcade.scales import reaching
from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.arcade.window.watch.clear_places import draw_level_names
from grpo_arcade.arcade.window.watch.headline import time_left
from grpo_arcade.arcade.window.watch.run_feed import News, Point
from grpo_arcade.arcade.window.watch.story_chart import thinned
from grpo_arcade.arcade.window.watch.tile import Measure
from grpo_arcade.foreign_text import one_line
from grpo_arcade.games import fonts, score_text
from grpo_arcade.recordings.runs.folder import LIVE

_MOST_OF_LADDER = 6
"""Members of a league that are shown, the strongest of them."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One of the strip's curves."""

    label: str
    value: Callable[[Point], float | None]
    form: Callable[[float], str]
    beside_baselines: bool = False
    """Whether the baselines are of the same kind, and stand beside it."""


CURVES = (
    Curve("Reward", lambda point: point.reward, "{:.2f}".format),
    Curve("Held-out score", lambda point: point.held_out, score_text, beside_baselines=True),
    Curve("Spread", lambda point: point.spread, "{:.2f}".format),
    Curve("Step time", lambda point: point.step_s, "{:.1f} s".format),
)


class Strip:
    """Curves over the steps; pointing at one finds a step."""

    def __init__(self) -> None:
        self.rect = pygame.Rect(0, 0, 0, 0)
        self._plots: list[pygame.Rect] = []
        self._last = 1

    def step_at(self, at: tuple[int, int]) -> int | None:
        """The step below a point; None outside."""
        if not self.rect.collidepoint(at):
            return None
        plot = min(self._plots, key=lambda plot: abs(plot.centerx - at[0]), default=None)
        if plot is None:
            return None
        share = (at[0] - plot.left) / max(1, plot.width - 1)
        return max(1, min(self._last, round(share * self._last)))

    def draw(self, surface: pygame.Surface, look: Theme, news: News) -> None:
        """Paint as many curves as there is room for."""
        self._last = max(1, news.newest, news.step, *(point.step for point in news.points[-1:]))
        surface.fill(look.page, self.rect)
        gap = look.px(theme.GAP)
        if self.rect.height < look.px(40):
            self._plots = [self.rect.inflate(-2 * gap, 0)]
            self._draw_slider(surface, look, news)
            return
        count = max(1, min(len(CURVES), self.rect.width // look.px(190)))
        self._plots = []
        width = (self.rect.width - gap * (count + 1)) // count
        for place, curve in enumerate(CURVES[:count]):
            card = pygame.Rect(self.rect.left + gap + place * (width + gap), self.rect.top, width, self.rect.height)
            self._draw_curve(surface, look, card, curve, news)

    def _draw_slider(self, surface: pygame.Surface, look: Theme, news: News) -> None:
        plot = self._plots[0]
        line = pygame.Rect(plot.left, plot.centery - look.px(2), plot.width, look.px(4))
        paint.panel(surface, line, look.line, look.px(2))
        if news.shown:
            knob = pygame.Rect(0, 0, look.px(6), min(plot.height, look.px(14)))
            knob.center = plot.left + round(plot.width * news.shown / self._last), plot.centery
            paint.panel(surface, knob.clamp(plot), look.accent, look.px(3))

    def _draw_curve(self, surface: pygame.Surface, look: Theme, card: pygame.Rect, curve: Curve, news: News) -> None:
        paint.panel(surface, card, look.card, look.px(theme.RADIUS), look.line)
        pad, height = look.px(theme.TIGHT) + look.px(3), look.px(theme.CAPTION)
        known = [(point.step, value) for point in news.points if (value := curve.value(point)) is not None]
        y = card.top + pad + height // 2
        shown = curve.value(news.present) if news.present is not None else None
        said = curve.form(shown) if shown is not None else "–"
        box = paint.text(surface, said, (card.right - pad, y), height, look.ink, weight="bold", anchor="right")
        name = paint.text(
            surface, curve.label, (card.left + pad, y), height, look.soft, room=box.left - card.left - 2 * pad
        )
        baselines = news.baselines if curve.beside_baselines else {}
        if known:
            values = [value for _, value in known]
            (_, top), far = reaching(min(values), max(values), baselines.values())
            above = {which: mean for which, mean in baselines.items() if mean in far and mean > top}
            _draw_beyond(surface, look, (name.right + 2 * pad, y), box.left - name.right - 3 * pad, above)
        top = y + height
        plot = pygame.Rect(card.left + pad, top, card.width - 2 * pad, card.bottom - pad - top)
        self._plots.append(plot)
        if plot.height < 6:
            return
        if news.shown:
            x = plot.left + round((plot.width - 1) * news.shown / self._last)
            surface.fill(theme.mix(look.card, look.accent, 0.45), (x, plot.top, max(1, look.px(1.5)), plot.height))
        self._draw_line(surface, look, plot, known, baselines)

    def _draw_line(
        self,
        surface: pygame.Surface,
        look: Theme,
        plot: pygame.Rect,
        known: Sequence[tuple[int, float]],
        baselines: Mapping[str, float],
    ) -> None:
        if not known:
            return
        dots = thinned(known, max(2, plot.width // 2))
        own = min(value for _, value in dots), max(value for _, value in dots)
        (low, high), beyond = reaching(*own, baselines.values())
        span = high - low or 1.0
        room = plot.height - 1 - 2 * look.px(2)

        def height(value: float) -> float:
            return plot.bottom - 1 - look.px(2) - room * ((value - low) / span if high > low else 0.5)

        near = {name: height(mean) for name, mean in baselines.items() if mean not in beyond}
        for y in near.values():
            surface.fill(theme.mix(look.card, look.faint, 0.6), (plot.left, round(y), plot.width, max(1, look.px(1))))
        at = [(plot.left + (plot.width - 1) * step / self._last, height(value)) for step, value in dots]
        colour = look.rival >> 16 & 255, look.rival >> 8 & 255, look.rival & 255
        if len(at) > 1:
            for lower in (0, max(1, look.px(1)) / 2):
                pygame.draw.aalines(surface, colour, False, [(x, y + lower) for x, y in at])
        pygame.draw.circle(surface, colour, at[-1], max(2, look.px(2.5)))
        small = look.px(theme.CAPTION * 0.8)
        if plot.height >= 3 * small:
            levels = {name: round(y) for name, y in near.items()}
            draw_level_names(surface, plot, levels, [at], height=small, ink=look.faint, ground=look.card)


def _draw_beyond(
    surface: pygame.Surface, look: Theme, at: tuple[int, int], room: int, beyond: Mapping[str, float]
) -> None:
    """What lies above the axis, as a mark with its numbers, in the line of the curve's name."""
    small = look.px(theme.CAPTION * 0.8)
    if not beyond or room < 4 * small:
        return
    x, y = at
    nearest = sorted(beyond.items(), key=lambda item: item[1])
    words = ", ".join(f"{name} {score_text(mean)}" for name, mean in nearest)
    if words := paint.whole_clauses(words, room - 3 * small // 2, small):
        paint.arrow(surface, (x, y), small, "up", look.faint)
        paint.text(surface, words, (x + small, y), small, look.faint)


def status_words(news: News, folder: Path, pinned: bool, more: Sequence[str]) -> str:
    """How the run of a folder stands, in one line, and ``more`` about how it is being watched."""
    if news.problem:
        return news.problem
    if not news.game:
        return "reading…"
    step = f"{news.kind.step} {news.shown}" if news.shown else f"no {news.kind.step} yet"
    parts = [f"{step} of {news.max_steps}" if news.max_steps else step]
    if pinned:
        parts.append(f"pinned, newest is {news.newest}")
    if news.status in LIVE:
        parts.append("live" if news.status == "running" else news.status)
        if news.left_s is not None:
            parts.append(time_left(news.left_s))
    elif news.status == "crashed":
        parts.append(f"the {news.kind.work} died without a word; it goes on with {news.kind.again(folder)}")
    else:
        parts.append(news.status)
    if news.quiet_s:
        parts.append(f"nothing new for {news.quiet_s} s")
    return " · ".join([*parts, *more])


def draw_empty(surface: pygame.Surface, look: Theme, area: pygame.Rect, news: News) -> None:
    """Say why there are no boards."""
    surface.fill(look.page, area)
    if news.problem:
        words = news.problem
    elif not news.game:
        words = "Reading the run…"
    elif news.status in LIVE:
        words = "Waiting for the first strategies…"
    else:
        words = "This run ended before its first strategy was played."
    height = look.px(theme.HEADING)
    lines = paint.wrapped(words, area.width - 2 * look.px(theme.PAD), height)
    for row, line in enumerate(lines):
        y = area.centery + round((row - (len(lines) - 1) / 2) * height * theme.LINE)
        paint.text(surface, line, (area.centerx, y), height, look.soft, anchor="middle")


def draw_column(surface: pygame.Surface, look: Theme, area: pygame.Rect, news: News, measure: Measure) -> None:
    """Baselines, what the bars under the boards mean, and the alarms, one below the other as far as there is room."""
    height, step = look.px(theme.CAPTION), round(look.px(theme.CAPTION) * theme.LINE)
    y = area.top

    def line(label: str, value: str = "", colour: int = look.soft, weight: fonts.Weight = "medium") -> bool:
        nonlocal y
        if y + step > area.bottom:
            return False
        middle = y + step // 2
        left = area.right
        if value:
            left = paint.text(
                surface, value, (area.right, middle), height, look.ink, weight="bold", anchor="right"
            ).left
        paint.text(
            surface,
            label,
            (area.left, middle),
            height,
            colour,
            weight=weight,
            room=left - area.left - height,
        )
        y += step
        return True

    # Trouble first: the rest may be left out where there is little room.
    if news.warnings:
        line("Alarms", colour=look.bad, weight="bold")
        for warning in news.warnings:
            for words in paint.wrapped(warning.message, area.width, height):
                line(words, colour=look.ink)
            for words in paint.wrapped(warning.help, area.width, height) if warning.help else ():
                line(words, colour=look.faint)
            y += height // 2
        y += height
    if news.baselines:
        line("Baselines", colour=look.ink, weight="bold")
        for name, mean in news.baselines.items():
            line(name, score_text(mean))
        y += height
    if news.ladder:
        line("League", "rating, 95 %", colour=look.ink, weight="bold")
        for member in news.ladder[:_MOST_OF_LADDER]:
            line(one_line(member.name, 40), f"{member.mu:,.0f} ± {member.interval[1] - member.mu:,.0f}")
        y += height
    means = _means(news)
    if measure.rewards:
        line("Reward by function, left to right", colour=look.ink, weight="bold")
        for name in measure.rewards:
            line(name.replace("_", " "), f"{round(means[name], 2) + 0.0:+.2f}")
        y += height
    if not news.warnings and news.newest:
        line("No alarms", colour=look.faint)


def _means(news: News) -> dict[str, float]:
    sums: dict[str, list[float]] = {}
    for entrant in news.entrants:
        for name, value in entrant.rewards.items():
            sums.setdefault(name, []).append(value or 0.0)
    return {name: sum(values) / len(values) for name, values in sums.items()}
