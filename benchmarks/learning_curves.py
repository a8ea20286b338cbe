"""Several training runs side by side, each on its own cores, and what became of them.

    .venv/bin/python benchmarks/learning_curves.py --seconds 1200 seed=0 seed=1 "seed=0 learning_rate=2e-4"

Each argument is one run: settings of TrainConfig as name=value, separated by spaces. Runs that do not fit on the cores
wait. The table gives the held-out score of every evaluation; the run folders stay for `arcade runs` and the picture.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from grpo_arcade.recordings.runs.reader import RunReader


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--cores", type=int, default=2, help="cores for each run")
    parser.add_argument("--seconds", type=float, default=1200, help="every run is asked to stop after so many")
    parser.add_argument("--output-dir", type=Path, default=Path("outputs"))
    args = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    places = [cores[i : i + args.cores] for i in range(0, len(cores) - args.cores + 1, args.cores)]
    if len(args.runs) > len(places):
        raise SystemExit(f"{len(args.runs)} runs of {args.cores} cores each do not fit on {len(cores)} cores")
    args.output_dir.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    children = [
        start(run, f"run{i}", place, args.output_dir)
        for i, (run, place) in enumerate(zip(args.runs, places, strict=False))
    ]
    for child in children:
        try:
            child.wait(max(0.0, args.seconds - (time.monotonic() - started)))
        except subprocess.TimeoutExpired:
            child.send_signal(2)  # as Ctrl-C: the step is finished and saved
    for child in children:
        child.wait()
    for i, run in enumerate(args.runs):
        tell(run, args.output_dir / f"run{i}")


def start(run: str, name: str, cores: list[int], output_dir: Path) -> subprocess.Popen[bytes]:
    flags: list[str] = []
    for setting in run.split():
        setting_name, _, value = setting.partition("=")
        # A comma makes a list: rewards=function_works,progress.
        flags += ["--" + setting_name.replace("_", "-"), *value.split(",")]
    command = [
        sys.executable,
        "-m",
        "grpo_arcade.arcade.cli",
        "train",
        *flags,
        "--run-name",
        name,
        "--output-dir",
        str(output_dir),
    ]
    with (output_dir / f"{name}.txt").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=lambda: os.sched_setaffinity(0, cores))


def tell(run: str, folder: Path) -> None:
    try:
        with RunReader(folder) as reader:
            steps, evaluations = reader.steps(), reader.evaluations()
            curve = "  ".join(f"{each['step']}: {each['mean']:,.0f}" for each in evaluations)
            seconds = sum(step["step_s"] for step in steps)
            parts = {
                part: sum(step[f"{part}_s"] or 0 for step in steps)
                for part in ("generate", "score", "learn", "evaluate")
            }
            last = steps[-10:]
            training = sum(step["score"] for step in last) / len(last)
            print(
                f"{run}\n  {len(steps)} steps in {seconds:.0f} s ({', '.join(f'{k} {v:.0f}' for k, v in parts.items())})"
            )
            print(f"  held-out {curve}; training score of the last {len(last)} steps {training:,.0f}")
            print(
                f"  entropy {steps[0]['entropy']:.2f} → {last[-1]['entropy']:.2f}, identical {last[-1]['identical_share']:.2f}, length {last[-1]['completion_length']:.0f}"
            )
            champion = reader.champion()
            print(f"  champion {champion.score:,.0f}" if champion else "  no champion", flush=True)
    except (ValueError, IndexError, ZeroDivisionError, TypeError) as error:
        print(f"{run}\n  {error}", flush=True)


if __name__ == "__main__":
    main()
