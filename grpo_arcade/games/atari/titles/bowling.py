"""Bowling: a bowler, a ball and ten pins.

Bytes as in AtariARI (MIT) and OCAtari (MIT); the pins and the score were found on the screen.
"""

from __future__ import annotations

from grpo_arcade.games.atari.titles.fields import Field, Memory, Objects, Reading, shifted

FIELDS = (
    Field("player_y", 0, 209, "the bowler; UP and DOWN move him before FIRE lets the ball go"),
    Field("ball_x", 0, 159, "the ball; the pins stand from x = 120 to 134, y = 119 to 158"),
    Field("ball_y", 0, 209, "the ball; the pins stand from x = 120 to 134, y = 119 to 158"),
    Field("pins", 0, 10, "pins standing"),
)
_PLAYER_Y = tuple(max(0, 157 - 2 * byte) for byte in range(256))
_BALL_X = shifted(9, 0, 159)
_BALL_Y = tuple(max(0, 168 - 2 * byte) for byte in range(256))
_STANDING = tuple(int(byte < 250) for byte in range(256))


def read(ram: Memory) -> Reading:
    """Where bowler and ball are, and the pins that stand."""
    return {
        "player_y": _PLAYER_Y[ram[40]],
        "ball_x": _BALL_X[ram[30]],
        "ball_y": _BALL_Y[ram[41]],
        "pins": sum([_STANDING[byte] for byte in ram[57:67]]),
    }


OBJECTS = Objects("bowling", FIELDS, read, moving=("ball",))
