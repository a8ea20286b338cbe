"""The same seed and actions give the same memory and the same picture on every frame, whatever was played before."""

import json
import subprocess
import sys
import zlib

import pytest

from grpo_arcade.games import make
from grpo_arcade.games.atari import console as consoles
from grpo_arcade.games.atari import playable_titles
from grpo_arcade.games.atari.roms import rom

# With the five whose snapshots leave traces (amidar, koolaid, qbert, tetris, trondead), some of those that a reset alone
# does not start anew (beam_rider, boxing, demon_attack, assault), both television systems, and modes.
REPRESENTATIVE = (
    *("amidar", "beam_rider", "boxing", "breakout", "demon_attack", "koolaid", "laser_gates"),
    *("ms_pacman", "pong", "qbert", "skiing", "tetris", "trondead"),
)


def actions_of(seed, count, actions):
    """Held for one to eight decisions each, as people and strategies do."""
    draws = consoles.draws(seed, 0, 2 * count)
    played = []
    while len(played) < count:
        draw = int(draws[len(played)])
        played += [draw % actions] * (1 + (draw >> 8) % 8)
    return played[:count]


def film(game, seed, count):
    """A checksum of memory, picture and all else after every decision; the next seed's episode follows an end."""
    game.reset(seed)
    seen = []
    for action in actions_of(seed, count, len(game.actions)):
        if game.outcome is not None:
            seed += 1
            game.reset(seed)
        game.step(action)
        view = game.view()
        state = f"{game.score} {game.outcome} {view.lives} {game.observation()}"
        seen.append(zlib.crc32(view.screen + view.previous + game._console.memory() + state.encode()))
    return seen


_ELSEWHERE = """
import importlib.util, json, sys
here = importlib.util.spec_from_file_location("exactness", sys.argv[1])
exactness = importlib.util.module_from_spec(here)
here.loader.exec_module(exactness)
from grpo_arcade.games import make
for line in sys.stdin:
    title, options, seed, count = json.loads(line)
    print(json.dumps(exactness.film(make("atari/" + title, **options), seed, count)), flush=True)
"""


