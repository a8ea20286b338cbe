"""Where an untrusted strategy runs: alone, in a process that can think and answer and nothing else.

On the side that holds the games, ``walls`` picks the wall of this system (``kernel_wall``, ``policy_wall``) and
``process`` is what a child looks like from there. ``server`` is the small clean process that forks a child per match;
``child`` is what a child does; ``kernel``, ``seccomp`` and ``landlock`` take its powers away; ``namespace`` is what a
strategy can import and call, by the names in ``allowed``, ``seal`` keeps it unchanged; ``wire`` is the format of the
messages.

Only the standard library is used. What is named from ``server`` on runs in the clean process, so nothing here may
import another part of the package: games, numpy and torch must not exist in there.
"""

from __future__ import annotations

from typing import Any


def sandbox_report() -> dict[str, Any]:
    """What confines a strategy on this machine: see :func:`~grpo_arcade.games.players.sandbox.report.report`."""
    from grpo_arcade.games.players.sandbox.report import report

    return report()
