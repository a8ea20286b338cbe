"""Breakout: a paddle, a ball and six rows of bricks.

Bytes of paddle and ball as in AtariARI (MIT); the bricks are the console's playfield, two bits a brick.
Once the ball has been at the ceiling the paddle is 12 wide, and its middle 2 to the left of ``player_x``.
"""

from __future__ import annotations

from grpo_arcade.games.atari.titles.fields import ABSENT, Field, Memory, Objects, Reading, shifted

FIELDS = (
    Field("player_x", 8, 152, "your paddle, at y = 191, 16 wide"),
    Field("ball_x", 8, 152, "the ball; FIRE serves it while it is not there", absent=True),
    Field("ball_y", 32, 197, "the ball; FIRE serves it while it is not there", absent=True),
    Field("bricks_left", 0, 108, "bricks left"),
    Field("bricks", 0, 1, "1 where a brick is, rows from the top one at y = 60", length=(6, 18)),
)
_PLAYER_X = shifted(-39, 8, 152)
_BALL_X = shifted(-48, 8, 152)
_BALL_Y = tuple(max(byte + 11, 32) if 0 < byte <= 186 else ABSENT for byte in range(256))
"""Below the paddle's foot the ball is lost and no longer drawn."""


def _bricks(*bits: int) -> tuple[list[int], ...]:
    return tuple([byte >> bit & 1 for bit in bits] for byte in range(256))


# A row is six bytes: the left and the right half of the screen have three registers each, whose bits run both ways.
_FIRST = _bricks(6)
_LEFT_MIDDLE = _RIGHT_MIDDLE = _bricks(6, 4, 2, 0)
_LEFT_INNER = _bricks(0, 2, 4, 6)
_RIGHT_INNER = _bricks(4, 6)
_LAST = _bricks(0, 2, 4)


def read(ram: Memory) -> Reading:
    """Where paddle and ball are, and which bricks."""
    ball_y = _BALL_Y[ram[101]]
    bricks = [
        _FIRST[ram[30 + row]]
        + _LEFT_MIDDLE[ram[24 + row]]
        + _LEFT_INNER[ram[18 + row]]
        + _RIGHT_INNER[ram[12 + row]]
        + _RIGHT_MIDDLE[ram[6 + row]]
        + _LAST[ram[row]]
        for row in (5, 4, 3, 2, 1, 0)
    ]
    return {
        "player_x": _PLAYER_X[ram[72]],
        "ball_x": _BALL_X[ram[99]] if ball_y >= 0 else ABSENT,
        "ball_y": ball_y,
        "bricks_left": sum(map(sum, bricks)),
        "bricks": bricks,
    }


OBJECTS = Objects("breakout", FIELDS, read, moving=("player", "ball"))
