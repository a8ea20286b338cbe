"""When memory is searched for garbage: while nobody presses keys. A full search takes longer than half a key may."""

from __future__ import annotations

import gc
import math
import time

REST_S = 1.0
"""So long after the last key or click somebody may be reading."""
EVERY_S = 60.0
"""Between two searches."""
_NEVER = 1_000_000


class Garbage:
    """The collector's settings while the dashboard runs; all of the process's."""

    def __init__(self) -> None:
        """As they are; :meth:`close` puts them back."""
        self._before = gc.get_threshold()
        self._touched, self._searched = -math.inf, time.monotonic()
        gc.set_threshold(*self._before[:2], _NEVER)

    def keep(self) -> None:
        """What is loaded now stays: modules, styles, widgets. They are not searched again."""
        gc.freeze()
        gc.enable()  # it may have been off until there was something to see

    def touched(self) -> None:
        """A key was pressed, or the mouse used."""
        self._touched = time.monotonic()

    @property
    def rested_s(self) -> float:
        """Seconds since the last key or click."""
        return time.monotonic() - self._touched

    def search_at_rest(self) -> None:
        """Search if it is time and nobody waits."""
        if self.rested_s > REST_S and time.monotonic() - self._searched > EVERY_S:
            gc.collect()
            self._searched = time.monotonic()

    def close(self) -> None:
        """As before."""
        gc.unfreeze()
        gc.set_threshold(*self._before)
