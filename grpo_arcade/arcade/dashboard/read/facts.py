"""A run in a few dozen facts: what the overview shows, ``--once`` prints and ``--json`` gives, from one place."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from grpo_arcade.recordings.runs.folder import LIVE
from grpo_arcade.recordings.runs.records import RECENT, HeldOut, ordered
from grpo_arcade.recordings.runs.snapshot import Snapshot

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
        "kind": run.kind,
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
        "rewards": {name: _earned(mean, run.weights.get(name)) for name, mean in history.reward_means().items()},
        "outcomes_first": ordered(history.outcome_mix(slice(0, RECENT))),
        "outcomes_recent": ordered(history.outcome_mix(slice(-RECENT, None))),
        "strategies": run.strategies,
        "distinct_sources": run.distinct_sources,
        "held_out": [_held_out(evaluation) for evaluation in run.held_out],
        "evaluating": None if run.evaluating is None else list(run.evaluating),
        "champion": _champion(run) if run.champions else None,
        "verdict": {"kind": run.verdict.kind.value, "line": run.verdict.line, "evidence": list(run.verdict.evidence)},
        "alarms": [asdict(alarm) for alarm in run.alarms],
        "trainer_memory_bytes": run.trainer_memory_bytes,
    }


def _earned(mean: float | None, weight: float | None) -> dict[str, float | None]:
    contribution = None if mean is None or weight is None else mean * weight
    return {"mean": mean, "weight": weight, "contribution": contribution}


def _held_out(evaluation: HeldOut) -> dict[str, Any]:
    return {name: getattr(evaluation, name) for name in _HELD_OUT}


def _champion(run: Snapshot) -> dict[str, Any]:
    """The newest champion; ``held_out`` is what the one of the last evaluation scored there, as the curve has it."""
    newest = run.champions[-1]
    held_out = run.held_out[-1].champion if run.held_out else None
    return {"step": newest.step, "strategy_id": newest.strategy_id, "score": newest.score, "held_out": held_out}
