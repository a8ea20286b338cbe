"""Pitfall: its goal."""

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.goals import Goal, Kind

CARTRIDGE = Cartridge(
    goal=Goal(
        Kind.RECORD,
        "The score is what you find and lose of 2,000 points; 20 minutes.",
        worst=-2000,
    ),
)
