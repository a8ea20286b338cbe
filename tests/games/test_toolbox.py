"""What is lent to strategies: right, pure, the same in the sandbox, and told by the options of every score."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade.games import Outcome, game_names, make
from grpo_arcade.games.atari.titles import SYMBOLIC
from grpo_arcade.games.atari.titles.breakout import arrival_x
from grpo_arcade.games.atari.titles.pong import arrival_y
from grpo_arcade.games.atari.toolbox import ahead, calls_until, steer
from grpo_arcade.games.players import play_match
from grpo_arcade.games.registry import make_recorded
from grpo_arcade.games.twenty48.rules import board_of, grid
from grpo_arcade.games.twenty48.toolbox import empty_cells, legal_moves, slide
from grpo_arcade.recordings.verify import verify

LENDING = ["2048", *(f"atari/{title}" for title in SYMBOLIC)]


@st.composite
def boards(draw):
    size = draw(st.integers(2, 6))
    tiles = st.sampled_from((0, 0, 2, 2, 4, 8, 1024))
    return draw(st.lists(st.lists(tiles, min_size=size, max_size=size), min_size=size, max_size=size))


@given(boards())
def test_sliding_does_what_the_game_does_and_leaves_the_board_alone(board):
    moves, cells, before = grid(len(board)), board_of(board), copy.deepcopy(board)
    for action, move in enumerate("WDSA"):
        shifted = moves.shift(cells, action)
        new, points = slide(board, move)
        assert (board_of(new), points) == (shifted, moves.gain(cells, shifted))
        assert all(row is not new_row for row in board for new_row in new)
    assert legal_moves(board) == ["WDSA"[action] for action in moves.legal(cells)]
    assert empty_cells(board) == cells.count(0)
    assert board == before


@given(st.integers(36, 192), st.integers(-12, 12), st.integers(0, 60))
def test_a_ball_is_where_going_step_by_step_takes_it(place, speed, calls):
    at, way = place, speed
    for _ in range(calls):
        at += way
        while not 36 <= at <= 192:
            at, way = 2 * (36 if at < 36 else 192) - at, -way
    assert ahead(place, speed, calls, 36, 192) == at


def test_when_and_where_a_ball_arrives():
    assert calls_until(100, 4, 144) == 11
    assert calls_until(100, -4, 144) == calls_until(100, 0, 144) == -1
    ball = {"ball_x": 100, "ball_y": 180, "ball_dx": 4, "ball_dy": 3}
    assert arrival_y(ball) == 192 - (180 + 33 - 192)
    assert arrival_y(ball | {"ball_dx": -4}) == arrival_y(ball | {"ball_x": -1}) == 114
    down = {"ball_x": 20, "ball_y": 100, "ball_dx": -2, "ball_dy": 8}
    assert arrival_x(down) == 9 + (9 - (20 - 22))
    assert arrival_x(down | {"ball_dy": -8}) == 20
    assert [steer(gap, 3, "LEFT", "RIGHT") for gap in (-4, 3, 4)] == ["LEFT", "NOOP", "RIGHT"]


@pytest.mark.parametrize("name", LENDING)
def test_what_is_lent_is_told_and_the_example_plays(name):
    plain, lending = make(name), make(name, toolbox=True)
    assert lending.options == {**plain.options, "toolbox": 1}
    assert all(f"`{tool}(" in lending.prompt() for tool in lending.toolbox.names)
    assert not any(f"`{tool}(" in plain.prompt() for tool in lending.toolbox.names)
    short = {"max_num_frames_per_episode": 1200} if name.startswith("atari/") else {}
    episode = played_with_its_toolbox(name, short)
    assert verify(episode).score == episode.score
    without = play_match(lending.toolbox.example, name, short, [0])
    assert without.episodes[0].outcome is Outcome.CRASHED
    assert "is not defined" in without.error


@pytest.mark.soak
@pytest.mark.parametrize("name", LENDING)
def test_the_example_plays_to_the_end(name):
    episode = played_with_its_toolbox(name, {})
    assert verify(episode).score == episode.score


def played_with_its_toolbox(name, options):
    """An episode of the example that the game's prompt shows."""
    options = {**options, "toolbox": True}
    result = play_match(make(name, **options).toolbox.example, name, options, [0])
    assert not result.error
    (episode,) = result.episodes
    assert episode.options["toolbox"] == 1
    return episode


