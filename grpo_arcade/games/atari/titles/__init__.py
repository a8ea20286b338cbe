"""All about one cartridge in one module: what is where, the goal, a hand-written player, what strategies are lent.

A module here is named as ale-py spells its title and has a :class:`~grpo_arcade.games.atari.cartridge.Cartridge` of the
name ``CARTRIDGE``; that is all it takes for the game to know it. A title without a module is played by its memory, for
points.

The tables of bytes were gathered from AtariARI and OCAtari (both MIT licensed), then checked, corrected and extended
against the emulator's screen; the tests hold every field against the screen again.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.fields import Objects

CARTRIDGES: Mapping[str, Cartridge] = {
    module.name: importlib.import_module(f"{__name__}.{module.name}").CARTRIDGE
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name)
}
"""Those of which something is known beside what the emulator says, by title."""

SYMBOLIC: Mapping[str, Objects] = {
    title: cartridge.objects for title, cartridge in CARTRIDGES.items() if cartridge.objects is not None
}
"""The games with a symbolic observation, by title: what is where, as a small dict of named whole numbers."""

_UNKNOWN = Cartridge()


def cartridge_of(title: str) -> Cartridge:
    """What is known of a cartridge."""
    return CARTRIDGES.get(title, _UNKNOWN)
