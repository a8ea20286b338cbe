"""Every field of every symbolic observation is held against the picture, and the share of frames that agree is printed.

Played at frame skip 1, half by the hand-written strategy and half at random. The soak version looks at five times as
many frames.
"""

import random
import re
from collections import Counter, defaultdict
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from grpo_arcade.games.atari import Atari
from grpo_arcade.games.atari.fields import COMMON
from grpo_arcade.games.atari.titles import SYMBOLIC
from tests.games.atari.titles.sight import SIGHT, Box, shots_of_space_invaders

TITLES = sorted(SYMBOLIC)
FEW, MANY = 3_000, 15_000
EVERY = 5
"""One frame in so many is looked at."""
SIZES = [pytest.param(FEW, id="short"), pytest.param(MANY, id="long", marks=pytest.mark.soak)]

LATE = {
    "kaboom": {"player_x"},
    "space_invaders": {"player_x"},
    "ms_pacman": {f"{name}_{axis}" for name in ("player", "sue", "inky", "pinky", "blinky") for axis in "xy"},
}
"""What is drawn in the frame after the one in which memory has it."""

PIXELS = defaultdict(
    lambda: 1.0,
    {
        # A racket is swung on either side of the body, a sword held, skis stick out.
        ("tennis", "player_x"): 5,
        ("tennis", "enemy_x"): 5,
        ("asterix", "player_x"): 3,
        ("skiing", "player_x"): 1.5,
        # Arms are stretched out.
        ("boxing", "enemy_x"): 1.5,
        ("boxing", "player_y"): 2.5,
        ("boxing", "enemy_y"): 2.5,
        # Demons flap.
        ("demon_attack", "low_y"): 2,
        ("demon_attack", "middle_y"): 2,
        ("demon_attack", "high_y"): 2,
        # These are kept in steps of several pixels.
        ("demon_attack", "shot_y"): 3,
        ("demon_attack", "bomb_y"): 3,
    },
)
"""How far apart what is read and what is seen may lie."""

SHARES = defaultdict(
    lambda: 0.97,
    {
        # After a miss bombs burst one after the other, while memory still has them.
        **{("kaboom", f"bomb{place}_{axis}"): 0.94 for place in ("", "2", "3") for axis in "xy"},
        # An alien that was hit is seen bursting.
        ("space_invaders", "column_y"): 0.94,
        ("space_invaders", "block_y"): 0.92,
        # A demon that bursts or has not yet come together is seen, but is not there.
        **{("demon_attack", f"{name}_{axis}"): 0.9 for name in ("low", "middle", "high") for axis in "xy"},
        # The ball is behind the brick that it hits.
        ("breakout", "ball_x"): 0.94,
        ("breakout", "ball_y"): 0.94,
    },
)
"""The share of frames in which the two agree is at least this."""

ELSEWHERE = {
    "boxing": {"player_points", "enemy_points", "seconds"},
    "ms_pacman": {"direction"},
    "skiing": {"heading", "crashed", "gates_left"},
    "space_invaders": {f"{name}_{axis}" for name in ("shot", "bomb", "bomb2") for axis in "xy"},
}
"""Fields that other tests here look at."""


class Play(NamedTuple):
    """Frames of play."""

    observations: list
    """Of every frame."""
    starts: set
    """Indices of the frames with which a game begins."""
    looked_at: np.ndarray
    """Indices of the frames whose screens are kept."""
    screens: np.ndarray


@cache
def played(title, frames):
    game, rng = Atari(title, frame_skip=1), random.Random(title)
    observations, screens, looked_at, starts = [], [], [], set()
    seed, scripted = 0, False
    while len(observations) < frames:
        # Some cartridges set up their memory in their first frames, before anything is seen.
        if not observations or game.outcome is not None:
            game.reset(seed)
            seed += 1
            for _ in range(60):
                game.step(0)
            starts.add(len(observations))
        if game.plies % 60 == 0:
            scripted = not scripted
        if scripted and game.plies % 4 == 0:
            action = game.baselines["scripted"](game, rng)
        elif not scripted and game.plies % 15 == 0:
            action = game.baselines["random"](game, rng)
        game.step(action)
        if len(observations) % EVERY == EVERY - 1:
            looked_at.append(len(observations))
            screens.append(np.frombuffer(game.view().screen, np.uint8).reshape(-1, 160))
        observations.append(game.observation())
    return Play(observations, starts, np.array(looked_at), np.stack(screens))


