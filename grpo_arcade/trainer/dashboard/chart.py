"""A plot with axes, drawn by plotext off the screen's thread and kept until its numbers or its size change."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.text import Text
from textual.color import Color
from textual.geometry import Size
from textual.widget import Widget

from grpo_arcade.trainer.dashboard.facts import number
from grpo_arcade.trainer.dashboard.history import thinned

Rgb = tuple[int, int, int]
BLUE, ORANGE, GREEN, PINK, GREY, YELLOW = (
    *((86, 166, 232), (230, 140, 40), (60, 180, 130), (215, 120, 180)),
    *((140, 146, 158), (222, 200, 70)),
)
"""Told apart by people who see colours differently (after Okabe and Ito, lightened for a dark ground)."""


@dataclass(frozen=True)
class Curve:
    """One line of a chart."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    colour: Rgb = BLUE
    points: bool = False
    """Whether its points are marked, where they are few."""
    right: bool = False
    """Whether it has the axis on the right to itself."""


@dataclass(frozen=True)
class ChartData:
    """All a chart shows."""

    title: str
    curves: tuple[Curve, ...] = ()
    levels: tuple[tuple[str, float, Rgb], ...] = ()
    """Horizontal lines: name, height, colour."""
    xlim: tuple[float, float] | None = None
    bars: tuple[tuple[str, float], ...] = ()
    """Instead of curves: bars by name."""
    empty: str = "nothing to plot yet"


@dataclass(frozen=True)
class Ink:
    """Colours and signs a chart is drawn with."""

    ground: Rgb = (18, 18, 18)
    text: Rgb = (160, 160, 160)
    plain: bool = field(default=False)
    """ASCII signs instead of Braille dots."""


