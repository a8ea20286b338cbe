"""What is told about a run, as plain data: the run in one line, its champions, evaluations and alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grpo_arcade.games import Outcome
from grpo_arcade.recordings.runs.kind import RunKind

RECENT = 10
"""Steps that "now" and "at first" mean, where one step alone would be noise: a run's reward is the mean of so many."""


@dataclass(frozen=True)
class RunSummary:
    """A run in one line."""

    path: Path
    game: str
    model: str
    status: str
    """starting, running, paused; finished; stopped, which can be resumed; crashed, where the trainer met an error or is
    gone without a word, which can too; failed, where training collapsed for good, which cannot."""
    step: int
    max_steps: int
    started: float
    updated: float
    reward: float | None
    """Mean of the last ten steps, as the dashboard has it."""
    first_score: float | None
    """Held-out mean of the first evaluation."""
    score: float | None
    """Held-out mean of the last one."""
    verdict: str
    """Whether it is learning, in one line."""
    kind: RunKind = RunKind.TRAINING


@dataclass(frozen=True)
class Champion:
    """The best strategy so far, at some step."""

    step: int
    strategy_id: int
    score: float
    """Mean over the run's champion seeds, on which it was chosen; held-out scores are in the evaluations."""
    source: str
    stage: int = 0
    """Of the curriculum; champions of different stages cannot be compared."""
    previous: float | None = None
    """What the champion before it scored on the same seeds; None for a stage's first."""
    scores: tuple[float, ...] = ()
    """One of each champion seed."""


@dataclass(frozen=True)
class HeldOut:
    """One evaluation on the held-out seeds, without its bulk."""

    step: int
    stage: int
    mean: float
    """Mean score of the model's strategies."""
    low: float
    """With ``high``, the 95 % interval of the mean."""
    high: float
    won: float
    """Share of games won."""
    compiled: float
    """Share of strategies that could be called."""
    distinct_share: float
    strategies: int
    seeds: int
    """How many games each strategy played."""
    histogram: Mapping[str, float]
    """What was reached, and in how many games."""
    champion: float | None
    """The champion's mean on the same seeds."""
    baselines: Mapping[str, float]
    """Mean score of each baseline on the same seeds."""


@dataclass(frozen=True)
class Alarm:
    """Something that usually means trouble, since ``step``."""

    step: int
    name: str
    message: str
    help: str


def ordered(mix: Mapping[str, int]) -> dict[str, int]:
    """Outcomes in the order they always stand in, those there are none of left out."""
    known = {name.value: mix[name] for name in Outcome if mix.get(name)}
    return known | {name: count for name, count in mix.items() if name not in known and count}
