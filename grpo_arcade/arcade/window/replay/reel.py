"""An episode to be wound on and back: the position after any number of its moves, whether or not it is genuine."""

from __future__ import annotations

from typing import Any

from grpo_arcade.arcade.window.background.studio import Studio
from grpo_arcade.arcade.window.replay.playback import table_of
from grpo_arcade.games import Episode, Game
from grpo_arcade.recordings import ForgedEpisodeError, RecordingError, verify


class Reel:
    """One episode, at some ply; wound here, by its game.

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
        self.checked = True
        """Whether it is known by now whether it is genuine."""
        self.seek(0)

    @property
    def score(self) -> float:
        """The score at this position."""
        return self.game.score

    @property
    def ready(self) -> int:
        """Moves that one can wind on to by now."""
        return self.length

    def catch_up(self) -> bool:
        """True if what had to be waited for is there."""
        return False

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


class TapedReel:
    """The same from a tape that is made beside the window; it shows the nearest position there is by now.

    Raises:
        ValueError: its game is not known here at all.
    """

    def __init__(self, episode: Episode, studio: Studio) -> None:
        self.episode = episode
        self.game: Game = table_of(episode)
        self.ply = 0
        self._wanted = 0
        self._recording = studio.episode(episode)
        # Whoever looks at a recording winds it: all of it is wanted, the beginning first.
        self._recording.want(0, len(episode.actions) + 1)

    @property
    def genuine(self) -> bool | None:
        """As for any reel, once it is :attr:`checked`."""
        return self._recording.genuine

    @property
    def problem(self) -> str:
        """Why it is not genuine, in one line."""
        return self._recording.problem

    @property
    def checked(self) -> bool:
        """Whether it is known by now whether it is genuine."""
        return self._recording.ended

    @property
    def length(self) -> int:
        """Moves there are, as far as is known by now."""
        return self._recording.expected

    @property
    def ready(self) -> int:
        """Moves that one can wind on to by now."""
        return max(0, self._recording.ready)

    @property
    def view(self) -> Any:
        """What is to be seen; None while there is nothing."""
        return None if self._recording.ready < 0 else self._recording.tape.at(self.ply)[1]

    @property
    def score(self) -> float:
        """The score at this position."""
        return 0.0 if self._recording.ready < 0 else self._recording.tape.at(self.ply)[0]

    @property
    def ended(self) -> bool:
        """Whether this is the last position."""
        return self.checked and self.ply >= self.length

    def seek(self, ply: int) -> bool:
        """Go to the position after ``ply`` moves, or the nearest there is; True if that is another one."""
        self._wanted = max(0, min(ply, self.length))
        before, self.ply = self.ply, min(self._wanted, self.ready)
        return self.ply != before

    def catch_up(self) -> bool:
        """Go on to where one wanted to be; True if something there was to wait for has come."""
        state = self.ready if self.ply < self._wanted else self.ply, self.checked, self._recording.ready < 0
        changed = self.seek(self._wanted) or state != self._state
        self._state = state
        return changed

    _state: object = None


def reel_of(episode: Episode, studio: Studio) -> Reel | TapedReel:
    """The reel of an episode; a game that goes by the clock is not wound in the window."""
    return TapedReel(episode, studio) if table_of(episode).clock_driven else Reel(episode)
