"""What confines a strategy on this machine, said plainly: for ``arcade doctor`` and a run's facts."""

from __future__ import annotations

from typing import Any

from grpo_arcade.games.players.sandbox import kernel_wall, process, walls

NOT_COVERED = (
    "no wall: strategies are kept in by the AST policy and restricted built-ins only",
    "not covered: a program that defeats the policy can read and write your files, use the network and start processes",
    "not covered: memory has no cap, and budgets are judged by the wall clock, three times over",
    'for a wall: pip install "grpo-arcade[monty]", or play untrusted strategies on Linux (a container will do)',
)
IN_MONTY = (
    "Monty {version}: an interpreter of a subset of Python with no way to files, network, processes or clock",
    "a program that needs what Monty has not got is refused with its line; --allow-unwalled plays such a file without",
    "budgets are judged by the wall clock, three times over; a loop ends within one and a half budgets of a move",
)


def report() -> dict[str, Any]:
    """``{"works": bool, "wall": str, "lines": [str, ...]}``: can strategies be run here, and what protects the machine.

    On Linux it starts the clean process, whose canary has to be killed by the kernel.
    """
    try:
        wall = walls.choose()
        lines = {"kernel": _kernel, "monty": _monty, "policy": lambda: NOT_COVERED}[wall]()
    except process.SandboxError as error:
        return {"works": False, "wall": "", "lines": [str(error), "strategies are not run without it"]}
    return {"works": True, "wall": wall, "lines": list(lines)}


def _kernel() -> tuple[str, ...]:
    from grpo_arcade.games.players.sandbox import kernel, landlock, seccomp

    kernel_wall.ForkServer().close()
    abi = landlock.abi(kernel.load_libc())
    return (
        f"seccomp: on ({seccomp.machine()}); a test process that opened a file was killed at once",
        f"Landlock: on, version {abi}" if abi else "Landlock: this kernel has none; seccomp holds alone",
        "a strategy's process: one socket, no files, no network, no processes, no signals, capped memory and CPU",
    )


def _monty() -> tuple[str, ...]:
    from importlib.metadata import version

    from grpo_arcade.games.players.sandbox.monty_wall import MontyWorker

    with MontyWorker("def strategy(board): return 1", "", {1: 1}, 1.0, 1.0, 64 << 20) as session:
        session.load(0)
    return tuple(line.format(version=version("pydantic-monty")) for line in IN_MONTY)
