"""Steps per second of our 2048 beside OpenSpiel's C++ 2048 driven from Python: same process, same core, interleaved.

Both play uniformly random legal moves. The moves are chosen in a first pass that is not timed, so that neither side
pays for the choice; the timed pass repeats them. OpenSpiel's user must sample the new tile from chance_outcomes().
"""

import random
import time

import pytest

from grpo_arcade.games import make

pytestmark = pytest.mark.benchmark

EPISODES = 40
ROUNDS = 60


def record_ours(game):
    episodes = []
    for seed in range(EPISODES):
        rng = random.Random(seed)
        game.reset(seed)
        actions = []
        while game.outcome is None:
            actions.append(rng.choice(game.legal_actions()))
            game.step(actions[-1])
        episodes.append(actions)
    return episodes


def replay_ours(game, seed, actions, look):
    game.reset(seed)
    step, observation, legal_actions = game.step, game.observation, game.legal_actions
    if look == "step":
        for action in actions:
            step(action)
    elif look == "step + observation":
        for action in actions:
            observation()
            step(action)
    else:
        for action in actions:
            observation()
            legal_actions()
            step(action)


def sample_chance(state, rand):
    ticket = rand()
    for outcome, probability in state.chance_outcomes():
        ticket -= probability
        if ticket < 0:
            return state.apply_action(outcome)
    return state.apply_action(outcome)


def chance_of(seed):
    return random.Random(seed + 10**6).random


def record_open_spiel(game):
    episodes = []
    for seed in range(EPISODES):
        rng, rand = random.Random(seed), chance_of(seed)
        state = game.new_initial_state()
        actions = []
        while not state.is_terminal():
            if state.is_chance_node():
                sample_chance(state, rand)
            else:
                actions.append(rng.choice(state.legal_actions()))
                state.apply_action(actions[-1])
        episodes.append(actions)
    return episodes


def replay_open_spiel(game, seed, actions, look):
    rand = chance_of(seed)
    state = game.new_initial_state()
    sample_chance(state, rand)
    sample_chance(state, rand)
    apply, observation, legal_actions = state.apply_action, state.observation_tensor, state.legal_actions
    # After the last move too a tile is due: the game is over only once it lies there.
    if look == "step":
        for action in actions:
            apply(action)
            sample_chance(state, rand)
    elif look == "step + observation":
        for action in actions:
            observation()
            apply(action)
            sample_chance(state, rand)
    else:
        for action in actions:
            observation()
            legal_actions()
            apply(action)
            sample_chance(state, rand)


def seconds(replay, *arguments):
    start = time.perf_counter()
    replay(*arguments)
    return time.perf_counter() - start


def test_at_least_as_many_steps_per_second_as_open_spiel():
    pyspiel = pytest.importorskip(
        "pyspiel", reason="OpenSpiel is not installed; pip install open_spiel==2.0.2 to compare with it"
    )
    players = {
        "ours": (make("2048"), record_ours, replay_ours),
        "OpenSpiel": (pyspiel.load_game("2048"), record_open_spiel, replay_open_spiel),
    }
    episodes = {name: record(game) for name, (game, record, _) in players.items()}
    print("\n2048, random legal play, microseconds per step (each episode's fastest of the rounds, interleaved)")
    print(f"{'':<36}{'ours':>8}{'OpenSpiel':>12}{'ours is faster by':>20}")
    ratios = {}
    for look in ("step", "step + observation", "step + observation + legal actions"):
        # The fastest round of each short episode is what is left when other processes on the machine are quiet.
        fastest = {name: [float("inf")] * EPISODES for name in players}
        for _ in range(ROUNDS):
            for seed in range(EPISODES):
                for name, (game, _, replay) in players.items():
                    took = seconds(replay, game, seed, episodes[name][seed], look)
                    fastest[name][seed] = min(fastest[name][seed], took)
        step = {name: sum(fastest[name]) / sum(map(len, episodes[name])) for name in players}
        ratios[look] = step["OpenSpiel"] / step["ours"]
        print(f"{look:<36}{step['ours'] * 1e6:>8.2f}{step['OpenSpiel'] * 1e6:>12.2f}{ratios[look]:>19.2f}x")
    # legal_actions() is printed and not held to anything: neither a strategy nor a lockstep match calls it.
    assert min(ratios["step"], ratios["step + observation"]) >= 1, ratios
