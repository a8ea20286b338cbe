"""Keeps the process with the games and its child on one core while they exchange short messages.

They never run at the same time, so a core each gains nothing, and a message with its answer takes 40 to 50 µs across
cores where it takes 8 to 11 on one (medians, by pipes, on two threads of an EPYC). The choice of the core stays with
the scheduler: the pin is loosened again and again.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from functools import cache


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def _current_core() -> int:
    return int(_libc().sched_getcpu())


class Pin:
    """Holds the calling thread and one other process on a core; a no-op where the system cannot."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._held = False
        self._cores: set[int] = set()
        if sys.platform == "linux" and pid > 0:
            self._cores = os.sched_getaffinity(0)

    def hold(self) -> None:
        """Stay on the core the calling thread is on now."""
        if self._held or len(self._cores) < 2:
            return
        core = _current_core()
        if core in self._cores:
            self._held = True
            self._set({core})

    def loosen(self) -> None:
        """Let the scheduler choose again."""
        if self._held:
            self._held = False
            self._set(self._cores)

    def _set(self, cores: set[int]) -> None:
        for pid in (self._pid, 0):
            # The child may be gone, or belong to another user.
            with contextlib.suppress(OSError):
                os.sched_setaffinity(pid, cores)
