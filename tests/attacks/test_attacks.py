"""Nothing a hostile strategy does leaves its process: no file, no connection, no process, no score, no budget, no memory.

The kernel is the wall: with the policy off strategies get all of Python, and the same must hold.
"""

import contextlib
import gc
import os
import socket
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from grpo_arcade.games import Outcome
from grpo_arcade.games.players import Limits, play_match
from grpo_arcade.games.players.sandbox import kernel_wall, walls
from tests.attacks.hostile import ATTACKS
from tests.attacks.hostile.evaluators import KIND as EVALUATORS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's wall is Linux's")

SECRET = "the-canary-is-singing"
# Distinct, and such that a strategy that has found one can be told from chance.
SEEDS = (7_305_186_244_190_723, 7_305_186_244_190_724)
LIMITS = Limits(move_cpu_s=0.1, game_cpu_s=0.3, match_cpu_s=0.5, memory_bytes=96 << 20, waiting_s=0.3)
OPTIONS = {"size": 4, "target": 64}


class Outside:
    """What must stay untouched."""

    def __init__(self, folder):
        self.canary = folder / "canary.txt"
        self.canary.write_text(SECRET)
        self.outbox = folder / "outbox"
        self.outbox.mkdir()
        # Open to everybody, so that only the sandbox keeps a strategy from it.
        for path, mode in ((folder, 0o777), (self.canary, 0o666), (self.outbox, 0o777)):
            path.chmod(mode)
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.visits = []
        self.tcp.settimeout(0.05)
        self.udp.settimeout(0.05)

    def fill_in(self, source):
        words = {"CANARY": str(self.canary), "OUTBOX": str(self.outbox), "PORT": str(self.port)}
        for word, value in words.items():
            source = source.replace(word, value)
        return source

    def untouched(self):
        for listener, receive in ((self.tcp, self.tcp.accept), (self.udp, lambda: self.udp.recvfrom(10))):
            listener.setblocking(False)
            with pytest.raises(BlockingIOError):
                receive()
        return self.canary.read_text() == SECRET and not list(self.outbox.iterdir())


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outside")
    for parent in (folder, *folder.parents[:2]):
        with contextlib.suppress(PermissionError):  # not ours, and then open already
            parent.chmod(0o755)
    outside = Outside(folder)
    yield outside
    outside.tcp.close()
    outside.udp.close()


def left_behind():
    """Living and dead processes of the fork server, but for the one that waits for the next match and has seen none.

    Nobody waits for the end of a process whose match has ended, so it is given a moment.
    """
    server = kernel_wall.fork_server()
    if server._spare is not None:
        server._spare.born()
    waits = set() if server._spare is None else {server._spare.pid}
    until = time.monotonic() + 10
    while (left := processes_below(server._process.pid) - waits) and time.monotonic() < until:
        time.sleep(0.002)
    return left


def processes_below(pid):
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                found.add(int(entry.name))
    return found


def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def attack(source, outside, policy):
    source = outside.fill_in(source)
    result = play_match(source, "2048", OPTIONS, SEEDS, limits=LIMITS, policy=policy)
    assert_harmless(result, outside, policy)
    # Two children at most, and what a tick of the clock lets slip.
    assert result.cpu_s < 2 * (LIMITS.match_cpu_s + 0.2)
    assert not left_behind()
    return result


def assert_harmless(result, outside, policy):
    assert len(result.episodes) == len(SEEDS)
    assert SECRET not in result.error
    assert all(str(seed) not in result.error for seed in SEEDS)
    assert "leaked state" not in result.error
    assert result.error.isprintable()
    assert len(result.error) <= 400
    assert outside.untouched()
    for episode in result.episodes:
        game = episode.new_game()
        for action in episode.actions:
            game.step(action)
        assert (game.score, game.wasted) == (episode.score, episode.wasted)
        if episode.outcome.by_the_rules:
            assert game.outcome == episode.outcome
        else:
            assert game.outcome is None


@pytest.mark.parametrize("hostile", ATTACKS, ids=lambda hostile: f"{hostile.kind}-{hostile.name}".replace(" ", "_"))
def test_nothing_gets_out_with_the_policy_on(hostile, outside):
    attack(hostile.source, outside, policy=True)


