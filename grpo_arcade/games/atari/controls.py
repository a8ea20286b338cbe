"""What actions are called, and which one a person takes by what they hold.

The emulator names actions by the joystick. Games are played by what happens on the screen, so where the two differ the
screen's word is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

_ON_SCREEN: Mapping[str, Mapping[str, str]] = {
    # The right paddle of Pong is turned, not pushed: right is up.
    "pong": {"RIGHT": "UP", "LEFT": "DOWN", "RIGHTFIRE": "UPFIRE", "LEFTFIRE": "DOWNFIRE"},
}


def screen_names(title: str, actions: Sequence[str]) -> tuple[str, ...]:
    """The emulator's action names of a cartridge, by what they do on the screen."""
    renamed = _ON_SCREEN.get(title, {})
    return tuple(renamed.get(name, name) for name in actions)


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
