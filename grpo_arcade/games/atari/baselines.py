"""Trusted players of Atari games, to measure strategies against: any action, none, and the title's hand-written one."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.fields import State
from grpo_arcade.games.game import Baseline, Game


def random_action(game: Game, rng: random.Random) -> int:
    """Any action, all equally likely."""
    return rng.randrange(len(game.actions))


def noop(game: Game, rng: random.Random) -> int:
    """Press nothing."""
    return 0


def baselines(cartridge: Cartridge) -> Mapping[str, Baseline]:
    """The baselines of a game."""
    simple: dict[str, Baseline] = {"noop": noop, "random": random_action}
    return simple if cartridge.scripted is None else {**simple, "scripted": _scripted(cartridge.scripted)}


def _scripted(strategy: Callable[[State], str]) -> Baseline:
    def scripted(game: Game, rng: random.Random) -> int:
        """What the hand-written strategy answers."""
        return game.aliases[strategy(game.observation())]

    return scripted
