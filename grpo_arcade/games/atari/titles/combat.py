"""Combat: its goal, and who sits where."""

from grpo_arcade.games.atari.cartridge import Cartridge, Court
from grpo_arcade.games.atari.goals import Goal, Kind

_GOAL = Goal(
    Kind.DUEL,
    "The score is your hits minus the opponent's. A battle lasts 136 seconds.",
    worst=-99,
)

CARTRIDGE = Cartridge(
    goal=_GOAL,
    courts={
        2: Court(("left", "right"), _GOAL),
    },
)
