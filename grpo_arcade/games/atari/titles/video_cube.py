"""Video Cube: its goal."""

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.goals import Goal, Kind

CARTRIDGE = Cartridge(
    goal=Goal(Kind.TASK, "Each of the cube's 6 faces in one colour gives 1 point.", 6, worst=-1),
)
