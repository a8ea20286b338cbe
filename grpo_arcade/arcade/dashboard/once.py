"""One plain frame of the facts, for logs and pipes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grpo_arcade.arcade.dashboard.draw.numbers import duration, number, reward_words, score
from grpo_arcade.foreign_text import one_line
from grpo_arcade.recordings.runs.folder import LIVE
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.records import RECENT


def frame(facts: dict[str, Any]) -> str:
    """The facts as lines of at most about 100 characters, without colour."""
    recent, last, kind = facts["recent"], facts["last"], RunKind(facts["kind"])
    most = f" of {facts['max_steps']}" if facts["max_steps"] else ""
    left = f", left {duration(facts['left_s'])}" if facts["status"] in LIVE else ""
    steps = max(1, min(RECENT, facts["step"]))
    spread = f", zero-spread groups {_percent(recent['frac_reward_zero_std'])}"
    if kind is RunKind.SEARCH:
        spread = ""
    lines = [
        one_line(f"{facts['run']}: {facts['model']} {kind.does} {facts['game']}, {facts['status']}"),
        f"{kind.step:10} {facts['step']}{most}, elapsed {duration(facts['elapsed_s'])}{left}, "
        f"last update {duration(facts['since_update_s'])} ago",
        f"verdict    {one_line(facts['verdict']['line'])}",
        f"reward     {number(recent['reward'])} (mean of {kind.steps(steps)}; "
        f"std {number(recent['reward_std'])}{spread})",
    ]
    for name, earned in facts["rewards"].items():
        lines.append(f"           {one_line(name)} {reward_words(earned)}")
    if facts["held_out"]:
        first, newest = facts["held_out"][0], facts["held_out"][-1]
        beside = ", ".join(f"{one_line(name)} {score(mean)}" for name, mean in newest["baselines"].items())
        lines.append(
            f"held-out   {score(newest['mean'])} after {kind.step} {newest['step']} (95 % {score(newest['low'])} to "
            f"{score(newest['high'])}; at first {score(first['mean'])}; {beside})"
        )
    if facts["champion"]:
        lines.append(f"champion   {champion_words(facts['champion'], kind)}")
    parts = ["generate", "score", "evaluate"]
    if kind is RunKind.TRAINING:
        parts.insert(2, "learn")
        lines.append(
            f"model      entropy {number(last['entropy'])}, KL {number(last['kl'])}, learning rate "
            f"{number(last['learning_rate'])}, gradient norm {number(last['grad_norm'])}, loss {number(last['loss'])}"
        )
    lines.append(
        f"tokens     {number(recent['completion_length'])} a completion, cut off {_percent(recent['clipped_ratio'])}"
    )
    times = ", ".join(f"{name} {number(recent[f'{name}_s'])} s" for name in parts)
    lines.append(f"{kind.step + ' time':10} {number(recent['step_s'])} s: {times}")
    for name, key in (("at first", "outcomes_first"), ("now", "outcomes_recent")):
        whole = sum(facts[key].values()) or 1
        mix = ", ".join(f"{one_line(outcome, 40)} {count / whole:.0%}" for outcome, count in facts[key].items()) or "–"
        lines.append(f"outcomes   {name}: {mix}")
    lines.append(f"strategies {facts['strategies']:,}, {facts['distinct_sources']:,} distinct")
    for alarm in facts["alarms"]:
        lines.append(
            f"alarm      {one_line(alarm['message'])} (since {kind.step} {alarm['step']}); {one_line(alarm['help'])}"
        )
    return "\n".join(lines)


def champion_words(champion: Mapping[str, Any], kind: RunKind) -> str:
    """Both of its scores: the fair one on the held-out seeds, and the one it was chosen by."""
    chosen = f"{score(champion['score'])} on the seeds champions are chosen on, of {kind.step} {champion['step']}"
    if champion["held_out"] is None:
        return f"not evaluated yet; {chosen}"
    return f"{score(champion['held_out'])} held-out; {chosen}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"
