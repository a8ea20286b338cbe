"""The window on the screen: opened, resized, switched to full screen and back. Knows nothing of what is shown in it."""

from __future__ import annotations

import os
import sys

import pygame
from pygame._sdl2.sdl2 import error as WindowError
from pygame._sdl2.video import Window

from grpo_arcade.arcade.window.draw import paint, theme

SMALLEST = 320, 240
HEADLESS_COMMANDS = "arcade play, replay, export, train, dash and runs work without one; arcade --help tells"


class NoDisplayError(ValueError):
    """There is nothing to open a window on; one line that says what works without."""


class Display:
    """The one window of this process.

    Args:
        size: in pixels, where it does not open full screen.
        full_screen: whether it does.

    Raises:
        NoDisplayError: there is no display.
    """

    surface: pygame.Surface
    """What is shown; another one after every change of size."""

    def __init__(self, size: tuple[int, int], full_screen: bool) -> None:
        if sys.platform.startswith("linux") and not any(
            os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
        ):
            raise NoDisplayError(f"there is no display to open a window on; {HEADLESS_COMMANDS}")
        os.environ.setdefault("SDL_WINDOWS_DPI_AWARENESS", "permonitorv2")  # real pixels, not stretched ones
        os.environ.setdefault("SDL_VIDEO_X11_WMCLASS", "grpo-arcade")
        os.environ.setdefault("SDL_VIDEO_ALLOW_SCREENSAVER", "1")
        self._windowed = size
        self._full_screen = self._began_full = full_screen
        self._known = 0, 0
        self._window: Window | None = None
        try:
            pygame.display.init()
            pygame.font.init()
            self.name("")
            self._set_mode()
        except pygame.error as error:
            raise NoDisplayError(f"no window can be opened ({error}); {HEADLESS_COMMANDS}") from error

    def _set_mode(self) -> None:
        flags = pygame.FULLSCREEN if self._full_screen else pygame.RESIZABLE
        self.surface = pygame.display.set_mode((0, 0) if self._full_screen else self._windowed, flags)
        self._known = self.surface.get_size()

    def toggle_full_screen(self) -> None:
        """Full screen, or back to the size and the place there was."""
        self._full_screen = not self._full_screen
        if self._began_full:
            self._began_full = False  # there is no place yet to go back to
            self._set_mode()
            return
        # A mode that is set anew puts the window a title bar further down each time; SDL itself knows where it was.
        if self._window is None:
            self._window = Window.from_display_module()  # kept: pygame closes the window of one that is let go
        try:
            self._window.set_fullscreen(True) if self._full_screen else self._window.set_windowed()
        except WindowError:  # a mode that was set since has put another window in its place
            self._window = None
            self._set_mode()
            return
        pygame.event.pump()
        self.surface = pygame.display.get_surface() or self.surface
        self._known = self.surface.get_size()
        if not self._full_screen and self._known != self._windowed:
            self._set_mode()  # where SDL has forgotten how large it was

    def follow(self) -> bool:
        """Take over a size that a person has given the window; True if it is another one."""
        surface = pygame.display.get_surface()
        if surface is None or (surface is self.surface and surface.get_size() == self._known):
            return False
        width, height = surface.get_size()
        if not self._full_screen:
            small = max(width, SMALLEST[0]), max(height, SMALLEST[1])
            if small != (width, height):
                surface = pygame.display.set_mode(small, pygame.RESIZABLE)
            self._windowed = surface.get_size()
        self.surface = surface
        self._known = surface.get_size()
        return True

    @staticmethod
    def name(title: str) -> None:
        """Write a scene's title on the window."""
        pygame.display.set_caption(f"{title} · GRPO Arcade" if title else "GRPO Arcade")

    @staticmethod
    def wear(look: theme.Theme) -> None:
        """Take on the colours of a theme, as far as the desktop shows any: in the icon."""
        icon = pygame.Surface((64, 64), pygame.SRCALPHA)
        corners = {(2, 2): look.accent, (34, 2): look.gold, (2, 34): look.gold, (34, 34): look.rival}
        for corner, colour in corners.items():
            paint.panel(icon, pygame.Rect(corner, (28, 28)), colour, 7)
        pygame.display.set_icon(icon)

    @staticmethod
    def close() -> None:
        """Take the window away."""
        pygame.display.quit()
