"""Pitfall II: its goal."""

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.goals import Goal, Kind

CARTRIDGE = Cartridge(
    goal=Goal(Kind.RECORD, "The score is what you find and lose of 4,000 points.", worst=-4000),
)
