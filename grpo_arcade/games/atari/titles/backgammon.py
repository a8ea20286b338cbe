"""Backgammon: its goal."""

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.goals import Goal, Kind

CARTRIDGE = Cartridge(
    goal=Goal(Kind.DUEL, "Bearing off first gives 1 point; the opponent doing so takes 1.", worst=-1),
)
