"""What can be done in every scene: an explicit table from an action's id to what the app does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pygame

from grpo_arcade.arcade.window.draw import theme

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App


def _screenshot(app: App) -> None:
    path = app.files.fresh("screenshots", "grpo-arcade", ".png")
    pygame.image.save(app.surface, path)
    app.say(f"Screenshot saved: {path}")


def _next_palette(app: App) -> None:
    names = theme.PALETTES
    app.set_palette(names[(names.index(app.palette) + 1) % len(names)])
    app.say(f"Colours: {app.palette}")


EVERYWHERE: dict[str, Callable[[App], None]] = {
    "app.help": lambda app: app.toggle_help(),
    "app.back": lambda app: app.go_back(),
    "app.screenshot": _screenshot,
    "app.full-screen": lambda app: app.toggle_full_screen(),
    "app.palette": _next_palette,
    "app.mute": lambda app: app.mute(not app.speaker.muted),
    "app.quit": lambda app: app.quit(),
}
