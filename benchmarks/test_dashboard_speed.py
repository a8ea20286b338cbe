"""The dashboard on a run of 100,000 strategies and 5,000 steps: how fast it opens, answers, follows; what it costs.

Times are taken on a real pseudo-terminal from outside, as a person would see them; the keys' times inside the app,
from the key to the repainted screen. Printed, not asserted: they belong to the machine.
"""

import asyncio
import contextlib
import os
import pty
import random
import runpy
import select
import statistics
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from grpo_arcade.recordings.runs.folder import RunFolderError
from grpo_arcade.recordings.runs.reader import RunReader

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal"),
]
MADE_RUN = Path(__file__).parents[1] / "tests" / "arcade" / "dashboard" / "made_run.py"
OPENINGS = int(os.environ.get("OPENINGS", "7"))
KEYS = 400
STEPS = 30
PAIRS = int(os.environ.get("PAIRS", "6"))
"""Blocks with dashboards, and as many without."""
BLOCK_S = float(os.environ.get("BLOCK_S", "22"))
SETTLE_S = 3.0
STEP_S, CPU_STEPS = 3.6, 16
"""A pocket training's pace on two cores."""


@pytest.fixture(scope="module")
def made_run():
    return runpy.run_path(str(MADE_RUN))


@pytest.fixture(scope="module")
def large(made_run, tmp_path_factory):
    return made_run["make_large_run"](tmp_path_factory.mktemp("runs"))


def told(name, value, limit):
    print(f"{name:58} {value:>12}   (wanted: {limit})")


