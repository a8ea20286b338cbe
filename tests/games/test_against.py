"""A seat of a game for several as a game for one: what the others do is what they do in a match."""

import random

import pytest

from grpo_arcade.games import Outcome, make
from grpo_arcade.games.against import Against
from grpo_arcade.games.players import Contender, play_match, play_seats

pytestmark = pytest.mark.usefixtures("seated_games_plugged_in")

RANDOM = Contender("random", baseline="random")
COPY = Contender("copy", 'def strategy(state):\n    return "TAILS" if state["theirs"] else "HEADS"')
TWO = Contender("two", 'def strategy(state):\n    return "TWO" if state["left"] > 1 else "ONE"')


def played(game, seed, choose):
    game.reset(seed)
    while game.outcome is None:
        game.step(choose(game))
    return bytes(game.played)


@pytest.mark.parametrize("seat", [0, 1])
@pytest.mark.parametrize(
    ("name", "opponent", "own"),
    [("coins", RANDOM, "HEADS"), ("coins", COPY, "HEADS"), ("sticks", RANDOM, "ONE"), ("sticks", TWO, "ONE")],
)
def test_the_game_is_that_of_a_match_of_the_two(name, seat, opponent, own):
    always = Contender("always", f'def strategy(state):\n    return "{own}"')
    seating = (0, 1) if seat == 0 else (1, 0)
    result = play_seats([always, opponent], name, {}, range(3), seatings=[seating])
    game = Against(make(name), seat, opponent)
    for seed, episode in enumerate(result.episodes):
        assert played(game, seed, lambda table: table.aliases[own]) == episode.actions
        assert (game.outcome, game.score) == (episode.seats[seat].outcome, episode.seats[seat].score)
        assert game.legal_actions() == ()
        with pytest.raises(ValueError, match="has ended"):
            game.step(0)


def test_it_is_seen_as_the_seat_sees_it_and_says_who_plays():
    game = Against(make("coins"), 1, RANDOM)
    game.reset(4)
    assert game.observation() == game.game.seat_observation(1)
    assert game.options == {"seat": "right", "opponent": "random"}
    assert game.prompt() == game.game.prompt()
    with pytest.raises(ValueError, match="from 0 to 1"):
        game.step(2)


def test_an_opponent_that_fails_has_lost():
    fails = Contender("fails", 'def strategy(state):\n    return "HEADS" if state["theirs"] == 0 else 1 / 0')
    game = Against(make("coins"), 0, fails)
    rng = random.Random(0)
    played(game, 1, lambda table: rng.randrange(2))
    assert (game.outcome, game.failed) == (Outcome.WON, Outcome.CRASHED)
    assert "division by zero" in game.trouble
    played(game, 1, lambda table: 0)
    assert game.failed is None or game.plies > 0


@pytest.mark.parametrize(
    ("opponent", "said"),
    [
        (Contender("nobody", baseline="nobody"), "it has random"),
        (Contender("broken", "def strategy(state) return 0"), "broken cannot be played"),
        (Contender("cheat", "import os\ndef strategy(state): return 0"), "cheat cannot be played"),
    ],
)
def test_an_opponent_that_cannot_play_is_refused_in_a_line(opponent, said):
    with pytest.raises(ValueError, match=said) as refused:
        Against(make("coins"), 0, opponent)
    assert "\n" not in str(refused.value)


def test_the_games_without_opponent_are_untouched():
    assert play_match('def strategy(state):\n    return "ONE"', "sticks", {}, [0]).error == ""
