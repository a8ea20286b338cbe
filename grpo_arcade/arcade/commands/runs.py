"""``arcade runs``: the runs of a folder in a table, or one of them in detail."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from grpo_arcade.arcade.configuration import Positional
from grpo_arcade.arcade.streams import tell
from grpo_arcade.foreign_text import clean_source, one_line

if TYPE_CHECKING:
    from grpo_arcade.recordings.runs.records import RunSummary


@dataclass
class Command:
    """List training runs, or tell about one."""

    run: Positional[str | None] = None
    """The run to tell about: its folder, its name or the beginning of it, or latest. Without it, all are listed."""
    output_dir: str = "outputs"
    """The folder of the runs, where they are looked for by name."""
    source: bool = False
    """Print nothing but the champion's source."""
    trust: bool = False
    """Say that a run somebody sent may use what it names: reward functions, models, servers. They are told."""
    json: bool = False
    """Print JSON."""


def run(command: Command) -> int:
    """0, also when there are no runs."""
    if command.run is not None:
        return _one(command)
    if command.trust:
        raise ValueError("--trust needs a run: arcade runs RUN --trust")
    if command.source:
        raise ValueError("--source needs a run: arcade runs RUN --source")
    from grpo_arcade.recordings.runs.reader import list_runs

    found = list_runs(command.output_dir, tell)
    if command.json:
        print(json.dumps([asdict(summary) | {"path": str(summary.path)} for summary in found]))
        return 0
    if not found:
        print(f"no runs in {one_line(command.output_dir)}; `arcade train` starts one")
        return 0
    for line in listing(found):
        print(line)
    return 0


def listing(runs: Sequence[RunSummary]) -> list[str]:
    """Two lines a run, the first in columns, the second its verdict.

    Nothing is folded or cut to the width of a terminal: a path in two pieces can neither be copied nor searched for.
    """
    from rich.cells import cell_len, set_cell_size

    from grpo_arcade.games import score_text

    rows: list[tuple[str, ...]] = [("run", "game", "model", "status", _counted(runs), "reward", "held-out score")]
    for run in runs:
        score = "–"
        if run.first_score is not None and run.score is not None:
            scores = score_text(run.first_score), score_text(run.score)
            score = " → ".join(dict.fromkeys(scores))  # one evaluation is no way from here to there
        reward = "–" if run.reward is None else f"{run.reward:.2f}"
        row = (str(run.path), run.game, run.model, run.status, f"{run.step}/{run.max_steps}", reward, score)
        rows.append(tuple(map(one_line, row)))
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    verdicts = ["", *(f"\n    {one_line(run.verdict)}" for run in runs)]
    return [line.rstrip() + verdict for line, verdict in zip(lines, verdicts, strict=True)]


def _counted(runs: Sequence[RunSummary]) -> str:
    """What the runs are counted by: steps, rounds, or each by its own."""
    return "/".join(sorted({run.kind.step for run in runs}, reverse=True))


def _one(command: Command) -> int:
    from grpo_arcade.recordings.runs.find import find_run
    from grpo_arcade.recordings.runs.reader import RunReader

    assert command.run is not None
    folder = find_run(command.run, command.output_dir)
    if command.trust:
        from grpo_arcade.arcade.trust import trusted

        trusted(folder, True)
        return 0
    with RunReader(folder) as reader:
        champion = reader.champion()
        if command.source:
            if champion is None:
                raise ValueError(f"{folder}: this run has no champion yet")
            print(clean_source(champion.source).rstrip("\n"))
            return 0
        summary = reader.summary()
        facts: dict[str, Any] = asdict(summary) | {
            "path": str(summary.path),
            "champion": None if champion is None else asdict(champion),
            "verdict_evidence": list(reader.verdict().evidence),
            "evaluations": reader.evaluations(),
            "alarms": [asdict(alarm) for alarm in reader.alarms()],
        }
    if command.json:
        print(json.dumps(facts))
        return 0
    from grpo_arcade.arcade.terminal import show_source

    about = f"{summary.path}: {summary.model} on {summary.game}, {summary.status}"
    print(f"{one_line(about)}, {summary.kind.step} {summary.step} of {summary.max_steps}")
    for line in (one_line(summary.verdict), *(f"  {one_line(line)}" for line in facts["verdict_evidence"])):
        print(line)
    for evaluation in facts["evaluations"]:
        baselines = evaluation["baselines"]
        beside = "  ".join(f"{one_line(name, 40)} {told['mean']:,.0f}" for name, told in baselines.items())
        print(f"  {summary.kind.step} {evaluation['step']:>4}: held-out {evaluation['mean']:,.0f}   ({beside})")
    for alarm in facts["alarms"]:
        print(
            f"  alarm since {summary.kind.step} {alarm['step']}: {one_line(alarm['message'])} {one_line(alarm['help'])}"
        )
    if champion is not None:
        chosen = f"{champion.score:,.0f} on the seeds champions are chosen on"
        held_out = facts["evaluations"][-1]["champion"] if facts["evaluations"] else None
        fair = f"{held_out:,.0f} held-out, " if held_out is not None else ""
        print(f"champion of {summary.kind.step} {champion.step}, {fair}{chosen}:", flush=True)
        show_source(champion.source)
        print(one_line(f"watch it: arcade play {summary.game} {shlex.quote(f'{folder}:champion')}"))
    return 0
