"""Warlords: its goal, and who sits where."""

from grpo_arcade.games.atari.cartridge import Cartridge, Court
from grpo_arcade.games.atari.goals import Goal, Kind

_GOAL = Goal(
    Kind.DUEL,
    "The score is 1 for whose king outlives the others and -1 for those whose king a fireball has reached.",
    worst=-1,
)

CARTRIDGE = Cartridge(
    goal=_GOAL,
    courts={
        2: Court(("first", "second"), _GOAL),
        4: Court(("first", "second", "third", "fourth"), _GOAL),
    },
)
