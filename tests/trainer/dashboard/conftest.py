import asyncio
import importlib.util
import sys
import time
from pathlib import Path

import pytest

from grpo_arcade.arcade.terminal import picture_of
from grpo_arcade.trainer.dashboard.app import Dashboard

NOW = 1_700_000_600.0


def _load_made_run():
    spec = importlib.util.spec_from_file_location("made_run", Path(__file__).with_name("made_run.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules["made_run"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def made_run():
    """The module that writes run folders."""
    return _load_made_run()


@pytest.fixture(scope="session")
def finished(made_run, tmp_path_factory):
    """A finished run of 30 steps; nobody may write to it."""
    return made_run.make_run(tmp_path_factory.mktemp("runs"), 30)


@pytest.fixture(scope="session")
def large(made_run, tmp_path_factory):
    """100,000 strategies, 5,000 steps."""
    return made_run.make_large_run(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def drive(tmp_path, monkeypatch):
    """Runs the real app without a screen and lets ``play(app, pilot)`` use it; files it saves land in tmp_path."""
    monkeypatch.chdir(tmp_path)

    def run(folder, play, *, size=(120, 40), **options):
        async def live():
            app = Dashboard(folder, picture_of, clock=lambda: NOW, **options)
            app.animation_level = "none"
            async with app.run_test(size=size, notifications=True) as pilot:
                await wait_for(pilot, lambda: app._look is not None or app._trouble)
                await play(app, pilot)

        asyncio.run(live())

    return run


async def wait_for(pilot, condition, seconds=60.0):
    """Until the app has come to it; a failure says what never came true."""
    end = time.monotonic() + seconds
    while True:
        await pilot.pause()
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"never came true: {screen_text(pilot.app)}"
        await asyncio.sleep(0.05)


def screen_text(app):
    """What stands on the screen, as lines."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


@pytest.fixture(scope="session")
def until():
    return wait_for


@pytest.fixture(scope="session")
def seen():
    return screen_text
