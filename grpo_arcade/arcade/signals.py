"""A polite kill ends a command as Ctrl-C does: its children end, and what it had begun to write is cleaned up."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

_KILLS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""A kill, and a terminal that is closed."""


class KilledError(KeyboardInterrupt):
    """Raised where the program stands; :attr:`code` is what a shell calls the exit."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.code = 128 + number


@contextlib.contextmanager
def killed_politely() -> Iterator[None]:
    """A kill raises :class:`KilledError`, a second one ends at once; nothing changes where kills are minded already.

    What has its own way to end (a training, a dashboard, a server) sets its own handlers meanwhile.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: Any) -> None:
        for each in minded:
            signal.signal(each, signal.SIG_DFL)
        raise KilledError(number)

    minded = [number for number in _KILLS if signal.getsignal(number) is signal.SIG_DFL]
    for number in minded:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in minded:
            signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def left_to_the_system(*numbers: int) -> Iterator[None]:
    """These signals do what they do without Python, which is what a library needs that minds them in its own way."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
