"""Time and memory as things grow: strategies of a run, games of a match, watchers, steps of a run.

    .venv/bin/python benchmarks/growth.py [--only strategies games watchers steps] [--most-strategies 1000000]

CPU seconds of this process, or of the process named. ``power`` is the exponent between the first and the last row of a
column: 1 is linear, 0 does not grow.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import random
import resource
import runpy
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

MADE_RUN = Path(__file__).parents[1] / "tests" / "arcade" / "dashboard" / "made_run.py"
Cells = dict[str, float]
"""What was measured at one size, by its words."""


def spent(work: Callable[[], object], repeats: int = 3) -> float:
    """The least CPU seconds of some repeats."""
    found = []
    for _ in range(repeats):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return min(found)


def apart(work: Callable[..., Cells], *arguments: Any) -> Cells:
    """What ``work`` finds in a process of its own, whose memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def resident() -> float:
    """MiB this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# ---- Strategies of a run ----------------------------------------------------------------------------------------------


def _look(folder: Path) -> Cells:
    from grpo_arcade.recordings.runs.snapshot import RunFollower

    follower = RunFollower(folder)
    first = spent(follower.read, 1)
    again = spent(follower.read)
    step = follower.reader.training_step()
    return {
        "first look ms": first * 1e3,
        "a later look ms": again * 1e3,
        "news? ms": spent(follower.has_news) * 1e3,
        "a step's strategies ms": spent(lambda: follower.reader.strategies(step)) * 1e3,
        "memory MiB": resident(),
    }


def strategies(folder: Path, size: int) -> Cells:
    """A run of so many strategies, 200 a step, read by the window and the dashboard, written by the trainer."""
    made = runpy.run_path(str(MADE_RUN))
    run = made["make_large_run"](folder, size, max(50, size // 200), f"run{size}")
    cells = {"file MiB": (run / "run.db").stat().st_size / 2**20}
    cells |= apart(_look, run)
    cells["a step written ms"] = _written(made, run)
    return cells


def _written(made: dict[str, Any], run: Path) -> float:
    """Milliseconds to write one more step of strategies."""
    from grpo_arcade.recordings.runs.writer import RunWriter

    last = 10**9
    rng, played = random.Random(3), made["episodes"]()
    with RunWriter.reopen(run, last) as writer:
        steps = (last + 1, last + 2, last + 3)
        return min(spent(partial(made["write_step"], writer, step, played, rng), 1) for step in steps) * 1e3


# ---- Games of a match -------------------------------------------------------------------------------------------------


def games(_folder: Path, size: int) -> Cells:
    """A one-ply program in so many games of a small board at once."""
    return apart(_match, size)


def _match(size: int) -> Cells:
    from match_parts import LIMITS, ONE_PLY

    from grpo_arcade.games.players import play_match

    began = time.process_time()
    result = play_match(ONE_PLY, "2048", {"size": 3, "target": 64}, range(size), limits=LIMITS)
    here = time.process_time() - began
    moves = sum(len(episode.actions) for episode in result.episodes)
    return {
        "here ms": here * 1e3,
        "program ms": result.cpu_s * 1e3,
        "a move µs": (here + result.cpu_s) / moves * 1e6,
        "memory MiB": resident(),
    }


# ---- Watchers of a run ------------------------------------------------------------------------------------------------


def watchers(folder: Path, size: int) -> Cells:
    """A trainer that writes 40 steps while so many others look at the run four times a second."""
    made = runpy.run_path(str(MADE_RUN))
    rng, played = random.Random(3), made["episodes"]()
    with made["open_run"](folder, f"watched{size}", 1000) as writer:
        made["write_step"](writer, 1, played, rng)
        context = multiprocessing.get_context("spawn")
        over, used = context.Event(), context.Queue()
        others = [context.Process(target=_watch, args=(writer.folder, over, used)) for _ in range(size)]
        for other in others:
            other.start()
        for _ in others:
            used.get()  # it has looked for the first time
        worst, began = 0.0, time.process_time()
        for step in range(2, 42):
            started = time.perf_counter()
            made["write_step"](writer, step, played, rng)
            worst = max(worst, time.perf_counter() - started)
            time.sleep(0.1)
        took = time.process_time() - began
        over.set()
        looked = [used.get() for _ in others]
        for other in others:
            other.join()
    return {
        "a step written ms": took / 40 * 1e3,
        "the slowest by the clock ms": worst * 1e3,
        "a watcher's CPU a second ms": sum(looked) / max(1, len(looked)) * 1e3,
    }


def _watch(folder: Path, over: Any, used: Any) -> None:
    from grpo_arcade.recordings.runs.snapshot import RunFollower

    follower = RunFollower(folder)
    follower.read()
    used.put(0.0)
    began, clock = time.process_time(), time.perf_counter()
    while not over.wait(0.25):
        if follower.has_news():
            follower.read()
    used.put((time.process_time() - began) / (time.perf_counter() - clock))


# ---- Steps of a run ---------------------------------------------------------------------------------------------------


def steps(_folder: Path, size: int) -> Cells:
    """What the trainer decides after step so many: alarms, collapse, which checkpoint is good."""
    return apart(_decide, size)


def _decide(size: int) -> Cells:
    from grpo_arcade.trainer import alarms
    from grpo_arcade.trainer.recorder import History

    step_row = runpy.run_path(str(MADE_RUN))["step_row"]
    rng = random.Random(5)
    rows = [step_row(step, rng, {"lost": 30, "crashed": 1, "won": 1}) for step in range(1, size + 1)]
    history = History(steps=[{**row, "metrics": _decoded(row["metrics"]), "outcomes": _decoded(row["outcomes"])} for row in rows])  # fmt: skip
    kept = [size - 30, size - 20, size - 10]

    def decide() -> None:
        alarms.signs(history.since_fall(), history.evaluations)
        alarms.collapsed(history.since_fall(), history.evaluations)
        alarms.newest_good(kept, history.steps, history.falls, size - 5)

    return {"decisions after a step ms": spent(decide) * 1e3, "memory MiB": resident()}


def _decoded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


SIZES: dict[str, tuple[Callable[[Path, int], Cells], tuple[int, ...]]] = {
    "strategies": (strategies, (1_000, 10_000, 100_000, 1_000_000)),
    "games": (games, (1, 8, 64, 512, 4096)),
    "watchers": (watchers, (0, 1, 4, 16)),
    "steps": (steps, (100, 1_000, 10_000, 100_000)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--most-strategies", type=int, default=1_000_000)
    args = parser.parse_args()
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    for name in args.only:
        measure, sizes = SIZES[name]
        print(f"\n{(measure.__doc__ or '').split(chr(10))[0]}")
        rows: list[tuple[int, Cells]] = []
        for size in sizes:
            if name == "strategies" and size > args.most_strategies:
                continue
            with tempfile.TemporaryDirectory() as folder:
                cells = measure(Path(folder), size)
            if not rows:
                print(f"{name:>12}" + "".join(f"{words:>{max(14, len(words) + 2)}}" for words in cells))
            rows.append((size, cells))
            print(f"{size:12,}" + "".join(f"{value:{max(14, len(words) + 2)},.2f}" for words, value in cells.items()), flush=True)  # fmt: skip
        (small, first), (large, last) = rows[1 if rows[0][0] == 0 else 0], rows[-1]
        if large > small:
            powers = [
                math.log(max(last[words], 1e-9) / max(first[words], 1e-9)) / math.log(large / small) for words in last
            ]
            print(f"{'power':>12}" + "".join(f"{power:{max(14, len(words) + 2)}.2f}" for words, power in zip(last, powers, strict=True)))  # fmt: skip


if __name__ == "__main__":
    main()
