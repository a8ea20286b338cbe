"""Atari games: what can be made and what is refused, what a person holds, and what the contract asks of every game."""

import json
import subprocess
import sys
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grpo_arcade.games import UnknownGameError, make
from grpo_arcade.games.atari import Atari, UnknownRomError, playable_titles
from grpo_arcade.games.atari.console import ACTION_IDS, installed_titles
from grpo_arcade.games.atari.controls import controls_of
from grpo_arcade.games.atari.roms import FOR_SEVERAL, HUMAN_SCORES, rom
from grpo_arcade.games.atari.titles import SYMBOLIC
from grpo_arcade.games.conformance import check_game

# One plays whole games, the others until time is up.
CONFORMING = (
    ("pong", {"max_num_frames_per_episode": 1000}),
    ("breakout", {"frame_skip": 2, "mode": 8, "difficulty": 1}),
    ("kaboom", {"repeat_action_probability": 0.0, "max_num_frames_per_episode": 1000}),
    ("tetris", {"max_num_frames_per_episode": 1000}),
)


@pytest.mark.parametrize(("title", "options"), CONFORMING, ids=str)
def test_atari_games_meet_the_contract(title, options):
    check_game(lambda: make(f"atari/{title}", **options))


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("title", playable_titles())
def test_every_atari_game_meets_the_contract(title):
    check_game(lambda: make(f"atari/{title}"))


def test_every_cartridge_that_ale_py_carries_is_played_by_one_or_by_several():
    assert len(playable_titles()) == 104
    assert {*playable_titles(), *FOR_SEVERAL} == set(installed_titles())
    assert not set(playable_titles()) & FOR_SEVERAL
    assert set(HUMAN_SCORES) <= set(playable_titles())
    assert len(HUMAN_SCORES) == 57


@pytest.mark.parametrize("title", sorted(FOR_SEVERAL))
def test_a_cartridge_that_would_end_the_process_is_refused_to_one_player_without_loading_it(title):
    with pytest.raises(ValueError, match=f"atari/{title} is for 2 .*players, not 1"):
        make(f"atari/{title}", players=1)
    with pytest.raises(UnknownRomError, match=f"atari/{title} cannot be played alone"):
        Atari(title)


@pytest.mark.parametrize("title", sorted(FOR_SEVERAL))
@pytest.mark.soak
def test_those_cartridges_really_end_the_process(title):
    program = (
        f"from grpo_arcade.games.atari.console import new_emulator; new_emulator({title!r}, False); print('lives')"
    )
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert child.returncode != 0
    assert "lives" not in child.stdout


@pytest.mark.parametrize(
    ("title", "near"), [("pongg", "atari/pong"), ("mspacman", "atari/ms_pacman"), ("Breakout", "atari/breakout")]
)
def test_an_unknown_title_gets_the_nearest_ones(title, near):
    with pytest.raises(UnknownRomError, match=near):
        make(f"atari/{title}")


@pytest.mark.parametrize("name", ["atari/", "atari/../pong", "atari/pong\n", "atari/" + 50 * "x"])
def test_nonsense_is_refused_in_one_line(name):
    with pytest.raises(ValueError, match="no Atari game is called") as refused:
        make(name)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["pong", "Pong"])
def test_a_title_alone_gets_its_whole_name(name):
    with pytest.raises(UnknownGameError, match=r"did you mean atari/pong\?"):
        make(name)


