"""Where an untrusted strategy runs: alone, in a process that can think and answer and nothing else.

``launcher`` is the side that holds the games; ``server`` is the small clean process that forks a child per match;
``child`` is what a child does; ``kernel``, ``seccomp`` and ``landlock`` take its powers away; ``surroundings`` is
what a strategy can import and call, ``seal`` keeps it unchanged; ``wire`` is the format of the messages.

Only the standard library is used, and every module but ``launcher`` and ``report`` runs in the clean process, so
nothing here may import another part of the package: games, numpy and torch must not exist in there.
"""

from __future__ import annotations

from typing import Any


def sandbox_report() -> dict[str, Any]:
    """What confines a strategy on this machine: see :func:`~grpo_arcade.games.players.sandbox.report.report`."""
    from grpo_arcade.games.players.sandbox.report import report

    return report()
