"""Each scene looks as it did when somebody looked at it: small pictures, compared within a tolerance.

After a wanted change: ARCADE_DRAW_PICTURES=1 pytest tests/arcade/window/test_pictures.py, and look at what git shows.
"""

import dataclasses
import os
import random
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pygame
import pytest
from PIL import Image

from grpo_arcade.arcade.window.home.home import Home
from grpo_arcade.arcade.window.home.library import Library
from grpo_arcade.arcade.window.home.shelf import Shelf
from grpo_arcade.arcade.window.home.tiles import Board
from grpo_arcade.arcade.window.home.train import TrainScene
from grpo_arcade.arcade.window.play.opening import play as play_scene
from grpo_arcade.arcade.window.play.options import Options
from grpo_arcade.arcade.window.play.turns import TurnPlay
from grpo_arcade.arcade.window.replay.export import Export
from grpo_arcade.arcade.window.replay.replay import ReplayScene
from grpo_arcade.arcade.window.settings.settings import SettingsScene
from grpo_arcade.arcade.window.versus.contestants import perform_source
from grpo_arcade.arcade.window.versus.match import YOU, Match
from grpo_arcade.arcade.window.versus.versus import VersusScene
from grpo_arcade.arcade.window.watch.run_feed import Feed, glance
from grpo_arcade.arcade.window.watch.watch import WatchScene
from grpo_arcade.games.baseline_scores import play_baseline

from .conftest import Hands
from .made_runs import ORDER, PADDLE, MadeRun, paddles, unfinished

STORED = Path(__file__).parent / "pictures"
STORED_SIZE = 640, 400
# A rounding of one pixel's edge is no other look; a word that moved or a colour that changed is.
TOLERANCE = 1.0
SHORT = {"max_num_frames_per_episode": 1200}


def home(app):
    scene = Home(app)
    app.open(scene)
    scene._looked(Shelf())
    return scene


def play(app):
    scene = TurnPlay(app)
    app.open(scene)
    scene._start(4242)
    for action in play_baseline("2048", {}, "greedy", [4242])[0].actions[:120]:
        scene._move(action, "a person")
    scene._progress = 1.0
    return scene


def play_in_motion(app):
    scene = play(app)
    scene._progress = 0.3
    scene.hint = "W"
    return scene


def play_over(app):
    scene = play(app)
    for action in play_baseline("2048", {}, "greedy", [4242])[0].actions[120:]:
        scene._move(action, "a person")
    scene._progress = 1.0
    return scene


def options(app):
    scene = Options(app, play(app))
    app.open(scene)
    return scene


def replay(app):
    episodes = [play_baseline("2048", {}, name, [3])[0] for name in ("greedy", "random")]
    scene = ReplayScene(app, episodes, "two.episode")
    app.open(scene)
    scene._do_compare()
    scene.seek(70)
    scene.playing = False
    return scene


def export(app):
    scene = Export(app, [play_baseline("2048", {"size": 3}, "greedy", [3])[0]])
    app.open(scene)
    scene._begin_in = None
    return scene


def helped(app):
    scene = play(app)
    app.toggle_help()
    return scene


@cache
def a_run():
    """A finished run of two steps, the same on every machine."""
    with MadeRun(tempfile.mkdtemp(prefix="grpo-arcade-"), max_steps=2) as run:
        run.step(1)
        run.step(2)
        run.writer.event("alarm", 2, "half of the strategies are alike", name="identical", help="more temperature")
        run.writer.note(status="finished")
    return run.folder


def watch(app):
    scene = WatchScene(app, a_run())
    scene.paused = True
    app.open(scene)
    feed = Feed(a_run())
    scene._hear(feed.look(None))
    feed.close()
    for tile in (*scene.tiles, scene.champion):
        tile.playback.advance(3.0, 30.0)
    return scene


def watch_enlarged(app):
    scene = watch(app)
    scene.enlarge(scene.tiles[4])
    return scene


def watch_curve(app):
    scene = watch(app)
    scene.enlarge(scene.grid.best(), best=True)
    scene.spotlight.part = "curve"
    scene.relay_out()
    return scene


