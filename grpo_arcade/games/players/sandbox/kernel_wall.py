"""The wall of Linux's kernel: the clean process that forks confined children, as the process with the games sees it."""

from __future__ import annotations

import atexit
import contextlib
import mmap
import os
import signal
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

from grpo_arcade.games.players.sandbox import wire
from grpo_arcade.games.players.sandbox.process import (
    ENVIRONMENT,
    ChildGoneError,
    End,
    SandboxError,
    command,
    needed,
)

_START_PATIENCE_S = 60.0


class ServerGoneError(SandboxError):
    """The clean process does not answer: a fresh one may."""


class WalledChild:
    """A child of the fork server."""

    judged_by_cpu = True

    def __init__(self, channel: socket.socket, leash: socket.socket, page: mmap.mmap, address_space: int) -> None:
        self._channel, self._leash, self._page = channel, leash, page
        self._address_space = address_space
        self._end: End | None = None
        self.pid = self._clock = 0
        self._used = 0.0

    def born(self) -> None:
        """Wait until the server has forked it. Before this it can only be ended.

        Raises:
            ServerGoneError: the server died.
            SandboxError: it could not fork.
        """
        if self.pid > 0:
            return
        try:
            answer = self._leash.recv(wire.LEASH_START.size)
        except OSError as error:
            raise ServerGoneError(f"the fork server does not answer: {error}") from error
        if len(answer) != wire.LEASH_START.size:
            raise ServerGoneError("the fork server died")
        self.pid = wire.LEASH_START.unpack(answer)[0]
        if self.pid < 0:
            raise SandboxError(f"strategies cannot be run here: no process: {os.strerror(-self.pid)}")
        # The clock id of another process's CPU time, as clock_getcpuclockid(3) makes it: exact to nanoseconds, and
        # valid until the server reaps the child, which it does only when this leash says so.
        self._clock = (~self.pid << 3) | 2

    def send(self, message: bytes) -> int:
        """As :class:`Child` says."""
        try:
            return self._channel.send(message)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise ChildGoneError from error

    def set_slice(self, seconds: float) -> None:
        """As :class:`Child` says."""
        packed = struct.pack("ll", int(seconds), int(seconds % 1 * 1e6))
        # The kernel's own timeout: one system call a reply, where poll and recv would be two.
        for option in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
            self._channel.setsockopt(socket.SOL_SOCKET, option, packed)

    def receive(self, most: int) -> bytes:
        """As :class:`Child` says."""
        try:
            received = self._channel.recv(most)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise ChildGoneError from error
        if not received:
            raise ChildGoneError
        return received

    def cpu_s(self) -> float:
        """As :class:`Child` says."""
        if self._end is None:
            with contextlib.suppress(OSError):
                self._used = max(self._used, time.clock_gettime(self._clock))
        return self._used

    def waits(self) -> bool:
        """As :class:`Child` says."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_bytes()
        except OSError:
            return False
        return stat.rpartition(b")")[2].split()[:1] == [b"S"]

    def peak_bytes(self) -> int:
        """As :class:`Child` says."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_bytes()
        except OSError:
            return 0
        peak_kib = status.partition(b"VmPeak:")[2].split(maxsplit=1)[:1]
        return int(peak_kib[0]) * 1024 - self._address_space if peak_kib else 0

    def progress(self) -> tuple[int, int]:
        """As :class:`Child` says."""
        index, call, _ = wire.PAGE.unpack_from(self._page, 0)
        return index, call

    def spent(self, games: int) -> list[float]:
        """As :class:`Child` says."""
        return list(struct.unpack_from(f"<{games}d", self._page, wire.PAGE_HEADER_BYTES))

    def end(self) -> End:
        """As :class:`Child` says."""
        if self._end is None:
            data = b""
            with contextlib.suppress(OSError):
                self._leash.send(b"x")
                data = self._leash.recv(wire.LEASH_END.size)
            if len(data) == wire.LEASH_END.size:
                status, user_s, system_s, _ = wire.LEASH_END.unpack(data)
                self._used = max(self._used, user_s + system_s)
                self._end = End(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, self._used)
            else:
                # The server died and took the child with it.
                self._end = End(int(signal.SIGKILL), self._used, lost=True)
            self._close()
        return self._end

    def leave(self) -> float:
        """As :class:`Child` says."""
        if self._end is None:
            self._end = End(int(signal.SIGKILL), self.cpu_s())
            # That it closes is enough for the server, which kills and reaps while this process goes on.
            self._close()
        return self._end.cpu_s

    def _close(self) -> None:
        self._channel.close()
        self._leash.close()
        self._page.close()


