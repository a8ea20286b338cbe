"""Miniature Golf: its goal."""

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.goals import Goal, Kind

CARTRIDGE = Cartridge(
    goal=Goal(Kind.RECORD, "The score is par minus your strokes, over nine holes.", 0, worst=-900),
)
