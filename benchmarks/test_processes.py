"""One process against two with the same completions a step: what they learn from as many samples, and how fast.

On a machine with two cards each process has one; elsewhere the two share the cores, and only the learning compares.
"""

import os
import statistics
import subprocess
import sys

import pytest

from grpo_arcade.recordings.runs.reader import RunReader

STEPS = int(os.environ.get("STEPS", "20"))


def _run(count, folder):
    """The pocket model's usual run, shortened, on ``count`` processes; its folder."""
    name = f"on-{count}"
    order = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(count)]
    settings = {
        "--gradient-accumulation-steps": 4 // count, "--max-steps": STEPS, "--eval-steps": STEPS, "--run-name": name,
        "--output-dir": folder, "--run-key": "ab" * 16,
    }  # fmt: skip
    words = [str(word) for pair in settings.items() for word in pair]
    subprocess.run([*order, "-m", "grpo_arcade", "train", *words], check=True)
    return folder / name


@pytest.mark.benchmark
def test_two_processes_against_one(tmp_path):
    import torch

    cards = torch.cuda.device_count()
    where = f"{cards} cards" if cards else "no card: the processes share the cores"
    print(f"\npocket model, {STEPS} steps of 32 completions, 4 games each; {where}")
    print(f"{'processes':>9} {'held-out before':>16} {'after':>8} {'last 5 steps':>13} {'s a step':>9} {'steps/h':>8}")
    for count in (1, 2):
        with RunReader(_run(count, tmp_path)) as run:
            steps, (before, after) = run.steps(), run.evaluations()
        last = statistics.fmean(row["score"] for row in steps[-5:])
        seconds = statistics.median(row["step_s"] for row in steps[1:])
        print(
            f"{count:>9} {before['mean']:>16,.0f} {after['mean']:>8,.0f} {last:>13,.0f} {seconds:>9.2f} "
            f"{3600 / seconds:>8,.0f}"
        )
