"""A strategy as a policy of somebody else's loop: the same answers as in a match, the same walls, no process left."""

import gc
import threading

import gymnasium
import pytest

from grpo_arcade.games import Outcome, make
from grpo_arcade.games.players import Limits, StrategyError, StrategyPolicy, play_match
from grpo_arcade.games.players.sandbox.walls import kernel_wall, monty_wall

COUNTS = """
import random
calls = 0
def strategy(board):
    global calls
    calls += 1
    if type(board) is not list or type(board[0][0]) is not int:
        raise TypeError(type(board))
    if calls == 4:
        return "WASD"[calls % 4]
    return random.choice("WASD")
"""


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "strategy policy"]


@pytest.mark.parametrize("wall", ["kernel", "monty"])
def test_in_gymnasiums_loop_it_plays_the_games_of_a_match_twice_over(wall, monkeypatch):
    if not {"kernel": kernel_wall, "monty": monty_wall}[wall]():
        pytest.skip(f"the wall {wall} is not here")
    monkeypatch.setenv("ARCADE_WALL", wall)
    env = gymnasium.make("grpo_arcade.games.gymnasium_env:GRPOArcade/Twenty48-v0")
    matched = play_match(COUNTS, "2048", {}, [7, 8]).episodes
    with StrategyPolicy(COUNTS, "2048") as policy:
        for episode in (*matched, *matched):
            observation, info = env.reset(seed=episode.seed)
            policy.reset()
            actions = bytearray()
            done = False
            while not done:
                actions.append(policy(observation))
                observation, _, terminated, truncated, info = env.step(actions[-1])
                done = terminated or truncated
            assert (bytes(actions), info["score"]) == (episode.actions, episode.score)
    assert not threads()


def test_a_dict_of_arrays_arrives_as_a_strategy_knows_it():
    game = make("atari/pong")
    env = gymnasium.make("grpo_arcade.games.gymnasium_env:GRPOArcade/AtariPong-v0")
    source = (
        'def strategy(state):\n    return "UP" if sorted(state) == %r and type(state["ball_x"]) is int else 1 / 0\n'
    )
    game.reset(0)
    observation, _ = env.reset(seed=0)
    with StrategyPolicy(source % sorted(game.observation()), game) as policy:
        assert game.actions[policy(observation)] == "UP"


@pytest.mark.parametrize(
    ("body", "outcome", "said"),
    [
        ("return board[9]", Outcome.CRASHED, "IndexError"),
        ('return "X"', Outcome.ILLEGAL, "no action"),
        ("while True: pass", Outcome.TIMEOUT, "CPU time"),
    ],
)
def test_what_gives_no_action_says_why_until_it_is_reset(body, outcome, said):
    with StrategyPolicy(f"def strategy(board):\n    {body}\n", "2048", Limits(move_cpu_s=0.2)) as policy:
        for _ in range(2):
            with pytest.raises(StrategyError, match=said) as raised:
                policy([[0] * 4] * 4)
            assert raised.value.outcome is outcome
        policy.reset()
        with pytest.raises(StrategyError, match=said):
            policy([[0] * 4] * 4)
    assert not threads()


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        ("x = 1", Outcome.NO_CODE),
        ("def strategy(:", Outcome.SYNTAX_ERROR),
        ("import os\ndef strategy(board):\n    return os.getcwd()", Outcome.FORBIDDEN),
    ],
)
def test_what_may_not_be_played_is_refused_before_it_is_asked(source, outcome):
    with pytest.raises(StrategyError) as raised:
        StrategyPolicy(source, "2048")
    assert raised.value.outcome is outcome


def test_one_that_is_forgotten_leaves_nothing_behind():
    policy = StrategyPolicy('def strategy(board):\n    return "W"\n')
    assert policy([[2] * 4] * 4) == 0
    assert threads()
    del policy
    gc.collect()
    assert not threads()
