"""The steps of a run as columns of numbers, read once and then added to; and what a plot needs done to them."""

from __future__ import annotations

import json
import math
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from grpo_arcade.trainer.run_folder import RunReader

COLUMNS = (
    *("time", "reward", "reward_std", "frac_reward_zero_std", "score", "loss", "entropy", "kl", "learning_rate"),
    *("grad_norm", "clip_ratio", "completion_length", "clipped_ratio", "num_tokens", "identical_share"),
    *("step_s", "generate_s", "score_s", "learn_s", "evaluate_s"),
)
"""Columns of the table ``steps`` that are kept; NaN stands for what was not recorded."""


class History:
    """Every step so far. Belongs to one thread at a time."""

    def __init__(self) -> None:
        """No steps yet."""
        self.steps = array("q")
        self.columns: dict[str, array[float]] = {name: array("d") for name in COLUMNS}
        self._outcomes: list[str] = []

    def __len__(self) -> int:
        return len(self.steps)

    def update(self, reader: RunReader) -> None:
        """Read what has been written since; all of it anew when a resumed run has dropped steps."""
        if self.steps:
            same = reader.query("SELECT time FROM steps WHERE step = ?", (self.steps[-1],))
            if not same or same[0]["time"] != self.columns["time"][-1]:
                self.__init__()  # type: ignore[misc]
        after = self.steps[-1] if self.steps else 0
        names = ", ".join(COLUMNS)
        rows = reader.query(f"SELECT step, outcomes, {names} FROM steps WHERE step > ? ORDER BY step", (after,))
        if not rows:
            return
        # By columns: 5,000 rows are the history of a long run, and opening it should take no time.
        steps, outcomes, *columns = zip(*rows, strict=True)
        self.steps.extend(steps)
        self._outcomes += outcomes
        for name, values in zip(COLUMNS, columns, strict=True):
            self.columns[name].extend([math.nan if value is None else value for value in values])

    def between(self, first: int, last: int) -> slice:
        """The places of the steps ``first`` to ``last``, both included."""
        return slice(bisect_left(self.steps, first), bisect_right(self.steps, last))

    def last(self, name: str) -> float | None:
        """The newest value of a column; None where there is none."""
        column = self.columns[name]
        return None if not column or math.isnan(column[-1]) else column[-1]

    def mean(self, name: str, window: int = 10) -> float | None:
        """The mean of a column's last values; None where nothing was recorded."""
        known = [value for value in self.columns[name][-window:] if not math.isnan(value)]
        return sum(known) / len(known) if known else None

    def outcome_mix(self, places: slice) -> Counter[str]:
        """Completions by outcome, over some steps."""
        mix: Counter[str] = Counter()
        for outcomes in self._outcomes[places]:
            mix.update(json.loads(outcomes))
        return mix

    def seconds_a_step(self, window: int = 20) -> float | None:
        """How long a step takes from one to the next, evaluations and checkpoints included; the median of the last.

        The median, because a pause is part of one of them.
        """
        times = self.columns["time"][-window - 1 :]
        gaps = sorted(later - earlier for earlier, later in pairwise(times))
        return gaps[len(gaps) // 2] if gaps else self.last("step_s")


def smoothed(values: Sequence[float], span: int) -> list[float]:
    """An exponential moving average whose weights sum to 1 from the first value on; a span of 1 changes nothing.

    ``span`` is as pandas means it: the weight of the newest value is 2 / (span + 1). NaN is left out, and stays.
    """
    if span <= 1:
        return list(values)
    keep = 1 - 2 / (span + 1)
    total = weight = 0.0
    smooth = []
    for value in values:
        if math.isnan(value):
            smooth.append(math.nan)
            continue
        total, weight = total * keep + value, weight * keep + 1
        smooth.append(total / weight)
    return smooth


def thinned(xs: Sequence[float], ys: Sequence[float], points: int) -> tuple[list[float], list[float]]:
    """At most ``points`` points of a curve, NaN left out: of each bucket its smallest and its largest value.

    A plot of 60 columns cannot show 5,000 points, but must not lose a spike.
    """
    known = [(x, y) for x, y in zip(xs, ys, strict=True) if math.isfinite(y)]
    if len(known) <= points:
        return [x for x, _ in known], [y for _, y in known]
    buckets = max(1, points // 2)
    kept: list[tuple[float, float]] = []
    for bucket in range(buckets):
        part = known[len(known) * bucket // buckets : len(known) * (bucket + 1) // buckets]
        ends = {min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1])}
        kept += sorted(ends)
    return [x for x, _ in kept], [y for _, y in kept]