def test_every_registered_game_with_one_lends_it_by_option():
    # Those of other packages too; families are covered by their titles.
    for name in game_names():
        if not name.endswith(("/", ":")) and make(name).toolbox is not None:
            assert make(name, toolbox=True).lent is make(name).toolbox


def test_the_baselines_of_the_same_rules_stand_beside_a_score_with_toolbox():
    for name in LENDING[:2]:
        assert make(name, toolbox=True).baseline_scores() == make(name).baseline_scores()


def test_another_version_is_refused_to_players_and_shown_to_viewers():
    with pytest.raises(ValueError, match="atari/alien has no toolbox"):
        make("atari/alien", toolbox=True)
    for bad in (0, -1, "yes", 1.0):
        with pytest.raises(ValueError, match="toolbox must be true, or the version 1"):
            make("2048", toolbox=bad)
    assert "toolbox" not in make("2048", toolbox=False).options
    later = make_recorded("2048", {"toolbox": 2})
    later.reset(0)
    with pytest.raises(ValueError, match="version 1 of its toolbox, not 2"):
        play_match("def strategy(board):\n    return 'W'", "2048", {"toolbox": 2}, [0])


WRITTEN_AGAIN = """
def slide(board, move):
    return board, 0

def strategy(board):
    return max("WDSA", key=lambda move: (slide(board, move)[0] != board, slide(board, move)[1]))
"""
ANOTHER = """
def slide(row):
    return 7

def strategy(board):
    assert slide(board[0]) == 7
    assert legal_moves(board)
    return legal_moves(board)[0]
"""
SPOILED = """
def strategy(board):
    slide.seen = getattr(slide, "seen", 0) + 1
    board[0][0] = slide.seen
    return "WDSA"[slide.seen % 4]
"""


def test_a_tool_written_again_is_the_games_own_and_another_of_its_name_stays():
    (again,) = play_match(WRITTEN_AGAIN, "2048", {"toolbox": True}, [0]).episodes
    assert again.outcome is Outcome.LOST
    (without,) = play_match(WRITTEN_AGAIN, "2048", {}, [0]).episodes
    assert without.outcome is Outcome.STUCK
    result = play_match(ANOTHER, "2048", {"toolbox": True}, [0])
    assert (result.error, result.episodes[0].outcome) == ("", Outcome.LOST)


def test_games_of_a_match_share_no_tool():
    options = {"toolbox": True}
    together = play_match(SPOILED, "2048", options, [0, 1, 2]).episodes
    assert together == tuple(play_match(SPOILED, "2048", options, [seed]).episodes[0] for seed in (0, 1, 2))


def test_what_a_program_wrote_again_of_the_toolbox_is_left_out_and_the_rest_plays_as_before():
    again = """import random

def slide(board, move):
    return board, 0

def strategy(board):
    best = max(legal_moves(board), key=lambda move: slide(board, move)[1] + bonus(board))
    return best

def bonus(board):
    return len(board)

def empty_cells(board, colour):
    return 3

def legal_moves(board): return ["W"]
"""
    toolbox = make("2048").toolbox
    short = toolbox.without_lent(again)
    assert "def slide" not in short
    assert "def legal_moves" not in short
    assert "def bonus" in short
    assert "def empty_cells(board, colour)" in short  # takes something else, so that it stays
    options = make("2048", size=3, target=32, toolbox=True).options
    one, other = (play_match(source, "2048", options, [5]).episodes[0].actions for source in (again, short))
    assert one == other
    assert toolbox.without_lent(short) == short
    assert toolbox.without_lent("def slide(board, move") == "def slide(board, move"
