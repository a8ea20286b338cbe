"""What a run's reward functions have paid for each outcome: what else a strategy could have earned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.records import ordered

NEWEST = 2_000
"""So many of the newest strategies are looked at."""


class Earned(NamedTuple):
    """What one reward function gave the strategies of one outcome, unweighted."""

    least: float
    mean: float
    most: float
    strategies: int


def earned_by_outcome(reader: RunReader, names: Sequence[str]) -> dict[str, dict[str, Earned]]:
    """By reward function and outcome, over the newest strategies; without functions whose names SQL cannot hold."""
    sayable = [name for name in names if not set(name) & set("\"'\\")]
    found: dict[str, dict[str, Earned]] = {name: {} for name in sayable}
    for name in sayable:
        value = f"json_extract(rewards, '$.\"{name}\"')"
        rows = reader.query(
            f"SELECT outcome, min({value}) AS least, avg({value}) AS mean, max({value}) AS most, "
            f"count({value}) AS known FROM (SELECT outcome, rewards FROM strategies WHERE reward IS NOT NULL "
            "ORDER BY id DESC LIMIT ?) GROUP BY outcome",
            (NEWEST,),
        )
        told = {row["outcome"]: Earned(*tuple(row)[1:]) for row in rows if row["known"]}
        counts = {outcome: each.strategies for outcome, each in told.items()}
        found[name] = {outcome: told[outcome] for outcome in ordered(counts)}
    return found


def elsewhere(paid: Mapping[str, Earned]) -> str:
    """In words: "won 20 (3), lost 2 (812), crashed −3 to −1 (9)", the number of strategies in brackets."""
    return ", ".join(f"{outcome} {_range(each)} ({each.strategies:,})" for outcome, each in paid.items())


def _range(each: Earned) -> str:
    least, most = f"{each.least:.3g}", f"{each.most:.3g}"
    return least if least == most else f"{least} to {most}"