def watch_before_after(app):
    scene = watch(app)
    scene.story._show_pair([play_baseline("2048", {}, name, [3])[0] for name in ("random", "greedy")])
    for tile in scene.story.pair.tiles:
        tile.playback.advance(3.0, 30.0)
    return scene


def versus(app):
    scene = Match(app, "2048", {}, [YOU, "pocket"], seed=5)
    source = ORDER.format(order="SADW")
    scene.seats[1].contestant._done(perform_source(source, "2048", {}, 5, "pocket"))
    app.open(scene)
    for action in play_baseline("2048", {}, "greedy", [5])[0].actions[:60]:
        scene.person.session.move(action, "a person")
    scene.started = True
    scene.update(60.0)
    scene.update(1.0)
    return scene


@cache
def a_console_run():
    """A finished step of Pong, the same on every machine."""
    folder = tempfile.mkdtemp(prefix="grpo-arcade-")
    baselines = {"random": -20.2, "scripted": 6.0}
    with MadeRun(folder, game="atari/pong", options=SHORT, baselines=baselines, max_steps=1) as run:
        run.step(1, paddles(16))
        run.writer.note(status="finished")
    return run.folder


def until(app, condition):
    """Consoles are taped beside the window."""
    hands = Hands(app)
    hands.until(condition)


def home_with_consoles(app):
    scene = home(app)
    hands = Hands(app)
    hands.until(lambda: all(tile.preview for tile in scene.games.tiles))
    hands.until(lambda: all(tile.preview.view is not None for tile in scene.games.tiles))
    for tile in scene.games.tiles:
        if isinstance(tile.preview, Board):
            tile.preview._rng = random.Random(1)
            tile.preview._begin()
            tile.preview._next_in = 60.0
            tile.preview.progress = 1.0
        else:
            tile.preview._at = 0.0
    scene.games.spotlight = 0.0
    return scene


def library(app):
    scene = Library(app, lambda game, options: None)
    app.open(scene)
    scene._narrow("in")
    scene._follow()
    hands = Hands(app)
    hands.until(lambda: scene._screen is not None and scene._screen.view is not None)
    scene._screen._at = 0.0
    return scene


