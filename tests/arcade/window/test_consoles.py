"""Console games in every other scene: the shelf and the list, a match, a run that is watched, a recording."""

import contextlib
import dataclasses
import sys
import time

import pygame
import pytest

from grpo_arcade.arcade.window.draw import paint
from grpo_arcade.arcade.window.home.games import ATARI_TILES
from grpo_arcade.arcade.window.home.home import Home
from grpo_arcade.arcade.window.home.library import Library
from grpo_arcade.arcade.window.play.clock import ClockPlay
from grpo_arcade.arcade.window.play.opening import play
from grpo_arcade.arcade.window.replay.replay import ReplayScene
from grpo_arcade.arcade.window.versus.match import YOU, Match
from grpo_arcade.arcade.window.versus.versus import VersusScene
from grpo_arcade.arcade.window.watch.watch import WatchScene
from grpo_arcade.games.atari import console, playable_titles
from grpo_arcade.games.atari.titles import SYMBOLIC
from grpo_arcade.recordings import load, verify

from .conftest import Hands
from .made_runs import MadeRun, paddles, unfinished
from .test_play_clock import frames, key

SHORT = {"max_num_frames_per_episode": 1200}
SHORTER = {"max_num_frames_per_episode": 400}
FOLLOW = 'def strategy(state):\n    return "UP" if state["ball_y"] < state["player_y"] + 6 else "DOWN"\n'


def test_the_shelf_has_every_game_with_a_symbolic_observation_and_a_way_to_all_others(app, hands):
    assert set(ATARI_TILES) == set(SYMBOLIC)
    scene = Home(app)
    app.open(scene)
    assert app.frames == 0
    hands.turns(1)
    assert all(tile.preview is None for tile in scene.games.tiles), "nothing is made before the first picture"
    hands.until(lambda: all(tile.preview for tile in scene.games.tiles))
    consoles = [tile.game for tile in scene.games.tiles if tile.game.startswith("atari/")]
    assert consoles == [f"atari/{title}" for title in ATARI_TILES]
    hands.click(next(item for item in scene._focus.items if item.key == "library").rect.center)
    assert isinstance(app.scene, Library)


def test_a_console_is_seen_playing_on_its_tile_and_is_never_emulated_in_the_window(app, hands):
    scene = Home(app)
    app.open(scene)
    hands.until(lambda: all(tile.preview for tile in scene.games.tiles))
    number = next(i for i, tile in enumerate(scene.games.tiles) if tile.game == "atari/pong")
    scene._focus.index = number
    pong = scene.games.tiles[number].preview
    hands.until(lambda: pong.view is not None and pong.view.plies > 50)
    seen = set()
    hands.until(lambda: seen.add(pong.view.plies) or len(seen) > 5)
    assert pong.game._console is None
    drawn = pygame.surfarray.array2d(app.surface.subsurface(pong.rect))
    assert len({int(colour) for colour in drawn.flat}) > 2


def test_choosing_a_tile_plays_it_and_versus_is_about_the_game_with_the_focus(app, hands):
    scene = Home(app)
    app.open(scene)
    hands.until(lambda: all(tile.preview for tile in scene.games.tiles))
    scene._focus.index = next(i for i, tile in enumerate(scene.games.tiles) if tile.game == "atari/breakout")
    hands.press("return")
    assert isinstance(app.scene, ClockPlay)
    assert app.scene.name == "atari/breakout"
    hands.press("escape", "v")
    assert isinstance(app.scene, VersusScene)
    assert app.scene.game == "atari/breakout"


def test_the_list_is_narrowed_by_typing_and_what_has_the_focus_is_shown_and_played(app, hands):
    scene = Library(app, lambda game, options: None)
    app.open(scene)
    assert scene.found == list(playable_titles())
    hands.press(*"inv")
    assert scene.found == ["space_invaders"]
    hands.press("escape")
    assert scene.found == list(playable_titles())
    hands.press(*"s", "backspace", *"pac")
    assert {"pacman", "ms_pacman"} <= set(scene.found)
    assert scene.found[0] == "pacman", "names that begin so come first"
    hands.until(lambda: scene._screen is not None and scene._screen.view is not None)
    hands.press("return")
    assert app.scene.name == "atari/pacman"
    hands.press("escape", *"zzz")
    assert scene.found == []
    hands.press("return", "down", "backspace")
    assert app.scene is scene


@pytest.mark.parametrize("size", [(320, 240), (800, 400)])
def test_every_title_is_reached_by_the_arrows_alone(make_app, size):
    app = make_app(size)
    hands, scene = Hands(app), Library(app, lambda game, options: None)
    app.open(scene)
    hands.turns(3)  # where there is a real pointer, it says where it is
    scene._focus.index = 0
    seen = {scene.chosen}
    while scene.chosen != playable_titles()[-1]:
        before = scene.chosen
        for _ in range(scene._rows):
            hands.press("down")
            seen.add(scene.chosen)
        for _ in range(scene._rows):
            hands.press("up")
        hands.press("right")
        seen.add(scene.chosen)
        if scene.chosen == before:
            break
    last = scene.chosen
    for _ in range(scene._rows):
        hands.press("down")
        seen.add(scene.chosen)
    assert seen == set(playable_titles()), last
    for item in scene._focus.items:
        assert scene.area.contains(item.rect)


