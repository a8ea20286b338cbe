"""Joust: its goal, and who sits where."""

from grpo_arcade.games.atari.cartridge import Cartridge, Court
from grpo_arcade.games.atari.goals import Goal, Kind

_GOAL = Goal(
    Kind.DUEL,
    "The score is your points. Two riders fight the same knights; who has more points at the end wins.",
    worst=0,
)

CARTRIDGE = Cartridge(
    goal=_GOAL,
    courts={
        2: Court(("yellow", "pink"), _GOAL),
    },
)
