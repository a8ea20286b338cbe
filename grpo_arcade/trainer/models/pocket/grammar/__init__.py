"""Where the pocket model's training examples come from: one module a game, each a seeded source of programs.

A module is found by its being here, in this package or one below it. It has

- ``GAME``, the game's registry name; ``draw_options(rng)``, the options a prompt asks for; ``draw_program(rng,
  options)``, a program that answers that prompt;
- ``SHARE``, how often it is drawn, relative to the others; 0 for a game that the shipped weights do not know, which is
  taught by name;
- ``PLACE``, where it stands among the others: a seed's example depends on it, so new ones go to the end;
- ``WANTED``, the mean score of its programs, from and to: around what random play gets, far below a good program's, so
  that there is room to learn. Not where the share is 0;
- ``prompt(options)``, where the game is made up and the registry knows no prompt of it.

Standard library only.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from types import ModuleType
from typing import Any

from grpo_arcade.games.registry import make
from grpo_arcade.trainer.models.pocket.grammar.choice import pick

__all__ = ["FURTHER", "GRAMMARS", "SHARES", "Example", "draw", "draw_some", "shares_of"]


def _found() -> list[ModuleType]:
    names = [module.name for module in pkgutil.walk_packages(__path__, f"{__name__}.")]
    modules = [importlib.import_module(name) for name in names]
    return sorted((module for module in modules if hasattr(module, "GAME")), key=lambda module: module.PLACE)


GRAMMARS: Mapping[str, ModuleType] = {module.GAME: module for module in _found() if module.SHARE}
"""Grammars by the game's registry name, and ``made-up`` for the games that nobody plays."""
SHARES: Mapping[str, int] = {game: module.SHARE for game, module in GRAMMARS.items()}
"""How often each game is drawn, relative to the others: 2048 oftener than others, since its boards come in many
sizes and its programs are the longest; made-up games in more than half of all examples."""
FURTHER: Mapping[str, ModuleType] = {module.GAME: module for module in _found() if not module.SHARE}
"""Grammars of games that the shipped weights do not know. ``openenv:`` with the name of one of our specs is what any
server of that kind asks for."""


@dataclass(frozen=True, slots=True)
class Example:
    """One conversation the pocket model learns from."""

    game: str
    options: Mapping[str, Any]
    prompt: str
    """What the game asks, word for word."""
    completion: str
    """The answer: a program between code fences, nothing around it."""


def shares_of(games: Sequence[str]) -> Mapping[str, int]:
    """What to draw from: the games named, each as often as the others, or what the shipped weights know.

    Raises:
        ValueError: there is no grammar for one of them.
    """
    known = {**GRAMMARS, **FURTHER}
    if unknown := [game for game in games if game not in known]:
        raise ValueError(f"there is no grammar for {', '.join(unknown)}; there are {', '.join(known)}")
    return dict.fromkeys(games, 1) if games else SHARES


def draw(seed: str, shares: Mapping[str, int] = SHARES) -> Example:
    """The example that belongs to ``seed``; the same on every machine and in every process."""
    return draw_some(seed, 1, shares)[0]


def draw_some(seed: str, number: int, shares: Mapping[str, int] = SHARES) -> list[Example]:
    """Several answers to the one prompt that belongs to ``seed``; the first is what :func:`draw` gives."""
    rng = Random(seed)
    return answers_for(pick(rng, shares), rng, number)


def draw_for(game: str, rng: Random) -> Example:
    """An example of one game."""
    return answers_for(game, rng, 1)[0]


def answers_for(game: str, rng: Random, number: int) -> list[Example]:
    """Several answers to one prompt of one game."""
    grammar = GRAMMARS.get(game) or FURTHER[game]
    options = grammar.draw_options(rng)
    asked = grammar.prompt(options) if hasattr(grammar, "prompt") else prompt(game, tuple(options.items()))
    programs = [grammar.draw_program(rng, options) for _ in range(number)]
    return [Example(game, options, asked, f"```python\n{program}```") for program in programs]


@cache
def prompt(game: str, options: tuple[tuple[str, Any], ...] = ()) -> str:
    """What a game asks for, word for word; no server is needed."""
    if game.startswith("openenv:"):
        return make("openenv:ws://localhost", spec=game.removeprefix("openenv:"), **dict(options)).prompt()
    return make(game, **dict(options)).prompt()
