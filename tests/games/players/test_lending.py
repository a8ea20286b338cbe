"""A strategy that was written with a toolbox plays wherever it is taken, and no other one gets it."""

import pytest

from grpo_arcade.games import make
from grpo_arcade.games.players.lending import calls_any, game_for


@pytest.mark.parametrize(
    ("source", "needs"),
    [
        ("def strategy(board):\n    return legal_moves(board)[0]", True),
        ("from math import inf\ndef strategy(board):\n    return max('WASD', key=lambda m: slide(board, m)[1])", True),
        ("def strategy(board):\n    return 'W'", False),
        ("def slide(b, m):\n    return b, 0\ndef strategy(board):\n    return slide(board, 'W') and 'W'", False),
        ("def strategy(board, slide=None):\n    return slide or 'W'", False),
        ("def strategy(board):\n    for slide in 'W':\n        return slide", False),
        ("import math as slide\ndef strategy(board):\n    return slide.pi", False),
        ("def strategy(board):\n    return board.slide()", False),
        ("def strategy(board) return slide", False),
    ],
)
def test_a_program_is_lent_what_it_calls_and_does_not_define(source, needs):
    assert calls_any(source, make("2048").toolbox.names) is needs
    game = make("2048", size=5)
    lent = game_for(source, game)
    assert (lent.lent is not None) is needs
    assert lent.options == {**game.options, **({"toolbox": 1} if needs else {})}
    assert game_for(source, lent) is lent
