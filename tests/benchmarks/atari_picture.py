"""The README's Atari curves, from run folders: a panel a game, held-out score by step, beside the baselines.

.venv/bin/pip install matplotlib
.venv/bin/python tests/benchmarks/atari_picture.py docs/atari-curves.png outputs/PONG outputs/BREAKOUT ...

Runs of the same game share a panel, in the order of its title.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from grpo_arcade.trainer.run_folder import RunReader

INK, PAPER, GRID = "#4a4239", "#faf7f1", "#e2d9cc"
CURVES = ("#d9762b", "#2f74a0", "#57a36c")
LINES = {"random": (":", "random"), "scripted": ("--", "written by hand")}


def main(picture: Path, folders: list[Path]) -> None:
    pyplot.rcParams.update(
        {"font.size": 10, "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK}
    )
    games: dict[str, list[Path]] = {}
    for folder in folders:
        with RunReader(folder) as run:
            games.setdefault(run.config()["config"]["game"], []).append(folder)
    figure, panels = pyplot.subplots(
        1, len(games), figsize=(3.4 * len(games), 3.4), dpi=100, facecolor=PAPER, squeeze=False
    )
    for axes, (game, runs) in zip(panels[0], games.items(), strict=True):
        draw(axes, game, runs)
    panels[0][0].set_ylabel("held-out score")
    figure.tight_layout(w_pad=1.4)
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture)


def draw(axes: pyplot.Axes, game: str, folders: list[Path]) -> None:
    axes.set_facecolor(PAPER)
    last, labels = 0, []
    for folder, colour in zip(folders, CURVES, strict=False):
        with RunReader(folder) as run:
            evaluations, rows, config = run.evaluations(), run.steps(), run.config()["config"]
        steps = [each["step"] for each in evaluations]
        last = max(last, steps[-1])
        low, high = [each["low"] for each in evaluations], [each["high"] for each in evaluations]
        axes.fill_between(steps, low, high, color=colour, alpha=0.18, lw=0)
        minutes = sum(row["step_s"] + (row["evaluate_s"] or 0) for row in rows) / 60
        labels.append(f"seed {config['seed']}, {minutes:.0f} min")
        axes.plot(steps, [each["mean"] for each in evaluations], "o-", color=colour, lw=2, ms=4)
    for name, told in evaluations[0]["baselines"].items():
        if name in LINES:
            dashes, words = LINES[name]
            axes.axhline(told["mean"], color=INK, ls=dashes, lw=1, alpha=0.75)
            axes.annotate(
                f"{words} {told['mean']:.3g}",
                (last, told["mean"]),
                (0, 3),
                textcoords="offset points",
                ha="right",
                fontsize=9,
            )
    name = game.removeprefix("atari/").replace("_", " ").capitalize()
    axes.set_title(f"{name} ({'; '.join(labels)})", fontsize=11, loc="left")
    axes.set_xlabel("GRPO step")
    axes.grid(color=GRID, lw=0.8)
    for side in axes.spines.values():
        side.set_visible(False)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), [Path(word) for word in sys.argv[2:]])
