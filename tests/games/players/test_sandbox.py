"""The walls themselves: the filter lets through exactly its list, and the clean process refuses to run without them."""

import errno
import os
import signal
import socket
import struct
import sys
from itertools import product
from pathlib import Path

import pytest

from grpo_arcade.games import game_names
from grpo_arcade.games.players import Limits, SandboxError, play_match, sandbox_report
from grpo_arcade.games.players.sandbox import kernel_wall, seccomp, wire

ALLOW, KILL = 0x7FFF0000, 0x80000000
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's wall is Linux's")


def run_filter(code, number, architecture, arguments=()):
    """The kernel's interpreter for the few instructions in use."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, *[*arguments, *[0] * 6][:6])
    instructions = list(struct.iter_unpack("<HBBI", code))
    accumulator = at = 0
    while True:
        operation, true, false, operand = instructions[at]
        at += 1
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, operand)
        elif operation == 0x54:
            accumulator &= operand
        elif operation == 0x15:
            at += true if accumulator == operand else false
        elif operation == 0x45:
            at += true if accumulator & operand else false
        elif operation == 0x06:
            return operand
        else:
            raise AssertionError(hex(operation))


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_the_filter_allows_its_list_and_kills_everything_else(machine):
    code = seccomp.program(3, machine)
    here = ARCHITECTURES[machine]
    numbers = seccomp._CALLS[machine][1]
    allowed = {number for number in range(600) if run_filter(code, number, here, (3, 1, 4, 0x22)) == ALLOW}
    assert allowed <= set(numbers.values())
    for number in range(600):
        if number not in numbers.values():
            for arguments in product((0, 1, 3, 2**64 - 1), repeat=3):
                assert run_filter(code, number, here, arguments) == KILL
        assert run_filter(code, number | 0x40000000, here, (3,)) == KILL
        for other in (0x40000003, 0x40000028, *[value for value in ARCHITECTURES.values() if value != here]):
            assert run_filter(code, number, other, (3,)) == KILL


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_the_filter_looks_at_arguments(machine):
    code = seccomp.program(3, machine)
    numbers, here = seccomp._CALLS[machine][1], ARCHITECTURES[machine]

    def verdict(name, *arguments):
        return run_filter(code, numbers[name], here, arguments) == ALLOW

    for descriptor in range(8):
        assert verdict("read", descriptor) is verdict("write", descriptor) is (descriptor == 3)
    for protection, flags in product(range(8), (0x02, 0x22, 0x21, 0x01, 0x32)):
        assert verdict("mmap", 0, 4096, protection, flags) is (not protection & 4 and bool(flags & 0x20))
        assert verdict("mprotect", 0, 4096, protection) is (not protection & 4)
    for operation in range(16):
        for flag in (0, 128, 256):
            assert verdict("futex", 0, operation | flag) is (operation == 1)
    assert [clock for clock in range(16) if verdict("clock_gettime", clock)] == [1]
    assert not verdict("clock_gettime", -9 & 0xFFFFFFFFFFFFFFFF)
    assert [advice for advice in range(32) if verdict("madvise", 0, 0, advice)] == [4, 8, 14, 15]
    assert not verdict("madvise", 0, 0, 100)


def test_an_unknown_machine_is_refused():
    with pytest.raises(OSError, match="no system call filter is written for riscv64"):
        seccomp.program(3, "riscv64")


@linux
def test_the_report_says_what_confines_a_strategy():
    report = sandbox_report()
    assert report["works"]
    assert any("seccomp: on" in line for line in report["lines"])
    assert all("\n" not in line for line in report["lines"])


@linux
def test_a_child_has_no_rights_left():
    child = kernel_wall.spawn(64 << 20, 10, True)
    try:
        status = dict(
            line.split(":\t", 1) for line in Path(f"/proc/{child.pid}/status").read_text().splitlines() if ":\t" in line
        )
        for _ in range(1000):
            if status["Seccomp"].strip() == "2":
                break
            text = Path(f"/proc/{child.pid}/status").read_text()
            status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
        assert status["Seccomp"].strip() == "2"
        assert status["NoNewPrivs"].strip() == "1"
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
        assert status["Threads"].strip() == "1"
        if os.geteuid() == 0:
            assert "0" not in status["Uid"].split()
            assert os.listdir(f"/proc/{child.pid}/fd") == ["3"]
        limits = Path(f"/proc/{child.pid}/limits").read_text()
        assert "Max open files            0                    0" in limits
        assert "Max processes             0                    0" in limits
    finally:
        child.end()
    assert not Path(f"/proc/{child.pid}").exists()


@linux
def test_the_clean_process_holds_nothing_of_the_callers():
    os.environ["A_SECRET_OF_THE_CALLER"] = "x"
    kernel_wall.close()
    readable, writable = os.pipe()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = kernel_wall.fork_server()
        if os.geteuid() == 0:
            assert b"A_SECRET" not in Path(f"/proc/{server._process.pid}/environ").read_bytes()
            kinds = [
                os.readlink(f"/proc/{server._process.pid}/fd/{n}")
                for n in os.listdir(f"/proc/{server._process.pid}/fd")
            ]
            assert sorted(kind.partition(":")[0] for kind in kinds) == ["/dev/null"] * 3 + ["socket"]
    os.close(readable)
    os.close(writable)
    del os.environ["A_SECRET_OF_THE_CALLER"]


@linux
def test_the_clean_process_never_loads_the_games():
    server = kernel_wall.fork_server()
    if os.geteuid() == 0:
        maps = Path(f"/proc/{server._process.pid}/maps").read_text()
        assert "numpy" not in maps
        assert "torch" not in maps
    assert "2048" in game_names()


@linux
def test_a_dead_fork_server_is_replaced():
    source = "def strategy(board):\n    return 'W'\n"
    expected = play_match(source, "2048", {}, [0]).episodes
    server = kernel_wall.fork_server()
    server._process.kill()
    server._process.wait()
    assert play_match(source, "2048", {}, [0]).episodes == expected


def killing(monkeypatch, times):
    """Lets somebody outside kill the next ``times`` children as soon as they live; how many were killed."""
    spawn, killed = kernel_wall.spawn, []

    def spawn_and_kill(*arguments):
        child = spawn(*arguments)
        if len(killed) < times:
            killed.append(child.pid)
            os.kill(child.pid, signal.SIGKILL)
        return child

    monkeypatch.setattr(kernel_wall, "spawn", spawn_and_kill)
    return killed


@linux
@pytest.mark.parametrize("policy", [True, False])
def test_a_child_killed_from_outside_is_not_the_strategys_fault(policy, monkeypatch):
    source = "def strategy(board):\n    return 'W'\n"
    expected = play_match(source, "2048", {}, [0, 1], policy=policy).episodes
    killed = killing(monkeypatch, 1)
    assert play_match(source, "2048", {}, [0, 1], policy=policy).episodes == expected
    assert len(killed) == 1
    killing(monkeypatch, 9)
    with pytest.raises(SandboxError, match="killed from outside") as caught:
        play_match(source, "2048", {}, [0, 1], policy=policy)
    assert "\n" not in str(caught.value)


@linux
@pytest.mark.parametrize(
    ("what", "broken", "said"),
    [
        ("os.memfd_create", None, "no shared memory"),
        ("os.memfd_create", OSError(errno.EMFILE, "Too many open files"), "no shared memory: Too many open files"),
        ("socket.socketpair", OSError(errno.EMFILE, "Too many open files"), "no pair of sockets: Too many open files"),
        ("subprocess.Popen", BlockingIOError(errno.EAGAIN, "Try again"), "no process: Try again"),
        ("os.devnull", "/no/such/device", "no process /no/such/device: No such file or directory"),
    ],
)
def test_what_the_system_has_not_got_is_said_in_a_sentence_and_the_next_match_is_played(what, broken, said):
    source = "def strategy(board):\n    return 'W'\n"
    expected = play_match(source, "2048", {}, [0]).episodes
    # With other limits than the next, for which no process is waiting then.
    play_match(source, "2048", {}, [0], limits=Limits(match_cpu_s=7))

    def refuse(*_arguments, **_keywords):
        raise broken

    starts_a_server = what in ("subprocess.Popen", "os.devnull")
    if starts_a_server:
        kernel_wall.close()
    before = os.listdir("/proc/self/fd")
    with pytest.MonkeyPatch.context() as patch:
        if broken is None:
            patch.delattr(what)
        else:
            patch.setattr(what, broken if isinstance(broken, str) else refuse)
        with pytest.raises(SandboxError) as caught:
            play_match(source, "2048", {}, [0])
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(os.listdir("/proc/self/fd")) == len(before)
    assert play_match(source, "2048", {}, [0]).episodes == expected


@linux
def test_no_process_for_the_strategy_is_said_in_a_sentence():
    server = kernel_wall.fork_server()
    # As the server answers when fork fails, which root's limits do not let happen here.
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        theirs.send(wire.LEASH_START.pack(-errno.EAGAIN))
        with pytest.raises(SandboxError, match="no process: Resource temporarily unavailable"):
            kernel_wall.WalledChild(ours, ours, None, 0).born()
    assert server.usable


@linux
def test_a_match_like_the_one_before_finds_its_process_waiting():
    source = "def strategy(board):\n    return 'W'\n"
    expected = play_match(source, "2048", {}, [0]).episodes
    play_match(source, "2048", {}, [0])
    server = kernel_wall.fork_server()
    spare = server._spare
    spare.born()
    assert play_match(source, "2048", {}, [0]).episodes == expected
    assert spare._end is not None
    assert server._spare is not spare
    # With other limits it is not used, and nothing waits any more.
    spare = server._spare
    assert play_match(source, "2048", {}, [0], limits=Limits(match_cpu_s=7)).episodes == expected
    assert spare._end is not None
    assert server._spare is None


@linux
def test_a_waiting_process_that_somebody_kills_costs_nothing_but_itself():
    source = "def strategy(board):\n    return 'W'\n"
    expected = [play_match(source, "2048", {}, [0]).episodes for _ in range(2)]
    spare = kernel_wall.fork_server()._spare
    spare.born()
    os.kill(spare.pid, signal.SIGKILL)
    assert play_match(source, "2048", {}, [0]).episodes == expected[0]


def test_messages_to_a_child_share_no_lists():
    import marshal

    row = [1, 2]
    message = wire.pack([row, row])
    first, second = marshal.loads(message[wire.LENGTH.size :])
    first.append(3)
    assert second == [1, 2]