class Terminal:
    """``arcade dash`` on a pseudo-terminal, read as it paints."""

    def __init__(self, folder, columns=200, lines=60):
        self.began = time.perf_counter()
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLUMNS=str(columns), LINES=str(lines))
            os.execv(sys.executable, [sys.executable, "-m", "grpo_arcade.arcade.cli", "dash", str(folder)])
        self.seen = b""

    def until(self, words, seconds=60.0):
        end = time.perf_counter() + seconds
        while not all(word in self.seen for word in words):
            assert time.perf_counter() < end, self.seen[-2000:]
            if select.select([self.master], [], [], 0.01)[0]:
                self.seen += os.read(self.master, 65536)
        return time.perf_counter() - self.began

    def drain(self, seconds):
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            if select.select([self.master], [], [], 0.05)[0]:
                self.seen += os.read(self.master, 65536)

    def memory(self):
        """Bytes resident, of the dashboard and of the process that plays games for it."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in (self.pid, *children)]
        return sum(pages) * os.sysconf("SC_PAGESIZE")

    def close(self):
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self.master)


def test_opening_and_memory(large):
    if not Path("/proc/self/status").exists():
        pytest.skip("memory is read from /proc")
    firsts, plots, memory = [], [], []
    bare = []
    for _ in range(OPENINGS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import textual.app, textual.widgets"], check=True)
        bare.append(time.perf_counter() - began)
        terminal = Terminal(large)
        firsts.append(terminal.until([b"Overview", b"held-out"]))
        plots.append(terminal.until(["┤".encode()]))
        terminal.drain(1.0)
        os.write(terminal.master, b"2")
        terminal.until([b"100,000"])
        os.write(terminal.master, b"o\x1b[F")
        terminal.drain(2.0)
        memory.append(terminal.memory())
        terminal.close()
    print()
    told("importing Textual alone, median", f"{statistics.median(bare):.2f} s", "-")
    told("open to the first paint with the run's numbers, median", f"{statistics.median(firsts):.2f} s", "1.0 s")
    told("open to the first plot, median", f"{statistics.median(plots):.2f} s", "-")
    told("memory after listing and sorting all strategies, most", f"{max(memory) / 2**20:.0f} MiB", "150 MB")


def test_a_key_is_answered_at_once(large):
    from textual.events import Key

    from grpo_arcade.arcade.dashboard.app import Dashboard

    rng = random.Random(5)
    times = {}

    async def live():
        app = Dashboard(large)
        async with app.run_test(size=(200, 60)) as pilot:
            await pilot.pause(2.0)
            await pilot.press("2")
            await pilot.pause(2.0)
            table = app.query_one("StrategyTable")
            painted = asyncio.Event()
            display = app._display

            def paint(screen, renderable):
                display(screen, renderable)
                painted.set()

            app._display = paint
            kinds = ["down"] * 6 + ["up", "pagedown", "pagedown", "pageup", "end", "home"]
            for _ in range(KEYS):
                key = rng.choice(kinds)
                before = table.cursor
                painted.clear()
                began = time.perf_counter()
                app.post_message(Key(key, None))
                while table.cursor == before and time.perf_counter() - began < 0.2:
                    await asyncio.sleep(0)
                if table.cursor != before:
                    await asyncio.wait_for(painted.wait(), 5)
                    times.setdefault(key, []).append(time.perf_counter() - began)
                await asyncio.sleep(0.03)

    asyncio.run(live())
    every = sorted(value for values in times.values() for value in values)
    print()
    for key, values in times.items():
        told(f"{key}, {len(values)} presses, median", f"{1000 * statistics.median(values):.1f} ms", "-")
    told("key to repaint, median", f"{1000 * statistics.median(every):.1f} ms", "-")
    told("key to repaint, p99", f"{1000 * every[int(0.99 * (len(every) - 1))]:.1f} ms", "50 ms")


def test_a_new_step_is_on_the_screen_within_a_second(made_run, tmp_path):
    writer = made_run["open_run"](tmp_path, "live", 1000)
    rng, played = random.Random(1), made_run["episodes"]()
    made_run["write_step"](writer, 1, played, rng)
    terminal = Terminal(writer.folder)
    terminal.until([b"held-out", "┤".encode()])
    delays = []
    for step in range(2, 2 + STEPS):
        terminal.drain(rng.uniform(0.3, 1.2))
        terminal.seen = b""
        made_run["write_step"](writer, step, played, rng)
        began = time.perf_counter()
        word = f" {step}".encode()
        end = began + 20
        while word not in terminal.seen:
            assert time.perf_counter() < end
            if select.select([terminal.master], [], [], 0.01)[0]:
                terminal.seen += os.read(terminal.master, 65536)
        delays.append(time.perf_counter() - began)
    terminal.close()
    writer.close()
    print()
    told(f"a step written to its number on the screen, median of {STEPS}", f"{statistics.median(delays):.2f} s", "-")
    told("the slowest of them", f"{max(delays):.2f} s", "1 s")


@pytest.mark.timeout(3600)
def test_three_dashboards_leave_the_trainers_steps_as_long_as_they_are(tmp_path):
    """One real training, during which three dashboards are attached and taken away again in turns: A B B A A B B A …

    Steps in which dashboards are being opened do not count. The learning rate is next to nothing, so that the model,
    and with it the length of what it writes, stays the same. Each block without is compared with its neighbour with;
    the processor time of the trainer's process tells a slower step from a machine that had something else to do.
    """
    settings = {
        "output_dir": tmp_path, "run_name": "run", "max_steps": 100_000, "num_generations": 8, "eval_steps": 0,
        "per_device_train_batch_size": 8, "gradient_accumulation_steps": 1, "train_seeds": 4, "learning_rate": 1e-12,
        "max_completion_length": 256, "save_steps": 100_000,
    }  # fmt: skip
    words = [word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    if not Path("/proc/self/schedstat").exists():
        pytest.skip("CPU time is read from /proc")
    order = [sys.executable, "-m", "grpo_arcade.arcade.cli", "train", *words]
    trainer = subprocess.Popen(order, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    folder, terminals, spans, watched = tmp_path / "run", [], [], []
    try:
        while not folder.joinpath("run.db").exists() or _step(folder) < 3:
            assert trainer.poll() is None, (folder / "log.txt").read_text()[-2000:]
            time.sleep(0.2)
        for block in range(2 * PAIRS):
            attached = block % 4 in (1, 2)
            if attached and not terminals:
                terminals = [Terminal(folder) for _ in range(3)]
                for terminal in terminals:
                    terminal.until(["┤".encode()])
            elif not attached:
                while terminals:
                    terminals.pop().close()
            _follow(terminals, SETTLE_S)
            began, busy, seen = time.time(), _processor(trainer.pid), _processors(terminals)
            _follow(terminals, BLOCK_S)
            ended, busy = time.time(), _processor(trainer.pid) - busy
            spans.append((attached, began, ended, busy))
            watched += [60 * (_processors(terminals) - seen) / len(terminals) / (ended - began)] if terminals else []
            assert trainer.poll() is None
    finally:
        for terminal in terminals:
            terminal.close()
        trainer.terminate()
        trainer.wait()
    with RunReader(folder) as reader:
        ends = [row["time"] for row in reader.query("SELECT time FROM steps ORDER BY step")]
    blocks, busy = {True: [], False: []}, {True: [], False: []}
    for attached, began, ended, used in spans:
        within = [b - a for a, b in pairwise(ends) if began <= a and b <= ended]
        assert within, f"no step took less than {BLOCK_S:g} s; set BLOCK_S higher"
        blocks[attached].append(statistics.fmean(within))
        # The steps that lie in the block, in parts where it begins or ends in one.
        steps = sum(max(0.0, min(b, ended) - max(a, began)) / (b - a) for a, b in pairwise(ends))
        busy[attached].append(used / steps)
    rng = random.Random(1)
    print()
    for what, found in (("a step", blocks), ("the trainer's processor time a step", busy)):
        for attached, name in ((False, "alone"), (True, "with three dashboards")):
            told(f"{what} {name}, median block of {PAIRS}", f"{statistics.median(found[attached]):.3f} s", "-")
            told("  its blocks, from … to", f"{min(found[attached]):.3f}–{max(found[attached]):.3f}", "-")
        pairs = [with_ / alone for with_, alone in zip(found[True], found[False], strict=True)]
        again = sorted(statistics.fmean(rng.choices(pairs, k=PAIRS)) for _ in range(2000))
        told("longer by, mean of the pairs", f"{statistics.fmean(pairs) - 1:+.1%}", "2 %")
        told("  median of the pairs", f"{statistics.median(pairs) - 1:+.1%}", "2 %")
        told("  90 % of the resampled", f"{again[100] - 1:+.1%} … {again[1899] - 1:+.1%}", "-")
    told("processor time of one dashboard", f"{statistics.median(watched):.2f} s/min", "0.6 s/min")


def _step(folder):
    try:
        with RunReader(folder) as reader:
            return reader.facts().get("step", 0)
    except RunFolderError:
        return 0  # its tables are being made


def _follow(terminals, seconds):
    """Let time pass, and read what the dashboards paint: who is not read from stops painting."""
    end = time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        for ready in select.select([terminal.master for terminal in terminals], [], [], min(left, 0.5))[0]:
            os.read(ready, 65536)


def _processor(pid):
    """Seconds of processor time that a process has used, its threads' included, as the scheduler counts them."""
    used = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # it has ended
            used += int((thread / "schedstat").read_text().split()[0])
    return used / 1e9


