"""What there is to be seen of a position of 2048."""

from __future__ import annotations

from dataclasses import dataclass

from grpo_arcade.games.game import Outcome
from grpo_arcade.games.twenty48 import rules


@dataclass(frozen=True, slots=True)
class Twenty48View:
    """A position and the transition into it: all that a picture needs."""

    size: int
    target: int
    cells: tuple[tuple[int, ...], ...]
    """The board now, top row first; 0 is empty."""
    before: tuple[tuple[int, ...], ...]
    """The board before the last move; the same as ``cells`` at the start and after a move that changed nothing."""
    slides: tuple[rules.Slide, ...]
    """Every tile of ``before``, also those that stay, in reading order: (from_row, from_col, to_row, to_col, value,
    merged). ``value`` is the tile's value before the move. Both tiles of a merging pair have ``merged``; they meet at
    the same cell, where ``cells`` shows their sum."""
    spawn: tuple[int, int, int] | None
    """The tile that appeared after the last move as (row, col, value); None at the start and if nothing changed."""
    score: int
    outcome: Outcome | None
    plies: int
