"""Which wall stands between a strategy and the machine, on this system and for this match.

- ``kernel``: a process of CPython that Linux lets think and answer and nothing else. All of the language, exact
  budgets.
- ``monty``: an interpreter of a subset of Python that knows no system to ask (``pydantic-monty``), on every system.
  Other programs than it can run are refused, see :mod:`~grpo_arcade.games.players.sandbox.monty_gaps`.
- ``policy``: a plain process behind the policy alone. Whatever defeats the policy has the person's files, so it is
  taken only where a person has said so.
"""

from __future__ import annotations

import os
import sys
import threading
from functools import cache

from grpo_arcade.games.players.sandbox.process import Child, SandboxError

WALLS = ("kernel", "monty", "policy")
VARIABLE = "ARCADE_WALL"
"""Environment variable that names the wall for all matches; ``policy`` is a person's consent to have none."""

_looking = threading.Lock()
"""Held by the thread that looks for Monty: Python 3.11's ``sysconfig``, which the look asks, breaks in two threads."""


def kernel_wall() -> bool:
    """Whether this system has the kernel features the wall ``kernel`` is built on."""
    return sys.platform == "linux"


@cache
def monty_wall() -> bool:
    """Whether the wall ``monty`` is installed, its worker program included."""
    with _looking:
        try:
            from pydantic_monty._binary import find_monty_binary

            find_monty_binary()
        except (ImportError, OSError):
            return False
        return True


def choose(allow_unwalled: bool = False) -> str:
    """The wall for a match: the named one, else the strongest there is; ``policy`` only if that is allowed.

    Raises:
        SandboxError: there is none, or the named one is not there.
    """
    named = os.environ.get(VARIABLE, "")
    if named:
        if named not in WALLS:
            raise SandboxError(f"{VARIABLE} must be one of {', '.join(WALLS)}, not {named!r}")
        if not _is_here(named):
            how = "it is Linux's" if named == "kernel" else 'pip install "grpo-arcade[monty]"'
            raise SandboxError(f"the wall {named} that {VARIABLE} asks for is not here: {how}")
        return named
    for wall in ("kernel", "monty"):
        if _is_here(wall):
            return wall
    if allow_unwalled:
        return "policy"
    raise SandboxError(
        'this system has no wall around strategies: pip install "grpo-arcade[monty]", or use Linux; '
        f"{VARIABLE}=policy runs them without one, with your files in their reach"
    )


def _is_here(wall: str) -> bool:
    """Whether this machine has the wall, looked for only when it is asked about."""
    if wall == "kernel":
        return kernel_wall()
    return wall == "policy" or monty_wall()


def spawn(wall: str, memory_bytes: int, cpu_s: int, policy: bool) -> Child:
    """A fresh child behind the wall ``kernel`` or ``policy``.

    Raises:
        SandboxError: this machine cannot confine a strategy, or cannot start a process.
    """
    if wall == "kernel":
        from grpo_arcade.games.players.sandbox import kernel_wall

        return kernel_wall.spawn(memory_bytes, cpu_s, policy)
    from grpo_arcade.games.players.sandbox.policy_wall import PortableChild

    return PortableChild()
