"""Pong: two paddles and a ball.

Bytes as in AtariARI (MIT), with offsets checked against the screen: both paddles are 16 tall, the ball is 2 by 4.
"""

from __future__ import annotations

from grpo_arcade.games.atari.objects.fields import ABSENT, Field, Memory, Objects, Reading, shifted

FIELDS = (
    Field("player_y", 0, 209, "your paddle (on the right, at x = 142, 16 tall)"),
    Field("enemy_y", 0, 209, "the other paddle (on the left, at x = 18)"),
    Field("ball_x", 0, 159, "the ball", absent=True),
    Field("ball_y", 32, 195, "the ball", absent=True),
)
_PLAYER_Y = shifted(-6, 0, 209)
_ENEMY_Y = shifted(-7, 0, 209)
_BALL_X = shifted(-48, 0, 159)
_BALL_Y = shifted(-12, 32, 195)


def read(ram: Memory) -> Reading:
    """Where paddles and ball are."""
    ball = ram[54]
    return {
        "player_y": _PLAYER_Y[ram[51]],
        "enemy_y": _ENEMY_Y[ram[50]],
        "ball_x": _BALL_X[ram[49]] if ball else ABSENT,
        "ball_y": _BALL_Y[ball] if ball else ABSENT,
    }


OBJECTS = Objects("pong", FIELDS, read, moving=("ball",))
