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
PANELS = {
    "1.5B": {
        "qwen1.5-shared-lr1e-4-seed0": "seed 0, learning rate 1e-4",
        "qwen1.5-shared-lr1e-4-seed1": "seed 1",
        "qwen1.5-shared-lr1e-4-seed2": "seed 2",
        "qwen1.5-shared-lr5e-5-seed0": "seed 0, 5e-5",
        "qwen1.5-lr1e-4-seed1": "every copy counts, 1e-4",
        "qwen1.5-shared-lr5e-5-seed0-no-toolbox": "without toolbox, seed 0, 5e-5",
    },
    "0.5B": {
        "qwen0.5-shared-lr5e-5-seed0-long": "seed 0, learning rate 5e-5",
        "qwen0.5-shared-lr5e-5-seed1-long": "seed 1",
        "qwen0.5-shared-lr5e-5-seed0": "seed 0, earlier, broken off",
        "qwen0.5-shared-lr5e-5-seed1": "seed 1, earlier, broken off",
    },
}
"""Runs and what they are called, by the model."""
BEST_OF = {"1.5B": ("qwen1.5-untrained-best-of", (512, 1536)), "0.5B": ("qwen0.5-untrained-best-of", (288, 312))}
"""For each model the best of so many untrained answers, beside it."""


def record(name: str) -> dict[str, Any]:
    """A run's record."""
    return json.loads(gzip.decompress((RECORDS / f"{name}.json.gz").read_bytes()))


def minutes(run: dict[str, Any], step: int) -> float:
    """Of training up to a step, what was measured on the way included."""
    training = sum(row["step_s"] for row in run["steps"] if row["step"] <= step)
    return (training + sum(row["seconds"] for row in run["evaluations"] if 0 < row["step"] <= step)) / 60


def main(picture: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from learning_picture import CURVES, GRID, INK, PAPER
    from matplotlib import pyplot

    pyplot.rcParams.update(
        {"font.size": 11, "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK}
    )
    figure, both = pyplot.subplots(
        1, 2, figsize=(12, 5), dpi=100, facecolor=PAPER, sharey=True, width_ratios=(9.2, 9.2)
    )
    for axes, (model, runs) in zip(both, PANELS.items(), strict=True):
        axes.set_facecolor(PAPER)
        styles = [*((colour, "o-") for colour in CURVES), (INK, "o--"), ("#a8456b", "s-")]
        for (name, label), (colour, style) in zip(runs.items(), styles, strict=False):
            run = record(name)
            found = [(minutes(run, row["step"]), row["mean"]) for row in run["evaluations"]]
            axes.plot(*zip(*found, strict=True), style, color=colour, lw=2, ms=6, label=label)
            training = [(minutes(run, row["step"]), row["score"]) for row in run["steps"]]
            axes.plot(*zip(*training, strict=True), color=colour, lw=0.8, alpha=0.45)
        kept, counts = BEST_OF[model]
        lines = {name: run["baselines"][name] for name in ("random", "greedy")}
        lines |= {
            f"best of {row['answers']:,} untrained": row["held_out"]
            for row in record(kept)["rows"]
            if row["answers"] in counts
        }
        for (name, mean), style in zip(lines.items(), (":", "--", "-.", "-."), strict=True):
            axes.axhline(mean, color=INK, ls=style, lw=1, alpha=0.75)
            where = {"ha": "right", "fontsize": 9.5, "textcoords": "offset points", "xytext": (-4, 3)}
            axes.annotate(f"{name} {mean:,.0f}", (1.0, mean), xycoords=("axes fraction", "data"), **where)
        axes.set_xlabel("minutes of training, evaluations included")
        axes.set_xlim(0, 9.2)
        axes.set_ylim(0, 13_000)
        axes.set_title(f"Qwen2.5-Coder-{model}, 4×4 2048", fontsize=10, loc="left")
        axes.grid(color=GRID, lw=0.8)
        axes.legend(loc="upper left", frameon=False, fontsize=9, ncols=2)
        for side in axes.spines.values():
            side.set_visible(False)
    both[0].set_ylabel("held-out mean, 64 strategies × 16 seeds (thin: in training)", fontsize=9)
    figure.tight_layout()
    figure.savefig(picture)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
