"""Pong: two paddles and a ball.

Bytes as in AtariARI (MIT), with offsets checked against the screen: both paddles are 16 tall, the ball is 2 by 4.
"""

from __future__ import annotations

from grpo_arcade.games.atari.titles.fields import ABSENT, Field, Memory, Objects, Reading, shifted

FIELDS = (
    Field("player_y", 32, 200, "your paddle, on the right at x = 142, 16 tall"),
    Field("enemy_y", 32, 200, "the other paddle, on the left at x = 18"),
    Field("ball_x", 0, 159, "the ball", absent=True),
    Field("ball_y", 32, 195, "the ball", absent=True),
)
_PLAYER_Y = shifted(-6, 32, 200)
_ENEMY_Y = shifted(-7, 32, 200)
_BALL_X = tuple(min(byte - 48, 159) if byte >= 48 else ABSENT for byte in range(256))
_BALL_Y = shifted(-12, 32, 195)


def read(ram: Memory) -> Reading:
    """Where paddles and ball are."""
    ball_x = _BALL_X[ram[49]] if ram[54] else ABSENT
    return {
        "player_y": _PLAYER_Y[ram[51]],
        "enemy_y": _ENEMY_Y[ram[50]],
        "ball_x": ball_x,
        "ball_y": _BALL_Y[ram[54]] if ball_x >= 0 else ABSENT,
    }


OBJECTS = Objects("pong", FIELDS, read, moving=("player", "ball"))
