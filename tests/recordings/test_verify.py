import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade.games import Outcome
from grpo_arcade.recordings import ForgedEpisodeError, UnverifiableEpisodeError, from_bytes, to_bytes, verify


def forged(episode, **changes):
    with pytest.raises(ForgedEpisodeError) as error:
        verify(dataclasses.replace(episode, **changes))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_genuine_episode_gives_its_game_at_the_end(greedy):
    game = verify(from_bytes(to_bytes(greedy)))
    assert (game.score, game.outcome, game.plies) == (greedy.score, greedy.outcome, len(greedy.actions))


def test_a_forged_score_is_refused(greedy):
    assert f"score is {greedy.score + 4}" in forged(greedy, score=greedy.score + 4)


def test_forged_wasted_moves_are_refused(greedy):
    assert "wasted" in forged(greedy, wasted=greedy.wasted + 1)


@pytest.mark.parametrize("outcome", [each for each in Outcome if each is not Outcome.LOST])
def test_a_lost_game_cannot_be_said_to_have_ended_otherwise(greedy, outcome):
    assert greedy.outcome is Outcome.LOST
    assert "outcome" in forged(greedy, outcome=outcome)


@pytest.mark.parametrize("outcome", [each for each in Outcome if each.by_the_rules])
def test_a_running_game_cannot_be_said_to_have_ended_by_the_rules(short, outcome):
    assert "still running" in forged(short, outcome=outcome)


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.CRASHED, Outcome.ILLEGAL, Outcome.FORBIDDEN])
def test_what_the_game_cannot_know_is_taken_from_the_recording(short, outcome):
    assert verify(dataclasses.replace(short, outcome=outcome)).outcome is None


@pytest.mark.parametrize("outcome", [Outcome.NO_CODE, Outcome.SYNTAX_ERROR])
def test_a_program_that_never_ran_has_no_moves(short, outcome):
    forged(short, outcome=outcome)
    verify(dataclasses.replace(short, outcome=outcome, actions=b"", score=0, wasted=0))


def test_moves_after_the_end_are_refused(greedy):
    assert "1 more" in forged(greedy, actions=greedy.actions + b"\0")


def test_moves_the_game_does_not_know_are_refused(short):
    assert "action 4" in forged(short, actions=short.actions + b"\4")


@given(st.data())
def test_another_move_or_seed_passes_only_if_it_really_ends_the_same(greedy, data):
    position = data.draw(st.integers(0, len(greedy.actions) - 1))
    actions = bytearray(greedy.actions)
    actions[position] = (actions[position] + data.draw(st.integers(1, 3))) % 4
    changes = data.draw(st.sampled_from([{"actions": bytes(actions)}, {"seed": greedy.seed + position + 1}]))
    changed = dataclasses.replace(greedy, **changes)
    game = changed.new_game()
    played = 0
    while played < len(changed.actions) and game.outcome is None:
        game.step(changed.actions[played])
        played += 1
    claims = (len(changed.actions), greedy.score, greedy.outcome, greedy.wasted)
    if (played, game.score, game.outcome, game.wasted) == claims:
        verify(changed)
    else:
        with pytest.raises(ForgedEpisodeError):
            verify(changed)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"versions": {"rules": "999"}}, "version 999 of the rules"),
        ({"versions": {}}, "does not say which version"),
        ({"game": "2049"}, "no game is called '2049'"),
        ({"options": {"size": 77}}, "size must be"),
        ({"options": {"colour": 1}}, "no option 'colour'"),
        ({"seed": -1}, "seed must be"),
    ],
)
def test_an_episode_that_cannot_be_replayed_here_is_neither_genuine_nor_forged(short, changes, words):
    with pytest.raises(UnverifiableEpisodeError, match=words) as error:
        verify(dataclasses.replace(short, **changes))
    assert "\n" not in str(error.value)
