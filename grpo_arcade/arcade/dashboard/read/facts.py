"""A run in a few dozen facts: what the overview shows, ``--once`` prints and ``--json`` gives, from one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from grpo_arcade.games import Outcome
from grpo_arcade.recordings.runs.folder import LIVE
from grpo_arcade.recordings.runs.reader import Champion, HeldOut
from grpo_arcade.recordings.runs.snapshot import Snapshot

RECENT = 10
"""Steps that "now" and "at first" mean, where one step alone would be noise."""
_HELD_OUT = ("step", "stage", "mean", "low", "high", "won", "compiled", "champion", "baselines")


def facts_of(run: Snapshot, now: float) -> dict[str, Any]:
    """The facts, JSON-able. ``now`` is in seconds since 1970."""
    history = run.history
    started = run.started or now
    pace, live = history.seconds_a_step(), run.status in LIVE
    return {
        "run": str(run.folder),
        "game": run.game,
        "model": run.model,
        "status": run.status,
        "step": run.step,
        "max_steps": run.max_steps,
        "started": started,
        "updated": run.updated,
        "elapsed_s": max(0.0, (now if live else run.updated) - started),
        "left_s": pace * max(0, run.max_steps - run.step) if pace and live else None,
        "since_update_s": max(0.0, now - run.updated),
        "seconds_a_step": pace,
        "last": {name: history.last(name) for name in history.columns if name != "time"},
        "recent": {name: history.mean(name, RECENT) for name in history.columns if name != "time"},
        "rewards": history.reward_means(),
        "outcomes_first": _ordered(history.outcome_mix(slice(0, RECENT))),
        "outcomes_recent": _ordered(history.outcome_mix(slice(-RECENT, None))),
        "strategies": run.strategies,
        "distinct_sources": run.distinct_sources,
        "held_out": [_held_out(evaluation) for evaluation in run.held_out],
        "champion": _champion(run.champions[-1]) if run.champions else None,
        "alarms": [asdict(alarm) for alarm in run.alarms],
        "trainer_memory_bytes": run.trainer_memory_bytes,
    }


def _ordered(mix: Mapping[str, int]) -> dict[str, int]:
    known = {name.value: mix[name] for name in Outcome if mix.get(name)}
    return known | {name: count for name, count in mix.items() if name not in known and count}


def _held_out(evaluation: HeldOut) -> dict[str, Any]:
    return {name: getattr(evaluation, name) for name in _HELD_OUT}


def _champion(champion: Champion) -> dict[str, Any]:
    return {"step": champion.step, "strategy_id": champion.strategy_id, "score": champion.score}
