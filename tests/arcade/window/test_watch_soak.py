"""Watch for half an hour: memory stays flat. Half an hour of pocket training is 190 steps of 16 strategies; they come
here faster, and are all seen.

ARCADE_SOAK_STEPS=60 pytest -m soak -s tests/arcade/window/test_watch_soak.py for a shorter one.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grpo_arcade.arcade.window.scenes.watch import WatchScene

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux"),
]

STEPS = int(os.environ.get("ARCADE_SOAK_STEPS", "190"))
PACE_S = 1.0
MADE_RUNS = Path(__file__).with_name("made_runs.py")


def megabytes(pid):
    """Memory that is this process's own."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def children():
    """The window's processes: the feed, and the studio if there is one."""
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    found = {int(pid) for task in tasks for pid in task.read_text().split()}
    return {pid for pid in found if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()}


@pytest.mark.parametrize("game", ["2048", "atari/pong"])
def test_memory_is_flat_over_half_an_hour_of_watch(app, hands, tmp_path, game):
    command = [sys.executable, str(MADE_RUNS), str(tmp_path), "run", game, str(STEPS), str(PACE_S)]
    writer = subprocess.Popen(command)
    try:
        hands.until(lambda: (tmp_path / "run" / "run.db").exists(), 120)
        scene = WatchScene(app, tmp_path / "run")
        app.open(scene)
        hands.until(lambda: len(scene.tiles) == 16, 600)
        scene.speed = 16.0
        seen, table = set(), []
        end = time.monotonic() + 3000
        while scene.news.status in ("starting", "running") and time.monotonic() < end:
            app.turn()
            if scene.news.shown not in seen:
                seen.add(scene.news.shown)
                if len(seen) % 5 == 0:  # what a person does now and then
                    hands.press("return", "right", "escape", ",", "end", "o")
                if len(seen) % 10 == 0:
                    table.append(
                        (scene.news.shown, megabytes(os.getpid()), [megabytes(pid) for pid in sorted(children())])
                    )
    finally:
        writer.terminate()
        writer.wait()
    print(f"\n{game}: {len(seen)} steps, {16 * len(seen)} strategies seen; megabytes of window and its processes")
    for step, window, others in table:
        others = "".join(f"{each:8.1f}" for each in others)
        print(f"  step {step:>4}: {window:8.1f}{others}")
    assert len(seen) > STEPS * 0.8
    assert hands.said == []
    # The first third fills the caches: glyphs, pictures, consoles.
    settled, last = table[len(table) // 3], table[-1]
    assert last[1] - settled[1] < 15
    assert sum(last[2]) - sum(settled[2]) < 15
