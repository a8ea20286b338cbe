"""An episode being played again, move by move, at any speed: what Watch and Versus show.

Knows the game's rules by its :class:`~grpo_arcade.games.Game` alone, and nothing of where it is drawn.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pygame

from grpo_arcade.arcade.window.draw import theme
from grpo_arcade.arcade.window.draw.boards import draw_board
from grpo_arcade.games import Episode, Game, Picture, make

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.background.studio import Recording, Studio

_TOO_FAST = 20.0
"""Moves a second from which on tiles jump: a slide of less than three frames is only flicker."""
_AHEAD_S = 4.0
"""Seconds of play that a tape is wanted to be ahead of what is shown."""


def table_of(episode: Episode) -> Game:
    """The game an episode was played on: what it is like, not a game to be played; shared by all who ask.

    Raises:
        ValueError: there is no such game here, or not with these options.
    """
    return _table(episode.game, json.dumps(dict(episode.options), sort_keys=True))


@lru_cache(maxsize=64)
def _table(name: str, options: str) -> Game:
    return make(name, **json.loads(options))


class Stepped:
    """Positions from the game itself, stepped in the window; only ever forward."""

    length: int
    """Moves there are, as far as is known by now."""
    broken: str
    """Why it ends early."""

    def __init__(self, episode: Episode) -> None:
        self.table = episode.new_game()
        self.length = len(episode.actions)
        self.broken = ""
        self._actions = episode.actions
        self._shown = 0, (self.table.score, self.table.view())

    def ready(self) -> int:
        """Moves that can be shown by now: all of them."""
        return self.length

    def show(self, ply: int, rate: float) -> tuple[float, Any]:
        """Score and view after ``ply`` moves; what does not fit the game ends it."""
        before, shown = self._shown
        if ply == before:
            return shown
        for action in self._actions[before:ply]:
            try:
                self.table.step(action)
            except ValueError as error:
                self.broken = str(error)
                self.length = ply = self.table.plies
                break
        self._shown = ply, (self.table.score, self.table.view())
        return self._shown[1]


class Taped:
    """The same from a tape that is made in another process; nothing is ready at first (-1)."""

    def __init__(self, episode: Episode, recording: Recording) -> None:
        self.table = table_of(episode)
        self._recording = recording

    @property
    def length(self) -> int:
        """As long as the tape will be."""
        return self._recording.expected

    @property
    def broken(self) -> str:
        """Why it was not taped to its end."""
        return self._recording.problem if self._recording.ended and not self._recording.genuine else ""

    def ready(self) -> int:
        """As far as it is taped."""
        return self._recording.ready

    def show(self, ply: int, rate: float) -> tuple[float, Any]:
        """What is on the tape there; ``rate`` moves a second are being shown."""
        self._recording.want(ply, ply + max(60, round(_AHEAD_S * rate)))
        score, view = self._recording.tape.at(ply)
        return score, view


class Playback:
    """One episode and how far it has come.

    Args:
        episode: what is played; one whose actions do not fit its game stops where they cease to (see :attr:`broken`).
        source: where its positions come from; by default its game, stepped here.
    """

    def __init__(self, episode: Episode, source: Stepped | Taped | None = None) -> None:
        self.episode = episode
        self._source = source or Stepped(episode)
        self.score = 0.0
        self.view: Any = None
        """None while there is nothing to see yet."""
        self.progress = 1.0
        """How far the last move is shown, 0 to 1."""
        self._at = 0.0
        self._slides = not self.game.clock_driven
        self._look(0.0)

    @property
    def game(self) -> Game:
        """The game, for its pace and its pictures."""
        return self._source.table

    @property
    def broken(self) -> str:
        """Why it cannot be played to its end."""
        return self._source.broken

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
        seen = self.view is not None or bool(self.broken)
        return self._at >= self._source.length and self.progress >= 1.0 and seen

    def advance(self, dt: float, rate: float, goal: float = math.inf) -> bool:
        """Let ``dt`` seconds pass at ``rate`` moves a second, not beyond move ``goal``; True if it looks different."""
        before = self.ply, self.progress, self.view is None
        # What is not on its tape yet is waited for.
        goal = min(goal, self._source.length, max(0, self._source.ready()))
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
        if self._source.ready() < 0:
            return
        self.score, self.view = self._source.show(self.ply, rate)
        if self._source.length < self.ply:
            self._at = self._source.length

    def step(self) -> None:
        """Show the next move at once, its slide under way."""
        if self._at < self._source.length:
            self.advance(1.0, 1.0, self.ply + 1)
            self.progress = 0.0 if self._slides else 1.0

    def draw(self, surface: pygame.Surface, rect: pygame.Rect, picture: Picture) -> None:
        """Paint the position into a part of the surface; nothing while there is none."""
        if self.view is not None:
            draw_board(surface, rect, self.game, picture, self.view, self.progress)


def playback_of(episode: Episode, studio: Studio) -> Playback:
    """Play an episode; a game that goes by the clock is not stepped in the window but taped."""
    source = Taped(episode, studio.episode(episode)) if table_of(episode).clock_driven else Stepped(episode)
    return Playback(episode, source)
