"""A real window under SDL's dummy driver, and hands to press its keys with."""

import os
import time

import pygame
import pytest

from grpo_arcade.arcade.settings import Settings
from grpo_arcade.arcade.window.opening import Opener
from grpo_arcade.arcade.window.shell.app import App
from grpo_arcade.arcade.window.shell.scene import Scene


@pytest.fixture(autouse=True)
def dummy_screen(monkeypatch):
    # ARCADE_TEST_SCREEN=x11 xvfb-run pytest tests/arcade/window runs the same tests on a real X server.
    monkeypatch.setenv("SDL_VIDEODRIVER", os.environ.get("ARCADE_TEST_SCREEN", "dummy"))
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")


class Hands:
    """Posts the events a person's devices would, and lets the app take turns."""

    def __init__(self, app):
        self.app = app

    def press(self, *keys, mod=0, up=True):
        for key in keys:
            code = key if isinstance(key, int) else pygame.key.key_code(key)
            typed = chr(code) if 32 <= code < 127 and not mod else ""
            pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=code, mod=mod, unicode=typed, scancode=0))
            if up:
                pygame.event.post(pygame.event.Event(pygame.KEYUP, key=code, mod=mod, scancode=0))
            self.app.turn(wait=False)

    def pad(self, *buttons):
        for button in buttons:
            for kind in (pygame.CONTROLLERBUTTONDOWN, pygame.CONTROLLERBUTTONUP):
                pygame.event.post(pygame.event.Event(kind, button=button, instance_id=0))
            self.app.turn(wait=False)

    def point(self, at):
        pygame.event.post(pygame.event.Event(pygame.MOUSEMOTION, pos=tuple(at), rel=(0, 0), buttons=(0, 0, 0)))
        self.app.turn(wait=False)

    def click(self, at):
        self.point(at)
        for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
            pygame.event.post(pygame.event.Event(kind, pos=tuple(at), button=1))
        self.app.turn(wait=False)

    def resize(self, size):
        pygame.display.set_mode(size, pygame.RESIZABLE)
        pygame.event.post(pygame.event.Event(pygame.VIDEORESIZE, size=size, w=size[0], h=size[1]))
        self.app.turn(wait=False)

    def turns(self, count=1):
        return sum(self.app.turn(wait=False) for _ in range(count))

    def until(self, condition, seconds=240.0):
        """Turn until something has happened; a bound for a hung test, not a claim about speed."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it never happened"
            self.app.turn(wait=False)
            time.sleep(0.002)

    @property
    def said(self):
        return [line for _, line in self.app.messages.history]


@pytest.fixture
def make_app(tmp_path):
    """Builds an app whose files lie in a temporary folder."""
    made = []

    def make(size=(1280, 800), **settings):
        app = App(
            Settings(**{"folder": str(tmp_path / "data"), "outputs": str(tmp_path / "outputs"), **settings}), size=size
        )
        app.opener = Opener(app)
        made.append(app)
        return app

    yield make
    for app in made:
        if pygame.display.get_init():
            app.shut()


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture
def hands(app):
    return Hands(app)


class Probe(Scene):
    """A scene that notes what it is told."""

    title = "Probe"
    contexts = ("play", "menu")

    def __init__(self, app):
        super().__init__(app)
        self.told = []
        self.calls = []
        self.draws = 0
        self.busy = False

    def enter(self):
        self.calls.append("enter")

    def leave(self):
        self.calls.append("leave")

    def resized(self):
        self.calls.append(("resized", self.area.size))

    def handle(self, event):
        self.told.append(event)
        return getattr(event, "id", "").split(".")[0] in ("play", "menu")

    def update(self, dt):
        return self.busy

    def next_update(self):
        return 0.0 if self.busy else None

    def draw(self, surface):
        self.draws += 1

    def keys(self):
        return ("play.pause", "play.new")


@pytest.fixture
def probe(app, hands):
    scene = Probe(app)
    app.open(scene)
    hands.turns(3)
    scene.told.clear()
    return scene


STRATEGY = "def strategy(board):\n    return 'A'\n"


@pytest.fixture
def run_folder(tmp_path):
    """A run as a trainer writes it: one strategy with two games, which is the champion. Its lock is held."""
    from grpo_arcade.games.baseline_scores import play_baseline
    from grpo_arcade.recordings.runs.writer import RunWriter
    from grpo_arcade.trainer.config import TrainConfig
    from grpo_arcade.trainer.scoring import Rollout

    versions = {"grpo-arcade": "0", "rules": "1"}
    config = TrainConfig(output_dir=str(tmp_path / "outputs"), run_name="pocket-run")
    facts = {"game": "2048", "model": "pocket", "max_steps": 60, "episode_versions": versions}
    episodes = play_baseline("2048", {}, "greedy", [3, 4])
    with RunWriter.create(config, facts) as writer:
        writer.group(41, "training", 0, 0, {"size": 4, "target": 2048, "probability_fours": 0.1}, [3, 4])
        rollout = Rollout(completion=STRATEGY, source=STRATEGY, episodes=episodes)
        strategy = writer.strategy(41, "training", 0, 0, rollout, [1, 2, 3], False)
        writer.champion(
            {
                "step": 41,
                "strategy_id": strategy,
                "time": time.time(),
                "stage": 0,
                "score": 1000.0,
                "previous": None,
                "scores": [1],
            }
        )
        writer.note(status="running", step=41)
        yield writer
