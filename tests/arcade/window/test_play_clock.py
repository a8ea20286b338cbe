"""A person plays a console's game in a real window: held and combined keys, pad, pause, steps, and nothing is lost."""

import dataclasses
import random
import time

import pygame
import pytest

from grpo_arcade.arcade.window.play.clock import ClockPlay
from grpo_arcade.arcade.window.play.kept_games import kept_game
from grpo_arcade.arcade.window.play.opening import play
from grpo_arcade.arcade.window.play.options import Options
from grpo_arcade.games import Outcome
from grpo_arcade.recordings import load, save, verify

from .conftest import Hands

FRAME_S = 1 / 60


def opened(app, game="atari/pong", seed=7, **options):
    scene = play(app, game, {**options} or None)
    app.open(scene)
    scene._start(seed)
    app.turn(wait=False)
    return scene


def key(code, down=True):
    kind = pygame.KEYDOWN if down else pygame.KEYUP
    pygame.event.post(pygame.event.Event(kind, key=pygame.key.key_code(code), mod=0, unicode="", scancode=0))


def frames(app, scene, count):
    """Let exactly so many frames go by, however busy the machine is."""
    goal = len(scene.session.actions) + count
    app._pace.passed = lambda now: FRAME_S  # every turn comes in time
    try:
        for _ in range(10 * count):
            if len(scene.session.actions) >= goal or scene.game.outcome is not None:
                return
            app.turn(wait=False)
    finally:
        del app._pace.passed
        app._pace.passed(time.perf_counter())  # nor is what these took made up for afterwards
    raise AssertionError("the game stands still")


def held(scene, last=1):
    """What the last frames were played with."""
    names = scene.game.actions
    return [names[action] for action in scene.session.actions[-last:]]


def paddle(scene):
    return scene.game.observation()["player_y"]


@pytest.fixture
def pong(app, hands):
    scene = opened(app)
    key("space")
    key("space", False)
    frames(app, scene, 60)
    return scene


def test_it_begins_with_the_first_press_which_counts(app, hands):
    scene = opened(app)
    assert isinstance(scene, ClockPlay)
    assert dict(scene.game.options)["frame_skip"] == 1
    hands.turns(30)
    assert not scene.session.actions
    key("up")
    frames(app, scene, 3)
    assert held(scene, 3) == ["UP"] * 3


def test_the_paddle_moves_up_while_up_is_held_and_down_while_down_is(app, hands, pong):
    start = paddle(pong)
    key("up")
    frames(app, pong, 25)
    high = paddle(pong)
    assert high < start - 10
    key("up", False)
    key("s")  # WASD too
    frames(app, pong, 40)
    assert held(pong, 39) == ["DOWN"] * 39
    assert paddle(pong) > high + 20
    key("s", False)
    frames(app, pong, 2)
    assert held(pong) == ["NOOP"]


def test_keys_combine_and_come_apart_again(app, hands, pong):
    key("up")
    key("space")
    frames(app, pong, 2)
    assert held(pong, 2) == ["UPFIRE"] * 2
    key("up", False)
    frames(app, pong, 1)
    assert held(pong) == ["FIRE"]
    key("w")
    key("up")
    frames(app, pong, 1)
    key("up", False)  # the other key for the same direction is still down
    frames(app, pong, 1)
    assert held(pong) == ["UPFIRE"]


def test_every_direction_of_a_game_that_knows_eight_is_reached(app, hands):
    scene = opened(app, "atari/boxing")
    for down, name in ((("up", "right"), "UPRIGHT"), (("down", "left", "space"), "DOWNLEFTFIRE")):
        for code in down:
            key(code)
        frames(app, scene, 2)
        assert held(scene) == [name]
        for code in down:
            key(code, False)
    frames(app, scene, 2)
    assert held(scene) == ["NOOP"]


def test_a_tap_within_one_turn_is_one_frame(app, hands, pong):
    for _ in range(2):
        key("space")
        key("space", False)
    frames(app, pong, 6)
    assert held(pong, 6) == ["FIRE", "NOOP", "FIRE", "NOOP", "NOOP", "NOOP"]


