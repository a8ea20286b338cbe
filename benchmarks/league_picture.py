"""A run's league as a curve: how strong who joined is, as rated at the end, beside what is held out.

.venv/bin/pip install matplotlib
.venv/bin/python benchmarks/league_picture.py docs/league.png outputs/RUN ...

A row a run: on the left the rating of each strategy by the step in which it joined, with its 95 % interval, and the
baselines of the league; on the right the game for one, against an opponent that nobody trained with: the held-out score
of the model as the run has it, and of each of its champions on sixteen held-out seeds, which are played here, beside the
baselines.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from grpo_arcade.cores import cores
from grpo_arcade.games import make
from grpo_arcade.games.players import MatchPool
from grpo_arcade.games.seeds import EVALUATION_SEEDS
from grpo_arcade.recordings.runs import league
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.records import Champion
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.evaluate import evaluate_source
from grpo_arcade.trainer.evaluation import Evaluation

INK, PAPER, GRID, OWN, CHAMPION = "#4a4239", "#faf7f1", "#e2d9cc", "#2f74a0", "#d9762b"
STYLES = (":", "--", "-.")


def main(picture: Path, folders: list[Path]) -> None:
    """Draw, and write the file."""
    pyplot.rcParams.update(
        {"font.size": 10, "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK}
    )
    size = 9.2, 2.9 * len(folders)
    figure, grid = pyplot.subplots(len(folders), 2, figsize=size, dpi=100, facecolor=PAPER, squeeze=False)
    for (left, right), folder in zip(grid, folders, strict=True):
        with RunReader(folder) as run:
            draw_ratings(left, run)
            draw_held_out(right, run)
    for axes in grid.flat:
        axes.set_facecolor(PAPER)
        axes.grid(color=GRID, linewidth=0.8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8)
    for axes in grid[-1]:
        axes.set_xlabel("step")
    figure.tight_layout(w_pad=1.6)
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture)


def draw_ratings(axes: pyplot.Axes, run: RunReader) -> None:
    """Everybody in the league."""
    members = league.members(run)
    joined = [member for member in members if not member.baseline]
    steps = [member.step for member in joined]
    low, high = zip(*(member.interval for member in joined), strict=True)
    axes.fill_between(steps, low, high, color=OWN, alpha=0.18, linewidth=0)
    axes.plot(steps, [member.mu for member in joined], "o-", color=OWN, markersize=3, label="who joined, by step")
    for style, member in zip(STYLES, (each for each in members if each.baseline), strict=False):
        axes.axhline(member.mu, color=INK, linestyle=style, linewidth=1, label=member.name)
    config = run.config()["config"]
    axes.set_title(f"{config['game']}, seed {config['seed']}: rating, 95 %", fontsize=10)


def draw_held_out(axes: pyplot.Axes, run: RunReader) -> None:
    """The evaluations."""
    rows = run.evaluations()
    steps = [row["step"] for row in rows]
    axes.fill_between(
        steps, [row["low"] for row in rows], [row["high"] for row in rows], color=OWN, alpha=0.18, linewidth=0
    )
    axes.plot(steps, [row["mean"] for row in rows], "o-", color=OWN, markersize=3, label="model")
    draw_champions(axes, run, run.facts()["step"])
    for style, (name, kept) in zip(STYLES, rows[-1]["baselines"].items(), strict=False):
        axes.axhline(kept["mean"], color=INK, linestyle=style, linewidth=1, label=name)
    axes.set_title("held-out score", fontsize=10)


def draw_champions(axes: pyplot.Axes, run: RunReader, last: int) -> None:
    """Each champion from the step at which it became it to the next one's, with its 95 % interval."""
    config = TrainConfig.of(run)
    alone = make(config.game, **config.options)
    champions = run.champions()
    with MatchPool() as pool, ThreadPoolExecutor(cores()) as threads:

        def measured(champion: Champion) -> Evaluation:
            return evaluate_source(champion.source, alone, list(EVALUATION_SEEDS[:16]), pool=pool)

        found = list(threads.map(measured, champions))
    steps = [*(champion.step for champion in champions), last]
    found.append(found[-1])
    low, high = zip(*(each.interval for each in found), strict=True)
    axes.fill_between(steps, low, high, step="post", color=CHAMPION, alpha=0.18, linewidth=0)
    axes.step(steps, [each.mean for each in found], where="post", color=CHAMPION, label="champion, 16 seeds")
    for step, each in zip(steps, found[:-1], strict=False):
        print(f"champion of step {step}: {each.mean:.2f} ({each.interval[0]:.2f} to {each.interval[1]:.2f})")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(word) for word in sys.argv[2:]])
