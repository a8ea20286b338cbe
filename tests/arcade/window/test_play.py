"""A person plays in a real window under SDL's dummy driver: by keys, mouse and gamepad, to the end and beyond."""

import random
import re

import pygame
import pytest
from PIL import Image

from grpo_arcade.arcade.players.player import Baseline, RunChampion, StrategyFile
from grpo_arcade.arcade.window.background.clip import write_clip
from grpo_arcade.arcade.window.draw import theme
from grpo_arcade.arcade.window.draw.paint import text_width
from grpo_arcade.arcade.window.play.afterwards import offers
from grpo_arcade.arcade.window.play.kept_games import kept_game
from grpo_arcade.arcade.window.play.panel import title_height
from grpo_arcade.arcade.window.play.session import PERSON, Session
from grpo_arcade.arcade.window.play.turns import TurnPlay
from grpo_arcade.arcade.window.versus.match import Match
from grpo_arcade.games import Outcome, make
from grpo_arcade.games.players import play_match
from grpo_arcade.recordings import load, save, verify

from .conftest import Hands
from .made_runs import MadeRun

KEYS = {"W": "w", "D": "d", "S": "s", "A": "a"}
ARROWS = {"W": "up", "D": "right", "S": "down", "A": "left"}


def opened(app, seed=7, **options):
    scene = TurnPlay(app, options=options or None)
    app.open(scene)
    scene._start(seed)
    app.turn(wait=False)
    return scene


def play_to_the_end(hands, scene):
    rng = random.Random(1)
    while scene.game.outcome is None:
        action = scene.game.actions[rng.choice(scene.game.legal_actions())]
        hands.press((KEYS if rng.random() < 0.5 else ARROWS)[action])


def files(app, kind):
    return sorted((app.settings.data_folder / kind).glob("*"))


def test_a_whole_game_is_played_lost_and_started_again_with_the_same_seed(app, hands):
    scene = opened(app)
    first = scene.game.observation()
    play_to_the_end(hands, scene)
    assert scene.game.outcome is Outcome.LOST
    verify(scene.session.episode())
    moves = len(scene.session.actions)
    hands.press("w", "a")  # nothing happens after the end
    assert len(scene.session.actions) == moves
    hands.press("r")
    assert (scene.session.seed, scene.game.observation()) == (7, first)
    hands.press("n")
    assert scene.session.seed != 7
    assert scene.game.plies == 0


def test_a_key_held_down_moves_once(app, hands):
    scene = opened(app)
    hands.press("left", "up", up=False)
    plies = scene.game.plies
    hands.turns(30)
    assert scene.game.plies == plies


def test_a_move_counts_at_once_while_the_last_one_is_still_sliding(app, hands):
    scene = opened(app)
    for alias in "WASD" * 10:
        before = scene.game.plies
        legal = scene.game.aliases[alias] in scene.game.legal_actions()
        hands.press(KEYS[alias])
        assert scene.game.plies == before + legal
    assert scene._progress < 1.0


def test_tiles_move_only_as_long_as_a_move_lasts_and_then_nothing_is_drawn(app, hands):
    scene = opened(app)
    hands.press("w", "a", "s", "d")
    hands.until(lambda: scene._progress >= 1.0)
    hands.turns(2)
    assert scene.next_update() is None
    assert hands.turns(20) == 0


def test_gamepad_and_mouse_play_too(app, hands):
    scene = opened(app)
    hands.pad(pygame.CONTROLLER_BUTTON_DPAD_LEFT, pygame.CONTROLLER_BUTTON_DPAD_UP, pygame.CONTROLLER_BUTTON_DPAD_RIGHT)
    assert scene.game.plies >= 2
    hands.turns(1)
    chips = {id: rect.center for rect, id in app._frame.bar._chips}
    hands.click(chips["play.new"])
    assert scene.game.plies == 0


def test_a_move_that_changes_nothing_is_no_part_of_the_game(app, hands):
    scene = opened(app)
    for _ in range(40):
        hands.press("left")
    assert scene.game.outcome is None
    assert scene.game.wasted == 0


def test_paused_the_board_does_not_move(app, hands):
    scene = opened(app)
    hands.press("p", "w", "a", "s", "d")
    assert scene.game.plies == 0
    hands.press("p", "w", "a", "s", "d")
    assert scene.game.plies > 0


