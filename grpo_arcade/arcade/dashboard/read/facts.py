"""A run in a few dozen facts: what the overview shows, ``--once`` prints and ``--json`` gives, from one place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from grpo_arcade.arcade.dashboard.read.history import History
from grpo_arcade.recordings.runs.folder import LIVE
from grpo_arcade.recordings.runs.reader import RunReader

OUTCOMES = (
    *("won", "drawn", "lost", "capped", "stuck", "illegal", "timeout", "crashed", "forbidden", "no_code"),
    *("syntax_error", "disconnected", "unfinished"),
)
"""From what one hopes for to what one does not; the order of every bar and legend."""
RECENT = 10
"""Steps that "now" and "at first" mean, where one step alone would be noise."""


def gather(reader: RunReader, history: History, now: float) -> dict[str, Any]:
    """The facts, JSON-able. ``history`` is brought up to date; ``now`` is in seconds since 1970."""
    history.update(reader)
    told = reader.facts()
    status = reader.status()
    step, max_steps = int(told.get("step", 0)), int(told.get("max_steps", 0))
    started = float(told.get("started", now))
    updated = max(float(told.get("updated", started)), history.last("time") or 0.0)
    pace = history.seconds_a_step()
    counted = reader.query("SELECT count(*) AS n FROM strategies")[0]["n"]
    sources = reader.query("SELECT count(*) AS n FROM sources")[0]["n"]
    return {
        "run": str(reader.folder),
        "game": str(told.get("game", "")),
        "model": str(told.get("model", "")),
        "status": status,
        "step": step,
        "max_steps": max_steps,
        "started": started,
        "updated": updated,
        "elapsed_s": max(0.0, (now if status in LIVE else updated) - started),
        "left_s": pace * max(0, max_steps - step) if pace and status in LIVE else None,
        "since_update_s": max(0.0, now - updated),
        "seconds_a_step": pace,
        "last": {name: history.last(name) for name in history.columns if name != "time"},
        "recent": {name: history.mean(name, RECENT) for name in history.columns if name != "time"},
        "rewards": _rewards(reader),
        "outcomes_first": _ordered(history.outcome_mix(slice(0, RECENT))),
        "outcomes_recent": _ordered(history.outcome_mix(slice(-RECENT, None))),
        "strategies": counted,
        "distinct_sources": sources,
        "held_out": _held_out(reader),
        "champion": _champion(reader),
        "alarms": [asdict(alarm) for alarm in reader.alarms()],
        "trainer_memory_bytes": _memory(reader),
    }


def _ordered(mix: Mapping[str, int]) -> dict[str, int]:
    known = {name: mix[name] for name in OUTCOMES if mix.get(name)}
    return known | {name: count for name, count in mix.items() if name not in known and count}


def _held_out(reader: RunReader) -> list[dict[str, Any]]:
    """Every evaluation without its bulk."""
    rows = reader.query("SELECT step, stage, mean, low, high, won, compiled, champion, baselines FROM evaluations")
    return [
        {**dict(row), "baselines": {name: baseline_mean(told) for name, told in json.loads(row["baselines"]).items()}}
        for row in sorted(rows, key=lambda row: row["step"])
    ]


def baseline_mean(told: Any) -> float:
    """A baseline's mean as an evaluation keeps it."""
    return float(told["mean"] if isinstance(told, dict) else told)


def _rewards(reader: RunReader) -> dict[str, float | None]:
    """The mean of each reward function in the newest step."""
    rows = reader.query("SELECT rewards FROM steps ORDER BY step DESC LIMIT 1")
    return {name: told["mean"] for name, told in json.loads(rows[0]["rewards"]).items()} if rows else {}


def _champion(reader: RunReader) -> dict[str, Any] | None:
    rows = reader.query("SELECT step, strategy_id, score FROM champions ORDER BY id DESC LIMIT 1")
    return dict(rows[0]) if rows else None


def _memory(reader: RunReader) -> float | None:
    """What the trainer said it takes, in bytes: of the metrics' names that speak of memory, the largest."""
    rows = reader.query("SELECT metrics FROM steps ORDER BY step DESC LIMIT 1")
    metrics = json.loads(rows[0]["metrics"]) if rows else {}
    said = [value for name, value in metrics.items() if "memory" in name and isinstance(value, int | float)]
    return max(said, default=None)


def duration(seconds: float | None) -> str:
    """4 s, 12:30, 3:05:00, 2 d 04 h."""
    if seconds is None:
        return "–"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02}"
    if whole < 86400:
        return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{whole // 86400} d {whole // 3600 % 24:02} h"


def number(value: float | None) -> str:
    """A number as short as it is still told apart: 12,345, 123.4, 1.23, 0.0123, 1e-05."""
    if value is None or value != value:
        return "–"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 100:
        return f"{value:.1f}"
    if size >= 1 or size == 0:
        return f"{value:.2f}"
    return f"{value:.4f}".rstrip("0") if size >= 0.001 else f"{value:.1e}".replace("e-0", "e-")
