"""Adventure: its goal."""

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.goals import Goal, Kind

CARTRIDGE = Cartridge(
    goal=Goal(Kind.TASK, "Bringing the chalice home gives 1 point; being eaten ends the game.", 1),
)