@pytest.fixture(scope="module")
def fresh_process():
    """A process in which each cartridge is loaded for the first time."""
    command = [sys.executable, "-c", _ELSEWHERE, __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:

        def film_there(title, options, seed, count):
            child.stdin.write(json.dumps([title, options, seed, count]) + "\n")
            child.stdin.flush()
            return json.loads(child.stdout.readline())

        yield film_there
        child.stdin.close()


def assert_exact(film_there, title, options, seed, count):
    there = film_there(title, options, seed, count)
    game = make(f"atari/{title}", **options)
    film(game, seed + 1000, count // 2)
    assert film(game, seed, count) == there, "after another episode of the same game"
    # The console goes back to the idle ones and serves another game.
    film(game, seed + 2000, count // 3)
    console = game._console
    del game
    other = make(f"atari/{title}", **options)
    again = film(other, seed, count)
    assert other._console is console
    assert again == there, "on a console that another game used"


@pytest.mark.parametrize("title", REPRESENTATIVE)
def test_every_frame_is_the_same_in_a_fresh_process(fresh_process, title):
    assert_exact(fresh_process, title, {"frame_skip": 1}, 5, 240)


@pytest.mark.parametrize(
    ("title", "options"),
    [
        ("breakout", {"mode": 12, "difficulty": 1}),
        ("space_invaders", {"mode": 9, "difficulty": 1, "frame_skip": 3}),
        ("pong", {"repeat_action_probability": 0.0, "frame_skip": 1}),
        ("qbert", {"repeat_action_probability": 0.9}),
    ],
)
def test_so_it_is_with_other_options(fresh_process, title, options):
    assert_exact(fresh_process, title, options, 2**62 + 3, 120)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("title", playable_titles())
def test_every_frame_of_every_game_is_the_same_in_a_fresh_process(fresh_process, title):
    assert_exact(fresh_process, title, {"frame_skip": 1}, 11, 1200)
    assert_exact(fresh_process, title, {"frame_skip": 4}, 2**40, 100)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("title", [title for title in playable_titles() if len(rom(title).modes) > 1])
def test_so_it_is_in_the_last_mode_and_difficulty_of_every_game(fresh_process, title):
    options = {"mode": rom(title).modes[-1], "difficulty": rom(title).difficulties[-1]}
    assert_exact(fresh_process, title, options, 3, 100)


def test_two_seeds_are_two_games_and_without_sticky_actions_start_up_to_half_a_second_apart():
    game = make("atari/boxing")
    assert film(game, 1, 60) != film(game, 2, 60)
    calm = make("atari/boxing", repeat_action_probability=0)
    starts = set()
    for seed in range(120):
        noops = int(consoles.draws(seed, 0, 1)[0]) * 31 >> 32
        assert 0 <= noops <= consoles.MOST_NOOPS
        starts.add(noops)
    assert starts == set(range(31))
    assert film(calm, 1, 60) != film(calm, 2, 60)


@pytest.mark.parametrize("probability", [0.25, 0.9])
def test_a_frame_goes_on_with_the_last_press_as_often_as_was_asked(probability):
    pressed = []
    console = consoles.Console(("pong", 0, 0, False))
    console._act = lambda action: pressed.append(action) or 0
    console.start(7, round(probability * 2**32))
    sticks = (consoles.draws(7, 0, 4000) < round(probability * 2**32)).tolist()
    assert abs(sum(sticks) / 4000 - probability) < 0.03
    held, expected = 0, []
    for decision in range(1000):
        action = 3 + decision % 2
        console.press(action, 4)
        for frame in range(4 * decision, 4 * decision + 4):
            held = held if sticks[frame] else action
            expected.append(held)
    assert pressed == expected


def test_draws_are_those_of_splitmix64():
    # The first outputs for seed 1234567 as published with Vigna's splitmix64.c; the upper halves are the draws.
    published = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert consoles.draws(1234567, 0, 5).tolist() == [number >> 32 for number in published]
    assert consoles.draws(1234567, 3, 2).tolist() == [number >> 32 for number in published[3:]]


def test_the_start_looks_the_same_to_everybody():
    used, fresh = make("atari/boxing", repeat_action_probability=0), make("atari/boxing", repeat_action_probability=0)
    film(used, 1, 50)
    used.sound()
    for seed in range(4):
        used.reset(seed)
        fresh.reset(seed)
        assert used.view() == fresh.view()
        assert used.sound() == fresh.sound() == (30_720, b"")
        fresh = make("atari/boxing", repeat_action_probability=0)


def test_an_episode_sounds_the_same_on_a_console_that_has_been_used():
    def heard():
        game.reset(9)
        game.sound()
        sounds = []
        for action in actions_of(9, 40, len(game.actions)):
            game.step(action)
            sounds.append(game.sound())
        return sounds

    game = make("atari/ms_pacman")
    first = heard()
    game.reset(10)
    game.sound()
    for action in actions_of(3, 33, len(game.actions)):
        game.step(action)
    assert heard() == first
    del game  # its console waits for the next who wants to be heard
    game = make("atari/ms_pacman")
    assert heard() == first


def test_looking_or_listening_late_changes_nothing_and_shows_what_was():
    # As the film and the window do: one looks from the start, the other only now and then.
    always, late = make("atari/ms_pacman"), make("atari/ms_pacman")
    for game in (always, late):
        game.reset(9)
    always.view()
    always.sound()
    sounds = set()
    for decision, action in enumerate(actions_of(9, 130, len(always.actions))):
        always.step(action)
        late.step(action)
        heard = always.sound()
        if decision % 50 == 49:
            assert late.view() == always.view()
            assert late.sound() == heard
            late._switch_on(audible=False)
            late._catch_up()
        sounds |= set(heard[1])
    assert len(heard[1]) == 4 * consoles.SAMPLES_PER_FRAME
    assert len(sounds) > 1
