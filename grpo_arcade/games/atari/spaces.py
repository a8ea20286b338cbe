"""What observations of Atari games look like to Gymnasium."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gymnasium.spaces import Box, Dict, Space

from grpo_arcade.games.atari.fields import ABSENT, COMMON, Field, Objects


def symbolic_space(objects: Objects) -> Dict:
    """A whole number, or an array of them, for each field."""
    return Dict({field.name: _number(field) for field in objects.all_fields()})


def memory_space(screen: tuple[int, ...], before: Sequence[Field] = ()) -> Dict:
    """The console's memory, brightness of the screen in (rows, columns), and the numbers that every game has."""
    parts: dict[str, Space] = {
        **{field.name: _number(field) for field in before},
        "ram": Box(0, 255, (128,), np.uint8),
        "screen": Box(0, 9, screen, np.uint8),
        **{field.name: _number(field) for field in COMMON},
    }
    return Dict(parts)


def _number(field: Field) -> Box:
    return Box(min(field.low, ABSENT) if field.absent else field.low, field.high, field.length, np.int64)
