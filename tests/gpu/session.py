"""Half an hour with a card, in one command: each part in turn, what is done already left alone, what was cut short resumed.

    python tests/gpu/session.py OUT --models qwen1.5=FOLDER|FILE.gguf|PIECES qwen0.5=… [--minutes 28] [--only PART …]

The parts, the most wanted first: Breakout by the 1.5B, what 2048 teaches the 0.5B and the 1.5B with the toolbox and without
it, writing beside bare vLLM and without it, exports of a trained adapter, the tutorials' loop beside ours, feedback beside best of
N. Each has so many minutes and a log; what is worth keeping (records of runs, JSON, logs) lies in OUT/keep, and OUT/keep/session.json
says how each part went. A part whose model was not given is left out. PIECES is a folder with a model's file cut into pieces,
in the order of their names, as ``split`` makes them; they are put together once.

A second call with the same OUT goes on: a part that ended well or had its minutes is not done again, one that failed or was
cut short by the end of the session is, and a run is resumed. A part that fails costs nothing but its own time. ``--list``
prints the commands and starts nothing.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
PATIENCE_S = 90
"""Given to a run that is told to save and stop."""
TRAIN = (
    *("--preset", "qwen-coder", "--per-device-train-batch-size", "16", "--gradient-accumulation-steps", "8"),
    *("--num-generations", "128", "--train-seeds", "4", "--learning-rate", "5e-5", "--max-steps", "1000"),
    *("--save-steps", "100", "--vllm-gpu-memory-utilization", "0.2"),
)
BREAKOUT = (
    *("atari/breakout", "--num-generations", "64", "--gradient-accumulation-steps", "4", "--train-seeds", "1"),
    *("--train-game-options", "max_num_frames_per_episode=6000", "--eval-strategies", "32", "--eval-seeds", "4"),
)
LEARNT = "2048-toolbox-1.5b"
"""The run whose adapter is exported."""


def parts(out, models, llama_cpp=None):
    """Name, most minutes and command of each part, for the models that are there; a run of ``arcade train`` is told to save."""
    large, small = models.get("qwen1.5"), models.get("qwen0.5")
    learning = [sys.executable, str(HERE / "learning.py")]
    arcade = [sys.executable, "-m", "grpo_arcade"]

    def train(name, model, *more):
        if (out / "runs" / name / "run.db").exists():
            return [*arcade, "train", "--resume", str(out / "runs" / name)]
        where = ["--output-dir", str(out / "runs"), "--run-name", name]
        return [*arcade, "train", "--model", str(model), *where, *TRAIN, *more]

    if large:
        yield "breakout-1.5b", 5, train("breakout-1.5b", large, *BREAKOUT)
    if small:
        yield "2048-toolbox-0.5b", 4, train("2048-toolbox-0.5b", small)
    if large:
        yield LEARNT, 4, train(LEARNT, large)
        yield "2048-no-toolbox-1.5b", 4, train("2048-no-toolbox-1.5b", large, "--no-toolbox")
        yield "engine", 2, [*learning, "engine", str(large), str(out / "keep" / "engine.json")]
        for kind in ("lora", "merged-16bit", "gguf"):
            to = ["--to", kind, "--folder", str(out / kind)]
            if kind == "gguf":
                if llama_cpp is None:
                    continue
                to += ["--llama-cpp", str(llama_cpp)]
            yield f"export-{kind}", 2, [*arcade, "export", str(out / "runs" / LEARNT), *to]
    if small:
        yield (
            "writers-0.5b",
            3,
            [sys.executable, str(HERE / "writers.py"), str(small), str(out / "keep" / "writers.json")],
        )
        proof = [
            sys.executable,
            str(HERE / "proofs.py"),
            "speed",
            str(out / "keep" / "notebook"),
            "--model",
            str(small),
        ]
        yield "notebook-0.5b", 4, proof
    compare = [sys.executable, str(HERE.parents[1] / "benchmarks" / "improve_or_best_of.py")]
    for name, model in models.items():
        found = [str(model), str(out / "keep" / f"improve-{name}"), "--games", "2048", "atari/pong", "--minutes", "1"]
        yield f"improve-{name}", 5, [*compare, *found]


def whole(where, out, name):
    """A model's folder or file; of pieces, the file they make."""
    if not where.is_dir() or (where / "config.json").exists() or (where / "adapter_config.json").exists():
        return where
    file = out / f"{name}.gguf"
    if not file.exists():
        half = file.with_suffix(".half")
        with half.open("wb") as made:
            for piece in sorted(each for each in where.iterdir() if each.is_file()):
                with piece.open("rb") as read:
                    shutil.copyfileobj(read, made, 2**24)
        half.rename(file)
    return file


