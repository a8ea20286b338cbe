"""What the process with the games sees of a strategy's process, whichever wall stands around it."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_PACKAGE_PARENT = Path(__file__).resolve().parent.parent
_BOOTSTRAP = (
    "import sys; sys.path.insert(0, {where!r}); from sandbox.{module} import {main} as main; del sys.path[0]; main()"
)


class SandboxError(RuntimeError):
    """The sandbox cannot be had or broke; says why in one line."""


@contextlib.contextmanager
def needed(what: str) -> Iterator[None]:
    """Around what a strategy cannot be run without.

    Raises:
        SandboxError: the system refuses it or has none.
    """
    try:
        yield
    except (OSError, AttributeError) as error:
        why = getattr(error, "strerror", None) or error
        file = getattr(error, "filename", None)
        missing = f" {file}" if file else ""
        raise SandboxError(f"strategies cannot be run here: {what}{missing}: {why}") from error


class ChildLostError(SandboxError):
    """A child was ended from outside, or its fork server died under it: the match can be played again."""

    def __init__(self, text: str, killed: bool = False) -> None:
        super().__init__(text)
        self.killed = killed
        """Whether it was the child alone that somebody killed."""


@dataclass(frozen=True, slots=True)
class End:
    """How a child ended."""

    signal: int
    """0 if it exited by itself."""
    cpu_s: float
    lost: bool = False
    """Nobody knows: the fork server died, and the child with it."""

    @property
    def broke_out(self) -> bool:
        """Whether the kernel killed it for a forbidden system call."""
        return self.signal == getattr(signal, "SIGSYS", -1)


class ChildGoneError(Exception):
    """The child closed its channel: it is dead or dying."""


class Child(Protocol):
    """One strategy's process."""

    pid: int
    judged_by_cpu: bool
    """Whether :meth:`cpu_s` is CPU time; else it is the wall clock."""

    def send(self, message: bytes) -> int:
        """Send a packed message, or what of it went within a slice of time: how much. Raises ``ChildGoneError``."""
        ...

    def receive(self, most: int) -> bytes:
        """Some bytes of the reply, or none when a slice of time passed without any. Raises ``ChildGoneError``."""
        ...

    def set_slice(self, seconds: float) -> None:
        """How long :meth:`send` and :meth:`receive` wait."""
        ...

    def cpu_s(self) -> float:
        """Time used so far, in seconds."""
        ...

    def waits(self) -> bool:
        """Whether it sleeps in the kernel, where an honest child that owes an answer never is."""
        ...

    def peak_bytes(self) -> int:
        """The most address space it has taken beyond the interpreter's own; 0 where nobody counts it."""
        ...

    def progress(self) -> tuple[int, int]:
        """Index of the game it says it is answering, and the number of that call."""
        ...

    def spent(self, games: int) -> list[float]:
        """Seconds it says it spent in each game."""
        ...

    def end(self) -> End:
        """Kill it; return when it is reaped. May be called again."""
        ...

    def leave(self) -> float:
        """Have it killed without waiting for that; the seconds it used. Without effect after :meth:`end`."""
        ...


def command(module: str, main: str) -> list[str]:
    """The command line that runs a function of this folder in a clean interpreter."""
    # What -I does, except that the environment is read: it holds nothing but the hash seed.
    code = _BOOTSTRAP.format(where=str(_PACKAGE_PARENT), module=module, main=main)
    return [sys.executable, "-P", "-s", "-S", "-B", "-c", code]


ENVIRONMENT = {"PYTHONHASHSEED": "0"}
