"""Which wall stands around a strategy on this system, and a child behind it."""

from __future__ import annotations

import sys

from grpo_arcade.games.players.sandbox.process import Child


def kernel_wall() -> bool:
    """Whether this system has the kernel features the sandbox is built on."""
    return sys.platform == "linux"


def spawn(memory_bytes: int, cpu_s: int, policy: bool) -> Child:
    """A fresh child behind this system's wall.

    Raises:
        SandboxError: this machine cannot confine a strategy, or cannot start a process.
    """
    if kernel_wall():
        from grpo_arcade.games.players.sandbox import kernel_wall as wall

        return wall.spawn(memory_bytes, cpu_s, policy)
    from grpo_arcade.games.players.sandbox.policy_wall import PortableChild

    return PortableChild()
