"""The lines above everything: which run, how far it is, how old what one sees is."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from grpo_arcade.arcade.dashboard.draw.numbers import duration, number, score
from grpo_arcade.foreign_text import one_line
from grpo_arcade.recordings.runs.folder import LIVE
from grpo_arcade.recordings.runs.kind import RunKind

SMALLEST = (80, 24)
"""Columns and lines the dashboard needs."""
_STATUS_STYLE = {
    "running": "bold green", "starting": "bold green", "paused": "bold yellow", "finished": "bold blue",
    "stopped": "bold blue", "failed": "bold red", "crashed": "bold red",
}  # fmt: skip
_STALE_S = 120.0
"""Seconds without news, or five steps, whichever is longer, after which a live run's age turns red."""


def too_small(width: int, height: int) -> str:
    """What to say instead of everything on a terminal of that size; nothing where it is large enough."""
    if width >= SMALLEST[0] and height >= SMALLEST[1]:
        return ""
    return (
        f"This terminal has {width}×{height} characters;\nthe dashboard needs {SMALLEST[0]}×{SMALLEST[1]}.\n"
        "Make it larger, or leave with q\nand try: arcade dash --once"
    )


def header(facts: dict[str, Any], now: float, width: int) -> list[Text]:
    """Two lines. ``now`` may be later than the facts: the clocks go on."""
    status, step, most = facts["status"], facts["step"], facts["max_steps"]
    live = status in LIVE
    later = max(0.0, now - facts["updated"])
    elapsed = now - facts["started"] if live else facts["elapsed_s"]
    text = Text()
    name = one_line(facts["run"].rstrip("/").rpartition("/")[2])
    text.append(f" {name[: max(12, width - 62)]} ", style="bold reverse")
    text.append(f" {status} ", style=_STATUS_STYLE.get(status, "bold"))
    text.append(f" {RunKind(facts['kind']).step} {step:,}")
    text.append(f" of {most:,} " if most else " ", style="dim")
    share = min(1.0, step / most) if most else 0.0
    cells = 10 if width < 120 else 24
    text.append("━" * round(share * cells), style="green")
    text.append("━" * (cells - round(share * cells)), style="dim")
    text.append(f" {share:.0%}")
    if width >= 120:
        text.append(f"   elapsed {duration(elapsed)}", style="dim")
        if live:
            text.append(f"   left {duration(facts['left_s'])}", style="dim")
    text.append("   last update " if width >= 120 else "  ", style="dim")
    old = later > max(_STALE_S, 5 * (facts["seconds_a_step"] or 0.0))
    text.append(f"{duration(later)} ago", style="bold red" if live and old else "dim")
    results = _results(facts, width)
    if width < 120:
        results.append(f"  left {duration(facts['left_s'])}" if live else f"  elapsed {duration(elapsed)}", style="dim")
    return [text, results]


def _results(facts: dict[str, Any], width: int) -> Text:
    narrow = width < 120
    space = "  " if narrow else "   "
    between = ":" if narrow else f" {RunKind(facts['kind']).does}"
    text = Text(f" {one_line(facts['model'])}{between} {one_line(facts['game'])}")
    text.append(f"{space}reward ", style="dim")
    text.append(number(facts["recent"]["reward"]), style="bold")
    if facts["held_out"]:
        first, last = facts["held_out"][0], facts["held_out"][-1]
        text.append(f"{space}held-out ", style="dim")
        text.append(score(last["mean"]), style="bold")
        if last is not first and not narrow:
            text.append(f" (was {score(first['mean'])})", style="dim")
    if facts["champion"]:
        text.append(f"{space}champion ", style="dim")
        held_out = facts["champion"]["held_out"]  # the number that its curve ends with, where it has one
        text.append(score(facts["champion"]["score"] if held_out is None else held_out), style="bold")
    if facts["alarms"]:
        count = len(facts["alarms"])
        words = "" if narrow else " alarm" + "s" * (count > 1)
        text.append(f"{space}▲ {count}{words}", style="bold red")
    return text