def done(command, log, seconds):
    """Run it, told to save when its time is over; its exit status, or "stopped" where it was told and obeyed."""
    with log.open("ab") as kept:
        child = subprocess.Popen(command, stdout=kept, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            return child.wait(seconds)
        except (subprocess.TimeoutExpired, KeyboardInterrupt) as why:
            child.send_signal(signal.SIGINT)
            try:
                child.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            if isinstance(why, KeyboardInterrupt):
                raise
            return "stopped"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--models", nargs="+", default=[], metavar="NAME=PLACE")
    parser.add_argument("--llama-cpp", type=Path, help="the folder of its sources; without it nothing becomes GGUF")
    parser.add_argument("--minutes", type=float, default=28)
    parser.add_argument("--only", nargs="+", default=[], metavar="PART")
    parser.add_argument("--list", action="store_true")
    asked = parser.parse_args()
    places = dict(word.partition("=")[::2] for word in asked.models)
    if unknown := [name for name, place in places.items() if name not in ("qwen1.5", "qwen0.5") or not place]:
        parser.error(f"--models takes qwen1.5=PLACE and qwen0.5=PLACE, not {unknown[0]}")
    if missing := [place for place in places.values() if not Path(place).exists()]:
        parser.error(f"there is no {missing[0]}")
    keep = asked.out / "keep"
    models = {name: Path(place).resolve() for name, place in places.items()}
    known = [name for name, _, _ in parts(asked.out, models, asked.llama_cpp)]
    if unknown := [name for name in asked.only if name not in known]:
        parser.error(f"no part {unknown[0]}; with these models there are {', '.join(known)}")
    if asked.list:
        for name, minutes, command in parts(asked.out, models, asked.llama_cpp):
            if not asked.only or name in asked.only:
                print(f"{name} ({minutes} min):", *command)
        return
    keep.mkdir(parents=True, exist_ok=True)
    models = {name: whole(place, asked.out, name) for name, place in models.items()}
    state = keep / "session.json"
    told = json.loads(state.read_text()) if state.exists() else {}
    end = time.monotonic() + 60 * asked.minutes
    for name, minutes, command in parts(asked.out, models, asked.llama_cpp):
        left = end - time.monotonic() - PATIENCE_S
        ended = told.get(name, {}).get("status") in (0, "stopped")
        if ended or left < 30 or (asked.only and name not in asked.only):
            continue
        print(f"{name} …", flush=True)
        started = time.monotonic()
        status = done(command, keep / f"{name}.log", min(60 * minutes, left))
        if status == "stopped" and left < 60 * minutes:
            status = "cut short"
        told[name] = {"status": status, "seconds": round(time.monotonic() - started)}
        run = asked.out / "runs" / name
        if (run / "run.db").exists():
            record = keep / f"{name}.json.gz"
            record.unlink(missing_ok=True)
            subprocess.run([sys.executable, HERE / "learning.py", "keep", run, record], check=False)
        state.write_text(json.dumps(told, indent=1))
        print(f"{name}: {status} after {told[name]['seconds']} s", flush=True)


if __name__ == "__main__":
    main()