@pytest.fixture
def match(app, hands, tmp_path):
    """A person against a file, on Pong."""
    file = tmp_path / "follow.py"
    file.write_text(FOLLOW)
    scene = Match(app, "atari/pong", SHORT, [YOU, str(file)], seed=5)
    app.open(scene)
    return scene


@contextlib.contextmanager
def no_time_passing(app):
    """Nobody plays meanwhile, however long it takes."""
    app._pace.passed = lambda now: 0.0
    try:
        yield
    finally:
        del app._pace.passed
        app._pace.passed(time.perf_counter())


def clocked(app, scene, count):
    """So many frames of the person's console."""

    class Hand:
        session, game = scene.person.session, scene.person.session.game

    frames(app, Hand, count)


def test_person_and_strategy_play_one_seed_in_real_time_each_as_they_play_elsewhere(app, hands, match):
    assert match.pace == "real time"
    assert match.person.session.game.options["frame_skip"] == 1
    assert match.table.options["frame_skip"] == 4
    key("up")
    hands.turns(3)
    assert not match.person.session.actions, "nobody begins before all are ready"
    hands.until(lambda: match.ready)
    other = match.seats[1].playback
    with no_time_passing(app):
        hands.until(lambda: other.replay.ready >= 12)  # its tape is made in another process
    clocked(app, match, 40)
    up = match.table.aliases["UP"]
    assert set(match.person.session.actions[-30:]) == {up}
    assert match.person.session.seed == other.episode.seed == 5
    assert other.ply == pytest.approx(10, abs=2), "four frames of the one are a decision of the other"
    hands.press("p")
    before = len(match.person.session.actions), other.ply
    hands.turns(20)
    assert (len(match.person.session.actions), other.ply) == before
    hands.press(".")
    assert (len(match.person.session.actions), other.ply) == (before[0] + 4, before[1] + 1)


def test_a_match_is_played_to_its_end_judged_and_the_persons_game_is_kept(app, hands, match):
    hands.until(lambda: match.ready)
    for _ in range(4):
        hands.press("=")
    key("down")
    hands.until(lambda: match.verdict)
    assert match.seats[1].outcome is match.seats[1].playback.episode.outcome
    assert match.seats[1].score == match.seats[1].playback.episode.score
    (file,) = (app.settings.data_folder / "recordings").glob("*.episode")
    episode = load(file)
    verify(episode)
    assert episode.options["frame_skip"] == 1


def test_a_program_that_fails_counts_as_the_worst_the_game_can_do(app, hands, tmp_path):
    file = tmp_path / "broken.py"
    file.write_text("def strategy(state):\n    return state['nothing']\n")
    scene = Match(app, "atari/pong", SHORT, ["noop", str(file)], seed=5)
    app.open(scene)
    scene.speed = 64.0
    hands.until(lambda: scene.verdict)
    assert scene.seats[1].counted == -21
    assert scene.verdict.startswith("noop wins")


def test_the_game_of_a_match_is_chosen_and_with_it_who_can_play(app, hands):
    scene = VersusScene(app)
    app.open(scene)
    hands.turns(3)  # where there is a real pointer, it says where it is
    scene._put(1, "expectimax")
    scene._focus.index = next(i for i, item in enumerate(scene._focus.items) if item.key == "game")
    hands.press("right", "right")  # past Connect Four
    assert scene.game == "atari/pong"
    assert "expectimax" not in scene.players
    assert "Played on" in [item.label for item in scene._focus.items]
    scene._change_court(-1)  # a board each
    labels = [item.label for item in scene._focus.items]
    assert {"Mode", "Difficulty"} <= set(labels)
    assert "The others play" not in labels
    hands.press("left", "left")
    assert scene.game == "2048"


@pytest.fixture(scope="module")
def pong_run(tmp_path_factory):
    """A finished step of sixteen strategies for Pong."""
    baselines = {"random": -20.2, "scripted": 6.0}
    outputs = tmp_path_factory.mktemp("outputs")
    with MadeRun(outputs, name="pong", game="atari/pong", options=SHORTER, baselines=baselines, max_steps=1) as run:
        run.step(1, paddles(16))
        run.writer.note(status="finished")
    return run.folder


