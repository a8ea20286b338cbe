"""Hangman: its goal."""

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.goals import Goal, Kind

CARTRIDGE = Cartridge(
    goal=Goal(Kind.DUEL, "Guessing the word gives 1 point; failing takes 1, and either ends it.", worst=-1),
)
