"""Atari games of several seats: the contract, exactness, who has won, and what cannot be had in a line."""

import hashlib
import json
import random
import subprocess
import sys

import numpy as np
import pytest

from grpo_arcade.games import Outcome, make
from grpo_arcade.games.atari import Atari, playable_titles, shared_console
from grpo_arcade.games.atari.console import installed_titles
from grpo_arcade.games.atari.roms import FOR_SEVERAL, rom, titles_for_several, together
from grpo_arcade.games.atari.together import AtariTogether
from grpo_arcade.games.conformance import check_game
from grpo_arcade.games.game import PixelPicture
from grpo_arcade.games.players import Contender, play_seats
from grpo_arcade.games.seats import at_seat
from grpo_arcade.recordings import verify

ISSUE = ("boxing", "combat", "joust", "maze_craze", "pong", "space_invaders", "surround", "tennis", "warlords")
GAMES = [(title, players) for title in titles_for_several() for players in together(title).modes_for]
SOME = [
    (title, players) if title in ISSUE else pytest.param(title, players, marks=pytest.mark.soak)
    for title, players in GAMES
]


def test_the_games_for_several_are_those_that_the_emulator_knows_and_one_player_has_the_others():
    assert set(ISSUE) <= set(titles_for_several())
    assert set(titles_for_several(4)) == {"pong", "warlords"}
    assert {*playable_titles(), *titles_for_several()} == set(installed_titles())
    for title in titles_for_several():
        if title not in FOR_SEVERAL:
            assert (together(title).palette, together(title).height) in {
                (rom(title).palette, rom(title).height),
                ("pal", 250),
            }


def test_a_game_for_several_meets_the_contract():
    check_game(lambda: make("atari/pong", players=2, max_num_frames_per_episode=100))


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("title", "players"), GAMES)
def test_every_game_for_several_meets_the_contract(title, players):
    check_game(lambda: make(f"atari/{title}", players=players))


def film(game, seed, plies):
    """A digest of all that is seen while everybody presses at random."""
    rng, seen = random.Random(seed), hashlib.sha256()
    game.reset(seed)
    for _ in range(plies):
        if game.outcome is None:
            game.step_seats([rng.randrange(len(game.actions)) for _ in game.seats])
        scores = [game.seat_score(seat) for seat in range(len(game.seats))]
        seen.update(repr((game._shared().memory(), scores, game.outcome)).encode() + game.view().screen)
    return seen.hexdigest()


_FRESH = """
import json, sys
from tests.games.atari.test_together import film
from grpo_arcade.games import make
print(json.dumps([film(make(f"atari/{title}", players=players), 11, 40) for title, players in json.load(sys.stdin)]))
"""


def assert_exact_in_a_fresh_process(games):
    asked = subprocess.run(
        [sys.executable, "-c", _FRESH], input=json.dumps(games), capture_output=True, text=True, check=True
    )
    for (title, players), there in zip(games, json.loads(asked.stdout.splitlines()[-1]), strict=True):
        game = make(f"atari/{title}", players=players)
        film(game, 5, 25)
        assert film(game, 11, 40) == there, title
        assert film(make(f"atari/{title}", players=players), 11, 40) == there, title


def test_an_episode_is_the_same_in_a_fresh_process_and_on_a_console_that_has_been_used():
    assert_exact_in_a_fresh_process([("pong", 4), ("tennis", 2), ("combat", 2), ("surround", 2)])


@pytest.mark.soak
def test_so_it_is_for_every_game_for_several():
    assert_exact_in_a_fresh_process(GAMES)


def test_each_joystick_sticks_by_itself_and_seeds_differ():
    game = make("atari/pong", players=2)
    assert film(game, 1, 40) != film(game, 2, 40)
    held = {0: [], 1: []}
    game.reset(4)
    for ply in range(60):
        game.step_seats([2 + ply % 2, 2 + ply % 2])
        for seat in held:
            held[seat].append(game.seat_observation(seat)["player_y"])
    assert held[0] != held[1]


def test_two_play_pong_from_both_sides_and_the_better_one_wins_from_each():
    still = Contender("still", 'def strategy(state):\n    return "NOOP"')
    result = play_seats([Contender("scripted", baseline="scripted"), still], "atari/pong", {"players": 2}, [3])
    assert result.results(0) == [Outcome.WON, Outcome.WON]
    for episode in result.episodes:
        # Whoever does not serve is served for, and loses nothing by it.
        assert sorted(seat.score for seat in episode.seats) == [-21, 21]
        verify(episode)


def test_whoever_is_ahead_when_time_is_up_has_won_and_level_is_capped():
    game, rng = make("atari/pong", players=2, max_num_frames_per_episode=2400), random.Random(0)
    game.reset(0)
    while game.outcome is None:
        # Only the left one plays.
        game.step_seats([0, game.baselines["scripted"](at_seat(game, 1), rng)])
    assert game.plies == game.step_cap
    assert (game.outcome, game.seat_outcome(1)) == (Outcome.LOST, Outcome.WON)
    assert game.seat_score(1) == -game.score > 0
    level = make("atari/combat", max_num_frames_per_episode=8)
    level.reset(0)
    while level.outcome is None:
        level.step_seats([0, 0])
    assert (level.outcome, level.seat_outcome(1)) == (Outcome.CAPPED, Outcome.CAPPED)


