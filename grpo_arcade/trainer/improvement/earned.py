"""What the candidates of a round earned, as a run records it. Knows verdicts and rewards, and nothing of the search."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grpo_arcade.trainer.judging import Judged, Reward


def total(judged: Judged, rewards: Sequence[Reward]) -> float:
    """All rewards of one candidate, by their weights; NaN where nobody judged it."""
    values = [(judged.verdicts[reward.name].value, reward.weight) for reward in rewards]
    known = [value * weight for value, weight in values if value is not None]
    return sum(known) if known else math.nan


def advantages(totals: Sequence[float]) -> list[float]:
    """As GRPO has them: how far each is above the mean of its group, in standard deviations."""
    known = [total for total in totals if not math.isnan(total)]
    if not known:
        return [math.nan] * len(totals)
    mean, spread = statistics.fmean(known), statistics.pstdev(known)
    return [(total - mean) / (spread + 1e-4) for total in totals]


def by_reward(batch: Sequence[Judged], rewards: Sequence[Reward]) -> dict[str, float]:
    """Mean and spread of each reward function, under TRL's names."""
    told = {}
    for reward in rewards:
        values = [value for judged in batch if (value := judged.verdicts[reward.name].value) is not None]
        told[f"rewards/{reward.name}/mean"] = statistics.fmean(values) if values else math.nan
        told[f"rewards/{reward.name}/std"] = statistics.pstdev(values) if values else math.nan
    return told