def draw(data: ChartData, width: int, height: int, ink: Ink) -> Text:
    """The chart as ``height`` lines of ``width`` cells."""
    if width < 16 or height < 5:
        return Text(data.title[:width], no_wrap=True)
    heading = _heading(data, width)
    curves = [curve for curve in data.curves if any(math.isfinite(y) for y in curve.ys)]
    if not curves and not data.bars:
        return heading + Text("\n" * (height // 2)) + Text(data.empty.center(width), style="dim")
    # Imported here: the first picture needs none.
    from textual_plotext.plot import Plot

    figure = Plot()
    figure.plotsize(width, height - 1)
    figure._set_size(width, height - 1)
    figure.canvas_color(ink.ground)
    figure.axes_color(ink.ground)
    figure.ticks_color(ink.text)
    if data.bars:
        _bars(figure, data, height, ink)
    else:
        _curves(figure, data, curves, width, height, ink)
    return heading + Text("\n") + Text.from_ansi(figure.build().rstrip("\n"))


def _heading(data: ChartData, width: int) -> Text:
    heading = Text(no_wrap=True, overflow="ellipsis")
    heading.append(data.title, style="bold")
    for name, colour in [(curve.name, curve.colour) for curve in data.curves if curve.name] + [
        (f"{name} {number(level)}", colour) for name, level, colour in data.levels
    ]:
        heading.append(f"  {name}", style=f"rgb({colour[0]},{colour[1]},{colour[2]})")
    heading.truncate(width, overflow="ellipsis")
    return heading


def _curves(figure: Any, data: ChartData, curves: list[Curve], width: int, height: int, ink: Ink) -> None:
    for side in ("left", "right"):
        heights = [level for _, level, _ in data.levels] if side == "left" else []
        for curve in curves:
            if curve.right != (side == "right"):
                continue
            xs, ys = thinned(curve.xs, curve.ys, 2 * width)
            heights += ys
            figure.plot(xs, ys, marker="*" if ink.plain else "braille", color=curve.colour, yside=side)
            if curve.points and len(xs) < width // 3:
                figure.scatter(xs, ys, marker="o" if ink.plain else "•", color=curve.colour, yside=side)
        if heights:
            _y_axis(figure, min(heights), max(heights), max(3, (height - 3) // 3), side)
    for _, level, colour in data.levels:
        figure.hline(level, colour)
    left, right = data.xlim or (min(min(c.xs) for c in curves), max(max(c.xs) for c in curves))
    right = max(right, left + 1)
    figure.xlim(left, right)
    ticks = [tick for tick in _ticks(left, right, max(2, width // 9)) if tick == int(tick)]
    figure.xticks(ticks, [f"{int(tick)}" for tick in ticks])


def _y_axis(figure: Any, low: float, high: float, most: int, side: str) -> None:
    if low == high:
        low, high = low - (abs(low) or 1) * 0.1, high + (abs(high) or 1) * 0.1
    figure.ylim(low, high, yside=side)
    ticks = _ticks(low, high, most)
    figure.yticks(ticks, [number(tick) for tick in ticks], yside=side)


def _bars(figure: Any, data: ChartData, height: int, ink: Ink) -> None:
    names, values = [name for name, _ in data.bars], [value for _, value in data.bars]
    most = max(*values, 1.0)
    figure.ylim(0, most)
    ticks = [tick for tick in _ticks(0, most, max(2, (height - 3) // 3)) if tick == int(tick)]
    figure.yticks(ticks, [f"{int(tick):,}" for tick in ticks])
    figure.bar(names, values, color=BLUE, marker="#" if ink.plain else "sd", width=0.7)


def _ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two, at most ``most`` + 1 of them: steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(at * step, 12) for at in range(first, math.floor(high / step + 1e-9) + 1)]


class Chart(Widget):
    """Shows a :class:`ChartData`."""

    DEFAULT_CSS = "Chart { height: 1fr; width: 1fr; }"

    def __init__(self, *, plain: bool = False, id: str | None = None, classes: str | None = None) -> None:
        """``plain`` keeps to ASCII."""
        super().__init__(id=id, classes=classes)
        self._plain = plain
        self._data: ChartData | None = None
        self._drawn = Text("")
        self._asked: tuple[ChartData, Size, Rgb] | None = None
        self._shown: tuple[ChartData, Size, Rgb] | None = None

    def set(self, data: ChartData) -> None:
        """Show other numbers, as soon as they are drawn."""
        if data != self._data:
            self._data = data
            self._ask()

    @property
    def is_drawn(self) -> bool:
        """Whether what is shown is what was last asked for, at the size there is."""
        return self._asked is not None and self._shown == self._asked and self._asked[1] == self.size

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._ask()

    def on_show(self) -> None:
        """Draw what was not drawn while nobody saw it."""
        self._ask()

    def on_mount(self) -> None:
        """Draw anew when the theme changes."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._ask())

    def _ask(self) -> None:
        size, ground = self.size, self.background_colors[1]
        if self._data is None or not size.width or not size.height:
            return
        asked = (self._data, size, ground.rgb)
        if asked != self._asked:
            self._asked = asked
            self.run_worker(self._draw(asked, ground), exclusive=True)

    async def _draw(self, asked: tuple[ChartData, Size, Rgb], ground: Color) -> None:
        data, size, _ = asked

        def drawn() -> Text | None:
            # By its turn somebody may have asked for something else, or gone to another tab.
            wanted = asked == self._asked and all(node.display for node in self.ancestors_with_self)
            return draw(data, size.width, size.height, ink) if wanted else None

        text = ground.get_contrast_text(0.75)
        ink = Ink(ground.rgb, ground.blend(text, 0.6).rgb, self._plain)
        room = getattr(self.app, "back_room", None)
        picture = await asyncio.get_running_loop().run_in_executor(room, drawn)
        if picture is None:
            if self._asked == asked:
                self._asked = None
            return
        self._drawn, self._shown = picture, asked
        self.refresh()

    def render(self) -> Text:
        """What was drawn last."""
        return self._drawn