def test_in_doubles_partners_win_together():
    game = make("atari/pong", players=4, max_num_frames_per_episode=1600)
    game.reset(0)
    while game.outcome is None:
        game.step_seats([2, 0, 2, 0])
    results = [game.seat_outcome(seat) for seat in range(4)]
    assert results[0] == results[2] != results[1] == results[3]
    assert set(results) == {Outcome.WON, Outcome.LOST}


@pytest.mark.parametrize(("title", "players"), SOME)
def test_every_game_for_several_is_shown_and_can_be_asked_for(title, players):
    game = make(f"atari/{title}", players=players)
    game.reset(1)
    for _ in range(20):
        game.step_seats([0] * players)
    picture = game.picture()
    assert isinstance(picture, PixelPicture)
    assert len(set(picture.indices(game.view()).flat)) > 1
    assert all(f'"{action}"' in game.prompt() for action in game.actions)
    for seat in range(players):
        assert game.observation_space().contains(_arrays(game.observation_space(), game.seat_observation(seat)))


def _arrays(space, observation):
    import numpy as np

    return {name: np.asarray(value, space[name].dtype) for name, value in observation.items()}


@pytest.mark.parametrize(
    ("title", "options", "said"),
    [
        ("breakout", {"players": 2}, "one player only; several can play .*pong"),
        ("pong", {"players": 3}, "for 1 or 2 or 4 players, not 3"),
        ("pong", {"players": "two"}, "a whole number"),
        ("pong", {"players": 0}, "a whole number"),
        ("combat", {"players": 1}, "for 2 players, not 1"),
        ("nonesuch", {"players": 2}, "no Atari game is called"),
        ("pong", {"players": 2, "mode": 1}, "mode of atari/pong must be one of 3"),
    ],
)
def test_what_cannot_be_had_is_a_line(title, options, said):
    with pytest.raises(ValueError, match=said) as refused:
        make(f"atari/{title}", **options)
    assert "\n" not in str(refused.value)


def test_without_the_extra_the_line_names_it_and_one_player_plays_on(monkeypatch):
    monkeypatch.setattr("grpo_arcade.games.atari.together.emulator_version", lambda: "none")
    for title, options in (("pong", {"players": 2}), ("combat", {})):
        with pytest.raises(ValueError, match=r"needs multi-agent-ale-py.*grpo-arcade\[two\]"):
            make(f"atari/{title}", **options)
    assert type(make("atari/pong")) is Atari
    assert type(make("atari/pong", players=1)) is Atari
    assert make("atari/pong", players=1).options == make("atari/pong").options


def test_a_cartridge_for_several_is_for_two_unless_somebody_says_otherwise():
    assert type(make("atari/combat")) is AtariTogether
    assert make("atari/combat").options["players"] == 2
    assert len(make("atari/warlords", players=4).seats) == 4


def test_the_emulators_facts_are_those_that_are_stored():
    from grpo_arcade.games.atari.facts_together import facts_of
    from grpo_arcade.games.atari.roms import _together

    stored = _together()["surround"]
    now = facts_of("surround")
    assert now["modes"] == {str(players): list(modes) for players, modes in stored.modes_for.items()}
    assert (now["height"], now["palette"]) == (stored.height, stored.palette)
    assert shared_console.emulator_version() == "0.1.12"


@pytest.mark.parametrize(
    ("title", "players", "action", "steps"),
    [
        ("pong", 2, "UP", 12),
        ("combat", 2, "RIGHT", 25),
        ("surround", 2, "UP", 12),
        ("warlords", 2, "LEFT", 40),
        ("warlords", 4, "LEFT", 40),
    ],
)
def test_every_joystick_moves_something_on_the_side_that_its_seat_is_called_by(title, players, action, steps):
    def screen(moving):
        game = make(f"atari/{title}", players=players, repeat_action_probability=0.0)
        game.reset(1)
        for _ in range(steps):
            game.step_seats([game.aliases[action if seat == moving else "NOOP"] for seat in range(players)])
        return game.seats, game._shared().pixels().astype(int)

    seats, still = screen(None)
    for seat, name in enumerate(seats):
        rows, columns = np.nonzero(screen(seat)[1] != still)
        assert len(columns) > 0, f"{name} does nothing"
        assert (columns.mean() < 80) == name.startswith("left")
        if name.endswith(("top", "bottom")):
            assert (rows.mean() < 100) == name.endswith("top")


def test_two_hold_two_castles_of_warlords_each_and_all_kings_count():
    game, rng = make("atari/warlords"), random.Random(0)
    game.reset(3)
    while game.outcome is None:
        game.step_seats([rng.randrange(len(game.actions)) for _ in range(2)])
    assert sorted([game.seat_outcome(0), game.seat_outcome(1)]) == [Outcome.LOST, Outcome.WON]
    assert min(game.seat_score(0), game.seat_score(1)) == -2
    # In the mode that recordings of before have, the emulator never begins, but they still open.
    assert make("atari/warlords", mode=3).options["mode"] == 3
