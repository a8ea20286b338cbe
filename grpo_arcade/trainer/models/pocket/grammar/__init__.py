"""Where the pocket model's training examples come from: one module a game, each a seeded source of programs.

A game's module has ``GAME``, its registry name; ``draw_options(rng)``, the options a prompt asks for; and
``draw_program(rng, options)``, a program that answers that prompt. Adding it to :data:`GRAMMARS` is all it takes for
the next pocket model to know the game. Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from types import ModuleType
from typing import Any

from grpo_arcade.games.registry import make
from grpo_arcade.trainer.models.pocket.grammar import twenty48
from grpo_arcade.trainer.models.pocket.grammar.atari import (
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
from grpo_arcade.trainer.models.pocket.grammar.choice import pick

__all__ = ["GRAMMARS", "SHARES", "Example", "draw"]

_SHARES = {
    **{twenty48: 6},
    **dict.fromkeys((pong, breakout, freeway, boxing, kaboom, skiing), 1),
    **dict.fromkeys((tennis, bowling, space_invaders, ms_pacman, asterix, demon_attack), 1),
}
GRAMMARS: Mapping[str, ModuleType] = {module.GAME: module for module in _SHARES}
"""Grammars by the game's registry name."""
SHARES: Mapping[str, int] = {module.GAME: share for module, share in _SHARES.items()}
"""How often each game is drawn, relative to the others: 2048 in a third of all examples, since its boards come in many
sizes and its programs are the longest."""


@dataclass(frozen=True, slots=True)
class Example:
    """One conversation the pocket model learns from."""

    game: str
    options: Mapping[str, Any]
    prompt: str
    """What the game asks, word for word."""
    completion: str
    """The answer: a program between code fences, nothing around it."""


def draw(seed: str) -> Example:
    """The example that belongs to ``seed``; the same on every machine and in every process."""
    rng = Random(seed)
    return draw_for(pick(rng, SHARES), rng)


def draw_for(game: str, rng: Random) -> Example:
    """An example of one game."""
    options = GRAMMARS[game].draw_options(rng)
    program = GRAMMARS[game].draw_program(rng, options)
    return Example(game, options, _prompt(game, tuple(options.items())), f"```python\n{program}```")


@cache
def _prompt(game: str, options: tuple[tuple[str, Any], ...]) -> str:
    return make(game, **dict(options)).prompt()
