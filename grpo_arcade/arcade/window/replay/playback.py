"""An episode being played again, move by move, at any speed: what Watch and Versus show.

Knows the game's rules by its :class:`~grpo_arcade.games.Game` alone, and nothing of where it is drawn.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pygame

from grpo_arcade.arcade.window.draw import theme
from grpo_arcade.arcade.window.draw.boards import draw_board
from grpo_arcade.games import Episode, Game, Picture
from grpo_arcade.games.replay import Replay, TapedReplay, table_of

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.background.studio import Studio

_TOO_FAST = 20.0
"""Moves a second from which on tiles jump: a slide of less than three frames is only flicker."""
_AHEAD_S = 4.0
"""Seconds of play that are wanted to be there ahead of what is shown."""


def replay_of(episode: Episode, studio: Studio) -> Replay:
    """An episode to be played again in the window; a game that goes by the clock is not stepped here but taped.

    Raises:
        ValueError: its game cannot be built here at all.
    """
    if table_of(episode).clock_driven:
        return TapedReplay(episode, studio.episode(episode))
    return Replay(episode)


class Playback:
    """One episode and how far it has come.

    Args:
        replay: the episode, at its start; one whose actions do not fit its game stops where they cease to.
    """

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        self.score = 0.0
        self.view: Any = None
        """None while there is nothing to see yet."""
        self.progress = 1.0
        """How far the last move is shown, 0 to 1."""
        self._at = 0.0
        self._slides = not self.game.clock_driven
        self._look(0.0)

    @property
    def episode(self) -> Episode:
        """What is played."""
        return self.replay.episode

    @property
    def game(self) -> Game:
        """The game, for its pace and its pictures."""
        return self.replay.game

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
        seen = self.view is not None or bool(self.replay.broken)
        return self._at >= self.replay.length and self.progress >= 1.0 and seen

    def advance(self, dt: float, rate: float, goal: float = math.inf) -> bool:
        """Let ``dt`` seconds pass at ``rate`` moves a second, not beyond move ``goal``; True if it looks different."""
        before = self.ply, self.progress, self.view is None
        # What is not on its tape yet is waited for.
        goal = min(goal, self.replay.length, max(0, self.replay.ready))
        self._at = max(self._at, min(self._at + dt * rate, goal))
        if (self.ply, self.view is None) != (before[0], False):
            self._look(rate)
        # A slow game does not slide slowly: the tiles rest between moves.
        slide = max(theme.MOVE_S * rate, 1e-9)
        into = 1.0 - (self.ply - self._at)
        if rate >= _TOO_FAST or not self._slides:
            self.progress = 1.0
        elif self._at >= goal:
            # The last move asked for: it arrives in its own time.
            self.progress = min(1.0, (self.progress if self.ply == before[0] else 0.0) + dt / theme.MOVE_S)
        else:
            self.progress = min(1.0, into / min(slide, 1.0))
        return (self.ply, self.progress, self.view is None) != before

    def _look(self, rate: float) -> None:
        if self.replay.ready < 0:
            return
        self.replay.seek(self.ply)
        self.replay.want(self.ply + max(60, round(_AHEAD_S * rate)))
        self.score, self.view = self.replay.score, self.replay.view
        if self.replay.length < self.ply:
            self._at = self.replay.length

    def go_to(self, move: int) -> None:
        """Be at a move, at rest."""
        self._at = float(min(move, self.replay.length))
        self.progress = 1.0
        self._look(1.0)

    def step(self) -> None:
        """Show the next move at once, its slide under way."""
        if self._at < self.replay.length:
            self.advance(1.0, 1.0, self.ply + 1)
            self.progress = 0.0 if self._slides else 1.0

    def draw(self, surface: pygame.Surface, rect: pygame.Rect, picture: Picture) -> None:
        """Paint the position into a part of the surface; nothing while there is none."""
        if self.view is not None:
            draw_board(surface, rect, self.game, picture, self.view, self.progress)
