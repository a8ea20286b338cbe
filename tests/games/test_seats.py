"""Games of several seats: they meet the contract, and their episodes are kept, cut, and played again, exactly."""

import random
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade import recordings
from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.games.baseline_scores import play_baseline
from grpo_arcade.games.conformance import ConformanceError, check_game
from grpo_arcade.games.episode import seat_results
from grpo_arcade.games.players import play_match
from grpo_arcade.games.replay import Replay, beginning, play_again
from grpo_arcade.games.seats import at_seat, seat_number
from grpo_arcade.recordings import ForgedEpisodeError, verify
from tests.games import seated_games

GAMES = ("sticks", "coins")
pytestmark = pytest.mark.usefixtures("seated_games_plugged_in")


@pytest.mark.parametrize("name", GAMES)
def test_a_game_of_several_seats_meets_the_contract(name):
    check_game(lambda: make(name))


def test_the_check_notices_seats_whose_books_do_not_add_up(monkeypatch):
    monkeypatch.setattr(seated_games.Sticks, "seat_wasted", lambda self, seat: 0)
    with pytest.raises(ConformanceError, match="what all seats have wasted"):
        check_game(seated_games.Sticks)


def test_the_check_notices_a_game_that_is_seen_otherwise_by_its_first_seat(monkeypatch):
    monkeypatch.setattr(seated_games.Coins, "observation", lambda self: self.seat_observation(1))
    with pytest.raises(ConformanceError, match="first seat that acts"):
        check_game(seated_games.Coins)


def played(name: str, seed: int, failed: dict[int, Outcome] | None = None, plies: int = 1000) -> Episode:
    game, rng, actions = make(name), random.Random(seed), bytearray()
    game.reset(seed)
    while game.outcome is None and game.plies < plies:
        chosen = [rng.choice(game.seat_legal_actions(seat)) for seat in game.acting()]
        actions += bytes(chosen)
        game.step_seats(chosen)
    broken_off = next(iter(failed.values())) if failed else Outcome.UNFINISHED
    return Episode(
        game=name,
        options={},
        seed=seed,
        actions=bytes(actions),
        outcome=game.outcome or broken_off,
        score=float(game.score),
        versions=game.versions,
        per_step=game.per_step,
        seats=seat_results(game, ["anna", "bert"], failed),
    )


@pytest.mark.parametrize(("name", "seed"), list(product(GAMES, range(5))))
def test_an_episode_of_all_seats_comes_back_from_its_file_and_is_genuine(name, seed, tmp_path):
    episode = played(name, seed)
    again = recordings.load(recordings.save(episode, tmp_path / "game.episode"))
    assert again == episode
    game = verify(again)
    assert game.plies == episode.moves
    first, second = again.seats
    assert (first.outcome, first.score) == (episode.outcome, episode.score)
    assert second.score == -first.score
    assert {first.outcome, second.outcome} in ({Outcome.WON, Outcome.LOST}, {Outcome.DRAWN})


@pytest.mark.parametrize("name", GAMES)
def test_who_fails_loses_and_the_other_has_won_by_that(name):
    episode = played(name, 1, {1: Outcome.CRASHED}, plies=3)
    assert [result.outcome for result in episode.seats] == [Outcome.WON, Outcome.CRASHED]
    assert verify(episode).outcome is None


@pytest.mark.parametrize("name", GAMES)
def test_what_is_said_of_a_seat_has_to_be_so(name):
    whole = next(episode for episode in (played(name, seed) for seed in range(9)) if episode.score)
    first, second = whole.seats
    forged = [
        replace(whole, seats=()),
        replace(whole, seats=(first,)),
        replace(whole, seats=(second, first)),
        replace(whole, seats=(first, replace(second, score=second.score + 1))),
        replace(whole, seats=(first, replace(second, wasted=1))),
        replace(whole, seats=(first, replace(second, outcome=Outcome.CRASHED))),
        replace(whole, per_step=3 - whole.per_step),
        *(replace(whole, per_step=count) for count in (0, -1)),
    ]
    fails = played(name, 1, {1: Outcome.CRASHED}, plies=3)
    first, second = fails.seats
    forged += [
        replace(fails, outcome=Outcome.TIMEOUT),
        replace(fails, seats=(replace(first, outcome=Outcome.LOST), second)),
        replace(fails, seats=(replace(first, outcome=Outcome.UNFINISHED), second)),
        replace(fails, seats=(first, replace(second, outcome=Outcome.WON))),
    ]
    for episode in forged:
        with pytest.raises(ForgedEpisodeError):
            verify(episode)


