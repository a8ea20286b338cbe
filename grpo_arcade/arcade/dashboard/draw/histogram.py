"""A histogram that lies on its side: a line a bin, its bar in parts of one colour an outcome."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.style import Style
from rich.text import Text

from grpo_arcade.arcade.dashboard.draw.shares import OUTCOME_COLOURS
from grpo_arcade.arcade.scales import labelled, round_step
from grpo_arcade.recordings.runs.records import ordered

MOST_BINS = 16


@dataclass(frozen=True)
class Bin:
    """What lies from ``low`` to below ``high``; in the last bin, also what is ``high``."""

    low: float
    high: float
    last: bool
    label: str
    outcomes: Mapping[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.outcomes.values())


def bins(values: Sequence[tuple[float, str]]) -> list[Bin]:
    """Numbers with an outcome each, in bins of equal and round width, the lowest first."""
    if not values:
        return []
    low, high = min(value for value, _ in values), max(value for value, _ in values)
    step = round_step((high - low) / MOST_BINS) if high > low else 1.0
    first, last = math.floor(low / step), math.ceil(high / step)
    edges = [_edge(place, step) for place in range(first, max(last, first + 1) + 1)]
    if edges[0] > low:  # by a rounding
        edges.insert(0, _edge(first - 1, step))
    if edges[-1] < high:
        edges.append(_edge(len(edges) + first, step))
    labels = [label for _, label in labelled(edges)]
    counts = [Counter[str]() for _ in edges[1:]]
    for value, outcome in values:
        counts[min(bisect_right(edges, value), len(counts)) - 1][outcome] += 1
    width = max(map(len, labels))
    return [
        Bin(edges[at], edges[at + 1], at == len(counts) - 1, f"{labels[at]:>{width}} to {labels[at + 1]:>{width}}",
            ordered(count))
        for at, count in enumerate(counts)
    ]  # fmt: skip


def _edge(place: int, step: float) -> float:
    """As it is written into a filter, so that a bin opens as many as it shows."""
    return float(f"{place * step:.12g}")


def drawn(bins: Sequence[Bin], picked: int, width: int, height: int) -> list[Text]:
    """At most ``height`` lines, those around the one that is picked."""
    if not bins or width < 20:
        return []
    begin = max(0, min(picked - height // 2, len(bins) - height))
    most = max(each.count for each in bins)
    room = max(1, width - len(bins[0].label) - len(f"{most:,}") - 4)
    return [
        _line(each, room, most, chosen=begin + at == picked) for at, each in enumerate(bins[begin : begin + height])
    ]


def _line(each: Bin, room: int, most: int, *, chosen: bool) -> Text:
    line = Text(f" {each.label} ", style="reverse" if chosen else "", no_wrap=True)
    so_far, cells = 0, 0
    for outcome, count in each.outcomes.items():
        so_far += count
        end = max(cells + 1, round(so_far / most * room))
        line.append("█" * (end - cells), style=Style(color=OUTCOME_COLOURS.get(outcome, "#7a7f8a"), reverse=False))
        cells = end
    line.append(f" {each.count:,}" if each.count else "", style=Style(dim=True, reverse=False))
    return line
