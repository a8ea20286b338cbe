"""Where an axis begins and ends, and what is written at it: the same in the window, the dashboard and the report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

Limits = tuple[float, float]
_NOTHING = 1e-100
"""Smaller numbers are all one."""
_LEAST = 0.4
"""Of an axis's height, what the curves have to themselves."""


def reaching(low: float, high: float, levels: Iterable[float]) -> tuple[Limits, list[float]]:
    """How far an axis reaches for curves from ``low`` to ``high``, and which of the levels lie beyond.

    The nearest levels are taken in as long as the curves keep a good part of the height: a score that climbs from 1,800
    to 2,900 would be a flat line on an axis that reaches to 21,000.
    """
    first, last, beyond = low, high, []
    own = max(high - low, 0.05 * max(abs(low), abs(high)))
    for level in sorted(levels, key=lambda level: max(low - level, level - high)):
        wider = min(first, level), max(last, level)
        if wider[1] - wider[0] > own / _LEAST:
            beyond.append(level)
        else:
            first, last = wider
    return (first, last), beyond


def roomy(low: float, high: float, most: int) -> Limits:
    """Limits a little wider than the numbers, so that the next number needs no others: a fifth of a tick at most.

    What is never negative has no axis below nothing.
    """
    size = max(abs(low), abs(high))
    if high - low <= max(1e-9 * size, _NOTHING):
        room = 0.1 * (size if size > _NOTHING else 1.0)
        return (low - room if low < 0 or low > room else 0.0), high + room
    step = round_step((high - low) / most) / 5
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two, at most ``most`` + 1 of them."""
    step = round_step((high - low) / most)
    first = math.ceil(low / step - 1e-9)
    return [float(f"{at * step:.12g}") for at in range(first, math.floor(high / step + 1e-9) + 1)]


def round_step(rough: float) -> float:
    """The next of 1, 2 or 5 times a power of ten that is not smaller."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= rough * 0.999)


def labelled(marks: Sequence[float]) -> list[tuple[float, str]]:
    """Marks with what is written at them: all with as many decimals as tell them apart."""
    if not marks:
        return []
    largest, step = max(map(abs, marks)), abs(marks[1] - marks[0]) if len(marks) > 1 else abs(marks[0]) or 1.0
    if largest and (largest < 1e-3 or step < 1e-6):
        return [(mark, f"{mark:.1e}".replace("e-0", "e-") if mark else "0") for mark in marks]
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if len(marks) > 1 else 0 if largest >= 10 else 2
    return [(mark, f"{mark + 0.0:,.{decimals}f}") for mark in marks]
