"""Superman: its goal."""

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.goals import Goal, Kind

CARTRIDGE = Cartridge(
    goal=Goal(Kind.TASK, "Entering the Daily Bugle as Clark Kent gives the seconds left of 99:59.", 1),
)
