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

from benchmarks.learning_picture import CURVES, GRID, INK, PAPER
from grpo_arcade.recordings.runs.reader import RunReader

COLUMNS = 3
"""Panels side by side: more would be too small to read on a page."""


def main(picture: Path, folders: list[Path]) -> None:
    """Draw it."""
    pyplot.rcParams.update(
        {"font.size": 10, "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK}
    )
    rows, columns = -(-len(folders) // COLUMNS), min(len(folders), COLUMNS)
    figure, panels = pyplot.subplots(
        rows, columns, figsize=(3.4 * columns, 3.1 * rows), dpi=110, facecolor=PAPER, squeeze=False
    )
    for panel in panels.flat[len(folders) :]:
        panel.set_visible(False)
    for panel, folder, colour in zip(panels.flat, folders, cycle(CURVES), strict=False):
        with RunReader(folder) as reader:
            evaluations = reader.evaluations()
        steps = [each["step"] for each in evaluations]
        panel.set_facecolor(PAPER)
        panel.fill_between(
            steps, [e["low"] for e in evaluations], [e["high"] for e in evaluations], color=colour, alpha=0.18, lw=0
        )
        panel.plot(steps, [each["mean"] for each in evaluations], "o-", color=colour, lw=2, ms=3)
        random = evaluations[0]["baselines"]["random"]["mean"]
        panel.axhline(random, color=INK, ls="--", lw=1)
        panel.annotate("random", (steps[-1], random), xytext=(0, 3), textcoords="offset points", ha="right", fontsize=9)
        panel.set_title(folder.name, fontsize=10, loc="left")
        panel.set_xlabel("GRPO step")
        panel.grid(color=GRID, lw=0.8)
        for side in ("top", "right"):
            panel.spines[side].set_visible(False)
    for panel in panels[:, 0]:
        panel.set_ylabel("held-out score")
    figure.tight_layout()
    figure.savefig(picture, facecolor=PAPER)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(each) for each in sys.argv[2:]])
