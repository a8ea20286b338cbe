"""The steps of a run as columns of numbers, read once and then added to, and the same smoothed."""

from __future__ import annotations

import json
import math
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from threading import Lock

from grpo_arcade.recordings.runs.reader import RunReader

COLUMNS = (
    *("time", "reward", "reward_std", "frac_reward_zero_std", "score", "loss", "entropy", "kl", "learning_rate"),
    *("grad_norm", "clip_ratio", "completion_length", "clipped_ratio", "num_tokens", "identical_share"),
    *("step_s", "generate_s", "score_s", "learn_s", "evaluate_s"),
)
"""Columns of the table ``steps`` that are kept; NaN stands for what was not recorded."""
Values = Sequence[float]


class History:
    """Every step so far. One thread may add to it while another draws what is there."""

    def __init__(self) -> None:
        """No steps yet."""
        self._lock = Lock()
        self._begin()

    def _begin(self) -> None:
        self.steps = array("q")
        self.columns: dict[str, array[float]] = {name: array("d") for name in COLUMNS}
        self._outcomes: list[str] = []
        self._smooth: dict[tuple[str, int], Smooth] = {}

    def __len__(self) -> int:
        return len(self.steps)

    def update(self, reader: RunReader) -> None:
        """Read what has been written since; all of it anew when a resumed run has dropped steps."""
        anew = False
        if self.steps:
            same = reader.query("SELECT time FROM steps WHERE step = ?", (self.steps[-1],))
            anew = not same or same[0]["time"] != self.columns["time"][-1]
        after = 0 if anew or not self.steps else self.steps[-1]
        names = ", ".join(COLUMNS)
        rows = reader.query(f"SELECT step, outcomes, {names} FROM steps WHERE step > ? ORDER BY step", (after,))
        with self._lock:
            if anew:
                self._begin()
            if rows:
                # By columns: 5,000 rows are the history of a long run, and opening it should take no time.
                steps, outcomes, *columns = zip(*rows, strict=True)
                self.steps.extend(steps)
                self._outcomes += outcomes
                for name, values in zip(COLUMNS, columns, strict=True):
                    self.columns[name].extend([math.nan if value is None else value for value in values])

    def curves(self, wanted: Iterable[tuple[str, int]], first: int, last: int) -> tuple[Values, list[Values]]:
        """The steps ``first`` to ``last``, both included, and columns of them, each with its smoothing's span.

        Smoothing knows what came before the range, so that zooming in does not change a curve.
        """
        with self._lock:
            places = self.between(first, last)
            found: list[Values] = []
            for name, span in wanted:
                column = self.columns[name]
                if span > 1:
                    smooth = self._smooth.setdefault((name, span), Smooth(span))
                    smooth.extend(column[len(smooth.values) :])
                    column = smooth.values
                found.append(column[places])
            return self.steps[places], found

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


class Smooth:
    """An exponential moving average that grows; its weights sum to 1 from the first value on.

    ``span`` is as pandas means it: the weight of the newest value is 2 / (span + 1). NaN is left out, and stays.
    """

    def __init__(self, span: int) -> None:
        """Nothing yet."""
        self.values = array("d")
        self._keep = 1 - 2 / (span + 1)
        self._total = self._weight = 0.0

    def extend(self, values: Iterable[float]) -> None:
        """Go on with further values."""
        total, weight, keep = self._total, self._weight, self._keep
        for value in values:
            if math.isnan(value):
                self.values.append(math.nan)
                continue
            total, weight = total * keep + value, weight * keep + 1
            self.values.append(total / weight)
        self._total, self._weight = total, weight