def test_undo_is_off_unless_the_settings_allow_it_and_such_games_set_no_best_score(make_app):
    app = make_app()
    hands, scene = Hands(app), opened(app)
    hands.press("w", "a", "s", "d")
    plies, best = scene.game.plies, scene.best
    hands.press("u")
    assert scene.game.plies == plies
    assert "the settings (F3) allow it" in hands.said[-1]
    app.shut()

    app = make_app(undo=True)
    hands, scene = Hands(app), opened(app)
    hands.press("w", "a", "s", "d")
    boards = [scene.game.observation()]
    hands.press("u")
    hands.press("u")
    hands.press("w", "a", "s", "d")
    play_to_the_end(hands, scene)
    assert scene.game.score > best
    assert scene.best == best
    verify(scene.session.episode())
    assert boards


def test_a_hint_is_a_legal_move_of_the_chosen_baseline_and_goes_with_the_next_move(app, hands):
    scene = opened(app)
    hands.press("i")
    hands.until(lambda: scene.hint)
    assert scene.game.aliases[scene.hint] in scene.game.legal_actions()
    assert scene.hint_player == Baseline(list(scene.game.baselines)[-1])
    hands.press(KEYS[scene.hint])
    assert scene.hint == ""


DOWN_LEFT = """
def strategy(board):
    rows = [list(row) for row in zip(*board)]
    falls = any(a and (b == 0 or a == b) for row in rows for a, b in zip(row, row[1:]))
    return "S" if falls else "A" if any(b and a in (0, b) for row in board for a, b in zip(row, row[1:])) else "D"
"""


def test_a_strategys_file_gives_hints_and_autoplays_once_it_is_dropped_on_the_game(app, hands, tmp_path):
    file = tmp_path / "corner.py"
    file.write_text(DOWN_LEFT)
    scene = opened(app)
    hands.press("w", "d", "w", "d")
    pygame.event.post(pygame.event.Event(pygame.DROPFILE, file=str(file)))
    hands.turns(2)
    hands.press("i")
    assert "corner" in scene.state()[0]
    hands.until(lambda: scene.hint)
    expected = play_match(DOWN_LEFT, "2048", {}, [7], opening=bytes(scene.session.actions)).episodes[0]
    move = expected.actions[len(scene.session.actions)]
    assert scene.hint == scene.game.actions[move]
    scene.speed = 500.0
    hands.press("tab")
    hands.until(lambda: scene.game.outcome is not None)
    assert scene.session.players == {"a person", "corner"}
    assert scene.game.score == expected.score
    assert scene.best < 100  # what the person made alone
    verify(scene.session.episode())
    assert TurnPlay(app).hint_player == StrategyFile(file)  # also in the next game
    hands.press("o", "down", "down", "left")
    assert scene.hint_player.name in scene.game.baselines
    hands.press("right")
    assert scene.hint_player == StrategyFile(file)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("def strategy(board):\n    return board[9]\n", "strange makes no move: .*IndexError"),
        ("import os\ndef strategy(board):\n    return 'W'\n", "strange makes no move: .*os"),
        ("def strategy(board):\n    while True: pass\n", "strange makes no move: .*CPU time"),
        ("print('\xff'", "strange makes no move"),
        (None, "strange.py: there is no such strategy file"),
    ],
)
def test_a_strategy_that_cannot_advise_is_told_in_a_line(make_app, tmp_path, source, line):
    file = tmp_path / "strange.py"
    if source is not None:
        file.write_text(source)
    app = make_app(hint=str(file))
    hands, scene = Hands(app), opened(app)
    hands.press("i")
    hands.until(lambda: hands.said)
    assert re.search(line, hands.said[-1])
    hands.press("w", "a", "s", "d")
    assert scene.game.plies > 1


def test_autoplay_plays_pauses_steps_and_gives_way_to_the_person(make_app):
    app = make_app(hint="greedy")
    hands, scene = Hands(app), opened(app)
    hands.press("tab", "=", "=", "=")
    hands.until(lambda: scene.game.plies > 5)
    hands.press("p")
    plies = scene.game.plies
    hands.turns(20)
    assert scene.game.plies == plies
    hands.press(".")
    hands.until(lambda: scene.game.plies == plies + 1)
    hands.turns(20)
    assert scene.game.plies == plies + 1
    hands.press("p")
    hands.until(lambda: scene.game.plies > plies + 2)
    hands.press("w", "a", "s", "d")
    assert scene.autoplay is None
    assert scene.session.players == {"greedy", "a person"}
    assert scene.best == 0


def test_autoplay_finishes_a_game_and_stops(make_app):
    app = make_app(hint="random")
    hands, scene = Hands(app), opened(app, size=3, target=64, probability_fours=0.1)
    hands.press("tab", *["="] * 6)
    hands.until(lambda: scene.game.outcome is not None)
    hands.turns(3)
    assert scene.autoplay is None
    verify(scene.session.episode())


