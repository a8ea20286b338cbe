"""The window: ``arcade`` without a command opens it.

    scene.py       what a scene is: start here to build one
    app.py         the window and its loop
    theme.py       type scale, spacing, colours, motion
    actions.py     everything one can do, by id, and the keys that do it
    inputs.py      keyboard, mouse, gamepads
    background.py  threads and processes beside the loop
    paint.py       text and shapes;  widgets.py  buttons and focus;  overlay.py  help, messages, bar of keys
    memory.py      scores and choices from one day to the next
    scenes/        the screens

This package must not know torch; a model lives in another process.
"""

from __future__ import annotations

import signal

from grpo_arcade.arcade.window.app import App, NoDisplayError

__all__ = ["App", "NoDisplayError", "open_window"]


def open_window() -> int:
    """Open the window at its home and stay until it is closed; the exit code.

    Raises:
        NoDisplayError: there is no display.
    """
    from grpo_arcade.arcade.window.scenes.home import Home

    # Left to SDL, Ctrl-C closes the window in good order, as SIGTERM does; Python could not while the loop sleeps.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        app = App()
        app.open(Home(app))
        return app.run()
    finally:
        signal.signal(signal.SIGINT, before)
