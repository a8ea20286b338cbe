"""Gopher with named fields: a console game outside the twelve, made so that the pocket model can be measured on it.

It is not among ``grpo_arcade.games.atari.titles``, where whatever has named fields has a grammar too. The bytes were found
on the screen: 900 frames of random play, the farmer's middle at ``ram[31] - 4`` in 99.9 % of them, the gopher's at
``ram[41] + 3`` and ``188 - ram[85]`` while it is in view.
"""

from __future__ import annotations

from typing import Any

from grpo_arcade.games.atari import Atari
from grpo_arcade.games.atari.fields import Field, Memory, Objects, Reading, shifted

FIELDS = (
    Field("player_x", 0, 159, "your farmer, on the ground at y = 146"),
    Field("gopher_x", 0, 159, "the gopher"),
    Field("gopher_y", 145, 188, "the gopher: 188 in its tunnel, 150 when its head is out of a hole"),
)
_PLAYER_X, _GOPHER_X = shifted(-4, 0, 159), shifted(3, 0, 159)
_GOPHER_Y = shifted(188, 145, 188, sign=-1)


def read(ram: Memory) -> Reading:
    """Where farmer and gopher are."""
    return {"player_x": _PLAYER_X[ram[31]], "gopher_x": _GOPHER_X[ram[41]], "gopher_y": _GOPHER_Y[ram[85]]}


class Gopher(Atari):
    """``atari/gopher`` as any Atari game is, but for what a strategy sees."""

    def __init__(self, **options: Any) -> None:
        super().__init__("gopher", **options)
        self.name = "gopher"
        self._objects = Objects(FIELDS, read, moving=("player", "gopher"))
