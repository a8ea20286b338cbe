"""Maze Craze: its goal, and who sits where."""

from grpo_arcade.games.atari.cartridge import Cartridge, Court
from grpo_arcade.games.atari.goals import Goal, Kind

_GOAL = Goal(
    Kind.DUEL, "The score is 1 for who leaves the maze first, on its right side, and -1 for the other one.", worst=-1
)

CARTRIDGE = Cartridge(
    goal=_GOAL,
    courts={
        2: Court(("first", "second"), _GOAL),
    },
)