def play_console(app):
    scene = play_scene(app, "atari/breakout")
    app.open(scene)
    scene._start(4242)
    scene.waiting = False
    for ply in range(300):
        scene.session.move(ply // 7 % len(scene.game.actions), "a person")
    scene.time.stick.press("right")
    scene.time.stick.press("fire")
    scene.time.stick.frame()
    scene._look_at()
    return scene


def play_console_ready(app):
    scene = play_scene(app, "atari/ms_pacman")
    app.open(scene)
    scene._start(4242)
    return scene


def watch_consoles(app):
    scene = WatchScene(app, a_console_run())
    scene.paused = True
    app.open(scene)
    scene._hear(glance(a_console_run(), None))
    boards = [tile.playback for tile in (*scene.tiles, scene.champion)]
    until(app, lambda: all(board.replay.ready >= min(40, board.replay.length) for board in boards))
    for board in boards:
        board._at = 0.0
        board.advance(40.0, 1.0)
    return scene


def versus_console(app):
    scene = Match(app, "atari/pong", SHORT, [YOU, "follow"], seed=5)
    source = PADDLE.format(aim="- 6", wait=20)
    app.open(scene)
    scene.seats[1].contestant.stop()
    scene.seats[1].contestant._done(perform_source(source, "atari/pong", SHORT, 5, "follow"))
    playback = scene.seats[1].playback
    until(app, lambda: playback.replay.ready >= min(50, playback.replay.length))
    for _ in range(200):
        scene.person.session.move(scene.table.aliases["DOWN"], "a person")
    playback.advance(50.0, 1.0)
    scene.started = scene.paused = True
    return scene


def replay_console(app):
    scene = ReplayScene(app, [unfinished("atari/space_invaders", 80)], "invaders.episode")
    app.open(scene)
    scene.playing = False
    until(app, lambda: scene.replay.verdict)
    scene.playing = False
    scene.seek(60)
    app.messages.dismiss()
    return scene


def versus_setup(app):
    scene = VersusScene(app)
    app.open(scene)
    return scene


def player_list(app):
    scene = versus_setup(app)
    scene._choose(1, lambda by: None)
    return app.scene


def settings(app):
    app.open(SettingsScene(app))
    return app.scene


def train(app):
    app.settings = dataclasses.replace(app.settings, outputs="outputs")
    scene = TrainScene(app, "2048", {"size": 3, "target": 256}, lambda plan: None)
    app.open(scene)
    return scene


def with_messages(app):
    scene = play(app)
    app.say("Recording saved: somewhere/2048-seed-4242.episode")
    app.complain("settings, keys: there is no action 'play.puase'; did you mean 'play.pause'?")
    return scene


SHELL = (
    home,
    train,
    settings,
    player_list,
    play,
    play_in_motion,
    play_over,
    options,
    replay,
    export,
    helped,
    with_messages,
)
CONSOLES = (
    *(home_with_consoles, library, play_console, play_console_ready, watch_consoles, versus_console, replay_console),
)
STORY = watch_enlarged, watch_curve, watch_before_after
SCENES = {f.__name__: f for f in (*SHELL, watch, *STORY, versus, versus_setup, *CONSOLES)}
SEEN = [(size, palette) for size in ((1280, 800), (320, 240), (1920, 1080)) for palette in ("classic", "colour-blind")]
CELL = 320, 240
"""What each is reduced to, but for the first, beside the others in one file."""


def drawn(app, scene):
    app.redraw()
    for _ in range(8):  # a match paints itself in parts, the first time
        app._draw(scene)
    if app._help is not None:  # while it lies there, nothing else is painted
        app.redraw()
        app._draw(scene)
    return Image.frombytes("RGB", app.surface.get_size(), pygame.image.tobytes(app.surface, "RGB"))


def wear(app, size, palette):
    """The same scene in a window of another size and other colours; no time passes."""
    app.palette = palette
    pygame.display.set_mode(size, pygame.RESIZABLE)
    app.display.follow()
    app._resized()
    return app


def seen(app, scene):
    """The scene at every size in every palette: the first of them large, the others small in one sheet."""
    first = drawn(app, scene).resize(STORED_SIZE, Image.Resampling.BOX)
    sheet = Image.new("RGB", (3 * CELL[0], 2 * CELL[1]))
    for place, look in enumerate(SEEN[1:]):
        picture = drawn(wear(app, *look), scene)
        picture.thumbnail(CELL, Image.Resampling.BOX)
        sheet.paste(picture, (place % 3 * CELL[0], place // 3 * CELL[1]))
    return {"": first, "-others": sheet}


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_looks_as_stored_at_every_size_in_both_palettes(make_app, name):
    app = make_app(size=SEEN[0][0], palette=SEEN[0][1])
    for which, picture in seen(app, SCENES[name](app)).items():
        file = STORED / f"{name}{which}.png"
        if os.environ.get("ARCADE_DRAW_PICTURES"):
            STORED.mkdir(exist_ok=True)
            picture.quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)
            continue
        with Image.open(file) as stored:
            difference = np.abs(np.asarray(picture, int) - np.asarray(stored.convert("RGB"), int))
        cells = [difference] if not which else [
            difference[y : y + CELL[1], x : x + CELL[0]] for y in (0, CELL[1]) for x in range(0, 3 * CELL[0], CELL[0])
        ]  # fmt: skip
        for number, cell in enumerate(cells):
            assert cell.mean() < TOLERANCE, f"{name}{which} {number}: {cell.mean():.2f} levels a pixel on average"


def test_scenes_differ_from_each_other_by_far_more_than_the_tolerance(make_app):
    app = make_app()
    hands = Hands(app)
    scene = play(app)
    app._draw(scene)
    before = pygame.surfarray.array3d(app.surface).astype(int)
    hands.press("p")
    app._draw(scene)
    assert np.abs(pygame.surfarray.array3d(app.surface) - before).mean() > 4 * TOLERANCE
