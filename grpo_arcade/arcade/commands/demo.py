"""``arcade demo``: a few minutes of training, the table before and after, and a GIF of both playing the same game."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade.arcade.configuration import Positional
from grpo_arcade.arcade.invocation import invoked_as
from grpo_arcade.games import score_text
from grpo_arcade.trainer.config import TrainConfig

if TYPE_CHECKING:
    from grpo_arcade.recordings.runs.reader import RunReader

DEMO = TrainConfig(max_steps=42, eval_strategies=48, eval_seeds=8)
"""Small enough for six minutes on two cores, evaluations and the GIF included."""
ATARI_DEMO = replace(DEMO, max_steps=24, eval_strategies=16, eval_seeds=4, train_seeds=1)
"""The same for a console, whose games take seconds."""
GIF_BYTES = 3_000_000


@dataclass
class Command:
    """Train the pocket model briefly and show what it learnt."""

    game: Positional[str] = DEMO.game
    """What is played."""
    max_steps: int = 0
    """Training steps, each of which asks the model for 32 strategies. 0: as suits the game, 42, or 24 for Atari."""
    seed: int = DEMO.seed
    """Seeds the model's sampling."""
    output_dir: str = DEMO.output_dir
    """Where the run folder goes."""


def run(command: Command) -> int:
    """0 when everything was made, 130 when Ctrl-C stopped the training."""
    from grpo_arcade.arcade.commands.train import EXIT_CODES
    from grpo_arcade.recordings.runs.reader import RunReader
    from grpo_arcade.trainer.grpo import train

    started = time.monotonic()
    usual = ATARI_DEMO if command.game.startswith("atari/") else DEMO
    steps = command.max_steps or usual.max_steps
    config = replace(usual, game=command.game, max_steps=steps, seed=command.seed, output_dir=command.output_dir)
    config.eval_steps = steps
    config.run_name = f"demo-{command.game.replace('/', '-')}-{time.strftime('%Y%m%d-%H%M%S')}"
    result = train(config, capture=True)
    if result.status != "finished":
        return EXIT_CODES.get(result.status, 0)
    folder = result.folder
    with RunReader(folder) as reader:
        _tell(reader)
        gif = _film(reader, folder / "recordings" / "before-after.gif")
    minutes = (time.monotonic() - started) / 60
    print(f"\n{minutes:.1f} minutes in all. Before and after, on the same seed: {gif}")
    print("Try next:")
    arcade, run = invoked_as(), shlex.quote(str(folder))
    for line, why in (
        (f"play {command.game} {run}:champion", "watch the best strategy play"),
        (f"runs {run}", "its source, and how the run went"),
        (f"play {command.game} {run}", "ask the trained model for a new one"),
        (f"train {command.game}", "longer: much better ones"),
    ):
        print(f"  {arcade} {line:{60}}  {why}")
    return 0


def _tell(reader: RunReader) -> None:
    from rich.table import Table

    from grpo_arcade.arcade.terminal import table_console

    evaluations = reader.evaluations()
    first, last = evaluations[0], evaluations[-1]
    seeds = len(first["seeds"])
    title = (
        f"held-out score: mean of {first['strategies']} strategies × {seeds} seeds (baselines: the same {seeds} seeds)"
    )
    table = Table(box=None, pad_edge=False)
    for column, justify in (("player", "left"), ("mean score", "right"), ("95 % interval", "right"), ("won", "right")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    rows: list[tuple[float, tuple[str, ...], str]] = [
        (told["mean"], (name, f"{score_text(told['mean'])}", "", f"{told['won']:.0%}"), "dim")
        for name, told in first["baselines"].items()
    ]
    for name, evaluation in (("model before", first), (f"model after step {last['step']}", last)):
        rows.append((evaluation["mean"], (name, *_figures(evaluation)), "bold"))
    if last["champion"] is not None:
        rows.append((last["champion"], ("its best strategy", score_text(last["champion"]), "", ""), ""))
    for _, cells, style in sorted(rows, key=lambda row: row[0]):
        table.add_row(*cells, style=style)
    console = table_console()
    console.print(title, style="italic", highlight=False)
    console.print(table)


def _figures(evaluation: dict[str, Any]) -> tuple[str, str, str]:
    interval = f"{score_text(evaluation['low'])} to {score_text(evaluation['high'])}"
    return score_text(evaluation["mean"]), interval, f"{evaluation['won']:.0%}"


def _film(reader: RunReader, path: Path) -> Path:
    from grpo_arcade.recordings.films import write_gif
    from grpo_arcade.recordings.runs.before_after import before_and_after

    write_gif(before_and_after(reader), path, frames_per_move=2, speed=4, max_bytes=GIF_BYTES)
    return path
