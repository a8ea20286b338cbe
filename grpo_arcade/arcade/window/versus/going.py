"""How the games of a match go on: at a pace of their own, or move by move behind the person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from grpo_arcade.arcade.window.draw import theme
from grpo_arcade.arcade.window.replay.playback import Playback

Pace = Literal["turn by turn", "real time"]
PACES: tuple[Pace, ...] = ("turn by turn", "real time")
SPEEDS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


@dataclass(frozen=True, slots=True)
class Going:
    """What decides how far a player's game goes now."""

    running: bool
    paused: bool
    moves: int | None
    """How many the person has made, whom the others follow; None where nobody is followed."""
    pace: float
    """Moves a second, where nobody is followed."""

    def advance(self, playback: Playback, dt: float) -> bool:
        """Let a game go on for ``dt`` seconds; whether there is anything new to see."""
        if playback.view is None:
            return playback.advance(0.0, 1.0)
        if playback.moving and self.paused:
            return playback.advance(dt, 1e-9, playback.ply)
        if self.moves is not None:
            # One that comes late, because it was still being written, catches up.
            behind = self.moves - playback.ply
            return playback.advance(dt, max(1 / theme.MOVE_S, 4.0 * behind), self.moves)
        return self.running and playback.advance(dt, self.pace)

    def wait(self, playbacks: Iterable[Playback | None]) -> float | None:
        """Seconds until one of them has to go on; None if none has."""
        for playback in playbacks:
            if playback is not None and playback.view is None:
                return 2 * theme.FRAME_S  # its tape has only just been asked for
            if playback is None or (playback.ended and not playback.moving):
                continue
            if playback.moving or (self.running if self.moves is None else playback.ply < self.moves):
                return 0.0
        return None
