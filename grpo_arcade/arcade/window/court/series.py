"""The best of so many games: who sits where in each, who has won how many, and who has won them all.

Knows no window and no game.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

LENGTHS = (1, 3, 5, 7)


@dataclass
class Series:
    """Games between the same players, until one of them can no longer be caught up with."""

    players: int
    best_of: int = 1
    """Games at most; a draw is one of them."""
    changes: bool = False
    """Whether everybody moves on to the next seat after each game."""
    shift: int = 0
    """Seats that everybody has moved on before the first game."""
    won: list[int] = field(default_factory=list)
    """Games, by player."""
    played: int = 0

    def __post_init__(self) -> None:
        self.won = self.won or [0] * self.players

    def seating(self) -> tuple[int, ...]:
        """The player at each seat in the present game: in the next one, once a game has been noted."""
        moved = self.shift + (self.played if self.changes else 0)
        return tuple((seat + moved) % self.players for seat in range(self.players))

    def note(self, winners: Sequence[int]) -> None:
        """A game has ended; nobody has won one that was drawn, and partners win together."""
        for player in winners:
            self.won[player] += 1
        self.played += 1

    @property
    def decided(self) -> bool:
        """Whether there is no other game."""
        ranked = sorted(self.won, reverse=True)
        left = self.best_of - self.played
        return left <= 0 or ranked[0] > ranked[1] + left or 2 * ranked[0] > self.best_of

    def winners(self) -> list[int]:
        """Who has won most; everybody after a draw."""
        return [player for player, won in enumerate(self.won) if won == max(self.won)]