def _processors(terminals):
    return sum(_processor(terminal.pid) for terminal in terminals)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("columns", "lines"), [(120, 40), (200, 60)])
def test_what_three_dashboards_take_of_the_processor(made_run, tmp_path, columns, lines):
    """CPU seconds, because a step's time on a busy machine says more about the machine; nobody presses a key."""
    if not Path("/proc/self/schedstat").exists():
        pytest.skip("CPU time is read from /proc")
    writer = made_run["open_run"](tmp_path, "live", 1000)
    rng, played = random.Random(1), made_run["episodes"]()
    writer.note(started=time.time())
    for step in range(1, 200):
        if step % 10 == 1:
            made_run["write_evaluation"](writer, step, rng)
        writer.step({**made_run["step_row"](step, rng, {"lost": 12, "crashed": 4}), "time": time.time()})
    terminals = [Terminal(writer.folder, columns, lines) for _ in range(3)]
    for terminal in terminals:
        terminal.until([b"held-out", "┤".encode()])
    _follow(terminals, 25)  # until they take it that nobody is there

    def share(steps):
        before, began = _processors(terminals), time.perf_counter()
        for step in steps:
            if step:
                made_run["write_step"](writer, step, played, rng)
            _follow(terminals, STEP_S)
        return (_processors(terminals) - before) / len(terminals) / (time.perf_counter() - began)

    busy, idle = share(range(200, 200 + CPU_STEPS)), share([0] * (CPU_STEPS // 2))
    for terminal in terminals:
        terminal.close()
    writer.close()
    print()
    told(f"CPU of a dashboard of {columns}×{lines}, a step every {STEP_S:g} s", f"{60 * busy:.2f} s/min", "0.6 s/min")
    told("  of one core", f"{busy:.2%}", "1 %")
    told("the same while no step comes", f"{60 * idle:.2f} s/min", "-")
