"""How far a curve's axis reaches, in the window and in the dashboard: so that a climb is seen beside its baselines."""

from __future__ import annotations

from collections.abc import Iterable

_LEAST = 0.4
"""Of an axis's height, what the curves have to themselves."""


def reaching(low: float, high: float, levels: Iterable[float]) -> tuple[tuple[float, float], list[float]]:
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
