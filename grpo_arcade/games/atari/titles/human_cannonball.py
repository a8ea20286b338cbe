"""Human Cannonball: its goal."""

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.goals import Goal, Kind

CARTRIDGE = Cartridge(
    goal=Goal(Kind.TASK, "Each hit gives 1 point; it ends with 7 hits or 7 misses.", 7),
)
