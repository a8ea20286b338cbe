"""Two programs on one court against the bare emulator for two, side by side on one core.

``python -m pytest benchmarks/test_versus_speed.py -m benchmark -s`` prints frames a second and their ratio. The emulator
is called as its package has it, with an action of both at every frame and nothing else done; the match has as many
frames, and in it both programs are asked at every fourth one, by messages to two confined processes. CPU time of all
processes, which share one core; each match is compared with the emulator just before and just after it.
"""

import os
import random
import time
from statistics import fmean, median

import numpy as np
import pytest

from grpo_arcade.games.atari.shared_console import new_shared_emulator
from grpo_arcade.games.players import Contender, play_seats

pytestmark = pytest.mark.benchmark

ROUNDS, GAMES, FRAMES = 5, 16, 1600
FOLLOW = """
def strategy(state):
    if state["ball_dx"] <= 0:
        return "NOOP"
    gap = state["ball_y"] + state["ball_dy"] - state["player_y"]
    return "DOWN" if gap > 6 else "UP" if gap < -6 else "NOOP"
"""
WAIT = """
def strategy(state):
    gap = state["ball_y"] - state["player_y"]
    return "DOWN" if gap > 12 else "UP" if gap < -12 else "FIRE"
"""
OPTIONS = {"players": 2, "max_num_frames_per_episode": FRAMES}


def bare(ale, lengths):
    """CPU seconds that the emulator takes for episodes of so many frames, each from a reset."""
    rng = random.Random(0)
    choices = [int(action) for action in ale.getMinimalActionSet()]
    began = time.process_time()
    for length in lengths:
        ale.reset_game()
        for frame in range(length):
            if frame % 4 == 0:
                pressed = np.array([rng.choice(choices), rng.choice(choices)], np.intc)
            ale.act(pressed)
    return time.process_time() - began


def match():
    """CPU seconds of a match, in this process and in both programs', and the frames of each of its episodes."""
    contenders = [Contender("follow", FOLLOW), Contender("wait", WAIT)]
    began = time.process_time()
    result = play_seats(contenders, "atari/pong", OPTIONS, range(GAMES // 2))
    spent = time.process_time() - began + sum(result.cpu_s)
    assert result.errors == ("", "")
    return spent, [4 * episode.moves for episode in result.episodes]


def test_a_match_of_two_programs_reaches_four_fifths_of_the_bare_emulator_on_one_core():
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        ale = new_shared_emulator("pong")
        ale.setMode(int(ale.getAvailableModes(2)[0]))
        _, lengths = match()  # the consoles are switched on by it
        ratios = []
        for _ in range(ROUNDS):
            before, (spent, _), after = bare(ale, lengths), match(), bare(ale, lengths)
            alone, frames = fmean((before, after)), sum(lengths)
            ratios.append(alone / spent)
            print(f"match {frames / spent:>7,.0f} frames/s, emulator {frames / alone:>7,.0f}: {alone / spent:.2f}")
    finally:
        os.sched_setaffinity(0, cores)
    print(f"median {median(ratios):.2f} over {ROUNDS} rounds")
    assert median(ratios) >= 0.8
