"""The picture of a console's screen: every pixel a square of whole pixels, as large as fits, on black.

Knows the colours of both television systems and how a screen looks at any size, not how it came about.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from grpo_arcade.games.atari.roms import colours
from grpo_arcade.games.game import Outcome

if TYPE_CHECKING:
    import pygame


@dataclass(frozen=True, slots=True)
class AtariView:
    """A screen, and what stands beside it."""

    screen: bytes
    """Colour numbers, row by row."""
    previous: bytes
    """The frame that the console showed just before, likewise; what blinks may be in one of the two only."""
    width: int
    height: int
    palette: str
    """``ntsc`` or ``pal``, for :func:`~grpo_arcade.games.atari.roms.colours`."""
    score: int
    lives: int
    outcome: Outcome | None
    plies: int


class AtariPicture:
    """Draws :class:`AtariView` values of one size.

    The screen is enlarged by the largest whole number that fits, so that all its pixels are equal squares. Where not
    even the screen itself fits, it is reduced by leaving out rows and columns.

    Args:
        width: of the screen in pixels.
        height: likewise.
        palette: ``ntsc`` or ``pal``.
        blinks: whether the game shows some things in every other frame only.
    """

    def __init__(self, width: int, height: int, palette: str, blinks: bool) -> None:
        self.natural_size = width, height
        self.aspect = width / height
        self.blinks = blinks
        flat = colours(palette)
        self._rgb = [(flat[i], flat[i + 1], flat[i + 2]) for i in range(0, 768, 3)]
        self.colours = [red << 16 | green << 8 | blue for red, green, blue in self._rgb]
        self._palette = palette

    def draw(self, surface: pygame.Surface, view: AtariView, progress: float = 1.0) -> None:
        """Fill ``surface``. Nothing moves between two frames: ``progress`` makes no difference."""
        import pygame

        screen = pygame.image.frombuffer(view.screen, self.natural_size, "P")
        screen.set_palette(self._rgb)
        # The same in the surface's own kind of pixels, which scaling needs.
        shown = pygame.Surface(self.natural_size, 0, surface)
        shown.blit(screen, (0, 0))
        width, height = surface.get_size()
        fit = min(width / view.width, height / view.height)
        if fit >= 1:
            fit = int(fit)
        size = max(1, int(view.width * fit)), max(1, int(view.height * fit))
        surface.fill(0)
        place = (width - size[0]) // 2, (height - size[1]) // 2
        pygame.transform.scale(shown, size, surface.subsurface((*place, *size)))

    def indices(self, view: AtariView, flicker_safe: bool = False) -> np.ndarray:
        """The colour number of each pixel, as uint8 (rows, columns), 0 to 255; not to be written to.

        With ``flicker_safe`` each pixel is the brighter one of this frame and the one the console showed just before.
        """
        width, height = self.natural_size
        now = np.frombuffer(view.screen, np.uint8)
        if flicker_safe:
            before = np.frombuffer(view.previous, np.uint8)
            bright = luminance(self._palette)
            now = np.where(bright[now] >= bright[before], now, before)
        return now.reshape(height, width)


@cache
def luminance(palette: str) -> np.ndarray:
    """How bright each of the 256 colours is, 0 (black) to 255, as uint8: 0.299 red + 0.587 green + 0.114 blue."""
    rgb = np.frombuffer(colours(palette), np.uint8).reshape(256, 3).astype(np.int64)
    return (rgb @ np.array([299, 587, 114]) // 1000).astype(np.uint8)
