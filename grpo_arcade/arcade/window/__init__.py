"""The window: ``arcade`` without a command opens it.

    shell/         the loop, keys and messages, and what a scene is: start at scene.py to build one
    draw/          text, shapes, colours, boards and code, on any surface
    background/    threads and processes beside the loop; studio.py tapes games too slow to step between two frames
    opening.py     which scene opens for a file that is dropped, and for the settings/
    home/          games, runs and recordings;  play/  a game by hand;  versus/  a match on one seed
    watch/         a training run, read in a process (run_feed.py);  replay/  recordings, films, an episode at its pace

This package must not know torch; a model lives in another process.
"""

from __future__ import annotations

import signal
from collections.abc import Callable

from grpo_arcade.arcade.signals import left_to_the_system
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
    with left_to_the_system(signal.SIGINT, signal.SIGTERM):
        app = App()
        home = Home(app)
        app.open(home)
        if on is not None:
            app.open(on(app))
        code = app.run()
        home.trainings.tell_going_on()
        return code