def test_a_recording_holds_the_game_from_its_start(app, hands):
    scene = opened(app)
    hands.press("w", "a")
    hands.press("v")
    hands.press("s", "d")
    hands.press("v")
    (file,) = files(app, "recordings")
    episode = load(file)
    verify(episode)
    assert episode.actions == bytes(scene.session.actions)
    assert str(file) in hands.said[-1]
    hands.press("v")
    play_to_the_end(hands, scene)
    # Two of one second are told apart by a number, which does not sort as time does.
    (second,) = set(files(app, "recordings")) - {file}
    assert load(second).outcome is Outcome.LOST


def test_the_last_seconds_become_a_gif_while_the_game_goes_on(app, hands):
    scene = opened(app)
    with_nothing = len(files(app, "films"))
    hands.press("g")
    assert "Nothing has been played" in hands.said[-1]
    assert with_nothing == 0
    hands.press(*"wasdwasd")
    hands.press("g")
    plies = scene.game.plies
    hands.press(*"wasd")
    assert scene.game.plies > plies
    hands.until(
        lambda: files(app, "films") and files(app, "films")[0].suffix == ".gif" and "GIF saved" in hands.said[-1]
    )
    with Image.open(files(app, "films")[0]) as gif:
        assert gif.n_frames > 4


def test_a_clip_begins_where_it_should_and_spans_games(tmp_path):
    moment = [0.0]
    session = Session("2048", {}, 5, clock=lambda: moment[0])
    rng = random.Random(3)
    for n in range(30):
        moment[0] = float(n)
        session.move(rng.choice(session.game.legal_actions()), "a person")
    assert [(len(e.actions), first) for e, first in session.last_seconds(10)] == [(30, 19)]
    session.start(6)
    for n in range(5):
        moment[0] = 30.0 + n
        session.move(rng.choice(session.game.legal_actions()), "a person")
    parts = session.last_seconds(10)
    assert [(len(e.actions), first) for e, first in parts] == [(30, 24), (5, 0)]
    short, long = tmp_path / "short.gif", tmp_path / "long.gif"
    shares = []
    write_clip(parts, short, "classic", shares.append)
    write_clip(session.last_seconds(1000), long, "colour-blind")
    with Image.open(short) as one, Image.open(long) as other:
        assert one.size == other.size
        assert one.n_frames < other.n_frames
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_closing_the_window_in_the_middle_of_a_game_loses_nothing(make_app):
    app = make_app()
    hands, scene = Hands(app), opened(app)
    hands.press(*"wasdwasd", "v")
    played, seed, score = bytes(scene.session.actions), scene.session.seed, scene.game.score
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    app.run()
    (file,) = files(app, "recordings")
    assert load(file).actions == played
    again = make_app()
    scene = TurnPlay(again)
    assert (bytes(scene.session.actions), scene.session.seed, scene.game.score) == (played, seed, score)
    assert scene.best == score


def test_a_damaged_game_in_progress_is_put_aside_with_a_line(make_app, tmp_path):
    file = kept_game(tmp_path / "data", make("2048"))
    file.parent.mkdir(parents=True)
    file.write_bytes(b"GAE\x01 torn")
    app = make_app()
    scene = TurnPlay(app)
    assert scene.game.plies == 0
    assert any("cannot be taken up" in line for _, line in app.messages.history)
    assert not file.exists()


def test_a_forged_game_in_progress_is_not_taken_up(make_app, tmp_path):
    session = Session("2048", {}, 1)
    session.move(session.game.legal_actions()[0], "a person")
    import dataclasses

    save(dataclasses.replace(session.episode(), score=99999), kept_game(tmp_path / "data", make("2048")))
    assert TurnPlay(make_app()).best == 0


def test_size_target_and_colours_can_be_chosen_by_keys_alone(app, hands):
    scene = opened(app)
    hands.press("o", "right", "right", "down", "left", "down", "left")
    options = app.scene
    assert options is not scene
    hands.press("down", "right")
    assert app.palette == "colour-blind"
    hands.press("down", "return")
    assert app.scene is scene
    assert scene.game.options["size"] == 6
    assert scene.game.options["target"] == 1024
    assert scene.hint_player == Baseline(list(scene.game.baselines)[-2])
    hands.press("w", "a", "s", "d")
    assert scene.game.plies > 1


