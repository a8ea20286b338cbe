"""A pool of matches: the results of single matches, whatever dies meanwhile, and nothing left behind."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from grpo_arcade.games import Outcome
from grpo_arcade.games.players import Limits, MatchPool, play_match

RANDOM = "import random\ndef strategy(board):\n    return random.choice('WASD')\n"
QUICK = Limits(move_cpu_s=0.2, game_cpu_s=2.0, match_cpu_s=5.0)

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def descendants(pid):
    """Process ids below ``pid`` as keys, parents before their children, zombies included."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found, frontier = {}, {pid}
    while frontier:
        frontier = {child for child, parent in parents.items() if parent in frontier}
        found |= dict.fromkeys(frontier)
    return found


def open_descriptors():
    return len(os.listdir("/proc/self/fd"))


def test_matches_of_several_threads_give_what_each_gives_alone():
    sources = [RANDOM + f"# {number}\n" for number in range(6)]
    expected = [play_match(source, "2048", {"size": 3}, [1, 2]).episodes for source in sources]
    with MatchPool(workers=2, limits=QUICK) as pool:
        got = [None] * len(sources)

        def play(number):
            got[number] = pool.submit(sources[number], "2048", {"size": 3}, [1, 2]).result().episodes

        threads = [threading.Thread(target=play, args=(number,)) for number in range(len(sources))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert got == expected


def test_hostile_candidates_leave_the_pool_working():
    hostile = [
        "def strategy(b):\n while 1: pass\n",
        "def strategy(b):\n return [0] * 10**12\n",
        "import re\ndef strategy(b):\n return re.match('(a+)+$', 'a' * 40 + 'b')\n",
    ]
    with MatchPool(workers=2, limits=QUICK) as pool:
        futures = [pool.submit(source, "2048", {}, [0, 1]) for source in hostile for _ in range(2)]
        good = pool.submit(RANDOM, "2048", {"size": 3}, [0])
        assert good.result().episodes[0].outcome is Outcome.LOST
        assert all(
            episode.outcome in (Outcome.TIMEOUT, Outcome.CRASHED)
            for future in futures
            for episode in future.result().episodes
        )


@linux
def test_a_match_survives_the_death_of_its_host_and_of_its_fork_server():
    slow = "def strategy(board):\n    s = 0\n    for i in range(30000): s += i\n    return 'WASD'[s % 4 - sum(map(sum, board)) // 2 % 4]\n"
    expected = play_match(slow, "2048", {"size": 3}, [3]).episodes
    with MatchPool(workers=1) as pool:
        pool.submit(RANDOM, "2048", {"size": 2}, [0]).result()
        (host,) = [host.process.pid for host in pool._hosts.values()]
        future = pool.submit(slow, "2048", {"size": 3}, [3])
        time.sleep(0.05)
        os.kill(host, signal.SIGKILL)
        assert future.result().episodes == expected
        (host,) = [host.process.pid for host in pool._hosts.values()]
        future = pool.submit(slow, "2048", {"size": 3}, [3])
        time.sleep(0.05)
        # The fork server first: of a program that alone is killed the kernel is believed to have had enough.
        for pid in descendants(host):
            with contextlib.suppress(ProcessLookupError):  # it goes with the one above it
                os.kill(pid, signal.SIGKILL)
        assert future.result().episodes == expected


@linux
def test_nothing_is_left_after_close():
    play_match(RANDOM, "2048", {"size": 2}, [0])
    before, files = descendants(os.getpid()), open_descriptors()
    for wait in (True, False):
        pool = MatchPool(workers=2, limits=QUICK)
        futures = [pool.submit(RANDOM, "2048", {"size": 3}, [seed]) for seed in range(4)]
        pool.submit("def strategy(b):\n while 1: pass\n", "2048", {}, [0])
        futures[0].result()
        pool.close(wait=wait)
        pool.close()
        with pytest.raises(RuntimeError, match="closed"):
            pool.submit(RANDOM, "2048", {}, [0])
        assert all(future.done() for future in futures)
    for _ in range(100):
        if descendants(os.getpid()).keys() <= before.keys():
            break
        time.sleep(0.05)
    # A child of another test that was still dying at first may be gone by now.
    assert descendants(os.getpid()).keys() <= before.keys()
    assert open_descriptors() == files


@linux
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_outlives_a_caller_that_dies(end):
    program = (
        "from grpo_arcade.games.players import MatchPool, play_match\n"
        "pool = MatchPool(workers=1)\n"
        "pool.submit('def strategy(b):\\n return \"W\"', '2048', {}, [0]).result()\n"
        "pool.submit('def strategy(b):\\n while 1: pass', '2048', {}, [0])\n"
        "print('ready', flush=True)\n"
        "play_match('def strategy(b):\\n while 1: pass', '2048', {}, [0])\n"
        "import time; time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout.readline() == b"ready\n"
    time.sleep(0.5)
    below = descendants(process.pid)
    assert len(below) >= 3
    process.send_signal(end)
    process.wait(30)
    process.stdout.close()
    # A host that is still starting sees the end of its pipe when it gets to it: on a busy machine, late.
    for _ in range(1200):
        left = {pid for pid in below if Path(f"/proc/{pid}").exists()}
        if not left:
            break
        time.sleep(0.05)
    assert left == set()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="/proc says what a process was started with")
def test_a_host_looks_for_packages_where_its_caller_does(monkeypatch, tmp_path):
    # A checkout may hold the folder of somebody's game, which would hide the package that is installed from it.
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with MatchPool(1) as pool:
        pool.submit("def strategy(board): return 'W'", "2048", {"size": 2}, [0]).result(60)
        environment = Path(f"/proc/{pool._hosts[0].process.pid}/environ").read_bytes()
    assert f"PYTHONPATH={tmp_path}".encode() in environment.split(b"\0")


def test_a_bad_game_is_the_submitters_error():
    with MatchPool(workers=1) as pool:
        with pytest.raises(ValueError, match="no game is called"):
            pool.submit(RANDOM, "2047", {}, [0]).result()
        with pytest.raises(ValueError, match="no option"):
            pool.submit(RANDOM, "2048", {"wide": 4}, [0]).result()
        assert pool.submit(RANDOM, "2048", {"size": 2}, [0]).result().episodes
    with pytest.raises(ValueError, match="at least 1 worker"):
        MatchPool(workers=0)
