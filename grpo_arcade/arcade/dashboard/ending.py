"""The ways a dashboard is ended from outside: all leave the terminal as it was, as its own key does."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable


def at_signals(end: Callable[[int], None]) -> None:
    """From the running loop, call ``end`` with the exit code when the process is told to end, or loses its terminal.

    Without it such a process ends where it stands, and the shell finds mouse reports on and its echo off.
    """
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        with contextlib.suppress(NotImplementedError):  # on Windows a loop knows no signals, and there is no SIGHUP
            if number is not None:
                loop.add_signal_handler(number, end, 128 + number)
