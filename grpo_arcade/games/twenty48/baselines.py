"""Trusted players of 2048, to measure strategies against."""

from __future__ import annotations

import random
from collections.abc import Mapping

from grpo_arcade.games.game import Baseline, Game
from grpo_arcade.games.twenty48 import rules


def random_move(game: Game, rng: random.Random) -> int:
    """Any move that changes the board, all equally likely."""
    return rng.choice(game.legal_actions())


def greedy_move(game: Game, rng: random.Random) -> int:
    """The move that gains the most score now; ties are broken at random."""
    board = rules.board_of(game.observation())
    grid = rules.grid(game.options["size"])
    gains = {action: grid.gain(board, grid.shift(board, action)) for action in game.legal_actions()}
    best = max(gains.values())
    return rng.choice([action for action, gain in gains.items() if gain == best])


BASELINES: Mapping[str, Baseline] = {"random": random_move, "greedy": greedy_move}
