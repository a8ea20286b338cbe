"""Trusted players of Atari games, to measure strategies against."""

from __future__ import annotations

import random
from collections.abc import Mapping

from grpo_arcade.games.game import Baseline, Game


def noop(game: Game, rng: random.Random) -> int:
    """Press nothing."""
    return 0


def random_action(game: Game, rng: random.Random) -> int:
    """Any action, all equally likely."""
    return rng.randrange(len(game.actions))


def baselines(title: str) -> Mapping[str, Baseline]:
    """The baselines of a game, weakest first."""
    return {"noop": noop, "random": random_action}
