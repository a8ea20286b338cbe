"""Games of several seats as PettingZoo environments: its own test passes, and an episode is the recording's."""

import warnings

import numpy as np
import pytest

pytest.importorskip("pettingzoo")

from pettingzoo.test import parallel_api_test

from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.games.episode import seat_results
from grpo_arcade.games.gymnasium_env import GameEnv
from grpo_arcade.games.pettingzoo_env import SeatsEnv, parallel_env
from grpo_arcade.recordings import verify

SHORT = {"players": 2, "max_num_frames_per_episode": 240}
GAMES = [("atari/pong", SHORT), ("atari/warlords", {**SHORT, "players": 4}), ("connect-four", {"players": 2})]


def played(env, seed):
    """One episode of actions that the mask allows: what was taken, and every answer of ``step``."""
    observations, infos = env.reset(seed=seed)
    answers, taken = [], bytearray()
    while env.agents:
        acting = [env.possible_agents[seat] for seat in env.game.acting()]
        actions = {
            agent: int(env.action_space(agent).sample(infos[agent]["action_mask"])) if agent in acting else 0
            for agent in env.agents
        }
        taken += bytes(actions[agent] for agent in acting)
        answers.append(env.step(actions))
        observations, *_, infos = answers[-1]
        assert all(env.observation_space(agent).contains(seen) for agent, seen in observations.items())
    return bytes(taken), answers


@pytest.mark.parametrize(("game", "options"), GAMES)
def test_the_test_of_pettingzoo_passes(game, options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parallel_api_test(parallel_env(game, **options), num_cycles=60)


@pytest.mark.parametrize(("game", "options"), GAMES)
def test_an_episode_is_that_of_its_seed_and_actions(game, options):
    env = parallel_env(game, **options)
    taken, answers = played(env, 5)
    names = env.possible_agents
    episode = Episode(
        game,
        env.game.options,
        5,
        taken,
        env.game.outcome,
        env.game.score,
        env.game.wasted,
        versions=env.game.versions,
        per_step=env.game.per_step,
        seats=seat_results(env.game, names),
    )
    verify(episode)
    for seat, agent in enumerate(names):
        gained = sum(rewards[agent] for _, rewards, *_ in answers)
        assert gained == env.game.seat_score(seat) == answers[-1][4][agent]["score"]
    assert all(answers[-1][2 + (env.game.outcome is Outcome.CAPPED)].values())
    assert env.step({}) == ({}, {}, {}, {}, {})


def test_each_agent_is_told_its_own_side_and_who_moves_by_its_mask():
    env = parallel_env("atari/pong", **SHORT)
    observations, _ = env.reset(seed=1)
    for _ in range(10):
        observations, *_ = env.step({"right": 2, "left": 0})
    assert observations["right"]["player_y"] == observations["left"]["enemy_y"] != observations["left"]["player_y"]
    board = parallel_env("connect-four", players=2)
    first, second = board.possible_agents
    _, infos = board.reset(seed=0)
    assert infos[first]["action_mask"].any()
    assert not infos[second]["action_mask"].any()


def test_seeds_and_pictures():
    env = parallel_env("atari/pong", render_mode="rgb_array", **SHORT)
    env.reset(seed=3)
    assert env.render().shape == (210, 160, 3)
    drawn = []
    for _ in range(2):
        env.reset(seed=3)
        env.reset()
        drawn.append(env._seed)
    assert drawn[0] == drawn[1] != 3
    assert parallel_env("atari/pong", **SHORT).render() is None
    assert np.array_equal(env.render(), env.render())


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: parallel_env("2048"), "one seat only"),
        (lambda: parallel_env("atari/breakout", players=2), "one player only"),
        (lambda: parallel_env("atari/pong", render_mode="human", **SHORT), "rgb_array"),
        (lambda: GameEnv("atari/pong", players=2), "pettingzoo_env"),
    ],
)
def test_what_cannot_be_had_is_a_line(build, said):
    with pytest.raises(ValueError, match=said) as refused:
        build()
    assert "\n" not in str(refused.value)


def test_a_game_may_be_given_itself():
    assert SeatsEnv(make("connect-four", players=2)).possible_agents == list(make("connect-four", players=2).seats)
