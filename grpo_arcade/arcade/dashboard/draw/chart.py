"""A plot with axes, drawn in about a millisecond and kept until its numbers or its size change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rich.color import Color
from rich.style import Style
from rich.text import Text

from grpo_arcade.arcade.dashboard.draw.axes import Axes, frame, framed, places
from grpo_arcade.arcade.dashboard.draw.braille import MOST, BrailleCanvas, thinned
from grpo_arcade.arcade.dashboard.draw.lines import Lines
from grpo_arcade.arcade.dashboard.draw.numbers import score
from grpo_arcade.arcade.scales import Limits, labelled, reaching, roomy, ticks

Rgb = tuple[int, int, int]
BLUE, ORANGE, GREEN, PINK, GREY, YELLOW = (
    *((86, 166, 232), (230, 140, 40), (60, 180, 130), (215, 120, 180)),
    *((140, 146, 158), (222, 200, 70)),
)
"""Told apart by people who see colours differently (after Okabe and Ito, lightened for a dark ground)."""

_POINTS, _POINTS_PLAIN = "•◆▲■✚", "oxv#+"
"""How the points of curves that may cover each other are marked."""
_BAR = 0.7
"""How much of its place a bar fills."""


@dataclass(frozen=True)
class Curve:
    """One line of a chart."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    colour: Rgb = BLUE
    points: bool = False
    """Whether its points are marked, where they are few."""
    base: Sequence[float] | None = None
    """Where given, what lies between these heights and its own is filled."""
    right: bool = False
    """Whether it has the axis on the right to itself."""
    dash: tuple[int, int] = (0, 1)
    """Which of how many curves that may cover each other it is: each is drawn in dashes where the others are not."""
    share: bool = False
    """Whether it is a share of a whole, which has no axis beyond 0 and 1."""


@dataclass(frozen=True)
class ChartData:
    """All a chart shows."""

    title: str
    curves: tuple[Curve, ...] = ()
    levels: tuple[tuple[str, float, Rgb], ...] = ()
    """Horizontal lines: name, height, colour."""
    xlim: tuple[float, float] | None = None
    unit: str = "step"
    """What the horizontal axis counts."""
    log: bool = False
    """Whether the left axis is logarithmic; what is not above nothing has no place on it."""
    bars: tuple[tuple[str, float], ...] = ()
    """Instead of curves: bars by name."""
    empty: str = "nothing to plot yet"


@dataclass(frozen=True)
class Ink:
    """Colours and signs a chart is drawn with."""

    ground: Rgb = (18, 18, 18)
    text: Rgb = (160, 160, 160)
    plain: bool = False
    """ASCII signs instead of Braille dots."""


