"""The steps of a run as columns of numbers, read once and then added to, and the same smoothed."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from threading import Lock
from typing import Any

from grpo_arcade.foreign_data import ForeignDataError
from grpo_arcade.recordings.runs.columns import decoded
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.records import RECENT

COLUMNS = (
    *("time", "reward", "reward_std", "frac_reward_zero_std", "score", "loss", "entropy", "kl", "learning_rate"),
    *("grad_norm", "clip_ratio", "completion_length", "clipped_ratio", "num_tokens", "identical_share"),
    *("step_s", "generate_s", "score_s", "learn_s", "evaluate_s"),
)
"""Columns of the table ``steps`` that are kept; NaN stands for what was not recorded."""
MOST_POINTS = 512
"""Of a longer run's history, :meth:`History.points` gives means of stretches of steps: a curve has no room for more."""
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
        self._rewards: list[str] = []
        self._functions: dict[str, array[float]] = {}
        self._told = 0
        """So many of the steps are in these columns."""
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
        sql = f"SELECT step, outcomes, rewards, {names} FROM steps WHERE step > ? ORDER BY step"
        rows = reader.query(sql, (after,))
        with self._lock:
            if anew:
                self._begin()
            if rows:
                # By columns: 5,000 rows are the history of a long run, and opening it should take no time.
                steps, outcomes, rewards, *columns = zip(*rows, strict=True)
                self.steps.extend(steps)
                self._outcomes += outcomes
                self._rewards += rewards
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
        return self.at(name, -1) if self.steps else None

    def at(self, name: str, place: int) -> float | None:
        """A column's value at one place; None where nothing was recorded."""
        value = self.columns[name][place]
        return None if math.isnan(value) else value

    def mean(self, name: str, window: int = RECENT) -> float | None:
        """The mean of a column's last values; None where nothing was recorded."""
        return _mean(self.columns[name][-window:])

    def outcome_mix(self, places: slice) -> Counter[str]:
        """Completions by outcome, over some steps."""
        mix: Counter[str] = Counter()
        for outcomes in self._outcomes[places]:
            mix.update(_recorded("steps.outcomes", outcomes))
        return mix

    def reward_means(self, window: int = RECENT) -> dict[str, float | None]:
        """The mean of each reward function, unweighted, over the last steps; empty if there are none."""
        told = [_recorded("steps.rewards", text) for text in self._rewards[-window:]]
        return {name: _mean([_known(each, name) for each in told]) for name in (told[-1] if told else ())}

    def reward_columns(self) -> dict[str, array[float]]:
        """The mean of each reward function, unweighted, in every step; NaN where a step has none of that name."""
        with self._lock:
            for place in range(self._told, len(self._rewards)):
                told = _recorded("steps.rewards", self._rewards[place])
                for name in told.keys() - self._functions.keys():
                    self._functions[name] = array("d", [math.nan] * place)
                for name, column in self._functions.items():
                    column.append(_known(told, name))
            self._told = len(self._rewards)
            # In the order the newest step has them, which is the configuration's.
            last = _recorded("steps.rewards", self._rewards[-1]) if self._rewards else {}
            return {name: self._functions[name] for name in [*last, *(self._functions.keys() - last.keys())]}

    def points(self, *names: str) -> list[tuple[Any, ...]]:
        """The steps with some of their columns, None where nothing was recorded.

        Of a run of more than :data:`MOST_POINTS` steps, means of stretches of equal length, each with the last of its
        steps, at most half as many as that.
        """
        length = -(-self.steps[-1] // (MOST_POINTS // 2)) if len(self) > MOST_POINTS else 1
        with self._lock:
            found = []
            begin = 0
            while begin < len(self.steps):
                end = bisect_right(self.steps, (self.steps[begin] - 1) // length * length + length)
                means = (_mean(self.columns[name][begin:end]) for name in names)
                found.append((self.steps[end - 1], *means))
                begin = end
            return found

    def seconds_a_step(self, window: int = 20) -> float | None:
        """How long a step takes from one to the next, evaluations and checkpoints included; the median of the last.

        The median, because a pause is part of one of them.
        """
        times = self.columns["time"][-window - 1 :]
        gaps = sorted(later - earlier for earlier, later in pairwise(times))
        return gaps[len(gaps) // 2] if gaps else self.last("step_s")


def _known(told: Mapping[str, Mapping[str, float | None]], name: str) -> float:
    value = told[name]["mean"] if name in told else None
    return math.nan if value is None else value


def _recorded(name: str, text: str) -> dict[str, Any]:
    """A JSON column of a step; a damaged one is one of which nothing was recorded."""
    try:
        value: dict[str, Any] = decoded(name, text)
    except ForeignDataError:
        return {}
    return value


def _mean(values: Sequence[float]) -> float | None:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else None


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
