"""Q*bert: how its name is spelled."""

from grpo_arcade.games.atari.cartridge import Cartridge

CARTRIDGE = Cartridge(spelled="Q*bert")