def test_a_family_is_not_a_game():
    with pytest.raises(UnknownGameError):
        make("atari")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"mode": 5}, "mode of atari/pong must be one of 0, 1, not 5"),
        ({"mode": True}, "must be one of 0, 1"),
        ({"difficulty": 4}, "difficulty of atari/pong must be one of 0, 1, 2, 3, not 4"),
        ({"frame_skip": 0}, "frame_skip must be a whole number from 1 to 60"),
        ({"frame_skip": 2.0}, "frame_skip must be a whole number"),
        ({"repeat_action_probability": 1}, "from 0 and below 1"),
        ({"repeat_action_probability": "a"}, "from 0 and below 1"),
        ({"repeat_action_probability": float("nan")}, "from 0 and below 1"),
        ({"max_num_frames_per_episode": 0}, "max_num_frames_per_episode must be a whole number from 1"),
        ({"frameskip": 4}, "no option 'frameskip'"),
        ({"title": "breakout"}, "atari/pong has no option 'title'"),
    ],
)
def test_bad_options_are_refused_with_what_would_work(options, says):
    with pytest.raises(ValueError, match=says) as refused:
        make("atari/pong", **options)
    assert "\n" not in str(refused.value)


def test_options_left_out_are_those_the_console_starts_with():
    game = make("atari/demon_attack")
    assert game.options == {
        "frame_skip": 4,
        "repeat_action_probability": 0.25,
        "mode": 1,
        "difficulty": 0,
        "max_num_frames_per_episode": 18_000,
    }
    assert (game.step_cap, game.frame_rate, game.clock_driven) == (4500, 15.0, True)
    assert json.loads(json.dumps(game.options)) == game.options
    by_hand = make("atari/demon_attack", **game.person_options)
    assert (by_hand.frame_rate, by_hand.step_cap) == (60.0, 108_000)
    assert by_hand.options["repeat_action_probability"] == 0.0


def test_a_human_score_is_about_the_game_as_it_was_published():
    assert make("atari/breakout").human_score == 30.5
    assert make("atari/breakout", frame_skip=1).human_score == 30.5
    assert make("atari/breakout", mode=4).human_score is None
    assert make("atari/kaboom").human_score is None


def test_a_mode_is_another_game():
    plain, other = make("atari/breakout"), make("atari/breakout", mode=16)
    for game in (plain, other):
        game.reset(1)
    assert plain._console.memory() != other._console.memory()


def test_what_decides_about_a_replay_is_among_the_versions():
    game = make("atari/pong")
    assert game.versions["ale-py"].startswith("0.12.")
    assert game.versions["rules"] == "1"


def test_pongs_paddle_goes_up_and_down():
    game = make("atari/pong", repeat_action_probability=0.0)
    assert game.actions == ("NOOP", "FIRE", "UP", "DOWN", "UPFIRE", "DOWNFIRE")
    assert game.aliases["RIGHT"] == game.aliases["UP"]
    heights = {}
    for name in ("UP", "DOWN", "UPFIRE", "DOWNFIRE"):
        game.reset(0)
        for _ in range(40):
            game.step(game.aliases["NOOP"])
        before = game.observation()["player_y"]
        for _ in range(4):
            game.step(game.aliases[name])
        heights[name] = game.observation()["player_y"] - before
    assert heights["UP"] < -10 > heights["UPFIRE"]
    assert heights["DOWN"] > 10 < heights["DOWNFIRE"]


@pytest.mark.parametrize("title", playable_titles())
def test_every_combination_a_person_can_hold_is_an_action(title):
    game = make(f"atari/{title}")
    keys = ("up", "right", "down", "left", "fire")
    combinations = {
        frozenset(key for key, held in zip(keys, row, strict=True) if held) for row in product((0, 1), repeat=5)
    }
    assert set(game.controls) == combinations
    assert game.actions[game.controls[frozenset()]] == "NOOP"
    for held, action in game.controls.items():
        name = game.actions[action]
        # Nothing is pressed that is not held, and nothing that is also pulled the other way.
        for key in keys:
            opposite = {"up": "down", "down": "up", "left": "right", "right": "left"}.get(key)
            if key.upper() in name.replace("UPRIGHT", "UP RIGHT"):
                assert key in held
                assert opposite not in held
    # Every action can be reached by hand.
    assert set(game.controls.values()) == set(range(len(game.actions)))