def test_another_size_is_another_game_and_the_first_one_waits(app, hands):
    scene = opened(app)
    hands.press("w", "a", "s", "d")
    board = scene.game.observation()
    hands.press("o", "right", "escape")
    assert scene.game.options["size"] == 5
    hands.press("w", "a")
    hands.press("o", "left", "escape")
    assert scene.game.observation() == board


def test_options_that_change_nothing_keep_the_game(app, hands):
    scene = opened(app)
    hands.press("w", "a", "s", "d")
    board = scene.game.observation()
    hands.press("o", "escape")
    assert scene.game.observation() == board


@pytest.mark.parametrize("size", [(320, 240), (240, 900), (1280, 800), (3840, 2160)])
@pytest.mark.parametrize("side", [2, 4, 8])
def test_the_game_is_drawn_at_any_size_of_window_and_board(app, hands, size, side):
    scene = opened(app, size=side, target=2048, probability_fours=0.1)
    hands.resize(size)
    hands.press("w", "a", "s", "d", "p")
    assert app.surface.get_rect().contains(scene._board)
    assert scene._board.bottom <= scene.area.bottom
    assert not scene._board.colliderect(scene._panel)


def test_what_the_window_shows_is_the_games_own_picture(app, hands):
    scene = opened(app)
    hands.press("w", "a", "s", "d")
    hands.until(lambda: scene._progress >= 1.0)
    hands.turns(2)
    expected = pygame.Surface(scene._board.size, 0, app.surface)
    make("2048").picture().draw(expected, scene.game.view())
    shown = app.surface.subsurface(scene._board)
    assert pygame.image.tobytes(shown, "RGB") == pygame.image.tobytes(expected, "RGB")


def test_hints_may_come_from_the_champion_of_the_latest_run(make_app, tmp_path):
    with MadeRun(tmp_path / "outputs", group=4) as run:
        run.step(1)
    app = make_app(hint="latest:champion")
    hands, scene = Hands(app), opened(app)
    assert scene.hint_player == RunChampion(tmp_path / "outputs" / run.folder.name)
    assert not hands.said
    hands.press("i")
    hands.until(lambda: scene.hint)
    assert scene.game.aliases[scene.hint] in scene.game.legal_actions()


def test_a_champion_of_no_run_is_missed_in_a_line_and_the_strongest_baseline_stands_in(make_app):
    app = make_app(hint="nosuch:champion")
    hands, scene = Hands(app), opened(app)
    assert scene.hint_player == Baseline(list(scene.game.baselines)[-1])
    assert "there is no run 'nosuch'" in hands.said[-1]
    hands.turns(20)
    assert sum("nosuch" in line for line in hands.said) == 1


def test_a_game_that_has_ended_offers_what_comes_next_and_the_model_takes_the_same_seed(app, hands):
    scene = opened(app, seed=4, size=3, target=64)
    while scene.game.outcome is None:
        scene._move(scene.game.legal_actions()[0], PERSON)
    hands.turns(30)
    assert [words for _, words in offers(app.bindings)] == ["new game", "again", "against the model", "save a GIF"]
    assert {"play.new", "play.restart", "play.versus", "play.gif"} <= set(scene.keys())
    hands.press("c")
    assert isinstance(app.scene, Match)
    assert (app.scene.seed, dict(app.scene.table.options)) == (4, dict(scene.game.options))
    assert [seat.name for seat in app.scene.seats] == ["You", "pocket"]


def test_connect_four_is_played_by_keys_and_by_pointing_at_a_column(app, hands):
    scene = TurnPlay(app, "connect-four", {"opponent": "random", "opening": 0})
    app.open(scene)
    scene._start(8)
    hands.press("right")
    assert scene._marked == 3
    hands.press("right", "right", "down")
    assert list(scene.session.actions) == [5]
    hands.press("left", "left", "left", "left", "left", "left", "left", "space")
    assert list(scene.session.actions) == [5, 0]
    column = scene._picture().place_of(scene._board.size, 6)
    hands.click((scene._board.left + column[0] + column[2] // 2, scene._board.top + column[1] + column[3] // 2))
    assert list(scene.session.actions) == [5, 0, 6]
    rng = random.Random(1)
    while scene.game.outcome is None:
        hands.press(rng.choice(("left", "right")), "down")
    verify(scene.session.episode())


@pytest.mark.parametrize(("name", "whole"), [("2048", True), ("Connect Four", False), ("Space Invaders", False)])
def test_a_games_name_is_written_smaller_before_it_is_cut(app, name, whole):
    look, room = app.theme, 270
    height = title_height(look, name, room)
    assert text_width(name, height, "bold") <= room
    assert (height == look.px(theme.DISPLAY)) == whole
