"""What a real coder model learnt on a card, from the records beside this file: held-out score by minutes of training.

.venv/bin/pip install matplotlib
.venv/bin/python benchmarks/real_model_picture.py docs/real-model.png

``tests/gpu/learning.py keep`` makes such a record of a run.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

RECORDS = Path(__file__).parent / "real_model"
RUNS = {
    "qwen1.5-lr1e-4-seed1": "seed 1, learning rate 1e-4",
    "qwen1.5-lr2e-5-seed1": "seed 1, 2e-5",
    "qwen1.5-lr2e-5-seed0-ahead": "seed 0, 2e-5, prompt with a hint",
    "qwen1.5-lr3e-5-seed2-weak": "seed 2, 3e-5, KL 0.02, prompt with a weak player",
}
BEST_OF_384 = 3382
"""Held-out score of the best of 384 untrained answers, chosen by its training games (137,000 tokens)."""


def record(name: str) -> dict[str, Any]:
    """A run's record."""
    return json.loads(gzip.decompress((RECORDS / f"{name}.json.gz").read_bytes()))


def main(picture: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from learning_picture import CURVES, GRID, INK, PAPER
    from matplotlib import pyplot

    pyplot.rcParams.update(
        {"font.size": 11, "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK}
    )
    figure, axes = pyplot.subplots(figsize=(8.6, 4.4), dpi=110, facecolor=PAPER)
    axes.set_facecolor(PAPER)
    for (name, label), colour in zip(RUNS.items(), CURVES, strict=True):
        run = record(name)
        began = run["steps"][0]["time"] - run["steps"][0]["step_s"]
        minutes = [max(0.0, (row["time"] - began) / 60) for row in run["evaluations"]]
        axes.plot(minutes, [row["mean"] for row in run["evaluations"]], "o-", color=colour, lw=2, ms=6, label=label)
        training = [(row["time"] - began) / 60 for row in run["steps"]]
        axes.plot(training, [row["score"] for row in run["steps"]], color=colour, lw=0.8, alpha=0.45)
    lines = {"random": run["baselines"]["random"], "greedy": run["baselines"]["greedy"], "best of 384": BEST_OF_384}
    for (name, mean), style in zip(lines.items(), (":", "--", "-."), strict=True):
        axes.axhline(mean, color=INK, ls=style, lw=1, alpha=0.75)
        where = {"ha": "right", "fontsize": 10, "textcoords": "offset points", "xytext": (-4, 3)}
        axes.annotate(f"{name} {mean:,.0f}", (1.0, mean), xycoords=("axes fraction", "data"), **where)
    axes.set_xlabel("minutes of training, evaluations included")
    axes.set_ylabel("score")
    axes.set_ylim(0, 5200)
    title = (
        "Qwen2.5-Coder-1.5B, LoRA, 4×4 2048 with toolbox: held-out mean of 64 strategies × 16 seeds (thin: in training)"
    )
    axes.set_title(title, fontsize=9, loc="left")
    axes.grid(color=GRID, lw=0.8)
    axes.legend(loc="upper left", frameon=False, fontsize=9.5, ncols=2)
    for side in axes.spines.values():
        side.set_visible(False)
    figure.tight_layout()
    figure.savefig(picture)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
