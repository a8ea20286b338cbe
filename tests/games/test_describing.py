"""What a game says of an episode: short, in words and numbers, of every game, and never its seed."""

import random

import pytest

from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.games.atari.titles import SYMBOLIC
from grpo_arcade.games.baseline_scores import play_baseline
from grpo_arcade.games.describing import LONGEST, describe
from grpo_arcade.games.game import Game

SEED = 2**32 + 12345
SHORT = {"max_num_frames_per_episode": 1200}


def played(name, player, **options):
    (episode,) = play_baseline(name, make(name, **options).options, player, [SEED])
    return episode


def by_actions(name, actions, outcome=Outcome.UNFINISHED, **options):
    game = make(name, **options)
    game.reset(SEED)
    made = bytearray()
    for action in actions:
        if game.outcome is not None:
            break
        game.step(action)
        made.append(action)
    return Episode(name, game.options, SEED, bytes(made), game.outcome or outcome, game.score, game.wasted)


@pytest.mark.parametrize("name", ["2048", "connect-four", "atari/seaquest", *(f"atari/{title}" for title in SYMBOLIC)])
def test_every_game_says_in_a_few_hundred_characters_what_happened_and_never_the_seed(name):
    words = describe(played(name, "random", **(SHORT if name.startswith("atari/") else {})))
    assert 40 < len(words) <= LONGEST
    assert words.isprintable()
    assert str(SEED) not in words
    if name.removeprefix("atari/") in SYMBOLIC:
        # Of these more is known than points and buttons, which are told after it.
        assert not words.split(". ")[1].startswith(("Points were", "No point", "Pressed"))
        assert "Pressed: " in words


def test_a_program_that_got_stuck_at_2048_is_told_which_moves_would_have_changed_something():
    stuck = by_actions("2048", [0] * 400)
    assert stuck.outcome is Outcome.STUCK
    words = describe(stuck)
    assert "32 answers, W at the end, changed nothing on [[" in words
    # The same board again, with moves that are not over.
    game = stuck.new_game()
    for action in stuck.actions[:-1]:
        game.step(action)
    legal = ", ".join(game.actions[action] for action in game.legal_actions())
    assert f"where {legal} would have." in words


def test_a_lost_game_of_2048_is_told_by_its_largest_tile_and_its_last_boards():
    lost = played("2048", "random")
    words = describe(lost)
    largest = max(map(max, _end(lost).observation()))
    assert f"Largest tile {largest}, made at move" in words
    assert str(_end(lost).observation()).replace(" ", "").replace("],[", "], [") in words


def _end(episode):
    game = episode.new_game()
    for action in episode.actions:
        game.step(action)
    return game


def test_a_paddle_that_never_moves_is_told_how_far_from_the_ball_it_was():
    words = describe(by_actions("atari/pong", [0] * 600))
    assert "your paddle returned the ball 0 times" in words
    assert "pixels away in the middle case" in words


def test_who_never_serves_is_told_so():
    words = describe(by_actions("atari/breakout", [0] * 400))
    assert "no ball was in play, because FIRE was not pressed" in words


def test_a_game_that_says_nothing_of_itself_is_told_by_its_actions_and_last_decisions(monkeypatch):
    monkeypatch.setattr(type(make("2048")), "describe", Game.describe)
    draw = random.Random(1)
    episode = by_actions("2048", [draw.randrange(4) for _ in range(50)])
    words = describe(episode)
    assert "Actions: " in words
    assert words.count("→") == 3


def test_an_episode_without_a_move_and_one_of_an_unknown_game_say_how_they_ended():
    crashed = by_actions("2048", [], Outcome.CRASHED)
    assert describe(crashed).startswith("0 points; ended by an error of the program after 0 moves")
    assert describe(Episode("nothing", {}, SEED, b"\0", Outcome.LOST, 3.0)) == "3 points; lost after 1 move."