def looked_up(observation, name):
    """``bricks[2][3]`` of an observation."""
    field, *places = re.findall(r"\w+", name)
    value = observation[field]
    for place in places:
        value = value[int(place)]
    return value


def read(play, title, name):
    """What was read when each of the screens was drawn."""
    late = name in LATE.get(title, ())
    places = [place - 1 if late and place not in play.starts else place for place in play.looked_at]
    return np.array([looked_up(play.observations[place], name) for place in places], float)


def report(title, name, agree):
    print(f"{title:>15} {name:<14} {len(agree):>6} frames, {np.mean(agree):>7.2%} agree")


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("frames", SIZES)
@pytest.mark.parametrize("title", TITLES)
def test_what_is_read_from_memory_is_what_is_seen(title, frames):
    play = played(title, frames)
    agree = defaultdict(list)
    for start in range(0, len(play.screens), 500):
        part = slice(start, start + 500)
        for name, seen in SIGHT[title](play.screens[part]).items():
            field = name.split("[")[0]
            known = ~np.isnan(seen)
            found = read(play, title, name)[part]
            present = (found == -1) == (seen == -1)
            close = np.abs(found - seen) <= PIXELS[title, field]
            agree[field].extend((present & close)[known])
    fields = {entry.name for entry in SYMBOLIC[title].fields}
    assert set(agree) | ELSEWHERE.get(title, set()) == fields
    for name, frames_that_agree in agree.items():
        report(title, name, frames_that_agree)
    for name, frames_that_agree in agree.items():
        assert len(frames_that_agree) >= frames / 300, f"{name} is hardly ever seen"
        assert np.mean(frames_that_agree) >= SHARES[title, name], name


DISPLAYS = {
    ("boxing", "player_points"): (slice(4, 13), slice(30, 62)),
    ("boxing", "enemy_points"): (slice(4, 13), slice(94, 126)),
    ("boxing", "seconds"): (slice(15, 25), slice(56, 112)),
    ("skiing", "gates_left"): (slice(3, 14), slice(60, 90)),
}
"""Where the screen says a number."""


@pytest.mark.parametrize("frames", SIZES)
@pytest.mark.parametrize(("title", "name"), DISPLAYS)
def test_a_number_is_the_one_that_the_screen_shows(title, name, frames):
    play = played(title, frames)
    rows, columns = DISPLAYS[title, name]
    values = defaultdict(Counter)
    for value, screen in zip(read(play, title, name), play.screens, strict=True):
        values[screen[rows, columns].tobytes()][value] += 1
    agree = sum(counts.most_common(1)[0][1] for counts in values.values()) / len(play.screens)
    meant = [counts.most_common(1)[0][0] for counts in values.values()]
    print(f"{title:>15} {name:<14} {len(play.screens):>6} frames, {agree:>7.2%} agree, {len(meant)} pictures")
    assert agree >= 0.97
    # One picture a number, and several numbers.
    assert len(meant) == len(set(meant)) >= 3


@pytest.mark.parametrize("frames", SIZES)
def test_the_skier_goes_where_he_is_heading_and_lies_still_where_he_has_crashed(frames):
    play = played("skiing", frames)
    seen = SIGHT["skiing"](play.screens)
    headings, lying, going = [], [], []
    for first, (start, end) in enumerate(zip(play.looked_at, play.looked_at[1:], strict=False)):
        between = play.observations[start : end + 1]
        if any(place in play.starts for place in range(start, end + 1)):
            continue
        moved_x = seen["player_x"][first + 1] - seen["player_x"][first]
        ways = {np.sign(observation["heading"]) for observation in between}
        if len(ways) == 1 and min(abs(observation["heading"]) for observation in between) >= 3 and moved_x:
            headings.append(np.sign(moved_x) in ways)
        moved_y = seen["gate_y"][first + 1] - seen["gate_y"][first]
        crashed = {observation["crashed"] for observation in between}
        if crashed == {1} and not np.isnan(moved_y):
            lying.append(moved_y == 0)
        # He waits at the start.
        if crashed == {0} and abs(moved_y) < 40 and min(o["gate_y"] for o in between) < 150:
            going.append(moved_y != 0 or max(abs(o["heading"]) for o in between) > 3)
    report("skiing", "heading", headings)
    report("skiing", "crashed (1)", lying)
    report("skiing", "crashed (0)", going)
    for agree in (headings, lying, going):
        assert len(agree) >= frames / 300
        assert np.mean(agree) >= 0.97


