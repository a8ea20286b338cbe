"""Video Chess: its goal."""

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.goals import Goal, Kind

CARTRIDGE = Cartridge(
    goal=Goal(Kind.DUEL, "Mate gives 1 point; being mated takes 1.", worst=-1),
)
