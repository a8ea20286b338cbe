"""H.E.R.O.: how its name is spelled."""

from grpo_arcade.games.atari.cartridge import Cartridge

CARTRIDGE = Cartridge(spelled="H.E.R.O.")
