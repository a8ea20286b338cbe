"""No wall but the policy and restricted built-ins: a plain process, for systems without the kernel's wall."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import threading
import time

from grpo_arcade.games.players.sandbox.process import ENVIRONMENT, ChildGoneError, End, command, needed


class PortableChild:
    """A child without the kernel's wall: a Python process with nothing but pipes, judged by the wall clock."""

    judged_by_cpu = False

    def __init__(self) -> None:
        environment = dict(ENVIRONMENT)
        if "SYSTEMROOT" in os.environ:  # Windows finds its own libraries by it
            environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
        with needed("no process"):
            self._process = subprocess.Popen(
                command("child", "portable_main"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=os.name == "posix",
            )
        self.pid = self._process.pid
        self._started = time.monotonic()
        self._slice = 0.05
        self._end: End | None = None
        self._pending = b""
        # Bounded, so that a child that floods its pipe fills that and not this process.
        self._arrived: queue.Queue[bytes] = queue.Queue(maxsize=16)
        self._reader = threading.Thread(target=self._read, name="strategy replies", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            while data := os.read(self._process.stdout.fileno(), 1 << 16):
                self._arrived.put(data)
        self._arrived.put(b"")

    def send(self, message: bytes) -> int:
        """As :class:`Child` says; without a limit in time, as pipes have none."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(message)
            self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise ChildGoneError from error
        return len(message)

    def set_slice(self, seconds: float) -> None:
        """As :class:`Child` says."""
        self._slice = seconds

    def receive(self, most: int) -> bytes:
        """As :class:`Child` says."""
        if not self._pending:
            try:
                self._pending = self._arrived.get(timeout=self._slice)
            except queue.Empty:
                return b""
            if not self._pending:
                # It ends by itself: let it, so that how it ended can be told.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(1)
                raise ChildGoneError
        received, self._pending = self._pending[:most], self._pending[most:]
        return received

    def cpu_s(self) -> float:
        """As :class:`Child` says."""
        return time.monotonic() - self._started

    def waits(self) -> bool:
        """As :class:`Child` says."""
        return False

    def peak_bytes(self) -> int:
        """As :class:`Child` says."""
        return 0

    def progress(self) -> tuple[int, int]:
        """As :class:`Child` says; without a shared page it is always the first game."""
        return 0, 0

    def spent(self, games: int) -> list[float]:
        """As :class:`Child` says; without a shared page every game counts the same."""
        return [1.0] * games

    def end(self) -> End:
        """As :class:`Child` says."""
        if self._end is None:
            used = self.cpu_s()
            self._process.kill()
            status = self._process.wait()
            while self._reader.is_alive():
                with contextlib.suppress(queue.Empty):
                    self._arrived.get(timeout=0.01)
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self._end = End(max(0, -status), used)
        return self._end

    def leave(self) -> float:
        """As :class:`Child` says."""
        return self.end().cpu_s