@pytest.mark.parametrize("frames", SIZES)
def test_ms_pacman_goes_where_she_is_heading(frames):
    play = played("ms_pacman", frames)
    her = Box(play.screens[:, 1:172] == 42)
    ways = [(0, -1), (1, 0), (0, 1), (-1, 0)]
    agree = []
    for first, (start, end) in enumerate(zip(play.looked_at, play.looked_at[1:], strict=False)):
        directions = {observation["direction"] for observation in play.observations[start - 1 : end + 1]}
        moved = her.x[first + 1] - her.x[first], her.y[first + 1] - her.y[first]
        # Opening her mouth moves her middle by a pixel or two.
        moved = tuple(np.sign(way) if 2 < abs(way) < 40 else 0 for way in moved)
        if len(directions) == 1 and moved in ways:
            agree.append(moved == ways[directions.pop()])
    report("ms_pacman", "direction", agree)
    assert len(agree) >= frames / 100
    assert np.mean(agree) >= 0.9


@pytest.mark.parametrize("frames", SIZES)
def test_shots_of_space_invaders_are_where_they_are_seen(frames):
    """They take turns in being drawn, so what is seen is looked up among what is read."""
    play = played("space_invaders", frames)
    agree = {"shot": [], "bomb": [], "bomb2": []}
    stray = []
    for place, screen in zip(play.looked_at, play.screens, strict=True):
        observation = play.observations[place]
        known = {name: (observation[f"{name}_x"], observation[f"{name}_y"]) for name in agree}
        for x, y in shots_of_space_invaders(screen):
            near = [name for name, (at_x, at_y) in known.items() if abs(at_x - x) <= 1 and abs(at_y - y) <= 1]
            stray.append(bool(near))
            for name in near:
                agree[name].append(True)
    report("space_invaders", "shot and bombs", stray)
    assert np.mean(stray) >= 0.95
    for name, found in agree.items():
        assert len(found) >= frames / 250, name


@pytest.mark.parametrize("title", TITLES)
def test_velocities_are_the_way_since_the_decision_before(title):
    play = played(title, FEW)
    objects = SYMBOLIC[title]
    names = [entry.name for entry in objects.all_fields()]
    moved = 0
    for place, (before, now) in enumerate(zip(play.observations, play.observations[1:], strict=False), 1):
        assert list(now) == names
        if place in play.starts:
            continue
        for thing in objects.moving:
            axes = [axis for axis in "xy" if f"{thing}_{axis}" in now]
            places = [(now[f"{thing}_{axis}"], before[f"{thing}_{axis}"]) for axis in axes]
            if not isinstance(places[0][0], list):
                places = [([a], [b]) for a, b in places]
            ways = [[a - b for a, b in zip(*lists, strict=True)] for lists in places]
            for item in range(len(ways[0])):
                there = all(lists[0][item] >= 0 <= lists[1][item] for lists in places)
                near = all(abs(way[item]) <= 40 for way in ways)
                for axis, way in zip(axes, ways, strict=True):
                    velocity = now[f"{thing}_d{axis}"]
                    velocity = velocity[item] if isinstance(velocity, list) else velocity
                    assert velocity == (way[item] if there and near else 0), (thing, axis)
                    moved += velocity != 0
    assert moved > 30


@pytest.mark.parametrize("title", TITLES)
def test_every_value_is_within_the_range_that_the_prompt_names(title):
    play = played(title, FEW)
    for entry in SYMBOLIC[title].all_fields():
        if entry in COMMON:
            continue
        values = np.array([observation[entry.name] for observation in play.observations])
        assert values.shape[1:] == entry.length
        inside = (entry.low <= values) & (values <= entry.high)
        assert (inside | (values == -1) if entry.absent else inside).all(), entry.name
        assert np.ptp(values) > 0 or entry.name == "gate_dx", f"{entry.name} never changes"
