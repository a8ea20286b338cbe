"""Real games, played by trusted code: no recording in these tests is made up."""

import random

import pytest
from hypothesis import settings

import grpo_arcade
from grpo_arcade.games import Episode, Outcome, make

# A busy machine is no failure.
settings.register_profile("recordings", deadline=None)
settings.load_profile("recordings")


def play(player="greedy", seed=0, most=None, **options):
    game = make("2048", **options)
    game.reset(seed)
    rng = random.Random(seed)
    actions = bytearray()
    while game.outcome is None and (most is None or len(actions) < most):
        actions.append(game.baselines[player](game, rng))
        game.step(actions[-1])
    return Episode(
        game="2048",
        options=game.options,
        seed=seed,
        actions=bytes(actions),
        outcome=game.outcome or Outcome.UNFINISHED,
        score=game.score,
        wasted=game.wasted,
        player=player,
        versions={"grpo-arcade": grpo_arcade.__version__, "rules": str(game.rules_version)},
    )


@pytest.fixture(scope="session")
def greedy():
    return play("greedy", seed=7)


@pytest.fixture(scope="session")
def short():
    return play("random", seed=3, most=25)


@pytest.fixture(scope="session")
def thousand():
    """The first thousand moves of a good player on a full-sized board."""
    return play("expectimax", seed=0, most=1000, target=131072)
