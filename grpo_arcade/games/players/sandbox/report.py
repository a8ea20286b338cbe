"""What confines a strategy on this machine, said plainly: for ``arcade doctor``."""

from __future__ import annotations

from typing import Any

from grpo_arcade.games.players.sandbox import kernel_wall, process, walls

NOT_COVERED = (
    "no kernel wall on this system: strategies are kept in by the AST policy and restricted built-ins only",
    "not covered: a program that defeats the policy can read and write your files, use the network and start processes",
    "not covered: memory has no cap, and budgets are judged by the wall clock, three times over",
    "train and play untrusted strategies on Linux (a virtual machine or a container will do)",
)


def report() -> dict[str, Any]:
    """``{"works": bool, "lines": [str, ...]}``: whether strategies can be run here, and what protects the machine.

    On Linux it starts the clean process, whose canary has to be killed by the kernel.
    """
    if not walls.kernel_wall():
        return {"works": True, "lines": list(NOT_COVERED)}
    from grpo_arcade.games.players.sandbox import kernel, landlock, seccomp

    try:
        server = kernel_wall.ForkServer()
    except process.SandboxError as error:
        return {"works": False, "lines": [str(error), "strategies are not run without it"]}
    server.close()
    abi = landlock.abi(kernel.load_libc())
    return {
        "works": True,
        "lines": [
            f"seccomp: on ({seccomp.machine()}); a test process that opened a file was killed at once",
            f"Landlock: on, version {abi}" if abi else "Landlock: this kernel has none; seccomp holds alone",
            "a strategy's process: one socket, no files, no network, no processes, no signals, capped memory and CPU",
        ],
    }
