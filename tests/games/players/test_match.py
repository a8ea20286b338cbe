"""A match: the right outcome for every way a strategy can play, fail or stall, and the same result every time."""

import pytest

from grpo_arcade.games import Outcome
from grpo_arcade.games.players import Limits, play_match

QUICK = Limits(move_cpu_s=0.2, game_cpu_s=2.0, match_cpu_s=5.0)
GREEDY = """
def strategy(board):
    return "WASD"[sum(map(sum, board)) // 2 % 4]
"""


def outcomes(result):
    return [episode.outcome for episode in result.episodes]


def test_scores_are_those_of_a_trusted_replay_of_the_actions():
    result = play_match(GREEDY, "2048", {"size": 3}, [5, 6, 7])
    for episode in result.episodes:
        game = episode.new_game()
        for action in episode.actions:
            game.step(action)
        assert (game.score, game.outcome, game.wasted) == (episode.score, episode.outcome, episode.wasted)
    assert result.error == ""
    assert [episode.seed for episode in result.episodes] == [5, 6, 7]


def test_an_episode_depends_on_source_and_seed_and_not_on_the_company_it_is_played_in():
    source = "import random\ndef strategy(board):\n    return random.choice('WASD')\n"
    together = play_match(source, "2048", {}, range(6)).episodes
    alone = [play_match(source, "2048", {}, [seed]).episodes[0] for seed in (4, 2)]
    assert [together[4], together[2]] == alone
    assert len({episode.actions for episode in together}) == 6


@pytest.mark.parametrize(
    ("source", "outcome", "error"),
    [
        ("def strategy(board):\n    return 'Q'\n", Outcome.ILLEGAL, "'Q'"),
        ("def strategy(board):\n    return True\n", Outcome.ILLEGAL, "True"),
        ("def strategy(board):\n    pass\n", Outcome.ILLEGAL, "None"),
        ("def strategy(board):\n    return board[9]\n", Outcome.CRASHED, "IndexError: list index out of range (line 2)"),
        ("def strategy():\n    return 'W'\n", Outcome.CRASHED, "TypeError"),
        ("x = 1 / 0\ndef strategy(board):\n    return 'W'\n", Outcome.CRASHED, "ZeroDivisionError: division by zero (line 1)"),
        ("def strategy(board):\n    while True: pass\n", Outcome.TIMEOUT, "CPU"),
        ("while True: pass\ndef strategy(board): return 'W'\n", Outcome.TIMEOUT, "CPU"),
        ("def strategy(board):\n    return 9 ** 9 ** 9\n", Outcome.TIMEOUT, "CPU"),
        ("def strategy(board):\n    return 'a' * 10 ** 12\n", Outcome.CRASHED, "MemoryError"),
        ("def strategy(board):\n    return strategy(board)\n", Outcome.CRASHED, "RecursionError"),
        ("import os\ndef strategy(board):\n    return 'W'\n", Outcome.FORBIDDEN, "os"),
        ("def strategy(board):\n    return 'W\n", Outcome.SYNTAX_ERROR, "line 2"),
        ("return 1\ndef strategy(board): return 'W'\n", Outcome.SYNTAX_ERROR, "outside function (line 1)"),
        ("def player(board):\n    return 'W'\n", Outcome.NO_CODE, "strategy"),
        ("def strategy(board): return 'W'\ndel strategy\n", Outcome.NO_CODE, "strategy"),
    ],
)  # fmt: skip
def test_every_failure_has_its_name_and_its_line(source, outcome, error):
    result = play_match(source, "2048", {}, range(3), limits=QUICK)
    assert outcomes(result) == [outcome] * 3
    assert error in result.error
    assert "\n" not in result.error
    assert all(episode.score == 0 for episode in result.episodes)
    refused = outcome in (Outcome.FORBIDDEN, Outcome.SYNTAX_ERROR, Outcome.NO_CODE)
    assert result.refusal == (outcome if refused else None)
