"""What a film is painted on: drawn pictures in 24-bit colour, a console's own pixels by the numbers of their colours.

Knows where pixels go, not which episode they belong to nor when they are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from grpo_arcade.games.game import Picture
from grpo_arcade.recordings.films.strip import PAPER

Area = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""

_ROOM = 2048
"""Colour numbers of one film; a picture has 256 at most, and titles take a few dozen."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a film."""

    pixels: np.ndarray
    """(rows, columns): 0xRRGGBB as uint32, or numbers in ``colours`` as uint8 or uint16."""
    hundredths: int
    """How long it is shown, in hundredths of a second (what a GIF counts in)."""
    move: int = 0
    """Moves shown up to this frame since the film began, of the longest episode."""
    colours: np.ndarray | None = None
    """0xRRGGBB by colour number as uint32, the same array for all frames of a film; None if the pixels are colours."""

    def packed(self) -> np.ndarray:
        """The pixels as 0xRRGGBB in uint32 (rows, columns)."""
        return self.pixels if self.colours is None else self.colours[self.pixels]

    def rgb(self) -> np.ndarray:
        """A copy as uint8 (rows, columns, 3)."""
        return rgb(self.packed())


def rgb(colours: np.ndarray) -> np.ndarray:
    """0xRRGGBB of any shape as uint8 red, green and blue along a new last axis."""
    shifts = np.array([16, 8, 0], np.uint32)
    return (colours[..., None] >> shifts & 255).astype(np.uint8)


class DrawnCanvas:
    """For pictures that are drawn: 24-bit colour; first empty paper."""

    def __init__(self, width: int, height: int) -> None:
        import pygame

        self._screen = pygame.Surface((width, height), 0, 32, (0xFF0000, 0xFF00, 0xFF, 0))
        self._screen.fill(PAPER)

    def paint(self, area: Area, picture: Picture, view: Any, progress: float) -> None:
        """Fill ``area`` with a picture."""
        picture.draw(self._screen.subsurface(area), view, progress)

    def put(self, area: Area, pixels: np.ndarray) -> None:
        """Fill ``area`` with 0xRRGGBB pixels (rows, columns)."""
        self._pixels(area)[...] = pixels

    def dim(self, area: Area) -> None:
        """Let what was painted into ``area`` fade half into the paper; to be done once."""
        pixels = self._pixels(area)
        pixels[...] = _dimmed(pixels)

    def frame(self, hundredths: int, move: int) -> Frame:
        """What is on the canvas now."""
        # A copy: a view would lock the surface against drawing for as long as it lives.
        return Frame(self._pixels((0, 0, *self._screen.get_size())).copy(), hundredths, move)

    def _pixels(self, area: Area) -> np.ndarray:
        import pygame

        return pygame.surfarray.pixels2d(self._screen.subsurface(area)).T


class PixelCanvas:
    """For a console's own pixels: numbers of its colours and of those of faded boards and titles; first empty paper.

    Args:
        width: in pixels.
        height: in pixels.
        scale: pixels that a console's pixel becomes, across and down.
        colours: the picture's, 0xRRGGBB by number.
        flicker_safe: whether the brighter of two frames is shown.
    """

    def __init__(self, width: int, height: int, scale: int, colours: np.ndarray, flicker_safe: bool) -> None:
        self._scale = scale
        self._flicker_safe = flicker_safe
        self._own = len(colours)
        self._known: dict[int, int] = {}
        # Filled as titles need it: frames that were handed out share it.
        self._colours = np.zeros(_ROOM, np.uint32)
        self._colours[: self._own] = colours
        self._colours[self._own : 2 * self._own] = _dimmed(colours)
        self._pixels = np.full((height, width), self._number(PAPER), np.uint16)

    def paint(self, area: Area, picture: Any, view: Any, progress: float) -> None:
        """Fill ``area`` with a :class:`PixelPicture`; nothing moves in those, whatever ``progress`` says."""
        indices = picture.indices(view, self._flicker_safe)
        if self._scale > 1:
            indices = indices.repeat(self._scale, axis=0).repeat(self._scale, axis=1)
        self._part(area)[...] = indices

    def put(self, area: Area, pixels: np.ndarray) -> None:
        """Fill ``area`` with 0xRRGGBB pixels (rows, columns) of few colours."""
        colours, places = np.unique(pixels, return_inverse=True)
        numbers = np.array([self._number(int(colour)) for colour in colours], np.uint16)
        self._part(area)[...] = numbers[places].reshape(pixels.shape)

    def dim(self, area: Area) -> None:
        """Let what was painted into ``area`` fade half into the paper; to be done once."""
        self._part(area)[...] += self._own

    def frame(self, hundredths: int, move: int) -> Frame:
        """What is on the canvas now."""
        return Frame(self._pixels.copy(), hundredths, move, self._colours)

    def _part(self, area: Area) -> np.ndarray:
        left, top, width, height = area
        return self._pixels[top : top + height, left : left + width]

    def _number(self, colour: int) -> int:
        number = self._known.setdefault(colour, 2 * self._own + len(self._known))
        self._colours[number] = colour
        return number


def _dimmed(colours: np.ndarray) -> np.ndarray:
    # The mean with the paper of each channel without its lowest bit, all three at once.
    return ((colours & 0xFEFEFE) + (PAPER & 0xFEFEFE)) // 2 | (PAPER & 0x010101)


Canvas = DrawnCanvas | PixelCanvas
