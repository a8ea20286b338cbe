"""The window: ``arcade`` without a command opens it.

    scene.py       what a scene is: start here to build one
    app.py         the loop, and what scenes may ask of it;  display.py  the window on the screen
    theme.py       type scale, spacing, colours, motion
    actions.py     everything one can do, by id, and the keys that do it
    inputs.py      keyboard, mouse, gamepads
    realtime.py    a game that goes by the clock under somebody's hands;  stick.py  what is held;  speaker.py  its sound
    background.py  threads and processes beside the loop
    studio.py      such games played again in a process, which sends back a tape of what is to be seen (games/tape.py)
    run_feed.py    a training run, read in a process;  run_listener.py  what hears it for a scene
    playback.py    an episode played again at its pace;  boards.py  drawn into the room there is
    paint.py       text and shapes;  widgets.py  buttons and focus;  overlay.py  help, messages, bar of keys
    memory.py      scores and choices from one day to the next
    scenes/        the screens

This package must not know torch; a model lives in another process.
"""

from __future__ import annotations

import signal
from collections.abc import Callable

from grpo_arcade.arcade.window.shell.app import App
from grpo_arcade.arcade.window.shell.display import NoDisplayError
from grpo_arcade.arcade.window.shell.scene import Scene

__all__ = ["App", "NoDisplayError", "open_window"]


def open_window(on: Callable[[App], Scene] | None = None) -> int:
    """Open the window and stay until it is closed; the exit code.

    Args:
        on: makes the scene it opens on, from which Back leads home; by default it opens at home.

    Raises:
        NoDisplayError: there is no display.
    """
    from grpo_arcade.arcade.window.home.home import Home

    # Left to SDL, Ctrl-C closes the window in good order, as SIGTERM does; Python could not while the loop sleeps.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        app = App()
        app.open(Home(app))
        if on is not None:
            app.open(on(app))
        return app.run()
    finally:
        signal.signal(signal.SIGINT, before)
