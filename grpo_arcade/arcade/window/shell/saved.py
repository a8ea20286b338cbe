"""What was saved last: its folder opened in the desktop's own program, or its path for others to paste."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Protocol

from grpo_arcade.arcade.window.shell.actions import Bindings
from grpo_arcade.arcade.window.shell.clipboard import copy
from grpo_arcade.arcade.window.shell.kept_files import KeptFiles


class App(Protocol):
    """What is asked of the app."""

    files: KeptFiles

    def say(self, line: str) -> None:
        """Show a line for a few seconds."""


def onward(bindings: Bindings) -> str:
    """What can be done with a file that was just saved, and by which keys."""
    folder, path = map(bindings.key_label, ("app.open-folder", "app.copy-path"))
    return f"{folder} opens its folder, {path} copies its path"


def copy_path(app: App) -> None:
    """Let other programs paste the path of what was saved last.

    Raises:
        ValueError: nothing was, or there is no clipboard.
    """
    path = _newest(app)
    if not copy(str(path)):
        raise ValueError(f"there is no clipboard here; the file is {path}")
    app.say(f"Copied: {path}")


def open_folder(app: App) -> None:
    """Show what was saved last where it lies.

    Raises:
        ValueError: nothing was, or no program here opens folders.
    """
    path = _newest(app)
    try:
        # It goes on by itself, whatever becomes of the window.
        subprocess.Popen(
            opening(path),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise ValueError(f"no program here opens folders; the file is {path}") from error


def opening(path: Path) -> list[str]:
    """The command of this system that shows a file's folder."""
    if sys.platform == "darwin":
        return ["open", "-R", str(path)]
    if sys.platform == "win32":
        # Not the one of the folder one stands in.
        return [os.path.join(os.environ.get("SYSTEMROOT", r"C:\Windows"), "explorer.exe"), "/select,", str(path)]
    return ["xdg-open", str(path.parent)]


def _newest(app: App) -> Path:
    path = app.files.newest
    if path is None or not path.exists():
        raise ValueError("nothing has been saved here yet: G makes a film, F12 a picture of the screen")
    return path
