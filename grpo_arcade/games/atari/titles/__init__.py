"""Symbolic observations: for twelve games, what is where, as a small dict of named whole numbers.

The tables of bytes were gathered from AtariARI and OCAtari (both MIT licensed), then checked, corrected and extended
against the emulator's screen; the tests hold every field against the screen again.
"""

from __future__ import annotations

from collections.abc import Mapping

from grpo_arcade.games.atari.titles import (
    asterix,
    bowling,
    boxing,
    breakout,
    demon_attack,
    freeway,
    kaboom,
    ms_pacman,
    pong,
    skiing,
    space_invaders,
    tennis,
)
from grpo_arcade.games.atari.titles.fields import ABSENT, Field, Objects, Reading

__all__ = ["ABSENT", "SYMBOLIC", "Field", "Objects", "Reading"]

_MODULES = (
    asterix,
    bowling,
    boxing,
    breakout,
    demon_attack,
    freeway,
    kaboom,
    ms_pacman,
    pong,
    skiing,
    space_invaders,
    tennis,
)

SYMBOLIC: Mapping[str, Objects] = {module.OBJECTS.title: module.OBJECTS for module in _MODULES}
"""The games with a symbolic observation, by title."""
