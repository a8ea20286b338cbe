"""An episode to be wound on and back: the position after any number of its moves, whether or not it is genuine."""

from __future__ import annotations

from typing import Any

from grpo_arcade.games import Episode, Game
from grpo_arcade.recordings import ForgedEpisodeError, RecordingError, verify


class Reel:
    """One episode, at some ply.

    Raises:
        ValueError: its game cannot be built here at all.
    """

    def __init__(self, episode: Episode) -> None:
        self.episode = episode
        self.game: Game = episode.new_game()
        self.genuine: bool | None = None
        """True after a replay that agrees; False if it claims what it does not show; None if it cannot be checked."""
        self.problem = ""
        """Why it is not, in one line."""
        try:
            verify(episode)
            self.genuine = True
        except ForgedEpisodeError as error:
            self.genuine, self.problem = False, str(error)
        except RecordingError as error:
            self.problem = str(error)
        self.length = self._playable()
        self.ply = -1
        self.view: Any = None
        self.seek(0)

    def _playable(self) -> int:
        # A forged episode may hold actions that the game refuses, or go on after its end.
        for ply, action in enumerate(self.episode.actions):
            if self.game.outcome is not None or action >= len(self.game.actions):
                return ply
            self.game.step(action)
        return len(self.episode.actions)

    def seek(self, ply: int) -> bool:
        """Go to the position after ``ply`` moves, or the nearest there is; True if that is another one."""
        ply = max(0, min(ply, self.length))
        if ply == self.ply:
            return False
        if ply < self.ply or self.ply < 0:
            self.game.reset(self.episode.seed)
            self.ply = 0
        for action in self.episode.actions[self.ply : ply]:
            self.game.step(action)
        self.ply = ply
        self.view = self.game.view()
        return True

    @property
    def ended(self) -> bool:
        """Whether this is the last position."""
        return self.ply == self.length
