"""Surround: its goal, and who sits where."""

from grpo_arcade.games.atari.cartridge import Cartridge, Court
from grpo_arcade.games.atari.goals import Goal, Kind

_GOAL = Goal(Kind.DUEL, "The score is your points minus the opponent's. The first to 10 wins.", worst=-10)

CARTRIDGE = Cartridge(goal=_GOAL, courts={2: Court(("right", "left"), _GOAL, zero_sum=True)})
