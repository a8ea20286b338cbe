"""Boxing: two boxers seen from above.

Bytes as in AtariARI (MIT), with offsets checked against the screen.
"""

from __future__ import annotations

from grpo_arcade.games.atari.titles.fields import Field, Memory, Objects, Reading, decimal, shifted

FIELDS = (
    Field("player_x", 0, 159, "you, in white; FIRE punches"),
    Field("player_y", 0, 209, "you, in white; FIRE punches"),
    Field("enemy_x", 0, 159, "the other boxer, in black"),
    Field("enemy_y", 0, 209, "the other boxer, in black"),
    Field("player_points", 0, 100, "your punches"),
    Field("enemy_points", 0, 100, "the other boxer's punches"),
    Field("seconds", 0, 120, "seconds left"),
)
_PLAYER_X = shifted(11, 0, 159)
_ENEMY_X = shifted(10, 0, 159)
_Y = shifted(61, 0, 209)
_DECIMAL = tuple(100 if byte == 0xC0 else value for byte, value in enumerate(decimal()))
_SECONDS = decimal()
_KNOCK_OUT = 0xC0


def read(ram: Memory) -> Reading:
    """Where both boxers are, their points and the clock."""
    return {
        "player_x": _PLAYER_X[ram[32]],
        "player_y": _Y[ram[34]],
        "enemy_x": _ENEMY_X[ram[33]],
        "enemy_y": _Y[ram[35]],
        "player_points": _DECIMAL[ram[18]],
        "enemy_points": _DECIMAL[ram[19]],
        "seconds": 60 * (ram[16] >> 4) + _SECONDS[ram[17]],
    }


OBJECTS = Objects("boxing", FIELDS, read, moving=("player", "enemy"))
