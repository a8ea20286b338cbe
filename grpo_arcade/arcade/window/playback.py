"""An episode being played again, move by move, at any speed: what Watch and Versus show.

Knows the game's rules by its :class:`~grpo_arcade.games.Game` alone, and nothing of where it is drawn.
"""

from __future__ import annotations

import math

import pygame

from grpo_arcade.arcade.window import theme
from grpo_arcade.games import Episode, Picture

_TOO_FAST = 20.0
"""Moves a second from which on tiles jump: a slide of less than three frames is only flicker."""


class Playback:
    """One episode and how far it has come.

    Args:
        episode: what is played; one whose actions do not fit its game stops where they cease to (see :attr:`broken`).
    """

    def __init__(self, episode: Episode) -> None:
        self.episode = episode
        self.game = episode.new_game()
        self.view = self.game.view()
        self.progress = 1.0
        """How far the last move is shown, 0 to 1."""
        self.broken = ""
        """Why it cannot be played to its end."""
        self._length = len(episode.actions)
        self._at = 0.0

    @property
    def ply(self) -> int:
        """Moves made or under way."""
        return math.ceil(self._at)

    @property
    def moving(self) -> bool:
        """Whether the last move is still being shown."""
        return self.progress < 1.0

    @property
    def ended(self) -> bool:
        """Whether all moves were shown."""
        return self._at >= self._length and self.progress >= 1.0

    def advance(self, dt: float, rate: float, goal: float = math.inf) -> bool:
        """Let ``dt`` seconds pass at ``rate`` moves a second, not beyond move ``goal``; True if it looks different."""
        before = self.ply, self.progress
        goal = min(goal, self._length)
        self._at = max(self._at, min(self._at + dt * rate, goal))
        for action in self.episode.actions[before[0] : self.ply]:
            self._step(action)
        if self.ply != before[0]:
            self.view = self.game.view()
        # A slow game does not slide slowly: the tiles rest between moves.
        slide = max(theme.MOVE_S * rate, 1e-9)
        into = 1.0 - (self.ply - self._at)
        if rate >= _TOO_FAST:
            self.progress = 1.0
        elif self._at >= goal:
            # The last move asked for: it arrives in its own time.
            self.progress = min(1.0, (self.progress if self.ply == before[0] else 0.0) + dt / theme.MOVE_S)
        else:
            self.progress = min(1.0, into / min(slide, 1.0))
        return (self.ply, self.progress) != before

    def step(self) -> None:
        """Show the next move at once, its slide under way."""
        if self._at < self._length:
            self.advance(1.0, 1.0, self.ply + 1)
            self.progress = 0.0

    def draw(self, surface: pygame.Surface, rect: pygame.Rect, picture: Picture) -> None:
        """Paint the position into a part of the surface."""
        picture.draw(surface.subsurface(rect.clip(surface.get_rect())), self.view, self.progress)

    def _step(self, action: int) -> None:
        try:
            self.game.step(action)
        except ValueError as error:
            self.broken = str(error)
            self._length = self._at = self.game.plies
