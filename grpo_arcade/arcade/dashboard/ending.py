"""The ways a dashboard is ended from outside: all leave the terminal as it was, as its own key does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable

LONGEST_S = 10.0
"""So long a dashboard that was told to end may take. Textual hands what it paints to a thread of its own: where the
terminal is gone, that thread dies of its first write, and whoever hands it more waits for ever."""


def at_signals(end: Callable[[int], None], longest_s: float = LONGEST_S) -> None:
    """From the running loop, call ``end`` with the exit code when the process is told to end, or loses its terminal.

    Without it such a process ends where it stands, and the shell finds mouse reports on and its echo off.
    """
    loop = asyncio.get_running_loop()

    def told(code: int) -> None:
        last_resort = threading.Timer(longest_s, os._exit, (code,))
        last_resort.daemon = True
        last_resort.start()
        end(code)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        with contextlib.suppress(NotImplementedError):  # on Windows a loop knows no signals, and there is no SIGHUP
            if number is not None:
                loop.add_signal_handler(number, told, 128 + number)
