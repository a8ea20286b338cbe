"""Haunted House: its goal."""

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.goals import Goal, Kind

CARTRIDGE = Cartridge(
    goal=Goal(Kind.TASK, "Leaving with the whole urn gives 100 points; each match struck takes 1.", 1, worst=-99),
)
