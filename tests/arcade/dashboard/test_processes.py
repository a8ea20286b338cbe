"""The dashboard and the trainer as what they are: processes that know nothing of each other but a folder."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grpo_arcade.recordings.runs.reader import RunReader

MADE_RUN = Path(__file__).with_name("made_run.py")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")


@pytest.fixture
def live(tmp_path):
    """A run that another process is writing, ten steps a second."""
    writer = subprocess.Popen(
        [sys.executable, str(MADE_RUN), str(tmp_path), "100000", "0.1"], stdout=subprocess.PIPE, text=True
    )
    folder = Path(writer.stdout.readline().strip())
    yield folder, writer
    writer.kill()
    writer.wait()
    writer.stdout.close()


def test_a_live_run_is_watched_commanded_and_survives_a_killed_dashboard(live, arcade):
    folder, writer = live
    terminal = arcade("dash", folder)
    terminal.until(lambda: b"running" in terminal.seen and b"held-out" in terminal.seen)
    terminal.press("P")
    with RunReader(folder) as reader:
        terminal.until(lambda: any(row["status"] == "accepted" for row in reader.commands()))
        terminal.until(lambda: b"paused" in terminal.seen)
        terminal.press("P")
        terminal.until(lambda: reader.status() == "running")
        step = reader.facts()["step"]
        terminal.kill()
        end = time.monotonic() + 30
        while reader.facts()["step"] < step + 3:
            assert time.monotonic() < end
            time.sleep(0.05)
    assert writer.poll() is None
    connection = sqlite3.connect(folder / "run.db")
    assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    connection.close()


def test_q_leaves_the_trainer_running_and_the_terminal_as_it_was(live, arcade):
    folder, writer = live
    terminal = arcade("dash", folder)
    terminal.until(lambda: b"running" in terminal.seen)
    terminal.press("q")
    terminal.until(terminal.ended)
    terminal.until(lambda: b"\x1b[?1049l" in terminal.seen, 2)  # back to the ordinary screen
    assert writer.poll() is None


MODES = (1000, 1002, 1003, 1006, 1015, 1004, 2004, 1049)
"""Mouse reports of every kind, focus reports, marked pasting, the other screen."""


def modes_on(seen):
    """Which of the terminal's modes are on after all that was written to it."""
    last = {}
    for numbers, way in re.findall(rb"\x1b\[\?([\d;]+)([hl])", seen):
        last |= {int(number): way == b"h" for number in numbers.split(b";")}
    return {number for number in MODES if last.get(number)}, not last.get(25, True)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP], ids=lambda how: how.name)
def test_a_signal_ends_it_and_the_terminal_is_as_it_was(live, arcade, how):
    import termios

    folder, writer = live
    terminal = arcade("dash", folder)
    before = termios.tcgetattr(terminal.master)
    terminal.until(lambda: b"running" in terminal.seen and b"held-out" in terminal.seen)
    assert modes_on(terminal.seen)[0] >= {1000, 1049}
    assert not termios.tcgetattr(terminal.master)[3] & termios.ECHO
    os.kill(terminal.pid, how)
    terminal.until(terminal.ended, 30)
    terminal.until(lambda: modes_on(terminal.seen) == (set(), False), 5)
    assert termios.tcgetattr(terminal.master) == before
    assert terminal.code == 128 + how
    assert b"Traceback" not in terminal.seen
    assert writer.poll() is None


def test_a_dashboard_whose_terminal_is_closed_ends(live, arcade):
    folder, writer = live
    terminal = arcade("dash", folder)
    terminal.until(lambda: b"running" in terminal.seen and b"held-out" in terminal.seen)
    os.close(terminal.master)
    terminal.master = os.open(os.devnull, os.O_RDWR)
    end = time.monotonic() + 60
    while not terminal.ended():
        assert time.monotonic() < end
        time.sleep(0.05)
    assert writer.poll() is None


def test_one_that_cannot_end_by_itself_ends_all_the_same():
    program = (
        "import asyncio, time\n"
        "from grpo_arcade.arcade.dashboard.ending import at_signals\n"
        "async def main():\n"
        "    at_signals(lambda code: time.sleep(1000), 0.1)\n"
        "    print('ready', flush=True)\n"
        "    await asyncio.sleep(1000)\n"
        "asyncio.run(main())"
    )
    stuck = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert stuck.stdout.readline() == "ready\n"
        stuck.send_signal(signal.SIGTERM)
        assert stuck.wait(timeout=30) == 128 + signal.SIGTERM
    finally:
        stuck.kill()
        stuck.wait()
        stuck.stdout.close()


def test_a_run_whose_trainer_was_killed_in_mid_write_opens_as_crashed(live, drive, until, seen):
    folder, writer = live
    with RunReader(folder) as reader:
        while reader.facts()["step"] < 2:
            time.sleep(0.05)
    writer.send_signal(signal.SIGKILL)
    writer.wait()

    async def play(app, pilot):
        await until(pilot, lambda: "crashed" in seen(app))
        await pilot.press("S", "y")
        await until(pilot, lambda: "nobody is training" in seen(app))

    drive(folder, play)


def test_a_read_only_folder_opens(made_run, tmp_path, drive, until, seen):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    folder = made_run.make_run(tmp_path, 2, "readonly")
    folder.chmod(0o555)
    try:
        drive(folder, lambda app, pilot: until(pilot, lambda: "step 2 of 2" in seen(app)))
    finally:
        folder.chmod(0o755)
