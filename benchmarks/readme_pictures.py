"""The README's six pictures of the window, made by a real window without a screen, from a real training run.

.venv/bin/python benchmarks/readme_pictures.py outputs/RUN docs [PICTURE ...]

writes home.png, play.png, versus.png, court.png, watch.png and story.png at 1280×800, or only those that are named.
The run is only read and may be live. Games are played by key presses, hints are asked for, and the shipped model writes
strategies of its own: two minutes on two cores. home.png lists the runs in the run's folder and the games played here.
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

import numpy as np
import pygame
from PIL import Image

from grpo_arcade.arcade.players.player import POCKET, YOU, Baseline
from grpo_arcade.arcade.settings import Settings
from grpo_arcade.arcade.window.background.advice import advise
from grpo_arcade.arcade.window.court.court import Court
from grpo_arcade.arcade.window.home.home import Home
from grpo_arcade.arcade.window.opening import Opener
from grpo_arcade.arcade.window.play.session import Session
from grpo_arcade.arcade.window.play.turns import TurnPlay
from grpo_arcade.arcade.window.shell.app import App
from grpo_arcade.arcade.window.versus.match import Match
from grpo_arcade.arcade.window.watch.watch import WatchScene

SIZE = 1280, 800
KEYS = {"W": pygame.K_UP, "D": pygame.K_RIGHT, "S": pygame.K_DOWN, "A": pygame.K_LEFT}
PATIENCE_S = 1800.0


def event(app: App, kind: int, key: int) -> None:
    pygame.event.post(pygame.event.Event(kind, key=key, mod=0, unicode=""))
    app.turn(wait=False)


def press(app: App, key: int) -> None:
    event(app, pygame.KEYDOWN, key)
    event(app, pygame.KEYUP, key)


def until(app: App, condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"it did not happen in {PATIENCE_S:.0f} seconds")
        app.turn(wait=False)
        time.sleep(0.004)


def let(app: App, seconds: float) -> None:
    end = time.monotonic() + seconds
    until(app, lambda: time.monotonic() > end)


def play_moves(app: App, session: Session, adviser: str, moves: int) -> None:
    """Play as a person would who asks a baseline before every move."""
    for _ in range(moves):
        action = advise(session.episode(), Baseline(adviser))
        if action is None:
            return
        press(app, KEYS[session.game.actions[action]])


def save(app: App, folder: Path, name: str) -> None:
    app.messages.dismiss()
    app.redraw()
    app.turn(wait=False)
    picture = Image.frombytes("RGB", SIZE, pygame.image.tobytes(app.surface, "RGB"))
    with_few_colours(picture).save(folder / f"{name}.png", optimize=True)
    print(folder / f"{name}.png", flush=True)


def with_few_colours(picture: Image.Image) -> Image.Image:
    """In half the file: the 256 colours that cover most stay as they are, the edges of letters take the nearest."""
    pixels = np.asarray(picture).reshape(-1, 3)
    colours, which, counts = np.unique(pixels, axis=0, return_inverse=True, return_counts=True)
    kept = colours[np.argsort(-counts, kind="stable")[:256]]
    nearest = np.abs(colours[:, None].astype(int) - kept[None]).sum(axis=2).argmin(axis=1)
    few = Image.fromarray(nearest[which].astype(np.uint8).reshape(SIZE[1], SIZE[0]))
    few.putpalette(kept.astype(np.uint8).tobytes())
    return few


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
    scene = Match(app, "2048", {}, [YOU, POCKET], seed=2048)
    app.open(scene)
    assert scene.person is not None
    assert scene.person.session is not None
    play_moves(app, scene.person.session, "expectimax", 90)
    model = scene.seats[1].contestant
    assert model is not None
    # Well into a strategy: one that came to an end before that is asked for again.
    while not (model.state == "writing" and model.text.count("\n") >= 24):
        if model.state == "failed":
            raise SystemExit(f"the pocket model cannot play: {model.error}")
        if model.state in ("ready", "playing"):
            press(app, pygame.K_m)
        app.turn(wait=False)
        time.sleep(0.002)
    scene.view._code_in = 0.0
    save(app, folder, "versus")
    app.close(scene)


def court(app: App, folder: Path) -> None:
    """Pong against a program of the shipped model, by a person who follows the ball, though not too well."""
    scene = Court(app, "atari/pong", {}, [POCKET, YOU], best_of=3, seed=2048)
    app.open(scene)
    until(app, lambda: scene.ready)
    held: int | None = None
    served = False

    def follow() -> bool:
        nonlocal held, served
        seen = scene.game.seat_observation(1)
        points = [scene.round.points(seat) for seat in range(2)]
        awake = seen["ball_x"] > 0 and sum(points) % 3 < 2
        off = seen["ball_y"] - seen["player_y"] - 8 if awake else 0
        wanted = None if abs(off) < 4 else pygame.K_s if off > 0 else pygame.K_w
        if wanted != held:
            if held is not None:
                event(app, pygame.KEYUP, held)
            if wanted is not None:
                event(app, pygame.KEYDOWN, wanted)
            held = wanted
        served = min(points) >= 2 and (served or seen["ball_dx"] < 0)
        return (served and seen["ball_dx"] > 0 and seen["ball_x"] > 60) or scene.round.over

    press(app, pygame.K_w)
    until(app, follow)
    save(app, folder, "court")
    app.close(scene)


def watched(app: App, run: Path) -> WatchScene:
    """A run whose last step is all there."""
    scene = WatchScene(app, run)
    app.open(scene)
    until(app, lambda: scene.tiles and all(tile.entrant and tile.entrant.rewards for tile in scene.tiles))
    scene.pin(scene.news.shown)  # a live run must not begin its next step meanwhile
    return scene


def watch(app: App, folder: Path, run: Path) -> None:
    scene = watched(app, run)
    press(app, pygame.K_o)  # the best first
    let(app, 9.0)
    scene.pin(None)
    save(app, folder, "watch")
    app.close(scene)


def story(app: App, folder: Path, run: Path) -> None:
    scene = watched(app, run)
    press(app, pygame.K_f)
    let(app, 9.0)
    scene.pin(None)
    save(app, folder, "story")
    app.close(scene)


def home(app: App, folder: Path) -> None:
    scene = app.scene
    assert isinstance(scene, Home)
    until(app, lambda: scene._shelf and scene._shelf.runs and scene._shelf.recordings)
    until(app, lambda: all(tile.preview is not None and tile.preview.view is not None for tile in scene.games.tiles))
    let(app, 3.0)
    save(app, folder, "home")


PICTURES = "play", "versus", "court", "watch", "story", "home"


def main(run: Path, folder: Path, wanted: set[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        app = App(Settings(folder=data, outputs=str(run.parent)), size=SIZE)
        app.opener = Opener(app)
        try:
            app.open(Home(app))
            ways: dict[str, Callable[[], None]] = {
                "play": lambda: play(app, folder),
                "versus": lambda: versus(app, folder),
                "court": lambda: court(app, folder),
                "watch": lambda: watch(app, folder, run),
                "story": lambda: story(app, folder, run),
                "home": lambda: home(app, folder),
            }
            for name in PICTURES:
                if name in wanted or (name == "play" and "home" in wanted):  # whose recordings Home lists
                    ways[name]()
        finally:
            app.shut()


if __name__ == "__main__":
    if len(sys.argv) < 3 or not set(sys.argv[3:]) <= set(PICTURES):
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]), set(sys.argv[3:] or PICTURES))
