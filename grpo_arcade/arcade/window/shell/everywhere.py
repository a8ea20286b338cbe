"""What can be done in every scene: an explicit table from an action's id to what the app does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pygame

from grpo_arcade.arcade.window.draw import theme
from grpo_arcade.arcade.window.shell import preferences
from grpo_arcade.arcade.window.shell.kept_files import KeptFiles
from grpo_arcade.arcade.window.shell.preferences import mute
from grpo_arcade.arcade.window.shell.saved import copy_path, open_folder


class Opener(Protocol):
    """Opens scenes, of which the shell knows none."""

    def settings(self) -> None:
        """What can be set."""

    def file(self, path: Path) -> None:
        """What a file is for.

        Raises:
            ValueError: it is for nothing here.
            OSError: it cannot be read.
        """


class App(preferences.App, Protocol):
    """What is asked of the app."""

    files: KeptFiles
    palette: str

    @property
    def opener(self) -> Opener | None:
        """What opens scenes."""

    @property
    def surface(self) -> pygame.Surface:
        """What the window shows."""

    def toggle_help(self) -> None:
        """Show the keys, or no longer."""

    def toggle_full_screen(self) -> None:
        """Over the whole screen, or back."""

    def go_back(self) -> None:
        """Away from what lies on top."""

    def quit(self) -> None:
        """Close the window."""


def _screenshot(app: App) -> None:
    path = app.files.fresh("screenshots", "grpo-arcade", ".png")
    pygame.image.save(app.surface, path)
    app.say(f"Screenshot saved: {path}")


def _next_palette(app: App) -> None:
    names = theme.PALETTES
    app.set_palette(names[(names.index(app.palette) + 1) % len(names)])
    app.say(f"Colours: {app.palette}")


def _open_settings(app: App) -> None:
    if app.opener is not None:
        app.opener.settings()


EVERYWHERE: dict[str, Callable[[App], None]] = {
    "app.help": lambda app: app.toggle_help(),
    "app.back": lambda app: app.go_back(),
    "app.screenshot": _screenshot,
    "app.full-screen": lambda app: app.toggle_full_screen(),
    "app.palette": _next_palette,
    "app.mute": lambda app: mute(app, not app.speaker.muted),
    "app.settings": _open_settings,
    "app.open-folder": open_folder,
    "app.copy-path": copy_path,
    "app.quit": lambda app: app.quit(),
}
