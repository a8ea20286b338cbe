"""The README's learning curve, from run folders: held-out score by step, beside the baselines on the same seeds.

.venv/bin/pip install matplotlib
.venv/bin/python benchmarks/learning_picture.py docs/learning-curve.png outputs/RUN [outputs/RUN ...]
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from grpo_arcade.recordings.runs.reader import RunReader

INK, PAPER, GRID = "#4a4239", "#faf7f1", "#e2d9cc"
CURVES = ("#d9762b", "#2f74a0", "#57a36c", "#64418f")


def main(picture: Path, folders: list[Path]) -> None:
    pyplot.rcParams.update(
        {"font.size": 11, "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK}
    )
    figure, axes = pyplot.subplots(figsize=(8.6, 4.4), dpi=110, facecolor=PAPER)
    axes.set_facecolor(PAPER)
    for folder, colour in zip(folders, CURVES, strict=False):
        with RunReader(folder) as reader:
            evaluations, facts, config = reader.evaluations(), reader.steps(), reader.config()["config"]
        steps = [each["step"] for each in evaluations]
        axes.fill_between(
            steps, [e["low"] for e in evaluations], [e["high"] for e in evaluations], color=colour, alpha=0.18, lw=0
        )
        minutes = sum(step["step_s"] + (step["evaluate_s"] or 0) for step in facts) / 60
        label = f"pocket model, seed {config['seed']} ({minutes:.0f} min)"
        axes.plot(steps, [each["mean"] for each in evaluations], "o-", color=colour, lw=2, ms=5, label=label)
    baselines = evaluations[0]["baselines"]
    for (name, told), style in zip(baselines.items(), (":", "--", "-."), strict=False):
        axes.axhline(told["mean"], color=INK, ls=style, lw=1, alpha=0.75)
        axes.annotate(
            f"{name} {told['mean']:,.0f}",
            (1.0, told["mean"]),
            xycoords=("axes fraction", "data"),
            xytext=(-4, 3),
            textcoords="offset points",
            ha="right",
            fontsize=10,
        )
    axes.set_yscale("log")
    axes.set_yticks([1000, 2000, 4000, 8000, 16000], ["1,000", "2,000", "4,000", "8,000", "16,000"])
    axes.minorticks_off()
    axes.set_xlabel("GRPO step (32 strategies each)")
    first = evaluations[0]
    axes.set_ylabel("held-out score")
    axes.set_title(
        f"4×4 2048: mean of {first['strategies']} strategies × {len(first['seeds'])} held-out seeds, with 95 % intervals",
        fontsize=11,
        loc="left",
    )
    axes.grid(color=GRID, lw=0.8)
    axes.legend(loc="upper left", frameon=False, bbox_to_anchor=(0, 0.94))
    for side in axes.spines.values():
        side.set_visible(False)
    figure.tight_layout()
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), [Path(word) for word in sys.argv[2:]])