def _address_space(pid: int) -> int:
    """Bytes of address space a process has; 0 if nobody may know."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


class ForkServer:
    """The clean process and the way to ask it for children. Usable from any thread."""

    def __init__(self) -> None:
        with needed("no pair of sockets"):
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.ExitStack() as undo, theirs, needed("no process"):
            undo.callback(ours.close)
            self._process = subprocess.Popen(
                command("server", "main"),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=ENVIRONMENT,
                cwd="/",
                # Out of reach of the terminal's Ctrl-C: who holds the leashes decides when children end.
                start_new_session=True,
            )
            undo.pop_all()
        self._control = ours
        self._owner = os.getpid()
        ours.settimeout(_START_PATIENCE_S)
        try:
            answer = ours.recv(1000).decode("utf-8", "replace")
        except OSError as error:
            answer = f"no: {error}"
        ours.settimeout(None)
        if answer != "ok":
            self.close()
            why = answer.removeprefix("no: ") or "the clean process died while starting"
            raise SandboxError(f"strategies cannot be run safely here: {why}")
        self._address_space = _address_space(self._process.pid)
        self._spare_lock = threading.Lock()
        self._spare: WalledChild | None = None
        """Forked before it is needed, for :attr:`_request`."""
        self._request = b""

    @property
    def usable(self) -> bool:
        """Whether it still lives, and in this process."""
        return self._owner == os.getpid() and self._process.poll() is None

    def spawn(self, memory_bytes: int, cpu_s: int, policy: bool) -> WalledChild:
        """A fresh confined child waiting for its set-up message.

        Where one was asked for in the same way just before, the next is forked and confined while this one plays.

        Raises:
            ServerGoneError: the server died.
            SandboxError: this process or the server cannot have what a child needs.
        """
        request = wire.LIMITS.pack(memory_bytes, cpu_s, policy)
        with self._spare_lock:
            again, self._request = request == self._request, request
            child, self._spare = self._spare, None
            if child is not None and not again:
                child.leave()
                child = None
            if child is None:
                child = self._order(request)
            if again:
                # Whoever needs it hears what is wrong.
                with contextlib.suppress(SandboxError):
                    self._spare = self._order(request)
        try:
            child.born()
        except SandboxError:
            child.leave()
            raise
        return child

    def _order(self, request: bytes) -> WalledChild:
        """Ask for a child without waiting for it."""
        with contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs:
            with needed("no shared memory"):
                page_fd = os.memfd_create("progress", os.MFD_CLOEXEC)
                theirs.callback(os.close, page_fd)
                os.ftruncate(page_fd, wire.PAGE_BYTES)
                page = ours.enter_context(mmap.mmap(page_fd, wire.PAGE_BYTES))
            with needed("no pair of sockets"):
                channel, their_channel = socket.socketpair()
                ours.enter_context(channel), theirs.enter_context(their_channel)
                leash, their_leash = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                ours.enter_context(leash), theirs.enter_context(their_leash)
            try:
                socket.send_fds(self._control, [request], [their_channel.fileno(), page_fd, their_leash.fileno()])
            except OSError as error:
                raise ServerGoneError(f"the fork server is gone: {error}") from error
            # Closed on this side before an answer is waited for, or a dead server could not be told from a slow one.
            theirs.close()
            ours.pop_all()
            return WalledChild(channel, leash, page, self._address_space)

    def close(self) -> None:
        """End the server and with it every child; may be called twice."""
        self._control.close()
        if self._owner != os.getpid():
            return
        if self._spare is not None:
            self._spare.leave()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_server: ForkServer | None = None
_server_lock = threading.Lock()


def fork_server(instead_of: ForkServer | None = None) -> ForkServer:
    """The fork server of the calling process."""
    global _server
    with _server_lock:
        # One that is being killed closes its sockets before it can be waited for: it still looks usable.
        if _server is None or _server is instead_of or not _server.usable:
            if _server is not None:
                _server.close()
            _server = ForkServer()
        return _server


def spawn(memory_bytes: int, cpu_s: int, policy: bool) -> WalledChild:
    """A fresh child, from this process's own fork server, which is started when first needed and again if it died.

    Raises:
        SandboxError: this machine cannot confine a strategy, or cannot start a process.
    """
    server = fork_server()
    try:
        return server.spawn(memory_bytes, cpu_s, policy)
    except ServerGoneError:
        # The server may have been killed between two matches: once more with a fresh one, then say so.
        return fork_server(instead_of=server).spawn(memory_bytes, cpu_s, policy)


def close() -> None:
    """End this process's fork server, if it has one; the next spawn starts another."""
    global _server
    with _server_lock:
        if _server is not None:
            _server.close()
            _server = None


atexit.register(close)
