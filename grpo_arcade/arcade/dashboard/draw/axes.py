"""The axes of a chart, and the places of numbers between them.

Limits are round numbers, so that most new steps of a run stand in the frame that is there, and a frame is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from grpo_arcade.arcade.scales import Limits, labelled, ticks


@dataclass(frozen=True)
class Axes:
    """Axes around an empty canvas."""

    lines: tuple[str, ...]
    first: int
    """Cells left of the canvas, whose highest line is the second."""
    columns: int
    rows: int


@lru_cache(maxsize=64)
def frame(
    width: int,
    height: int,
    across: Limits,
    left: Limits | None,
    right: Limits | None,
    *,
    unit: str = "",
    log: bool = False,
) -> Axes:
    """The frame of a chart of ``height`` lines of ``width`` cells.

    Args:
        width: in cells.
        height: in lines.
        across: what the horizontal axis reaches over.
        left: what the left one does, as powers of ten where ``log`` is set; None stands for an axis that nothing needs.
        right: what the right one does.
        unit: what the horizontal axis counts.
        log: whether the left axis is logarithmic.
    """
    below = labelled([mark for mark in ticks(*across, max(2, width // 9)) if mark == int(mark)])
    sides = [_labels(limits, width, height, log and limits is left) for limits in (left, right)]
    return framed(width, height, across, below, left, sides[0], right, sides[1], unit)


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
    unit: str = "",
) -> Axes:
    """A frame with these limits and marks; of marks below that would touch each other, the first stays.

    What the horizontal axis counts stands beside its marks, on the left or the right.
    """
    before, after = (max((len(label) for _, label in marks), default=0) for marks in (beside, beyond))
    if unit and len(unit) >= max(before, after):
        before = len(unit) + 1
    columns, rows = width - before - after - 2, height - 3
    edges = [[" " * before + "│", "│" + " " * after] for _ in range(rows)]
    for row, label in _rows(beside, left, rows):
        edges[row][0] = label.rjust(before) + "┤"
    for row, label in _rows(beyond, right, rows):
        edges[row][1] = "├" + label.ljust(after)
    numbers, base = " " * width, "─" * columns
    if unit:
        numbers = unit.ljust(width) if len(unit) < before else unit.rjust(width)
    for (_, label), column in zip(below, places([mark for mark, _ in below], across, columns), strict=True):
        begin = _begin(numbers, label, before + 1 + column)
        end = begin + len(label)
        if begin >= 0 and end <= width and not numbers[max(0, begin - 1) : end + 1].strip():
            numbers = numbers[:begin] + label + numbers[end:]
            base = base[:column] + "┬" + base[column + 1 :]
    lines = [f"{' ' * before}┌{'─' * columns}┐"]
    lines += [f"{start}{' ' * columns}{end}" for start, end in reversed(edges)]
    lines += [f"{' ' * before}└{base}┘", numbers]
    return Axes(tuple(line.ljust(width) for line in lines), before + 1, columns, rows)


def _labels(limits: Limits | None, width: int, height: int, log: bool) -> Marks:
    if limits is None:
        return []
    most = max(3, (height - 2) // 3)
    marks = _powers(*limits, most) if log else labelled(ticks(*limits, most))
    fits = max((len(label) for _, label in marks), default=0) <= (width - 8) // 2
    return marks if fits else [(mark, "") for mark, _ in marks]


def _powers(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Round numbers between two powers of ten: 1, 2 and 5 times each, or fewer where that is too many."""
    first, last = 10.0**low, 10.0**high
    for times in ((1, 2, 5), (1, 3), (1,)):
        decades = range(math.floor(low) - 1, math.ceil(high) + 1)
        found = [power * 10.0**decade for decade in decades for power in times if first <= power * 10.0**decade <= last]
        if len(found) <= most + 1:
            break
    if len(found) < 2:
        found = [mark for mark in ticks(first, last, most) if mark > 0]
    return [(math.log10(mark), label) for mark, label in labelled(found)]


def _rows(marks: Marks, limits: Limits | None, rows: int) -> list[tuple[int, str]]:
    if limits is None:
        return []
    return list(zip(places([mark for mark, _ in marks], limits, rows), (label for _, label in marks), strict=True))


def _begin(line: str, label: str, column: int) -> int:
    """Where a label begins that belongs to a column: in the middle of what is free around it, off the line's ends."""
    around = range(max(0, column - len(label) + 1), min(column + len(label), len(line) - 1))
    free = [at for at in around if line[at] == " "] or [column]
    return (free[0] + free[-1] - len(label) + 1) // 2


def places(values: Iterable[float], limits: Limits, count: int) -> list[int]:
    """On which of ``count`` cells or dots between the limits numbers stand."""
    low, high = limits
    scale = (count - 1) / (high - low)
    return [int((value - low) * scale + 0.5 + 1e-8) for value in values]
