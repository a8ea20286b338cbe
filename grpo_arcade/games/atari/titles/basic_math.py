"""Basic Math: its goal."""

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.goals import Goal, Kind

CARTRIDGE = Cartridge(
    goal=Goal(Kind.RECORD, "Each right answer to 10 questions gives 1 point.", 10),
)
