"""A game that goes by the clock, under somebody's hands: frames as they fall due, what each of them holds, its sound.

Time that the machine is too busy for is dropped: the game gets slower for a moment, but no press is lost and nothing is
caught up with in a rush.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from grpo_arcade.arcade.window.draw.words import PERSON
from grpo_arcade.arcade.window.play.session import Session
from grpo_arcade.arcade.window.play.speaker import Speaker
from grpo_arcade.arcade.window.play.stick import Stick
from grpo_arcade.games import Game

STEP_S = 0.010
"""What a turn may spend on a game, whatever is due: the rest of the frame is for the picture."""
_MOST_BEHIND = 4
"""Frames that are made up for at once, at the game's own speed; time beyond that is dropped."""


class RealTime:
    """The stick, the clock and the sound of one game.

    Args:
        speaker: where its sound goes.
    """

    def __init__(self, speaker: Speaker) -> None:
        self.stick = Stick()
        self._speaker = speaker
        self._audible = False
        self.restart()

    def begin(self, game: Game) -> None:
        """Get ready for a game that has just been reset."""
        self.rest()
        self.restart()
        # A console is heard from its first frame on, or has to catch up later: so also while it is muted.
        self._audible = self._speaker.works and self._speaker.open(game.sound()[0])

    def restart(self) -> None:
        """Owe no time: after a pause, or at another speed."""
        # Half a frame in hand: turns that come a little early or late still get one frame each.
        self._owed = 0.5
        self._speaker.hush()

    def rest(self) -> None:
        """Let go of everything."""
        self.stick.let_go()
        self._speaker.hush()

    def due(self, dt: float, game: Game, speed: float) -> int:
        """Frames that are due after ``dt`` seconds; what is more than can be made up for is forgotten."""
        self._owed += dt * game.frame_rate * speed
        frames = int(self._owed)
        self._owed -= frames
        return min(frames, max(1, round(_MOST_BEHIND * speed)))

    def wait(self, game: Game, speed: float) -> float:
        """Seconds until the next frame is due; 0 where the window's own pace does."""
        rate = game.frame_rate * speed
        return 0.0 if rate >= 50 else max(0.0, (1.0 - self._owed) / rate)

    def play(
        self, session: Session, frames: int, speed: float, chosen: Callable[[], tuple[int | None, str]] | None = None
    ) -> int:
        """Play so many frames, or as many as there is time for; how many they were.

        Args:
            session: the game.
            frames: how many are due.
            speed: at 1 there is sound.
            chosen: gives the action and who takes it, no action for one who is not ready; by default the stick.
        """
        until = time.perf_counter() + STEP_S
        for made in range(frames):
            action, player = chosen() if chosen else (session.game.controls[self.stick.frame()], PERSON)
            if action is None or session.game.outcome is not None:
                return made
            session.move(action, player)
            if self._audible:
                samples = session.game.sound()[1]
                if speed == 1.0:
                    self._speaker.play(samples)
            if time.perf_counter() > until:
                return made + 1
        return frames
