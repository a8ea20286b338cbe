"""Ms. Pac-Man: the player and four ghosts in a maze.

Bytes as in AtariARI (MIT), with offsets checked against the screen.
"""

from __future__ import annotations

from grpo_arcade.games.atari.titles.fields import Field, Memory, Objects, Reading, shifted

FIELDS = (
    Field("player_x", 0, 159, "you"),
    Field("player_y", 0, 209, "you"),
    Field("direction", 0, 3, "where you are heading: 0 up, 1 right, 2 down, 3 left"),
    Field("sue_x", 0, 159, "the orange ghost"),
    Field("sue_y", 0, 209, "the orange ghost"),
    Field("inky_x", 0, 159, "the blue ghost"),
    Field("inky_y", 0, 209, "the blue ghost"),
    Field("pinky_x", 0, 159, "the pink ghost"),
    Field("pinky_y", 0, 209, "the pink ghost"),
    Field("blinky_x", 0, 159, "the red ghost"),
    Field("blinky_y", 0, 209, "the red ghost"),
)
_X = shifted(-8, 0, 159)
_Y = shifted(6, 0, 209)


def read(ram: Memory) -> Reading:
    """Where everybody is."""
    return {
        "player_x": _X[ram[10]],
        "player_y": _Y[ram[16]],
        "direction": ram[56] & 3,
        "sue_x": _X[ram[6]],
        "sue_y": _Y[ram[12]],
        "inky_x": _X[ram[7]],
        "inky_y": _Y[ram[13]],
        "pinky_x": _X[ram[8]],
        "pinky_y": _Y[ram[14]],
        "blinky_x": _X[ram[9]],
        "blinky_y": _Y[ram[15]],
    }


OBJECTS = Objects("ms_pacman", FIELDS, read, moving=("sue", "inky", "pinky", "blinky"))
