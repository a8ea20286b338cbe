"""Watch for a whole night: memory stays flat. Half an hour of pocket training is 190 steps of 16 strategies; here steps
come as fast as they can be seen, and each brings sources and scores that were never there before.

ARCADE_SOAK_STEPS=200 pytest -m soak -s tests/arcade/window/test_watch_soak.py for a shorter one.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grpo_arcade.arcade.window.watch.watch import WatchScene

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux"),
]

STEPS = int(os.environ.get("ARCADE_SOAK_STEPS", "0"))
MADE_RUNS = Path(__file__).with_name("made_runs.py")


def megabytes(pid):
    """Memory that is this process's own."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def children():
    """The window's processes: the feed, and the studio if there is one."""
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    found = {int(pid) for task in tasks for pid in task.read_text().split()}
    return sorted(pid for pid in found if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes())


@pytest.mark.parametrize(("game", "steps"), [("2048", 1200), ("atari/pong", 600)])
def test_memory_is_flat_however_long_a_run_is_watched(app, hands, tmp_path, game, steps):
    steps = STEPS or steps
    writer = subprocess.Popen([sys.executable, str(MADE_RUNS), str(tmp_path), "run", game], stdin=subprocess.PIPE)
    table = []
    try:
        hands.until(lambda: (tmp_path / "run" / "run.db").exists(), 120)
        scene = WatchScene(app, tmp_path / "run")
        app.open(scene)
        hands.until(lambda: scene.news.shown == 3 and len(scene.tiles) == 16 and scene.news.present.step == 3, 600)
        scene.speed = 64.0
        for step in range(4, steps + 1):
            writer.stdin.write(b"\n")
            writer.stdin.flush()
            hands.until(lambda step=step: scene.news.shown == step and len(scene.tiles) == 16, 120)
            hands.turns(10)
            if step % 5 == 0:  # what a person does now and then
                hands.press("return", "right", "escape", ",", "end", "o")
            if step % (steps // 20) == 0:
                table.append((step, megabytes(os.getpid()), sum(map(megabytes, children()))))
    finally:
        writer.stdin.close()
        writer.wait(60)
    print(f"\n{game}: {steps} steps, {16 * steps} strategies seen; megabytes of the window and of its processes")
    for step, window, others in table:
        print(f"  step {step:>5}: {window:8.1f}{others:8.1f}")
    assert hands.said == []
    # The first quarter fills what is bounded: drawn text, SQLite's pages, consoles.
    settled, last = table[len(table) // 4], table[-1]
    assert sum(last[1:]) - sum(settled[1:]) < 3
