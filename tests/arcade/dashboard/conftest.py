import asyncio
import contextvars
import importlib.util
import os
import select
import signal
import sys
import time
from pathlib import Path

import pytest

from grpo_arcade.arcade.dashboard.app import Dashboard
from grpo_arcade.arcade.dashboard.tabs.overview import Overview, View

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


def _run(folder, play, *, size=(120, 40), **options):
    """Runs the real app without a screen and lets ``play(app, pilot)`` use it."""

    async def live():
        app = Dashboard(folder, clock=lambda: NOW, **options)
        app.animation_level = "none"
        async with app.run_test(size=size, notifications=True) as pilot:
            await wait_for(pilot, lambda: app.snapshot is not None or app._trouble)
            await play(app, pilot)

    asyncio.run(live())


@pytest.fixture(scope="session")
def run_app():
    """For what several tests look at."""
    return _run


class Shared:
    """One app that tests use one after the other: each finds it as if it had just been opened, in a tenth of the time."""

    def __init__(self, folder):
        self.folder = folder
        self._app = None

    def __call__(self, play, size):
        if self._app is None or self._app._exit or not self._app.is_running:
            self._open()
        try:
            self._do(self._fresh(size))
            self._do(play(self._app, self._pilot))
        except BaseException:
            self.close()  # nobody knows what state it is in
            raise

    def _do(self, work):
        # All in one context, which Textual keeps the app in.
        return self._loop.run_until_complete(self._loop.create_task(work, context=self._context))

    def _open(self):
        self.close()
        self._loop, self._context = asyncio.new_event_loop(), contextvars.copy_context()
        self._app = Dashboard(self.folder, clock=lambda: NOW)
        self._app.animation_level = "none"
        self._running = self._app.run_test(size=(120, 40), notifications=True)
        self._pilot = self._do(self._running.__aenter__())
        self._do(wait_for(self._pilot, lambda: self._app.snapshot is not None))

    async def _fresh(self, size):
        app, pilot = self._app, self._pilot
        while len(app.screen_stack) > 1:
            app.pop_screen()
        app.screen.query("HelpPanel").remove()
        app.clear_notifications()
        app.screen.clear_selection()
        app._clipboard = ""
        app.action_tab("overview")
        await pilot.resize_terminal(*size)
        for pane in app.query("#tabs > ContentSwitcher > TabPane"):
            if pane.id != "tab-overview":
                await pane.remove_children()
        app.query_one(Overview)._look(View())
        app.query_one(Overview).focus()
        await wait_for(pilot, lambda: not app.query("Toast") and app._open_pane.id == "tab-overview")

    def close(self):
        if self._app is not None:
            self._app = None
            self._do(self._running.__aexit__(None, None, None))
            self._loop.close()


@pytest.fixture(scope="session")
def shared(finished):
    """The app on the finished run."""
    app = Shared(finished)
    yield app
    app.close()


@pytest.fixture
def drive(tmp_path, monkeypatch, shared):
    """``run(folder, play)``; files that the app saves land in tmp_path."""
    monkeypatch.chdir(tmp_path)

    def run(folder, play, *, size=(120, 40), **options):
        if folder == shared.folder and not options:
            shared(play, size)
        else:
            _run(folder, play, size=size, **options)

    return run


async def wait_for(pilot, condition, seconds=60.0):
    """Until the app has come to it; a failure says what never came true."""
    end, rest = time.monotonic() + seconds, 0.02
    while True:
        await pilot.pause()
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"never came true: {screen_text(pilot.app)}"
        await asyncio.sleep(rest)  # looking at a whole screen is dear: more and more seldom
        rest = min(0.2, 1.5 * rest)


def screen_text(app):
    """What stands on the screen, as lines."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


@pytest.fixture(scope="session")
def until():
    return wait_for


@pytest.fixture(scope="session")
def seen():
    return screen_text


class Terminal:
    """``arcade`` on a pseudo-terminal."""

    def __init__(self, *arguments, columns=120, lines=40):
        import pty

        order = [sys.executable, "-m", "grpo_arcade.arcade.cli", *map(str, arguments)]
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLUMNS=str(columns), LINES=str(lines))
            os.execv(sys.executable, order)
        self.seen = b""
        self.code = None

    def until(self, condition, seconds=240.0):
        """Read what is painted until it is so."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self.seen[-3000:]
            ready, _, _ = select.select([self.master], [], [], 0.1)
            if ready:
                try:
                    self.seen += os.read(self.master, 65536)
                except OSError:
                    time.sleep(0.05)  # it has closed the terminal, and is about to end

    def press(self, keys):
        os.write(self.master, keys.encode())

    def ended(self):
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code is not None

    def kill(self):
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.fixture
def arcade():
    """Runs ``arcade`` with arguments on a pseudo-terminal; gone after the test."""
    if sys.platform == "win32":
        pytest.skip("needs a pseudo-terminal")
    opened = []

    def start(*arguments, **size):
        opened.append(Terminal(*arguments, **size))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.kill()
        os.close(terminal.master)
