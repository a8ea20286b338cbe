"""An episode played again: any position from any other, the verdict, and what its game refuses."""

import dataclasses
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grpo_arcade.games import Outcome, make
from grpo_arcade.games.baseline_scores import play_baseline
from grpo_arcade.games.episode import Verdict
from grpo_arcade.games.replay import Replay, TapedReplay, play_again
from grpo_arcade.games.tape import Packer, Tape

SMALL = {"size": 3, "target": 128}
EPISODE = play_baseline("2048", SMALL, "greedy", [1])[0]
MOVES = len(EPISODE.actions)


def after(ply):
    """The game after so many moves, stepped by nobody but this."""
    game = EPISODE.new_game()
    for action in EPISODE.actions[:ply]:
        game.step(action)
    return game


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-5, MOVES + 20), max_size=12))
def test_any_position_can_be_reached_from_any_other(plies):
    replay = Replay(EPISODE)
    for ply in plies:
        before = replay.ply
        moved = replay.seek(ply)
        ply = max(0, min(ply, MOVES))
        assert moved == (ply != before)
        game = after(ply)
        assert (replay.ply, replay.ended) == (ply, ply == MOVES)
        assert (replay.score, replay.view) == (game.score, game.view())


@settings(max_examples=30, deadline=None)
@given(st.integers(0, MOVES), st.lists(st.integers(-5, MOVES + 20), max_size=12))
def test_a_tape_shows_what_its_game_does_as_far_as_it_goes(there, plies):
    packer, played = Packer(), Replay(EPISODE)
    entries = [packer.pack((played.score, played.view)) for _ in played.plies()]
    tape = Tape(MOVES)
    taped = TapedReplay(EPISODE, tape)
    assert (taped.view, taped.ready) == (None, -1)
    tape.extend(entries[: there + 1])
    for ply in plies:
        taped.seek(ply)
        game = after(min(max(0, ply), there))
        assert (taped.score, taped.view) == (game.score, game.view())
        assert not taped.ended
    wanted = max(0, min(plies[-1], MOVES)) if plies else 0
    tape.extend(entries[there + 1 :], Verdict(True))
    assert taped.catch_up()
    assert not taped.catch_up()
    assert taped.ply == wanted
    assert taped.verdict == played.check()


def test_it_goes_move_by_move_from_where_it_is():
    replay = Replay(EPISODE)
    replay.seek(MOVES - 3)
    assert list(replay.plies()) == [MOVES - 3, MOVES - 2, MOVES - 1, MOVES]
    assert not replay.step()
    assert replay.game.outcome is EPISODE.outcome
    assert replay.broken == ""


@pytest.mark.parametrize(
    ("actions", "length", "why"),
    [
        (EPISODE.actions + bytes(2), MOVES, f"the game ended (lost) after {MOVES} moves, but 2 more are recorded"),
        (EPISODE.actions[:4] + bytes([9]), 4, "move 5 is action 9, but 2048 has 4"),
    ],
)
def test_a_move_that_the_game_refuses_ends_it_and_says_why(actions, length, why):
    forged = dataclasses.replace(EPISODE, actions=actions)
    replay = Replay(forged)
    replay.seek(len(actions))
    assert (replay.ply, replay.length, replay.ended, replay.broken) == (length, length, True, why)
    replay.seek(0)
    assert replay.seek(len(actions))
    assert replay.ply == length
    assert replay.check() == Verdict(False, why)
    with pytest.raises(ValueError, match=re.escape(why)):
        play_again(forged)


@pytest.mark.parametrize(
    ("change", "genuine"),
    [
        ({}, True),
        ({"score": EPISODE.score + 1}, False),
        ({"outcome": Outcome.WON}, False),
        ({"wasted": EPISODE.wasted + 1}, False),
        ({"versions": {"rules": "999"}}, None),
        ({"versions": {}}, None),
    ],
)
def test_the_verdict_is_yes_no_or_that_a_replay_proves_nothing(change, genuine):
    replay = Replay(dataclasses.replace(EPISODE, **change))
    assert replay.verdict is None
    verdict = replay.check()
    assert verdict is replay.verdict
    assert verdict.genuine is genuine
    assert bool(verdict.problem) == (genuine is not True)


def test_it_can_be_played_on_a_game_that_others_hold():
    game = make("2048", **SMALL)
    game.reset(EPISODE.seed)
    assert play_again(EPISODE, game) is game
    assert (game.score, game.outcome) == (EPISODE.score, EPISODE.outcome)


def test_a_picture_is_made_once_for_a_palette():
    replay = Replay(EPISODE)
    classic, other = replay.game.palettes[:2]
    assert replay.picture(classic) is replay.picture(classic)
    assert replay.picture(classic) is not replay.picture(other)
