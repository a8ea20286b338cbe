"""Demon Attack: a cannon, up to three demons one above the other, and what the lowest one drops.

Bytes as in AtariARI (MIT), whose x are the console's motion codes; decoded and checked on the screen.
"""

from __future__ import annotations

from grpo_arcade.games.atari.titles.fields import ABSENT, Field, Memory, Objects, Reading, shifted

FIELDS = (
    Field("player_x", 0, 159, "your cannon, at y = 180; FIRE shoots while your last shot is gone"),
    Field("shot_x", 0, 159, "your shot", absent=True),
    Field("shot_y", 15, 180, "your shot", absent=True),
    Field("low_x", 0, 159, "the lowest demon, the one that bombs", absent=True),
    Field("low_y", 0, 180, "the lowest demon, the one that bombs", absent=True),
    Field("middle_x", 0, 159, "the demon above it", absent=True),
    Field("middle_y", 0, 180, "the demon above it", absent=True),
    Field("high_x", 0, 159, "the highest demon", absent=True),
    Field("high_y", 0, 180, "the highest demon", absent=True),
    Field("bomb_x", 0, 159, "the lowest bombs, up to 8 wide", absent=True),
    Field("bomb_y", 100, 187, "the lowest bombs, up to 8 wide", absent=True),
)


def _decoded(code: int) -> int:
    """The x of a motion code: coarse steps of 15 in the low half, fine ones from -3 to 12 in the high half."""
    fine = code >> 4
    return (code & 15) * 15 + (28 if fine > 7 else 12) - fine


_X = tuple(min(_decoded(code), 159) for code in range(256))
_PLAYER_X = tuple(min(_decoded(code) + 3, 159) for code in range(256))
_DEMON_X = tuple(min(_decoded(code) + 8, 159) for code in range(256))
_SHOT_X = tuple(min(_decoded(code) + 2, 159) for code in range(256))
_SHOT_Y = tuple(ABSENT if byte <= 3 or byte > 160 else (182 if byte < 55 else 179) - byte for byte in range(256))
_DEMON_Y = shifted(179, 0, 180, sign=-1)
_MIDDLE_BIT = tuple(
    round(sum(places) / len(places)) if (places := [7 - bit for bit in range(8) if byte >> bit & 1]) else 0
    for byte in range(256)
)


def read(ram: Memory) -> Reading:
    """Where cannon, shot, demons and the lowest bomb are."""
    high, middle, low = ram[29] > 3, ram[30] > 3, ram[31] > 3
    shot_y = _SHOT_Y[ram[21]]
    bomb_x = bomb_y = ABSENT
    bombs = ram[37:47]
    if any(bombs):
        row = next(row for row, byte in enumerate(bombs) if byte)
        bomb_x = min(_X[ram[20]] + _MIDDLE_BIT[bombs[row]], 159)
        bomb_y = 183 - 8 * row
    return {
        "player_x": _PLAYER_X[ram[16]],
        "shot_x": _SHOT_X[ram[22]] if shot_y >= 0 else ABSENT,
        "shot_y": shot_y,
        "low_x": _DEMON_X[ram[15]] if low else ABSENT,
        "low_y": _DEMON_Y[ram[71]] if low else ABSENT,
        "middle_x": _DEMON_X[ram[14]] if middle else ABSENT,
        "middle_y": _DEMON_Y[ram[70]] if middle else ABSENT,
        "high_x": _DEMON_X[ram[13]] if high else ABSENT,
        "high_y": _DEMON_Y[ram[69]] if high else ABSENT,
        "bomb_x": bomb_x,
        "bomb_y": bomb_y,
    }


OBJECTS = Objects("demon_attack", FIELDS, read, moving=("low", "middle", "high"))
