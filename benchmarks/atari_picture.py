"""The README's Atari curves, from run folders: a panel a game, held-out score by minutes, beside the baselines.

.venv/bin/pip install matplotlib
.venv/bin/python benchmarks/atari_picture.py docs/atari-curves.png outputs/PONG outputs/BREAKOUT ...

Runs of the same game share a panel, in the order of its title.
"""

from __future__ import annotations

import itertools
import math
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from grpo_arcade.recordings.runs.reader import RunReader

INK, PAPER, GRID = "#4a4239", "#faf7f1", "#e2d9cc"
CURVES = ("#d9762b", "#2f74a0", "#57a36c", "#8b6fb0")
LINES = {"random": (":", "random"), "scripted": ("--", "written by hand")}
ABREAST = 3


def main(picture: Path, folders: list[Path]) -> None:
    pyplot.rcParams.update(
        {"font.size": 10, "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK}
    )
    games: dict[str, list[Path]] = {}
    for folder in folders:
        with RunReader(folder) as run:
            games.setdefault(run.config()["config"]["game"], []).append(folder)
    rows = math.ceil(len(games) / ABREAST)
    figure, grid = pyplot.subplots(
        rows, ABREAST, figsize=(3.4 * ABREAST, 3.2 * rows), dpi=100, facecolor=PAPER, squeeze=False
    )
    panels = list(grid.flat)
    for axes, (game, runs) in zip(panels, games.items(), strict=False):
        draw(axes, game, runs)
    for axes in panels[len(games) :]:
        axes.axis("off")
    for first in grid[:, 0]:
        first.set_ylabel("held-out score")
    figure.tight_layout(w_pad=1.4)
    lines = {line.get_label(): line for axes in panels for line in axes.lines if line.get_label().startswith("seed")}
    figure.legend([lines[name] for name in sorted(lines)], sorted(lines), frameon=False, loc="lower right")
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture)


def draw(axes: pyplot.Axes, game: str, folders: list[Path]) -> None:
    axes.set_facecolor(PAPER)
    last, top = 0.0, 0.0
    for folder in folders:
        with RunReader(folder) as run:
            evaluations, rows, config = run.evaluations(), run.steps(), run.config()["config"]
        colour = CURVES[config["seed"] % len(CURVES)]
        spent = itertools.accumulate((row["step_s"] + (row["evaluate_s"] or 0)) / 60 for row in rows)
        taken = {0: 0.0} | dict(zip((row["step"] for row in rows), spent, strict=True))
        minutes = [taken[each["step"]] for each in evaluations]
        means, low, high = ([each[name] for each in evaluations] for name in ("mean", "low", "high"))
        last, top = max(last, minutes[-1]), max(top, *high)
        axes.fill_between(minutes, low, high, color=colour, alpha=0.18, lw=0)
        axes.plot(minutes, means, "o-", color=colour, lw=2, ms=3, label=f"seed {config['seed']}")
    for name, told in evaluations[0]["baselines"].items():
        if name not in LINES:
            continue
        dashes, words = LINES[name]
        words = f"{words} {told['mean']:,.0f}"
        if told["mean"] > 2 * max(top, 1):
            axes.annotate(f"{words} ↑", (1, 1), (0, 2), "axes fraction", "offset points", ha="right", fontsize=9)
            continue
        axes.axhline(told["mean"], color=INK, ls=dashes, lw=1, alpha=0.75)
        axes.annotate(words, (last, told["mean"]), (0, 3), textcoords="offset points", ha="right", fontsize=9)
    axes.set_title(game.removeprefix("atari/").replace("_", " ").title(), fontsize=11, loc="left")
    axes.set_xlabel("minutes")
    axes.grid(color=GRID, lw=0.8)
    for side in axes.spines.values():
        side.set_visible(False)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), [Path(word) for word in sys.argv[2:]])
