"""Atari games as Gymnasium environments, checked by Gymnasium's own checker."""

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.env_match import check_environments_match

from grpo_arcade.games import make
from grpo_arcade.games.atari import playable_titles
from grpo_arcade.games.atari.titles import SYMBOLIC
from grpo_arcade.games.gymnasium_env import environments


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("GRPOArcade/AtariPong-v0", {}),
        ("GRPOArcade/AtariBreakout-v0", {"mode": 4}),
        ("GRPOArcade/AtariKaboom-v0", {"repeat_action_probability": 0.0}),
        ("GRPOArcade/AtariAdventure-v0", {"frame_skip": 8}),
    ],
)
def test_passes_gymnasiums_own_check(name, options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gymnasium.make(name, render_mode="rgb_array", **options)
        check_env(env.unwrapped)
        env.close()


def test_every_title_is_registered():
    assert set(environments().values()) == {"2048", "connect-four", *(f"atari/{title}" for title in playable_titles())}
    assert set(environments()) <= set(gymnasium.registry)
    assert environments()["GRPOArcade/AtariMsPacman-v0"] == "atari/ms_pacman"


@pytest.mark.parametrize("title", sorted(SYMBOLIC))
def test_what_is_seen_lies_in_the_space_that_was_declared(title):
    game = make(f"atari/{title}")
    space = game.observation_space()
    rng = np.random.default_rng(1)
    game.reset(7)
    for _ in range(250):
        if game.outcome is not None:
            break
        game.step(int(rng.integers(len(game.actions))))
        seen = game.observation()
        assert set(seen) == set(space)
        for name, part in space.items():
            assert np.asarray(seen[name], np.int64) in part, (name, seen[name])


@pytest.mark.parametrize("title", ["breakout", "montezuma_revenge"])
def test_an_episode_is_the_games_own_episode_of_that_seed(title):
    name = next(name for name, game in environments().items() if game == f"atari/{title}")
    env, game = gymnasium.make(name, max_num_frames_per_episode=800), make(f"atari/{title}")
    observation, info = env.reset(seed=42)
    game.reset(42)
    total, rng, ended = 0, np.random.default_rng(0), False
    while not ended:
        assert observation in env.observation_space
        own = game.observation()
        assert {key: np.asarray(value).tolist() for key, value in observation.items()} == own
        action = int(rng.choice(game.legal_actions()))
        observation, reward, terminated, truncated, info = env.step(action)
        game.step(action)
        total += reward
        ended = terminated or truncated
    assert info["score"] == total == game.score


def test_two_environments_of_one_kind_match():
    name = "GRPOArcade/AtariFreeway-v0"
    check_environments_match(gymnasium.make(name).unwrapped, gymnasium.make(name).unwrapped, num_steps=100, seed=3)


def test_the_picture_is_the_screen():
    env = gymnasium.make("GRPOArcade/AtariPong-v0", render_mode="rgb_array")
    env.reset(seed=1)
    for _ in range(30):
        env.step(0)
    game = env.unwrapped.game
    assert (env.render() == game._console._ale.getScreenRGB()).all()
    assert env.metadata["render_fps"] == 15
