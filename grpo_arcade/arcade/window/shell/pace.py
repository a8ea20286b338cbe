"""How long the loop sleeps: until something happens or is due, and never less than a frame apart."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pygame

from grpo_arcade.arcade.window.draw import theme

MOST_DT = 0.25
"""Seconds beyond what was slept on purpose; after a longer pause (a suspended laptop) motion goes on from where it was.
"""


class Pace:
    """Sixty frames a second at most, and none while nothing moves."""

    def __init__(self) -> None:
        self._next_frame = 0.0
        self._last = time.perf_counter()
        self._meant_s = 0.0
        """How long the last sleep was to be at most."""

    def passed(self, now: float) -> float:
        """Seconds since this was asked last, as far as they count for what moves."""
        passed, self._last = now - self._last, now
        most, self._meant_s = self._meant_s + MOST_DT, 0.0
        return min(passed, most)

    def events(self, due: Sequence[float | None]) -> list[pygame.event.Event]:
        """Sleep until something happens or is due; what happened.

        Args:
            due: seconds until each thing that is, None for what is not.
        """
        now = time.perf_counter()
        known = [moment for moment in due if moment is not None]
        self._meant_s = max(0.0, min(known, default=0.0))
        # However much there is to do: never more frames than that.
        pause = max(self._next_frame - now, 0.0)
        if known and min(known) <= pause:
            if pause > 0:
                time.sleep(pause)
            self._next_frame = max(self._next_frame + theme.FRAME_S, time.perf_counter())
            return pygame.event.get()
        first = pygame.event.wait(max(1, round(min(known) * 1000)) if known else 0)
        self._next_frame = time.perf_counter() + theme.FRAME_S / 2
        return [first, *pygame.event.get()] if first.type != pygame.NOEVENT else []
