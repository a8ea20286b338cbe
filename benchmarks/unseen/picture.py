"""What the pocket model learns in games it never saw, as one picture: held-out score by step, a panel a run folder.

.venv/bin/pip install matplotlib
.venv/bin/python -m benchmarks.unseen.picture docs/unseen-curves.png outputs/unseen/catch outputs/unseen/gopher ...
"""

from __future__ import annotations

import sys
from itertools import cycle
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from benchmarks.learning_picture import CURVES, GRID, INK, PAPER
from grpo_arcade.recordings.runs.reader import RunReader

COLUMNS = 3
"""Panels side by side: more would be too small to read on a page."""
TOLD = """Points: the mean of the strategies sampled
after that step, at temperature 1.
Shaded: its 95 % interval.
Dashed: random moves in the same games."""


def main(picture: Path, folders: list[Path]) -> None:
    """Draw it."""
    pyplot.rcParams.update(
        {"font.size": 10, "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK}
    )
    rows, columns = -(-len(folders) // COLUMNS), min(len(folders), COLUMNS)
    figure, panels = pyplot.subplots(
        rows, columns, figsize=(3.4 * columns, 3.1 * rows), dpi=110, facecolor=PAPER, squeeze=False
    )
    for place, panel in enumerate(panels.flat[len(folders) :]):
        panel.set_axis_off()
        if not place:
            panel.text(0, 0.5, TOLD, transform=panel.transAxes, va="center", fontsize=9, linespacing=1.7)
    for panel, folder, colour in zip(panels.flat, folders, cycle(CURVES), strict=False):
        _draw(panel, folder, colour)
    for panel in panels[:, 0]:
        panel.set_ylabel("held-out score")
    figure.tight_layout()
    figure.savefig(picture, facecolor=PAPER)


def _draw(panel: Axes, folder: Path, colour: str) -> None:
    with RunReader(folder) as reader:
        evaluations = reader.evaluations()
    steps = [each["step"] for each in evaluations]
    lows, highs = [e["low"] for e in evaluations], [e["high"] for e in evaluations]
    random = evaluations[0]["baselines"]["random"]["mean"]
    minutes = (evaluations[-1]["time"] - evaluations[0]["time"]) / 60
    panel.set_facecolor(PAPER)
    panel.fill_between(steps, lows, highs, color=colour, alpha=0.18, lw=0)
    panel.plot(steps, [each["mean"] for each in evaluations], "o-", color=colour, lw=2, ms=3)
    panel.axhline(random, color=INK, ls="--", lw=1)
    bottom, top = min(*lows, random), max(*highs, random)
    panel.set_ylim(bottom - 0.08 * (top - bottom), top + 0.14 * (top - bottom))
    # At the end that the curve leaves free.
    first, last = (abs(evaluations[end]["mean"] - random) for end in (0, -1))
    where, side = (steps[0], "left") if first > last else (steps[-1], "right")
    panel.annotate("random", (where, random), xytext=(0, 3), textcoords="offset points", ha=side, fontsize=9)
    panel.set_title(f"{folder.name}, {minutes:.0f} minutes", fontsize=10, loc="left")
    panel.set_xlabel("GRPO step")
    panel.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    panel.grid(color=GRID, lw=0.8)
    for side in ("top", "right"):
        panel.spines[side].set_visible(False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(each) for each in sys.argv[2:]])
