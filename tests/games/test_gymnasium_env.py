"""Our games as Gymnasium environments, checked by Gymnasium's own checker."""

import subprocess
import sys
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.env_match import check_environments_match

import grpo_arcade.games.gymnasium_env  # noqa: F401 - registers
from grpo_arcade.games import make

ID = "GRPOArcade/Twenty48-v0"


@pytest.mark.parametrize(
    "options", [{}, {"size": 6, "target": 64}, {"size": 2, "target": 8, "palette": "colour-blind"}]
)
def test_passes_gymnasiums_own_check(options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gymnasium.make(ID, render_mode="rgb_array", **options)
        check_env(env.unwrapped)
        env.close()


@pytest.mark.parametrize(
    ("first", "name"),
    [("import grpo_arcade.games.gymnasium_env", ID), ("", f"grpo_arcade.games.gymnasium_env:{ID}")],
)
def test_is_found_in_a_fresh_process_and_draws_without_a_display(first, name):
    program = f"""
import gymnasium
{first}
env = gymnasium.make("{name}", render_mode="rgb_array")
env.reset(seed=1)
picture = env.render()
print(picture.dtype, picture.ndim, picture.shape[2], len(set(picture.reshape(-1, 3)[:, 0].tolist())) > 3)
import pygame
print(pygame.display.get_init())
"""
    child = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", program], capture_output=True, text=True, check=False
    )
    assert child.stdout.splitlines()[-2:] == ["uint8 3 3 True", "False"], child.stderr


def test_an_episode_is_the_games_own_episode_of_that_seed():
    env = gymnasium.make(ID)
    game = make("2048")
    observation, info = env.reset(seed=42)
    game.reset(42)
    assert info["seed"] == 42
    total = 0
    rng = np.random.default_rng(0)
    terminated = truncated = False
    while not (terminated or truncated):
        assert observation.tolist() == game.observation()
        assert observation in env.observation_space
        assert np.flatnonzero(info["action_mask"]).tolist() == list(game.legal_actions())
        action = int(rng.choice(game.legal_actions()))
        observation, reward, terminated, truncated, info = env.step(action)
        game.step(action)
        total += reward
    assert (info["outcome"], info["score"], total) == (game.outcome, game.score, game.score)


def test_resets_without_a_seed_go_on_from_the_last_seed():
    env = gymnasium.make(ID)
    first = [env.reset(seed=5)[1]["seed"], *(env.reset()[1]["seed"] for _ in range(5))]
    again = [env.reset(seed=5)[1]["seed"], *(env.reset()[1]["seed"] for _ in range(5))]
    assert first == again
    assert len(set(first)) == 6


def test_two_environments_of_one_kind_match():
    check_environments_match(gymnasium.make(ID).unwrapped, gymnasium.make(ID).unwrapped, num_steps=300, seed=3)


def test_the_step_cap_truncates_and_the_rules_terminate():
    env = gymnasium.make(ID, size=3).unwrapped
    env.game.step_cap = 4
    _, info = env.reset(seed=0)
    for ply in range(1, 5):
        *_, terminated, truncated, info = env.step(int(np.flatnonzero(info["action_mask"])[0]))
        assert (terminated, truncated) == (False, ply == 4)
    assert info["outcome"] == "capped"


def test_many_environments_run_side_by_side():
    envs = gymnasium.make_vec(ID, num_envs=3, vectorization_mode="sync", vector_kwargs={})
    observations, _ = envs.reset(seed=1)
    assert observations.shape == (3, 4, 4)
    observations, rewards, *_ = envs.step(envs.action_space.sample())
    assert observations.shape == (3, 4, 4)
    assert rewards.shape == (3,)


@pytest.mark.parametrize(("options", "says"), [({"size": 40}, "2 to 8"), ({"palette": "neon"}, "palette must be")])
def test_bad_options_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        gymnasium.make(ID, **options)


ATARI = "GRPOArcade/AtariPong-v0"


@pytest.mark.parametrize("environment", [ID, ATARI])
@pytest.mark.parametrize("how", ["deepcopy", "pickle"])
def test_a_copy_goes_on_by_itself(environment, how):
    import copy
    import pickle

    if environment not in gymnasium.registry:
        pytest.skip("no ROMs here")
    env = gymnasium.make(environment, render_mode="rgb_array")

    def again(env):
        return copy.deepcopy(env) if how == "deepcopy" else pickle.loads(pickle.dumps(env))

    fresh = again(env)
    env.reset(seed=3)
    fresh.reset(seed=3)
    rng = np.random.default_rng(0)
    for _ in range(20):
        env.step(int(rng.integers(env.action_space.n)))
    env.action_space.seed(5)
    twin = again(env)
    assert np.array_equal(twin.render(), env.render())
    moves = [int(env.action_space.sample()) for _ in range(15)]
    assert [int(twin.action_space.sample()) for _ in range(15)] == moves
    for move in moves:
        (seen, *rest), (also, *same) = env.step(move), twin.step(move)
        assert rest[:3] == same[:3]
        assert str(seen) == str(also)
        assert {**rest[3], "action_mask": 0} == {**same[3], "action_mask": 0}
    # The next seed is drawn alike, and one does not disturb the other.
    assert env.reset()[1]["seed"] == twin.reset()[1]["seed"]
    env.step(0)
    assert (env.unwrapped.game.plies, twin.unwrapped.game.plies) == (1, 0)
    env.close()
    twin.close()


@pytest.mark.parametrize("options", [{"size": 5}, {"seed": 1}, {"": None}])
def test_options_of_a_reset_are_refused(options):
    env = gymnasium.make(ID)
    with pytest.raises(ValueError, match="reset takes no options"):
        env.reset(seed=1, options=options)
    for nothing in ({}, None):
        env.reset(seed=1, options=nothing)
