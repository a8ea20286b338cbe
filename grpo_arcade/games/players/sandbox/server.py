"""A small clean process that forks one confined child per match, kills it when told to, and is the only one to reap it.

It has never seen a game, a seed or a strategy: sources travel on the child's own channel. Each child hangs on a leash,
a socket whose other end the process with the games holds: a byte on it, or its closing, is the child's end. So a child
outlives neither its match, nor the process that asked for it, nor this one.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import mmap
import os
import select
import signal
import socket
import sys
from typing import NoReturn

from . import child, kernel, seccomp, wire

_AGAIN = "GRPO_ARCADE_FIXED_ADDRESSES"


class Server:
    """State of the fork server."""

    def __init__(self, control: socket.socket, libc: ctypes.CDLL) -> None:
        self.control = control
        self.libc = libc
        self.filter_code = seccomp.program(kernel.CHANNEL, seccomp.machine())
        # Measured once: a child starts with the address space of this process.
        self.address_space = kernel.address_space()
        self.leashes: dict[int, tuple[socket.socket, int]] = {}
        self.poll = select.poll()
        self.poll.register(control, select.POLLIN)

    def run(self) -> None:
        """Serve until the process with the games closes the control socket, then leave nothing behind."""
        try:
            while True:
                for descriptor, _ in self.poll.poll():
                    if descriptor != self.control.fileno():
                        self.end(descriptor)
                    elif not self.start():
                        return
        finally:
            for descriptor in list(self.leashes):
                self.end(descriptor)

    def start(self) -> bool:
        """Fork the child somebody asks for. False when nobody will ask again."""
        request, descriptors, _, _ = socket.recv_fds(self.control, wire.LIMITS.size, 3)
        if not request:
            return False
        channel, page, leash_fd = descriptors
        memory_bytes, cpu_s, policy = wire.LIMITS.unpack(request)
        leash = socket.socket(fileno=leash_fd)
        me = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            pid = -(error.errno or 1)
        if pid == 0:
            self.be_child(me, channel, page, memory_bytes, cpu_s, policy)
        os.close(channel)
        os.close(page)
        with contextlib.suppress(OSError):
            leash.send(wire.LEASH_START.pack(pid))
        if pid > 0:
            self.leashes[leash_fd] = (leash, pid)
            self.poll.register(leash_fd, select.POLLIN)
        else:
            leash.close()
        return True

    def be_child(self, parent: int, channel: int, page: int, memory_bytes: int, cpu_s: int, policy: bool) -> NoReturn:
        """The forked process's whole life."""
        status = 1
        try:
            shared = mmap.mmap(page, wire.PAGE_BYTES)
            if channel != kernel.CHANNEL:
                os.dup2(channel, kernel.CHANNEL)
            self.confine(parent, memory_bytes, cpu_s, policy)
            child.serve(child.Channel(kernel.CHANNEL, kernel.CHANNEL, shared))
            status = 0
        finally:
            os._exit(status)

    def confine(self, parent: int, memory_bytes: int, cpu_s: int, policy: bool) -> None:
        """Close everything but the channel and hand the rest to the kernel."""
        for low, high in ((0, kernel.CHANNEL), (kernel.CHANNEL + 1, 1 << 16)):
            os.closerange(low, high)
        child.become_quiet(policy)
        kernel.confine(self.libc, self.filter_code, parent, self.address_space + memory_bytes, cpu_s)

    def end(self, descriptor: int) -> None:
        """Kill and reap the child on this leash, and say what it had used."""
        leash, pid = self.leashes.pop(descriptor)
        self.poll.unregister(descriptor)
        with contextlib.suppress(OSError):
            # An unread byte would turn the answer below into a connection reset.
            leash.recv(16, socket.MSG_DONTWAIT)
        # Not reaped yet, so the id is still this child's even if it has died by itself.
        os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
        with contextlib.suppress(OSError):
            leash.send(wire.LEASH_END.pack(status, usage.ru_utime, usage.ru_stime, usage.ru_maxrss))
        leash.close()

    def canary(self) -> str:
        """Fork a child that breaks out if it can; empty if it died of SIGSYS at once, else what is wrong."""
        me = os.getpid()
        told, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            status = 3
            try:
                os.dup2(tell, kernel.CHANNEL)
                self.confine(me, 1 << 26, 10, True)
                os.open(os.devnull, os.O_RDONLY)
            except BaseException as error:
                status = 4
                with contextlib.suppress(BaseException):
                    os.write(kernel.CHANNEL, f"{type(error).__name__}: {error}".encode())
            finally:
                os._exit(status)
        os.close(tell)
        said = os.read(told, 1000).decode("utf-8", "replace")
        os.close(told)
        _, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS:
            return ""
        return said or f"a test process opened a file and ended with status {status} instead of SIGSYS"


def main() -> None:
    """Entry of the clean process; its standard input is the control socket."""
    libc = kernel.load_libc()
    if _AGAIN not in os.environ and kernel.stop_randomising_addresses(libc):
        os.execve(sys.executable, sys.orig_argv, {**os.environ, _AGAIN: "1"})
    control = socket.socket(fileno=os.dup(0))
    os.set_inheritable(control.fileno(), False)
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        if null > 2:
            os.close(null)
        kernel.close_to_debuggers(libc)
        child.load_lazy_modules()
        server = Server(control, libc)
        kernel.give_up_rights(libc)
        problem = server.canary()
    except OSError as error:
        problem = str(error)
    control.send(("no: " + problem if problem else "ok").encode()[:500])
    if not problem:
        gc.collect()
        gc.freeze()
        server.run()
