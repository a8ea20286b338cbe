"""What there is to be seen of a position of Connect Four."""

from __future__ import annotations

from dataclasses import dataclass

from grpo_arcade.games.game import Outcome

Stone = tuple[int, int, int]
"""Column, row (0 at the bottom), whose: 0 red, 1 yellow."""


@dataclass(frozen=True, slots=True)
class ConnectFourView:
    """A position and the transition into it: all that a picture needs."""

    stones: tuple[Stone, ...]
    """All on the board now, column by column from the bottom."""
    dropped: tuple[Stone, ...]
    """Those among them that the last transition dropped, in their order."""
    winning: frozenset[tuple[int, int]]
    """(column, row) of every stone in four in a row; empty while nobody has won."""
    to_move: int | None
    """Whose turn it is, 0 or 1; None after the end."""
    outcome: Outcome | None
    plies: int
