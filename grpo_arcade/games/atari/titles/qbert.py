"""Q*bert: how its name is spelled."""

from __future__ import annotations

from grpo_arcade.games.atari.cartridge import Cartridge

CARTRIDGE = Cartridge(spelled="Q*bert")
