"""Journey Escape: its goal."""

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.goals import Goal, Kind

CARTRIDGE = Cartridge(
    goal=Goal(Kind.RECORD, "The score is what you win or lose of 50,000 dollars before time runs out.", worst=-50_000),
)
