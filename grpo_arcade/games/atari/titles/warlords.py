"""Warlords: its goal, and who sits where."""

from grpo_arcade.games.atari.cartridge import Cartridge, Court
from grpo_arcade.games.atari.goals import Goal, Kind

_GOAL = Goal(
    Kind.DUEL,
    "The score is 1 for whose king outlives the others and -1 for those whose king a fireball has reached.",
    worst=-1,
)

_PAIRS = Goal(
    Kind.DUEL,
    "You hold the two castles of one side, whose shields move alike. The score is -1 for each of your kings that a "
    "fireball has reached, and 1 if yours outlives all others.",
    worst=-2,
)

CARTRIDGE = Cartridge(
    goal=_GOAL,
    courts={
        2: Court(("left", "right"), _PAIRS),
        4: Court(("left-top", "right-top", "left-bottom", "right-bottom"), _GOAL),
    },
)
