"""What each seat of a game for two is told is what is seen, as that seat sees it: its own paddle, boxer or racket first.

The screen is read as for one player; the second seat's view is that with the two players changed, and in a mirror where
the title has it so.
"""

import random
from collections import defaultdict
from functools import cache

import numpy as np
import pytest

from grpo_arcade.games import make
from grpo_arcade.games.atari.titles import CARTRIDGES
from grpo_arcade.games.seats import at_seat
from tests.games.atari.titles.sight import SIGHT
from tests.games.atari.titles.test_fields_on_screen import ELSEWHERE, PIXELS, SHARES, looked_up, report

FRAMES, EVERY = 2_000, 4
MIRRORED = {"pong"}
TITLES = sorted(title for title, cartridge in CARTRIDGES.items() if any(c.objects for c in cartridge.courts.values()))


@cache
def played(title):
    """Screens of one frame in so many, and what each seat was told then; half by hand-written players."""
    game, rng = make(f"atari/{title}", players=2, frame_skip=1), random.Random(title)
    screens, told, seed, scripted, actions = [], [], 0, False, [0, 0]
    for frame in range(FRAMES):
        if not frame or game.outcome is not None:
            game.reset(seed)
            seed += 1
            for _ in range(60):
                game.step_seats([0, 0])
        if game.plies % 60 == 0:
            scripted = not scripted
        if game.plies % (4 if scripted else 15) == 0:
            name = "scripted" if scripted else "random"
            actions = [game.baselines[name](at_seat(game, seat), rng) for seat in range(2)]
        game.step_seats(actions)
        if frame % EVERY == EVERY - 1:
            screens.append(np.frombuffer(game.view().screen, np.uint8).reshape(-1, 160))
            told.append([game.seat_observation(seat) for seat in range(2)])
    return np.stack(screens), told


def as_the_other_sees_it(name, seen, title):
    """The field that is this one to the second seat, and what it has to be."""
    other = {"player": "enemy", "enemy": "player"}
    who, _, rest = name.partition("_")
    if name == "at_top":
        return name, 1 - seen
    if title in MIRRORED and name.endswith("_x"):
        seen = np.where(seen >= 0, np.minimum(160 - seen, 159), seen)
    return (f"{other[who]}_{rest}" if who in other else name), seen


@pytest.mark.parametrize("seat", [0, 1])
@pytest.mark.parametrize("title", TITLES)
def test_what_a_seat_is_told_is_what_is_seen(title, seat):
    screens, told = played(title)
    agree = defaultdict(list)
    for name, seen in SIGHT[title](screens).items():
        own, expected = as_the_other_sees_it(name, seen, title) if seat else (name, seen)
        known = ~np.isnan(seen)
        found = np.array([looked_up(both[seat], own) for both in told], float)
        present = (found == -1) == (expected == -1)
        agree[own].extend((present & (np.abs(found - expected) <= PIXELS[title, name]))[known])
    fields = {entry.name for entry in CARTRIDGES[title].courts[2].objects[seat].fields}
    assert set(agree) | ELSEWHERE.get(title, set()) == fields
    for name, frames_that_agree in agree.items():
        report(title, f"{name} ({seat})", frames_that_agree)
    for name, frames_that_agree in agree.items():
        assert len(frames_that_agree) >= len(screens) / 20, f"{name} is hardly ever seen"
        assert np.mean(frames_that_agree) >= SHARES[title, name], name


@pytest.mark.parametrize("title", TITLES)
def test_the_actions_of_each_seat_move_what_it_is_told_is_its_own(title):
    for seat in (0, 1):
        game = make(f"atari/{title}", players=2, repeat_action_probability=0.0, frame_skip=1)
        moved = []
        for word in ("UP", "DOWN"):
            game.reset(0)
            for _ in range(30):
                game.step_seats([game.aliases["FIRE"]] * 2)
            before = [game.seat_observation(each)["player_y"] for each in (0, 1)]
            actions = [0, 0]
            actions[seat] = game.aliases[word]
            for _ in range(20):
                game.step_seats(actions)
            moved.append(
                [game.seat_observation(each)["player_y"] - was for each, was in zip((0, 1), before, strict=True)]
            )
        up, down = moved
        assert up[seat] < down[seat]
        assert up[1 - seat] == down[1 - seat] == 0


@pytest.mark.parametrize("title", TITLES)
def test_each_seat_is_asked_in_the_words_that_a_single_player_is(title):
    together, alone = make(f"atari/{title}", players=2), make(f"atari/{title}")
    assert together.prompt() == alone.prompt()
    together.lend(True)
    alone.lend(True)
    assert together.prompt() == alone.prompt()


def test_in_doubles_each_is_told_where_all_four_paddles_are():
    game, rng = make("atari/pong", players=4, frame_skip=1), random.Random(4)
    game.reset(2)
    right, looks, wrong, empty = 0, 0, 0, 0
    for frame in range(900):
        if frame % 20 == 0:
            actions = [rng.randrange(len(game.actions)) for _ in game.seats]
        game.step_seats(actions)
        view = game.view()
        # Paddles that share a line are shown in turn, line by line and frame by frame.
        seen = [np.frombuffer(screen, np.uint8).reshape(-1, 160) for screen in (view.screen, view.previous)]
        told = [game.seat_observation(seat) for seat in range(4)]
        for seat, mine in enumerate(told):
            column = 142 if seat % 2 == 0 else 17
            partner, rival, rival2 = told[(seat + 2) % 4], told[1 - seat % 2], told[3 - seat % 2]
            assert mine["partner_y"] == partner["player_y"]
            assert {mine["enemy_y"], mine["enemy2_y"]} == {rival["player_y"], rival2["player_y"]}
            court = seen[0][100, 80]
            if 45 < mine["player_y"] < 185:
                looks += 1
                middle = slice(mine["player_y"] - 2, mine["player_y"] + 3)
                right += any((screen[middle, column] != court).any() for screen in seen)
            for y in range(45, 185, 28):
                if min(abs(y - mine["player_y"]), abs(y - mine["partner_y"])) > 14:
                    empty += 1
                    wrong += any(screen[y, column] != court for screen in seen)
    assert looks > 400
    assert right / looks > 0.97
    # The ball passes there now and then.
    assert wrong / empty < 0.02
