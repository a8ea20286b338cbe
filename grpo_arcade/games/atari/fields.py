"""What a symbolic observation is made of: named whole numbers read from the console's memory.

One module a title says which byte is what; this knows no title. Everything is in screen pixels: x from 0 (left) to 159,
y from 0 (top) to 209, and a thing's position is its centre.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ABSENT = -1
"""The position of a thing that is not there."""
MOVED = "how far it has moved since the last call"
"""What a velocity means."""
FARTHEST = 40
"""Pixels. What moved farther between two decisions is taken for another thing, and has no velocity."""

Reading = dict[str, Any]
"""From a field's name to an ``int``, or to a list of them."""
State = Mapping[str, Any]
"""What a player gets: a reading with all that is added to it."""
Account = Callable[[Sequence[State], Sequence[str]], str]
"""What led to the end of a game, in a few sentences, from the states at each decision and the buttons pressed."""
Memory = Sequence[int]
"""The console's 128 bytes; of all types, ``bytes`` is read fastest."""


@dataclass(frozen=True, slots=True)
class Field:
    """One entry of an observation."""

    name: str
    low: int
    high: int
    """The range of its values; an absent thing's :data:`ABSENT` is not counted."""
    meaning: str
    """Half a sentence, for prompts."""
    absent: bool = False
    """Whether the thing can be absent."""
    length: tuple[int, ...] = ()
    """How many numbers a list holds, rows first if it is a list of lists; empty for a single number."""


@dataclass(frozen=True, slots=True)
class Objects:
    """The symbolic observation of one game."""

    fields: tuple[Field, ...]
    """What :attr:`read` gives, in its order."""
    read: Callable[[Memory], Reading]
    """From the console's memory to a new reading."""
    moving: tuple[str, ...] = ()
    """Things whose velocity is worked out: ``"ball"`` means ``ball_dx`` and ``ball_dy`` from ``ball_x`` and ``ball_y``,
    or one of them where the thing has only the other."""
    derived: tuple[Field, ...] = ()
    """What :attr:`derive` adds, in its order."""
    derive: Callable[[Reading], None] | None = None
    """Adds to an observation what follows from its velocities."""
    _axes: tuple[tuple[tuple[str, str], ...], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        names = {entry.name for entry in self.fields}
        axes = []
        for thing in self.moving:
            pairs = ((f"{thing}_{axis}", f"{thing}_d{axis}") for axis in "xy")
            axes.append(tuple(pair for pair in pairs if pair[0] in names))
        object.__setattr__(self, "_axes", tuple(axes))

    def all_fields(self) -> tuple[Field, ...]:
        """The fields of a whole observation in its order: those read, velocities, what follows from them, the rest."""
        own = {entry.name: entry for entry in self.fields}
        velocities = [
            Field(velocity, -FARTHEST, FARTHEST, MOVED, length=own[place].length)
            for axes in self._axes
            for place, velocity in axes
        ]
        return (*self.fields, *velocities, *self.derived, *COMMON)

    def observe(self, now: Reading, before: Reading | None, step: int, score: int, lives: int) -> Reading:
        """Add to the reading ``now`` what memory alone does not tell, and return it.

        ``before`` is the reading at the decision before this one, None at the first. Velocities are pixels since then:
        0 where the thing was absent then or is absent now, or where it jumped farther than :data:`FARTHEST`.
        """
        for axes in self._axes:
            if before is None:
                for place, velocity in axes:
                    now[velocity] = [0] * len(now[place]) if isinstance(now[place], list) else 0
            elif isinstance(now[axes[0][0]], list):
                for place, velocity in axes:
                    pairs = zip(now[place], before[place], strict=True)
                    now[velocity] = [a - b if a >= 0 <= b and -FARTHEST <= a - b <= FARTHEST else 0 for a, b in pairs]
            else:
                _add_velocity(now, before, axes)
        if self.derive is not None:
            self.derive(now)
        now["step"] = step
        now["score"] = score
        now["lives"] = lives
        return now


def _add_velocity(now: Reading, before: Mapping[str, Any], axes: tuple[tuple[str, str], ...]) -> None:
    for place, velocity in axes:
        a, b = now[place], before[place]
        if a < 0 or b < 0 or not -FARTHEST <= a - b <= FARTHEST:
            # Seen along one axis, it is another thing along both.
            for _, other in axes:
                now[other] = 0
            return
        now[velocity] = a - b


COMMON = (
    Field("step", 0, 2**31, "decisions so far"),
    Field("score", -(2**31), 2**31, "points so far"),
    Field("lives", 0, 255, "lives left, 0 in a game without lives"),
)
"""What every observation ends with."""


def shifted(offset: int, low: int, high: int, sign: int = 1) -> tuple[int, ...]:
    """A table from a byte to ``sign * byte + offset``, kept within ``low`` and ``high``: faster than arithmetic."""
    return tuple(min(max(sign * byte + offset, low), high) for byte in range(256))


def decimal() -> tuple[int, ...]:
    """A table from a byte of two decimal digits (BCD) to its value."""
    return tuple(10 * (byte >> 4) + (byte & 15) for byte in range(256))