def test_a_gamepad_plays_with_stick_cross_and_button(app, hands, pong):
    def axis(value):
        event = pygame.event.Event(
            pygame.CONTROLLERAXISMOTION, axis=pygame.CONTROLLER_AXIS_LEFTY, value=value, instance_id=0
        )
        pygame.event.post(event)

    def button(which, down=True):
        kind = pygame.CONTROLLERBUTTONDOWN if down else pygame.CONTROLLERBUTTONUP
        pygame.event.post(pygame.event.Event(kind, button=which, instance_id=0))

    axis(-30000)
    button(pygame.CONTROLLER_BUTTON_A)
    frames(app, pong, 2)
    assert held(pong) == ["UPFIRE"]
    axis(30000)  # from one side to the other at once
    button(pygame.CONTROLLER_BUTTON_A, False)
    frames(app, pong, 2)
    assert held(pong) == ["DOWN"]
    axis(0)
    button(pygame.CONTROLLER_BUTTON_DPAD_UP)
    frames(app, pong, 2)
    assert held(pong) == ["UP"]


def test_a_slow_machine_drops_time_and_never_a_press(app, hands, pong):
    before = len(pong.session.actions)
    key("space")
    key("space", False)
    app._pace._last = time.perf_counter() - 10.0
    app.turn(wait=False)
    made = len(pong.session.actions) - before
    assert 1 <= made <= 4
    frames(app, pong, 3)
    assert [pong.game.actions[a] for a in pong.session.actions[before:]].count("FIRE") == 1


def test_frames_keep_the_games_own_pace(app, hands, pong):
    before = len(pong.session.actions)
    for turn in range(600):
        early = 0.004 if turn % 2 else -0.004  # turns are never quite even
        app._pace._last = time.perf_counter() - FRAME_S - early
        pong.update(FRAME_S + early)
    assert abs(len(pong.session.actions) - before - 600) <= 1


def test_pause_and_single_steps_use_what_is_held(app, hands, pong):
    hands.press("p")
    before = len(pong.session.actions)
    hands.turns(20)
    assert len(pong.session.actions) == before
    key("up")
    hands.press(".", ".", ".")
    hands.turns(1)
    assert len(pong.session.actions) == before + 3
    assert held(pong, 3) == ["UP"] * 3
    assert pong.paused
    hands.press("p")
    frames(app, pong, 2)
    assert held(pong, 2) == ["UP"] * 2


def test_it_pauses_when_another_window_gets_the_keyboard_and_nothing_stays_held(app, hands, pong):
    key("up")
    frames(app, pong, 2)
    pygame.event.post(pygame.event.Event(pygame.WINDOWFOCUSLOST))
    hands.turns(2)
    assert pong.paused
    hands.press("p")
    frames(app, pong, 2)
    assert held(pong) == ["NOOP"]


def test_slower_and_faster_change_how_many_frames_go_by(app, hands, pong):
    for presses, key_, per_turn in ((1, "-", 0.5), (1, "=", 2.0)):
        hands.press(*[key_] * presses)
        before = len(pong.session.actions)
        for _ in range(60):
            pong.update(FRAME_S)
        assert len(pong.session.actions) - before == pytest.approx(60 * per_turn, abs=3)
        hands.press(*["=" if key_ == "-" else "-"] * presses)


def test_undo_says_that_time_cannot_be_taken_back(app, hands, pong):
    hands.press("u")
    assert hands.said[-1] == "Pong goes by the clock: what has happened cannot be taken back"


def test_a_game_of_a_person_replays_exactly_and_goes_on_where_it_was_left(make_app):
    app = make_app()
    scene = opened(app, "atari/breakout", seed=11)
    for code in ("space", "right", "left", "space"):
        key(code)
        frames(app, scene, 40)
        key(code, False)
        frames(app, scene, 5)
    episode = scene.session.episode()
    screen, score = scene.game.view().screen, scene.game.score
    game = verify(episode)
    assert (game.view().screen, game.score, episode.outcome) == (screen, score, Outcome.UNFINISHED)
    app.shut()

    app = make_app()
    hands, scene = Hands(app), play(app, "atari/breakout")
    app.open(scene)
    hands.until(lambda: scene._winding is None)
    assert scene.session.episode().actions == episode.actions
    assert scene.game.view().screen == screen
    assert scene.waiting
    key("left")
    frames(app, scene, 2)
    assert len(scene.session.actions) == len(episode.actions) + 2


