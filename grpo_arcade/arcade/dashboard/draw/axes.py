"""The axes of a chart, and the places of numbers between them.

Limits are round numbers, so that most new steps of a run stand in the frame that is there, and a frame is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

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
    whole = [mark for mark in ticks(*across, max(2, width // 9)) if mark == int(mark)]
    marks = [(mark, f"{int(mark)}") for mark in whole]
    sides = [_labels(limits, width, height) for limits in (left, right)]
    return framed(width, height, across, marks, left, sides[0], right, sides[1])


Marks = Sequence[tuple[float, str]]
"""Numbers and what is written at them."""


def framed(
    width: int,
    height: int,
    across: Limits,
    below: Marks,
    left: Limits | None = None,
    beside: Marks = (),
    right: Limits | None = None,
    beyond: Marks = (),
) -> Frame:
    """A frame with these limits and marks; of marks below that would touch each other, the first stays."""
    before, after = (max((len(label) for _, label in marks), default=0) for marks in (beside, beyond))
    columns, rows = width - before - after - 2, height - 3
    edges = [[" " * before + "│", "│" + " " * after] for _ in range(rows)]
    for row, label in _rows(beside, left, rows):
        edges[row][0] = label.rjust(before) + "┤"
    for row, label in _rows(beyond, right, rows):
        edges[row][1] = "├" + label.ljust(after)
    numbers, base = " " * width, "─" * columns
    for (_, label), column in zip(below, places([mark for mark, _ in below], across, columns), strict=True):
        begin = _begin(numbers, label, before + 1 + column)
        end = begin + len(label)
        if begin >= 0 and end <= width and not numbers[max(0, begin - 1) : end + 1].strip():
            numbers = numbers[:begin] + label + numbers[end:]
            base = base[:column] + "┬" + base[column + 1 :]
    lines = [f"{' ' * before}┌{'─' * columns}┐"]
    lines += [f"{start}{' ' * columns}{end}" for start, end in reversed(edges)]
    lines += [f"{' ' * before}└{base}┘", numbers]
    return Frame(tuple(line.ljust(width) for line in lines), before + 1, columns, rows)


def _labels(limits: Limits | None, width: int, height: int) -> list[tuple[float, str]]:
    if limits is None:
        return []
    marks = [(mark, number(mark)) for mark in ticks(*limits, max(3, (height - 2) // 3))]
    fits = max((len(label) for _, label in marks), default=0) <= (width - 8) // 2
    return marks if fits else [(mark, "") for mark, _ in marks]


def _rows(marks: Marks, limits: Limits | None, rows: int) -> list[tuple[int, str]]:
    if limits is None:
        return []
    return list(zip(places([mark for mark, _ in marks], limits, rows), (label for _, label in marks), strict=True))


def _begin(line: str, label: str, column: int) -> int:
    """Where a label begins that belongs to a column: in the middle of what is free around it, off the line's ends."""
    around = range(max(0, column - len(label) + 1), min(column + len(label), len(line) - 1))
    free = [at for at in around if line[at] == " "] or [column]
    return (free[0] + free[-1] - len(label) + 1) // 2


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
    """On which of ``count`` cells or dots between the limits numbers stand."""
    low, high = limits
    scale = (count - 1) / (high - low)
    return [int((value - low) * scale + 0.5 + 1e-8) for value in values]
