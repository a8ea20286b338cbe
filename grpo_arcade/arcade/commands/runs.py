"""``arcade runs``: the training runs of a folder in a table, or one of them in detail."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from grpo_arcade.arcade.configuration import Positional


@dataclass
class Command:
    """List training runs, or tell about one."""

    run: Positional[str | None] = None
    """The run to tell about: its folder, its name or the beginning of it, or latest. Without it, all are listed."""
    output_dir: str = "outputs"
    """The folder of the runs, where they are looked for by name."""
    source: bool = False
    """Print nothing but the champion's source."""
    json: bool = False
    """Print JSON."""


def run(command: Command) -> int:
    """0, also when there are no runs."""
    if command.run is not None:
        return _one(command)
    if command.source:
        raise ValueError("--source needs a run: arcade runs RUN --source")
    from grpo_arcade.recordings.runs.reader import list_runs

    found = list_runs(command.output_dir)
    if command.json:
        print(json.dumps([asdict(summary) | {"path": str(summary.path)} for summary in found]))
        return 0
    if not found:
        print(f"no runs in {command.output_dir}; `arcade train` starts one")
        return 0
    from rich.table import Table

    from grpo_arcade.arcade.terminal import table_console

    table = Table(box=None, pad_edge=False)
    table.add_column("run", overflow="fold")  # a path that is cut off cannot be copied
    for column in ("game", "model", "status", "step", "reward", "held-out score"):
        table.add_column(column)
    for summary in found:
        score = "–" if summary.score is None else f"{summary.first_score:,.0f} → {summary.score:,.0f}"
        reward = "–" if summary.reward is None else f"{summary.reward:.2f}"
        step = f"{summary.step}/{summary.max_steps}"
        table.add_row(str(summary.path), summary.game, summary.model, summary.status, step, reward, score)
    table_console().print(table)
    return 0


def _one(command: Command) -> int:
    from rich.console import Console
    from rich.syntax import Syntax

    from grpo_arcade.recordings.runs.find import find_run
    from grpo_arcade.recordings.runs.reader import RunReader

    assert command.run is not None
    folder = find_run(command.run, command.output_dir)
    with RunReader(folder) as reader:
        champion = reader.champion()
        if command.source:
            if champion is None:
                raise ValueError(f"{folder}: this run has no champion yet")
            print(champion.source)
            return 0
        summary = reader.summary()
        facts: dict[str, Any] = asdict(summary) | {
            "path": str(summary.path),
            "champion": None if champion is None else asdict(champion),
            "evaluations": reader.evaluations(),
            "alarms": [asdict(alarm) for alarm in reader.alarms()],
        }
    if command.json:
        print(json.dumps(facts))
        return 0
    console = Console()
    console.print(f"{summary.path}: {summary.model} on {summary.game}, {summary.status}, ", end="", highlight=False)
    console.print(f"step {summary.step} of {summary.max_steps}", highlight=False)
    for evaluation in facts["evaluations"]:
        baselines = evaluation["baselines"]
        beside = "  ".join(f"{name} {told['mean']:,.0f}" for name, told in baselines.items())
        console.print(
            f"  step {evaluation['step']:>4}: held-out {evaluation['mean']:,.0f}   ({beside})", highlight=False
        )
    for alarm in facts["alarms"]:
        console.print(f"  alarm since step {alarm['step']}: {alarm['message']} {alarm['help']}", highlight=False)
    if champion is not None:
        console.print(
            f"champion of step {champion.step}, mean {champion.score:,.0f} on the champion seeds:", highlight=False
        )
        console.print(Syntax(champion.source, "python", background_color="default"))
        hint = f"arcade play {summary.game} {folder}:champion"
        console.print(f"watch it: {hint}", highlight=False)
    return 0
