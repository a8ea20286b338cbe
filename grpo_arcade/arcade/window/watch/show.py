"""A run that shows itself, for a stand or a talk: whole, its board, its program, its curve, before and after, again.

Knows only what is due when; the scene does it. Of a run that has ended, every round is told of a later step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Act = Literal["all", "board", "code", "curve", "pair"]
ACTS: tuple[tuple[Act, float], ...] = (("all", 12.0), ("board", 12.0), ("code", 14.0), ("curve", 12.0), ("pair", 24.0))
"""What is shown, and for how many seconds."""
RESTS_S = 30.0
"""How long it waits after somebody has touched a key."""
_MOST_STOPS = 6


class Show:
    """Which act is on."""

    def __init__(self) -> None:
        self._place = 0
        self._left_s = ACTS[0][1]
        self._rounds = 0

    @property
    def act(self) -> Act:
        """What is to be shown now."""
        return ACTS[self._place][0]

    @property
    def due(self) -> float:
        """Seconds until the next act."""
        return max(0.0, self._left_s)

    @property
    def rounds(self) -> int:
        """How often it began anew."""
        return self._rounds

    def advance(self, dt: float) -> bool:
        """Let time pass; True if another act is on."""
        self._left_s -= dt
        if self._left_s > 0:
            return False
        self._place = (self._place + 1) % len(ACTS)
        self._rounds += self._place == 0
        self._left_s = ACTS[self._place][1]
        return True

    def skip(self) -> None:
        """There is nothing to show in this act."""
        self._left_s = 0.0

    def rest(self) -> None:
        """Somebody looks at something of their own."""
        self._left_s = max(self._left_s, RESTS_S)

    def jump(self, act: Act) -> None:
        """Show an act now."""
        self._place = [each for each, _ in ACTS].index(act)
        self._left_s = ACTS[self._place][1]


def stops(crowned: Sequence[int], newest: int) -> list[int]:
    """The steps that an ended run is told of, ascending: of its first champion, of some more, and its last."""
    steps = sorted({step for step in crowned if 0 < step < newest})
    if len(steps) > _MOST_STOPS - 1:
        steps = [steps[round(at * (len(steps) - 1) / (_MOST_STOPS - 2))] for at in range(_MOST_STOPS - 1)]
    return [*steps, newest] if newest else []
