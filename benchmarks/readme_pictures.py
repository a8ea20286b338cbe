"""The README's four pictures of the window, made by a real window without a screen, from a real training run.

.venv/bin/python benchmarks/readme_pictures.py outputs/RUN docs

writes home.png, play.png, versus.png and watch.png at 1280×800. The run is only read and may be live. Games are played
by key presses, hints are asked for, and the shipped model writes a strategy of its own: about a minute on two cores.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ["SDL_VIDEODRIVER"] = os.environ["SDL_AUDIODRIVER"] = "dummy"
os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"

import pygame
from PIL import Image

from grpo_arcade.arcade.settings import Settings
from grpo_arcade.arcade.window.background.advice import advise
from grpo_arcade.arcade.window.home.home import Home
from grpo_arcade.arcade.window.play.session import Session
from grpo_arcade.arcade.window.play.turns import TurnPlay
from grpo_arcade.arcade.window.shell.app import App
from grpo_arcade.arcade.window.versus.match import YOU, Match
from grpo_arcade.arcade.window.watch.watch import WatchScene

SIZE = 1280, 800
KEYS = {"W": pygame.K_UP, "D": pygame.K_RIGHT, "S": pygame.K_DOWN, "A": pygame.K_LEFT}
PATIENCE_S = 180.0


def press(app: App, key: int) -> None:
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key, mod=0, unicode=""))
    pygame.event.post(pygame.event.Event(pygame.KEYUP, key=key, mod=0))
    app.turn(wait=False)


def until(app: App, condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("it did not happen in three minutes")
        app.turn(wait=False)
        time.sleep(0.004)


def let(app: App, seconds: float) -> None:
    end = time.monotonic() + seconds
    until(app, lambda: time.monotonic() > end)


def play_moves(app: App, session: Session, adviser: str, moves: int) -> None:
    """Play as a person would who asks a baseline before every move."""
    for _ in range(moves):
        action = advise(session.episode(), adviser)
        if action is None:
            return
        press(app, KEYS[session.game.actions[action]])


def save(app: App, folder: Path, name: str) -> None:
    app.messages.dismiss()
    app.redraw()
    app.turn(wait=False)
    picture = Image.frombytes("RGB", SIZE, pygame.image.tobytes(app.surface, "RGB"))
    picture.save(folder / f"{name}.png", optimize=True)
    print(folder / f"{name}.png", flush=True)


def play(app: App, folder: Path) -> None:
    scene = TurnPlay(app)
    app.open(scene)
    press(app, pygame.K_v)
    play_moves(app, scene.session, "greedy", 5000)  # a whole game, recorded, whose score is kept
    scene._start(2048)
    play_moves(app, scene.session, "expectimax", 260)
    press(app, pygame.K_i)
    until(app, lambda: scene.hint)
    let(app, 0.5)
    save(app, folder, "play")
    app.close(scene)


def versus(app: App, folder: Path) -> None:
    scene = Match(app, "2048", {}, [YOU, "pocket"], seed=2048)
    app.open(scene)
    assert scene.person is not None
    assert scene.person.session is not None
    play_moves(app, scene.person.session, "expectimax", 90)
    model = scene.seats[1].contestant
    assert model is not None
    # Well into a strategy: one that came to an end before that is asked for again.
    while not (model.state == "writing" and model.text.count("\n") >= 8):
        if model.state == "failed":
            raise SystemExit(f"the pocket model cannot play: {model.error}")
        if model.state in ("ready", "playing"):
            press(app, pygame.K_m)
        app.turn(wait=False)
        time.sleep(0.002)
    scene._code_in = 0.0
    save(app, folder, "versus")
    app.close(scene)


def watch(app: App, folder: Path, run: Path) -> None:
    scene = WatchScene(app, run)
    app.open(scene)
    until(app, lambda: scene.tiles and all(tile.entrant and tile.entrant.rewards for tile in scene.tiles))
    scene.pin(scene.news.shown)  # a live run must not begin its next step meanwhile
    let(app, 9.0)
    scene.pin(None)
    save(app, folder, "watch")
    app.close(scene)


def home(app: App, folder: Path) -> None:
    scene = app.scene
    assert isinstance(scene, Home)
    until(app, lambda: scene._shelf and scene._shelf.runs and scene._shelf.recordings)
    let(app, 3.0)
    save(app, folder, "home")


def main(run: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        app = App(Settings(folder=data, outputs=str(run.parent)), size=SIZE)
        try:
            app.open(Home(app))
            play(app, folder)
            versus(app, folder)
            watch(app, folder, run)
            home(app, folder)
        finally:
            app.shut()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