@pytest.mark.parametrize(
    "hostile", [hostile for hostile in ATTACKS if hostile.kind == EVALUATORS], ids=lambda hostile: hostile.name
)
def test_the_library_runs_no_text_and_makes_no_attribute_that_the_policy_refuses(hostile, outside):
    result = attack(hostile.source, outside, policy=True)
    assert "reached" not in result.error
    assert result.refusal in (None, Outcome.FORBIDDEN)


@pytest.mark.parametrize(
    "hostile",
    ATTACKS,
    ids=lambda hostile: f"{hostile.kind}-{hostile.name}".replace(" ", "_"),
)
def test_nothing_gets_out_with_the_policy_off(hostile, outside):
    attack(hostile.source, outside, policy=False)


@pytest.mark.skipif(not walls.monty_wall(), reason='pip install "grpo-arcade[monty]"')
@pytest.mark.parametrize("policy", [True, False], ids=["policy", "no_policy"])
@pytest.mark.parametrize("kind", sorted({hostile.kind for hostile in ATTACKS}))
def test_nothing_gets_out_of_monty(kind, policy, outside, monkeypatch):
    monkeypatch.setenv("ARCADE_WALL", "monty")
    for hostile in ATTACKS:
        if hostile.kind != kind:
            continue
        result = play_match(outside.fill_in(hostile.source), "2048", OPTIONS, SEEDS, limits=LIMITS, policy=policy)
        assert_harmless(result, outside, policy)
        # Budgets hold three times over there, a loop is seen within one and a half of them, two sessions are had at
        # most, and what cannot be interrupted is killed a second later.
        assert result.cpu_s < 2 * (3 * 1.5 * LIMITS.match_cpu_s + 1.5), hostile.name
        assert result.wall in ("monty", ""), hostile.name


@pytest.mark.soak
@pytest.mark.parametrize("policy", [True, False])
def test_nothing_gets_out_however_often(policy, outside):
    attack(ATTACKS[0].source, outside, policy)
    gc.collect()
    before = resident_bytes()
    for _ in range(3):
        for hostile in ATTACKS:
            attack(hostile.source, outside, policy)
    gc.collect()
    assert resident_bytes() - before < 32 << 20


def test_the_hosts_memory_stays_flat(outside):
    bombs = [
        hostile for hostile in ATTACKS if hostile.name in ("huge_error", "flood", "memory_doubling", "big_to_string")
    ]
    attack(bombs[0].source, outside, policy=False)
    gc.collect()
    before = resident_bytes()
    for _ in range(5):
        for bomb in bombs:
            attack(bomb.source, outside, policy=False)
    gc.collect()
    assert resident_bytes() - before < 16 << 20


def test_attacks_beside_each_other_in_threads_leave_the_same_results(outside):
    source = "import random\ndef strategy(board):\n    return random.choice('WASD')\n"
    expected = play_match(source, "2048", OPTIONS, SEEDS).episodes
    bombs = [hostile for hostile in ATTACKS if hostile.name in ("fork_bomb", "kill_everyone", "busy_loop", "flood")]
    threads = [
        threading.Thread(
            target=play_match,
            args=(outside.fill_in(bomb.source), "2048", OPTIONS, SEEDS),
            kwargs={"limits": LIMITS, "policy": False},
        )
        for bomb in bombs
    ]
    for thread in threads:
        thread.start()
    for _ in range(5):
        assert play_match(source, "2048", OPTIONS, SEEDS).episodes == expected
    for thread in threads:
        thread.join()


def test_there_are_a_hundred_distinct_attacks_of_every_kind():
    kinds = Counter(hostile.kind for hostile in ATTACKS)
    assert len({hostile.source for hostile in ATTACKS}) == len(ATTACKS) >= 100
    assert len(kinds) >= 12
    assert min(kinds.values()) >= 7


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("os_import", Outcome.FORBIDDEN),
        ("ctypes_open", Outcome.FORBIDDEN),
        ("write_reply", Outcome.FORBIDDEN),
        ("segfault", Outcome.CRASHED),
        ("busy_loop", Outcome.TIMEOUT),
        ("read_own_channel", Outcome.TIMEOUT),
        ("exit_now", Outcome.CRASHED),
    ],
)
def test_what_the_kernel_ends_has_its_name(name, outcome, outside):
    (hostile,) = [hostile for hostile in ATTACKS if hostile.name == name]
    result = attack(hostile.source, outside, policy=False)
    assert {episode.outcome for episode in result.episodes} == {outcome}