def test_closing_while_a_kept_game_is_still_being_wound_loses_nothing(make_app):
    app = make_app()
    scene = opened(app)
    key("up")
    frames(app, scene, 300)
    file = kept_game(app.settings.data_folder, scene.game)
    app.shut()
    kept = load(file)
    app = make_app()
    scene = play(app, "atari/pong")
    app.open(scene)
    assert scene._winding is not None
    app.shut()
    assert load(file) == kept


def test_a_kept_game_that_lies_is_put_aside_with_one_line(make_app):

    app = make_app()
    hands, scene = Hands(app), opened(app)
    key("up")
    frames(app, scene, 30)
    file = kept_game(app.settings.data_folder, scene.game)
    save(dataclasses.replace(scene.session.episode(), score=21.0), file)
    scene.leave = lambda: None
    app.shut()
    app = make_app()
    hands, scene = Hands(app), play(app, "atari/pong")
    app.open(scene)
    hands.until(lambda: scene._winding is None)
    assert "does not come to the score" in hands.said[-1]
    assert not scene.session.actions
    assert file.with_name(file.name + ".damaged").exists()


def test_a_baseline_takes_over_and_hands_back(app, hands, pong):
    hands.press("tab")
    assert pong.autoplay is not None
    frames(app, pong, 30)
    assert pong.session.players == {"a person", pong.autoplay.name}
    key("up")
    frames(app, pong, 2)
    assert pong.autoplay is None
    assert held(pong) == ["UP"]


def test_hints_show_what_the_baseline_would_hold(app, hands, pong):
    baseline = pong.game.baselines[pong.hint_player.name]
    hands.press("i")
    before = len(pong.session.actions)
    for _ in range(40):
        frames(app, pong, 1)
        assert pong.game.controls[pong._hinted] == baseline(pong.game, random.Random(0))
    assert set(held(pong, len(pong.session.actions) - before)) == {"NOOP"}  # it only shows
    hands.press("i")
    frames(app, pong, 1)
    assert pong._hinted == frozenset()


def test_the_last_seconds_become_a_gif_and_a_recording_is_genuine(app, hands, pong):
    key("up")
    frames(app, pong, 40)
    app.settings = dataclasses.replace(app.settings, gif_seconds=1.0)
    hands.press("v")
    hands.press("g")
    hands.until(lambda: any("GIF saved" in line for line in hands.said))
    (film,) = (app.settings.data_folder / "films").glob("*.gif")
    assert film.read_bytes()[:6] == b"GIF89a"
    hands.press("v")
    (recording,) = (app.settings.data_folder / "recordings").glob("*.episode")
    verify(load(recording))


def test_modes_and_difficulties_are_chosen_in_the_options_and_each_keeps_its_own_game(app, hands, pong):
    frames(app, pong, 5)
    hands.press("o")
    assert isinstance(app.scene, Options)
    labels = [item.label for item in app.scene._focus.items]
    assert labels[:2] == ["Mode", "Difficulty"]
    hands.press("right", "escape")
    assert app.scene is pong
    assert pong.game.options["mode"] == 1
    assert not pong.session.actions
    assert pong.waiting
    key("up")
    frames(app, pong, 2)
    hands.press("o", "left", "escape")
    hands.until(lambda: pong._winding is None)
    assert pong.game.options["mode"] == 0
    assert len(pong.session.actions) > 60


def test_pixels_are_squares_of_whole_pixels(app, hands, pong):
    hands.press("p")
    hands.turns(2)
    board = pong._board
    assert board.width % 160 == 0
    assert board.height % 210 == 0
    times = board.width // 160
    hands.press("p")
    hands.turns(1)
    shown = pygame.surfarray.array2d(app.surface.subsurface(board))
    blocks = shown[: 160 * times, : 210 * times].reshape(160, times, 210, times)
    assert (blocks == blocks[:, :1, :, :1]).all()
