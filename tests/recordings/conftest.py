"""Real games, played by trusted code: no recording in these tests is made up."""

import random

import pytest

from grpo_arcade.games import Episode, Outcome, make


def play(player="greedy", seed=0, most=None, name="2048", **options):
    game = make(name, **options)
    game.reset(seed)
    rng = random.Random(seed)
    actions = bytearray()
    while game.outcome is None and (most is None or len(actions) < most):
        actions.append(game.baselines[player](game, rng))
        game.step(actions[-1])
    return Episode(
        game=name,
        options=game.options,
        seed=seed,
        actions=bytes(actions),
        outcome=game.outcome or Outcome.UNFINISHED,
        score=game.score,
        wasted=game.wasted,
        player=player,
        versions=game.versions,
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


@pytest.fixture(scope="session")
def pong():
    return play("random", seed=4, most=90, name="atari/pong")


@pytest.fixture(scope="session")
def longer_pong():
    return play("random", seed=5, most=150, name="atari/pong")


@pytest.fixture(scope="session")
def second_of_pong():
    """As a person plays: every frame of the console is a move."""
    return play("random", seed=0, most=60, name="atari/pong", frame_skip=1, repeat_action_probability=0.0)


@pytest.fixture(scope="session")
def pacman():
    """A maze of many colours, in which ghosts blink."""
    return play("random", seed=6, most=120, name="atari/ms_pacman")


@pytest.fixture(scope="session")
def asteroids():
    """Every rock is on the screen in every other frame only."""
    return play("noop", seed=0, most=60, name="atari/asteroids")
