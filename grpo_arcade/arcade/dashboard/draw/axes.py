"""The axes of a chart, by plotext, and the places of numbers between them.

plotext takes some milliseconds to lay out a frame and its ticks, and more for every curve; a frame is therefore kept,
and its limits are round numbers, so that most new steps of a run stand in the frame that is there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rich.text import Text

from grpo_arcade.arcade.dashboard.draw.numbers import number

Limits = tuple[float, float]
_NOTHING = 1e-100
"""Smaller numbers are all one."""


@dataclass(frozen=True)
class Frame:
    """Axes around an empty canvas."""

    lines: tuple[str, ...]
    first: int
    """Cells left of the canvas, whose highest line is the second."""
    columns: int
    rows: int


@lru_cache(maxsize=64)
def frame(width: int, height: int, across: Limits, left: Limits | None, right: Limits | None) -> Frame:
    """The frame of a chart of ``height`` lines of ``width`` cells; None stands for an axis that nothing needs."""
    figure = blank_figure(width, height)
    for side, limits in (("left", left), ("right", right)):
        if limits is None:
            continue
        figure.scatter([across[0]], [limits[0]], marker=" ", yside=side)
        figure.ylim(*limits, yside=side)
        marks = ticks(*limits, max(3, (height - 2) // 3))
        labels = [number(mark) for mark in marks]
        fits = max(map(len, labels), default=0) <= (width - 8) // 2
        figure.yticks(marks, labels if fits else [""] * len(marks), yside=side)
    figure.xlim(*across)
    whole = [mark for mark in ticks(*across, max(2, width // 9)) if mark == int(mark)]
    figure.xticks(whole, [f"{int(mark)}" for mark in whole])
    lines = built(figure).plain.split("\n")
    first, end = lines[0].index("┌") + 1, lines[0].index("┐")
    rows = next(y for y, line in enumerate(lines) if line[first - 1 : first] == "└") - 1
    return Frame(tuple(line.ljust(width) for line in lines), first, end - first, rows)


def load_plotter() -> None:
    """Import plotext, which takes 0.1 s, before it is needed and after the first picture, which needs none."""
    import textual_plotext.plot  # noqa: F401


def blank_figure(width: int, height: int) -> Any:
    """A figure of plotext's, of that size."""
    from textual_plotext.plot import Plot

    figure = Plot()
    figure.plotsize(width, height)
    figure._set_size(width, height)
    return figure


def built(figure: Any) -> Text:
    """What plotext makes of a figure."""
    return Text.from_ansi(figure.build().rstrip("\n"))


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two, at most ``most`` + 1 of them."""
    step = round_step((high - low) / most)
    first = math.ceil(low / step - 1e-9)
    return [float(f"{at * step:.12g}") for at in range(first, math.floor(high / step + 1e-9) + 1)]


def round_step(rough: float) -> float:
    """The next of 1, 2 or 5 times a power of ten that is not smaller."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= rough * 0.999)


def roomy(low: float, high: float, most: int) -> Limits:
    """Limits a little wider than the numbers, so that the next number needs no others: a fifth of a tick at most."""
    size = max(abs(low), abs(high))
    if high - low <= max(1e-9 * size, _NOTHING):
        room = 0.1 * (size if size > _NOTHING else 1.0)
        return low - room, high + room
    step = round_step((high - low) / most) / 5
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def places(values: Iterable[float], limits: Limits, count: int) -> list[int]:
    """On which of ``count`` cells or dots between the limits numbers stand; as plotext does it for its ticks."""
    low, high = limits
    scale = (count - 1) / (high - low)
    return [int((value - low) * scale + 0.5 + 1e-8) for value in values]
