"""Casino: its goal."""

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.goals import Goal, Kind

CARTRIDGE = Cartridge(
    goal=Goal(Kind.DUEL, "The score is what you won or lost of 1,000 chips; it ends when they are gone.", worst=-1000),
)