def draw(data: ChartData, width: int, height: int, ink: Ink) -> list[Text]:
    """The chart as ``height`` lines of at most ``width`` cells."""
    if width < 16 or height < 5:
        return [Text(data.title[:width], style="bold")]
    if data.bars:
        lines = _bars(data, width, height - 1, ink)
    elif curves := [curve for curve in data.curves if any(_shown(y, data.log and not curve.right) for y in curve.ys)]:
        lines = _curves(data, curves, width, height - 1, ink)
    else:
        lines = [*[Text()] * (height // 2 - 1), Text(data.empty[:width].center(width), style="dim")]
    return [_heading(data, width), *lines]


def _shown(y: float, log: bool) -> bool:
    return (0 < y < MOST) if log else (-MOST < y < MOST)


def _heading(data: ChartData, width: int) -> Text:
    """The title and the curves' names in their colours: as far apart, and as many, as there is room for."""
    named = [curve for curve in data.curves if curve.name]
    for space in ("  ", " "):
        heading = _named(data, named, space)
        if heading.cell_len <= width:
            return heading
    for most in range(len(named) - 1, -1, -1):
        heading = _named(data, named[:most], " ").append(" …", style="dim")
        if heading.cell_len <= width:
            break
    return heading


def _named(data: ChartData, curves: Sequence[Curve], space: str) -> Text:
    heading = Text(data.title, style="bold")
    heading.append(" (log)" if data.log else "", style="dim")
    for curve in curves:
        heading.append(f"{space}{curve.name}", style=_style(curve.colour))
    return heading


@lru_cache(maxsize=64)
def _style(colour: Rgb) -> Style:
    return Style(color=Color.from_rgb(*colour), bold=False)


def _curves(data: ChartData, curves: list[Curve], width: int, height: int, ink: Ink) -> list[Text]:
    left, right = data.xlim or (min(min(c.xs) for c in curves), max(max(c.xs) for c in curves))
    across = left, max(right, left + 1)
    areas = [_area(curve, *across, 2 * width) for curve in curves if curve.base is not None]
    curves = [curve for curve in curves if curve.base is None]
    points = [thinned(curve.xs, _scaled(data, curve), *across, 2 * width) for curve in curves]
    levels = [(name, level, colour) for name, level, colour in data.levels if level > 0 or not data.log]
    heights = {name: math.log10(level) if data.log else level for name, level, _ in levels}
    most = max(3, (height - 2) // 3)
    limits: dict[bool, Limits | None] = {}
    beyond: list[float] = []
    for side in (True, False):
        own = [y for curve, (_, ys) in zip(curves, points, strict=True) if curve.right == side for y in ys]
        own += [] if side else [y for _, _, *edges in areas for edge in edges for y in edge]
        ends = (min(own), max(own)) if own else None
        if ends and not side:
            ends, beyond = reaching(*ends, heights.values())
        limits[side] = roomy(*ends, most) if ends else None
        if (found := limits[side]) and {curve.share for curve in curves if curve.right == side} == {True}:
            limits[side] = max(0.0, found[0]), min(1.0, found[1])
    around = frame(width, height, across, limits[False], limits[True], unit=data.unit, log=data.log)
    canvas = BrailleCanvas(around.columns, around.rows, plain=ink.plain)
    for colour, xs, lows, highs in areas:
        low, high = (places(edge, limits[False] or (0.0, 1.0), canvas.high) for edge in (lows, highs))
        canvas.area(places(xs, across, canvas.wide), low, high, _style(colour))
    labels = []
    for name, level, colour in levels:
        place, mark = heights[name], ""
        if place in beyond:
            row, mark = (around.rows - 1, "▲ ") if place > max(own, default=0.0) else (0, "▼ ")
        else:
            (row,) = places([place], limits[False] or (place, place + 1), around.rows)
            canvas.level(row, _style(colour))
        labels.append((row, f"{mark}{name} {score(level)} ", _style(colour)))
    for curve, (xs, ys) in zip(curves, points, strict=True):
        reach = limits[curve.right] or (0.0, 1.0)
        dots = places(xs, across, canvas.wide), places(ys, reach, canvas.high)
        canvas.curve(*dots, _style(curve.colour), curve.dash)
        if curve.points and len(xs) < width // 3:
            for cell in zip(places(xs, across, around.columns), places(ys, reach, around.rows), strict=True):
                canvas.mark(*cell, (_POINTS_PLAIN if ink.plain else _POINTS)[curve.dash[0] % 5], _style(curve.colour))
    for label in labels:
        canvas.write(*label)
    return _framed(canvas, around, Style(color=Color.from_rgb(*ink.text)))


def _area(
    curve: Curve, left: float, right: float, columns: int
) -> tuple[Rgb, Sequence[float], Sequence[float], Sequence[float]]:
    """Its colour, and at a few places the lower and the upper edge of what it fills."""
    shown = [place for place, x in enumerate(curve.xs) if left <= x <= right]
    kept = shown[:: max(1, len(shown) // columns)]
    base = curve.base or ()
    edges = [sorted((base[place], curve.ys[place])) for place in kept]
    return curve.colour, [curve.xs[place] for place in kept], [low for low, _ in edges], [high for _, high in edges]


def _scaled(data: ChartData, curve: Curve) -> Sequence[float]:
    """A curve's heights on its axis."""
    if not data.log or curve.right:
        return curve.ys
    return [math.log10(y) if y > 0 else math.nan for y in curve.ys]


def _framed(canvas: BrailleCanvas, around: Axes, style: Style) -> list[Text]:
    lines = [Text(line, style=style) for line in around.lines]
    for y in range(1, around.rows + 1):
        line = around.lines[y]
        before, after = line[: around.first], line[around.first + around.columns :]
        lines[y] = canvas.row(around.rows - y, before, after, style)
    return lines


def _bars(data: ChartData, width: int, height: int, ink: Ink) -> list[Text]:
    values = [value for _, value in data.bars]
    most = max(*values, 1.0)
    marks = [mark for mark in ticks(0, most, max(2, (height - 2) // 3)) if mark == int(mark)]
    across = 1 - _BAR / 2, len(values) + _BAR / 2
    names = [(place, name) for place, (name, _) in enumerate(data.bars, 1)]
    around = framed(width, height, across, names, (0, most), labelled(marks))
    canvas = BrailleCanvas(around.columns, around.rows, plain=ink.plain)
    for place, (value, top) in enumerate(zip(values, places(values, (0, most), around.rows), strict=True), 1):
        if value > 0:
            first, last = places([place - _BAR / 2, place + _BAR / 2], across, around.columns)
            for column in range(first, last + 1):
                for row in range(top + 1):
                    canvas.mark(column, row, "#" if ink.plain else "█", _style(BLUE))
    return _framed(canvas, around, Style(color=Color.from_rgb(*ink.text)))


class Chart(Lines):
    """Shows a :class:`ChartData`."""

    DEFAULT_CSS = "Chart { height: 1fr; width: 1fr; }"

    def __init__(self, *, plain: bool = False, id: str | None = None) -> None:
        """``plain`` keeps to ASCII."""
        super().__init__(id=id)
        self._plain = plain
        self._data: ChartData | None = None
        self._ink: Ink | None = None

    def set(self, data: ChartData) -> None:
        """Show other numbers."""
        self._data = data
        self._draw()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._draw()

    def on_mount(self) -> None:
        """Draw anew when the theme changes."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw())

    def notify_style_update(self) -> None:
        """Colours have changed."""
        super().notify_style_update()
        self._ink = None

    def _draw(self) -> None:
        size = self.size
        if self._data is None or not size.width or not size.height:
            return
        if self._ink is None:
            ground = self.background_colors[1]
            self._ink = Ink(ground.rgb, ground.blend(ground.get_contrast_text(0.75), 0.6).rgb, self._plain)
        self.write(draw(self._data, size.width, size.height, self._ink))