@given(st.sets(st.sampled_from(sorted(ACTION_IDS))), st.sets(st.sampled_from(["up", "right", "down", "left", "fire"])))
def test_opposite_directions_cancel_whatever_a_game_knows(known, held):
    controls = controls_of(["NOOP", *sorted(known - {"NOOP"})])
    for one, other in (("up", "down"), ("left", "right")):
        assert controls[frozenset(held | {one, other})] == controls[frozenset(held - {one, other})]


def test_fire_gets_through_where_a_game_knows_no_firing_sideways():
    game = make("atari/breakout")
    assert game.actions[game.controls[frozenset({"left", "fire"})]] == "FIRE"
    for title, held, action in (
        ("freeway", {"up", "fire", "left"}, "UP"),
        ("ms_pacman", {"up", "left", "fire"}, "UPLEFT"),
        ("frogger", {"up", "left"}, "UP"),
        ("atlantis", {"right", "fire"}, "RIGHTFIRE"),
        ("atlantis", {"right"}, "NOOP"),
        ("boxing", {"up", "down", "left", "fire"}, "LEFTFIRE"),
    ):
        game = make(f"atari/{title}")
        assert game.actions[game.controls[frozenset(held)]] == action


@pytest.fixture(scope="module")
def freeway():
    return make("atari/freeway", max_num_frames_per_episode=160)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**63 - 1), actions=st.lists(st.integers(0, 2), max_size=45))
def test_books_are_kept_whatever_is_played(freeway, seed, actions):
    freeway.reset(seed)
    for ply, action in enumerate(actions):
        if freeway.outcome is not None:
            assert ply == freeway.step_cap == 40
            assert freeway.legal_actions() == ()
            with pytest.raises(ValueError, match="has ended"):
                freeway.step(action)
            return
        assert freeway.legal_actions() == (0, 1, 2)
        freeway.step(action)
        assert (freeway.plies, freeway.wasted) == (ply + 1, 0)
        assert freeway.observation()["step"] == ply + 1


def test_velocities_do_not_depend_on_who_looked_when():
    looked, blind = make("atari/pong"), make("atari/pong")
    for game in (looked, blind):
        game.reset(4)
    for step in range(120):
        action = 2 + step // 10 % 2
        looked.step(action)
        blind.step(action)
        seen = looked.observation()
        if step % 13 == 0:
            assert blind.observation() == seen == looked.observation()


def test_a_game_nobody_has_reset_shows_the_start_of_one():
    game = make("atari/pong")
    view, observation = game.view(), game.observation()
    game.reset(0)
    assert (game.view(), game.observation()) == (view, observation)
    fresh = make("atari/pong")
    fresh.step(0)
    assert fresh.plies == 1


def test_games_of_all_kinds_describe_themselves_without_an_emulator():
    program = """
import sys
import grpo_arcade.games
assert "grpo_arcade.games.atari" not in sys.modules
from grpo_arcade.games import make
from grpo_arcade.games.atari import playable_titles
for title in playable_titles():
    game = make("atari/" + title)
    assert len(game.prompt()) > 200 and game.controls and game.picture().colours and game.baselines
assert not {"ale_py", "pygame", "torch", "gymnasium"} & set(sys.modules), sorted(sys.modules)
sys.modules["ale_py"] = None
try:
    make("atari/pong").reset(0)
except ImportError as error:
    print(error)
"""
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
    assert 'pip install "ale-py>=0.12,<0.13"' in child.stdout


def test_the_prompt_says_how_the_screen_is_cut_up():
    game = make("atari/adventure")
    observation = game.observation()
    rows, columns = len(observation["screen"]), len(observation["screen"][0])
    assert (rows, columns) == (25, 16)
    assert f"{rows} rows of {columns}" in game.prompt()
    assert len(observation["ram"]) == 128
    assert 0 <= min(map(min, observation["screen"])) < max(map(max, observation["screen"])) <= 9


def test_the_symbolic_games_are_playable_titles():
    assert set(SYMBOLIC) <= set(playable_titles())
    assert all(isinstance(make(f"atari/{title}"), Atari) for title in SYMBOLIC)
    assert rom("pong").palette == "ntsc"
