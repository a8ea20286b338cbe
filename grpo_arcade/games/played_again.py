"""What a game that tells of an episode (:meth:`.Game.describe`) is given: the episode, move by move.

A module of its own, because the contract names it and what plays episodes again builds on the contract.
"""

from __future__ import annotations

from typing import Protocol


class PlayedAgain(Protocol):
    """An episode that is played again move by move, as :class:`grpo_arcade.games.replay.Replay` does."""

    ply: int
    """Moves made."""

    @property
    def length(self) -> int:
        """Moves there are."""

    @property
    def actions(self) -> bytes:
        """The action id of each."""

    def step(self) -> bool:
        """Make the next move; False if there is none."""

    def seek(self, ply: int) -> bool:
        """Go to the position after ``ply`` moves."""
