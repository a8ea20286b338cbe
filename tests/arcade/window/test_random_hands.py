"""Whatever is pressed, however the window is resized under it: what is to be seen is never blank, and never torn.

A picture that was painted in parts, over many frames, is the one that painting everything at once gives.

ARCADE_SOAK_BURSTS=2000 pytest -m soak tests/arcade/window/test_random_hands.py goes on for longer.
"""

import os

import numpy as np
import pygame
import pytest

from grpo_arcade.arcade.players.player import YOU
from grpo_arcade.arcade.window.court.court import Court
from grpo_arcade.arcade.window.home.home import Home
from grpo_arcade.arcade.window.home.trainings import Trainings
from grpo_arcade.arcade.window.versus import contestants
from grpo_arcade.arcade.window.versus.match import Match
from grpo_arcade.recordings import save

from .random_hands import RandomHands
from .test_pictures import SCENES, a_run, play_baseline

BURSTS = int(os.environ.get("ARCADE_SOAK_BURSTS", "400"))
STRATEGY = "def strategy(board):\n    return 'A'\n"


def match(app):
    app.open(Match(app, "2048", {}, [YOU, "greedy", "random"], seed=5))


def court(app):
    app.open(Court(app, "connect-four", {}, [YOU, YOU], best_of=3, seed=4))


def court_on_a_console(app):
    app.open(Court(app, "atari/pong", {}, [YOU, "random"], seed=4))


SHORT = ("watch", "replay", "settings", "player_list", "play", "export", "train", "options", "versus_console")
PLACES = {**{name: SCENES[name] for name in SHORT}, "match": match, "court": court, "court console": court_on_a_console}


@pytest.fixture
def safe(monkeypatch, tmp_path):
    """Nothing that takes long or outlives the test: no training begins, and no model is loaded."""

    def no_training(self, plan):
        raise ValueError("no training here")

    def no_model(*_, **__):
        raise ValueError("no model here")

    monkeypatch.setattr(Trainings, "start", no_training)
    monkeypatch.setattr(contestants, "ask_resident", no_model)
    file = tmp_path / "mine.py"
    file.write_text(STRATEGY)
    (tmp_path / "no.py").write_text("what is this")
    episode = save(play_baseline("2048", {"size": 2, "target": 8}, "greedy", [3])[0], tmp_path / "small.episode")
    return [file, tmp_path / "no.py", episode, a_run(), tmp_path / "gone"]


def pixels(app):
    return pygame.surfarray.array3d(app.surface)


def finish(app):
    """Paint what is still to be painted; no time passes."""
    for _ in range(200):
        if not (app._stale or app.scene.unfinished):
            break
        app._draw(app.scene)
    assert not app.scene.unfinished, "it is never painted"


def assert_neither_torn_nor_blank(hands):
    app = hands.app
    finish(app)
    if app._help is not None:
        app._draw(app.scene)
    seen = pixels(app)
    app.redraw()
    app._draw(app.scene)
    finish(app)
    whole = pixels(app)
    told = f"{type(app.scene).__name__} at {app.surface.get_size()} after {hands.did}"
    columns, rows = np.nonzero((seen != whole).any(axis=2))
    assert not columns.size, f"{told}: torn in {columns.min()}–{columns.max()} × {rows.min()}–{rows.max()}"
    levels = whole.reshape(-1, 3)
    assert len(np.unique(levels[:: max(1, len(levels) // 20_000)], axis=0)) > 4, f"{told}: blank"


def go_wild(app, seed, files, bursts, length, largest):
    hands = RandomHands(app, seed, files, largest)
    app.redraw()  # some scenes were put into their state behind their own back
    hands.turns(2)
    for _ in range(bursts):
        hands.burst(length)
        assert app.scene is not None, hands.did
        assert_neither_torn_nor_blank(hands)


@pytest.mark.parametrize("place", PLACES)
def test_a_scene_under_random_hands_is_neither_torn_nor_blank(make_app, safe, place):
    app = make_app((480, 320), outputs=str(a_run().parent))
    app.open(Home(app))
    PLACES[place](app)
    go_wild(app, place, safe, bursts=2, length=10, largest=640)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("place", sorted({*SCENES, *PLACES}))
def test_the_same_for_long(make_app, safe, place, seed):
    app = make_app((1280, 800), outputs=str(a_run().parent))
    app.open(Home(app))
    {**SCENES, **PLACES}[place](app)
    go_wild(app, f"{place} {seed}", safe, bursts=BURSTS // 10, length=14, largest=1280)