def test_sixteen_consoles_are_watched_at_their_own_pace_and_come_to_their_scores(app, hands, pong_run):
    scene = WatchScene(app, pong_run)
    app.open(scene)
    hands.until(lambda: len(scene.tiles) == 16)
    assert scene.speed == 1.0
    assert all(tile.playback.game._console is None for tile in scene.tiles), "none is emulated in the window"
    hands.until(lambda: all(tile.playback.ply > 3 for tile in scene.tiles if tile.replays))
    for _ in range(6):
        hands.press("=")
    hands.until(lambda: all(tile.playback.ended or tile.number for tile in scene.tiles if tile.replays))
    for tile in scene.tiles:
        if tile.playback.ended and not tile.number and tile.replays:
            assert tile.playback.score == tile.episodes[0].score
    for tile in scene.grid.visible():
        assert tile.board.width / tile.board.height == pytest.approx(160 / 210, rel=0.03)
        assert scene.area.contains(tile.rect)
    hands.press("return")
    assert scene.spotlight.tile.board.size in ((160, 210), (320, 420))
    hands.press("r")
    assert isinstance(app.scene, ReplayScene)


def test_a_recording_is_wound_from_end_to_end_at_once_and_verified_beside_it(app, hands):
    scene = ReplayScene(app, [unfinished("atari/pong", 80), unfinished("atari/pong", 60)])
    app.open(scene)
    hands.until(lambda: scene.replay.view is not None)
    hands.press("end")
    hands.until(lambda: scene.ply == scene.length == 80)
    hands.until(lambda: scene.replay.verdict)
    assert scene.replay.verdict.genuine is True
    for share in (0.5, 0.9, 0.1):
        at = scene._track.left + round(share * scene._track.width), scene._track.centery
        hands.click(at)
        assert scene.ply == pytest.approx(80 * share, abs=2)
        assert scene.replay.view.plies == scene.ply
    hands.press("c")
    hands.until(lambda: scene.compared is not None and scene.compared.verdict)
    hands.until(lambda: scene.compared.ply == scene.replay.ply)


def test_a_forged_recording_is_told_and_not_filmed(app, hands):
    episode = unfinished("atari/pong", 40)
    scene = ReplayScene(app, [dataclasses.replace(episode, score=21.0)])
    app.open(scene)
    hands.until(lambda: scene.replay.verdict)
    hands.turns(2)
    assert "the recording says the score is 21.0" in hands.said[-1]
    hands.press("e")
    assert app.scene is scene
    assert "No film is made" in hands.said[-1]


def test_a_console_is_exported_in_its_own_colours_whatever_the_windows_are(make_app):
    app = make_app(palette="colour-blind")
    hands, scene = Hands(app), ReplayScene(app, [unfinished("atari/pong", 30)])
    app.open(scene)
    hands.until(lambda: scene.replay.verdict)
    hands.press("e")
    export = app.scene
    assert export._sizes()[:3] == [160, 320, 480]
    assert export.speed == 1.0
    export._export()
    hands.until(lambda: export.filmed is not None or export.problem)
    assert not export.problem
    assert export.filmed.width == 320
    assert list((app.settings.data_folder / "films").glob("*.gif"))


def test_without_the_emulator_a_console_is_one_line_and_the_window_goes_on(app, hands, monkeypatch):
    monkeypatch.delenv("ARCADE_TRACEBACK", raising=False)
    scene = Home(app)
    app.open(scene)
    hands.until(lambda: all(tile.preview for tile in scene.games.tiles))
    monkeypatch.setitem(sys.modules, "ale_py", None)
    monkeypatch.setattr("grpo_arcade.games.atari.console._idle", type(console._idle)())
    scene._focus.index = next(i for i, tile in enumerate(scene.games.tiles) if tile.game == "atari/pong")
    hands.press("return")
    assert app.scene is scene
    assert "Atari games need the Arcade Learning Environment: pip install" in hands.said[-1]


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080), (1024, 700)])
def test_all_titles_of_the_library_are_in_sight_or_said_to_be_beside_it(make_app, size):
    app = make_app(size=size)
    scene = Library(app, lambda game, options: None)
    app.open(scene)
    titles = len(scene.found)
    if size != (1024, 700):
        assert len(scene._focus.items) == titles
    app._draw(scene)
    head = pygame.Rect(scene._list.left, scene._list.top - app.theme.px(34), scene._list.width, app.theme.px(26))
    seen = pygame.surfarray.array2d(app.surface.subsurface(head)) & 0xFFFFFF
    assert (seen == app.theme.accent).any() == (len(scene._focus.items) < titles)


@pytest.mark.parametrize("size", [(320, 240), (1280, 800), (1920, 1080)])
def test_what_a_plate_says_is_never_cut(make_app, monkeypatch, size):
    said = []
    write = paint.text

    def listen(surface, words, *args, **how):
        said.append(words)
        return write(surface, words, *args, **how)

    app = make_app(size=size)
    scene = play(app, "atari/ms_pacman")
    app.open(scene)
    monkeypatch.setattr(paint, "text", listen)
    app.redraw()
    app._draw(scene)
    assert "Ready" in said
    assert "It begins with your first press · Space fires" in " ".join(said)
    assert not [words for words in said if words.endswith("…")]
