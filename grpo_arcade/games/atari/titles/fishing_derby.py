"""Fishing Derby: its goal."""

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.goals import Goal, Kind

CARTRIDGE = Cartridge(
    goal=Goal(Kind.DUEL, "The score is your pounds of fish minus the opponent's. The first to 99 wins.", worst=-99),
)
