"""Which action a person takes by what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product


def controls_of(actions: Sequence[str]) -> dict[frozenset[str], int]:
    """The action for every combination of ``up``, ``right``, ``down``, ``left`` and ``fire`` that can be held.

    Opposite directions cancel. A game that does not know a combination gets the part of it that it knows: fire matters
    most, since who holds a direction taps fire, then up and down.
    """
    ids = {name: action for action, name in enumerate(actions)}
    controls = {}
    for up, right, down, left, fire in product((False, True), repeat=5):
        held = {"up": up, "right": right, "down": down, "left": left, "fire": fire}
        vertical = "UP" * (up and not down) + "DOWN" * (down and not up)
        horizontal = "RIGHT" * (right and not left) + "LEFT" * (left and not right)
        directions = vertical + horizontal, vertical, horizontal, ""
        wanted = [f"{direction}FIRE" for direction in directions] * fire + [*directions[:3], "NOOP"]
        controls[frozenset(name for name, is_held in held.items() if is_held)] = next(
            ids[name] for name in wanted if name in ids
        )
    return controls
