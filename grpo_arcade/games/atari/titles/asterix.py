"""Asterix: eight lanes, in each of which a harp to avoid or a thing to collect runs across.

Bytes as in AtariARI (MIT) and OCAtari (MIT); what is in a lane was found on the screen.
"""

from __future__ import annotations

from grpo_arcade.games.atari.titles.fields import ABSENT, Field, Memory, Objects, Reading, shifted

FIELDS = (
    Field("player_x", 0, 159, "you"),
    Field("lane", 0, 7, "the lane you are in, from 0 (top) to 7"),
    Field("enemy_x", 0, 159, "the lyre in each lane, which costs a life, top first", absent=True, length=(8,)),
    Field("item_x", 0, 159, "the thing to collect in each lane, top first", absent=True, length=(8,)),
)
_X = shifted(4, 0, 159)
_PLAYER_X = shifted(6, 0, 159)
_LANE = tuple(min(max((133 - byte) // 16, 0), 7) for byte in range(256))
_EMPTY = 11
_LANES = range(8)


def read(ram: Memory) -> Reading:
    """Where the player is, and what runs in each lane."""
    enemies = [ABSENT] * 8
    items = [ABSENT] * 8
    for lane in _LANES:
        if ram[18 - lane] != _EMPTY and not ram[73 + lane]:
            (enemies if ram[29 + lane] & 1 else items)[lane] = _X[ram[42 + lane]]
    return {
        "player_x": _PLAYER_X[ram[41]],
        "lane": _LANE[ram[40]],
        "enemy_x": enemies,
        "item_x": items,
    }


OBJECTS = Objects("asterix", FIELDS, read, moving=("enemy", "item"))