@pytest.mark.parametrize("name", GAMES)
def test_an_episode_is_sought_and_cut_by_steps(name):
    episode = played(name, 3)
    replay = Replay(episode)
    scores = []
    for _ in replay.plies():
        scores.append(replay.score)
    assert replay.length == episode.moves == len(scores) - 1
    replay.seek(2)
    assert (replay.game.plies, replay.score) == (2, scores[2])
    cut = beginning(episode, 2)
    assert cut.moves == 2
    assert {result.outcome for result in cut.seats} == {Outcome.UNFINISHED}
    assert verify(cut).score == scores[2]


@pytest.mark.parametrize("name", GAMES)
def test_a_baseline_plays_every_seat(name):
    (episode,) = play_baseline(name, {}, "random", [4])
    assert [result.player for result in episode.seats] == ["random", "random"]
    verify(episode)


def test_one_program_plays_all_seats_that_take_turns():
    source = 'def strategy(state):\n    return "ONE" if state["left"] > 1 else state["left"]'
    result = play_match(source, "sticks", {}, range(3), player="mine")
    for episode in result.episodes:
        assert sorted(seat.outcome for seat in episode.seats) == sorted([Outcome.WON, Outcome.ILLEGAL])
        assert verify(episode).left == 1


def test_one_program_is_no_match_where_seats_act_together():
    with pytest.raises(ValueError, match=r"left and right: arcade play coins .* --opponent"):
        play_match('def strategy(state):\n    return "HEADS"', "coins", {}, [0])


def test_a_seat_is_found_by_name_and_number_and_no_other():
    game = make("coins")
    assert [seat_number(game, word) for word in ("left", "right", "0", 1)] == [0, 1, 0, 1]
    for wrong in ("up", 2, "2", -1, True):
        with pytest.raises(ValueError, match="its seats are left, right"):
            seat_number(game, wrong)
    with pytest.raises(ValueError, match="one seat only"):
        seat_number(make("2048"), "left")


def test_at_a_seat_a_game_is_seen_as_that_seat_sees_it():
    game = play_again(played("coins", 5))
    left, right = at_seat(game, 0), at_seat(game, 1)
    assert left.score == -right.score
    assert left.observation() == game.seat_observation(0)
    assert right.observation() == game.seat_observation(1)
    assert right.actions == game.actions
    with pytest.raises(ValueError, match="all its seats together"):
        right.step(0)


@given(st.binary(max_size=60), st.integers(2, 5))
def test_a_file_holds_whole_steps_only(actions, per_step):
    episode = replace(Episode("coins", {}, 0, actions, Outcome.UNFINISHED, 0.0), per_step=per_step)
    if len(actions) % per_step:
        with pytest.raises(recordings.RecordingError, match="whole steps"):
            recordings.to_bytes(episode)
    else:
        assert recordings.from_bytes(recordings.to_bytes(episode)) == episode


def test_a_completion_without_a_program_has_lost_at_every_seat():
    from grpo_arcade.games.players import extract_source
    from grpo_arcade.trainer.scoring import Assignment, refused

    for name in GAMES:
        (episode,) = refused("no program", extract_source("no program"), Assignment(name, {}, (3,)), "model").episodes
        assert [seat.outcome for seat in episode.seats] == [Outcome.NO_CODE] * 2
        verify(episode)


def test_nothing_is_trained_on_a_game_whose_other_seat_is_empty():
    from grpo_arcade.trainer.bounds import ConfigError
    from grpo_arcade.trainer.config import TrainConfig
    from grpo_arcade.trainer.plan import check

    with pytest.raises(ConfigError, match="add --self-play"):
        check(TrainConfig(game="coins"))
