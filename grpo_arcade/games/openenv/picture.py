"""The picture of a game of which only a spec is known: cells with pieces, pixels, or lines of text.

Colours are mixed in few steps and shapes are worked out here, so that the same view gives the same pixels everywhere
and a film needs few colours.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from grpo_arcade.games import fonts
from grpo_arcade.games.openenv.reading import Grid, Lines, Pixels, RemoteView
from grpo_arcade.games.openenv.spec import Look, Spec

if TYPE_CHECKING:
    import pygame

_PAGE, _BOARD, _CELL, _INK = 0xFAF7F1, 0xB8B2A8, 0xE6E1D8, 0x3A3733
_LIGHT = 0xFFFCF6
_LEVELS = 5
_EMPTY = frozenset(("", "0", ".", " ", "None", "empty"))
_COLOURS = (
    *(0x4C78A8, 0xE0803D, 0x54A266, 0xC8545B, 0x8D6BB5, 0xA97B5C),
    *(0xD783B4, 0x7F8790, 0xB3A13C, 0x3FA6B5, 0x2F5D7C, 0x7C3B50),
)
_TILES = (
    *(0xF0E8DE, 0xEEDDC2, 0xF2B47C, 0xF29663, 0xEE7757, 0xE25335),
    *(0xF3DD97, 0xF0CF6C, 0xECBF42, 0xE4AD22, 0xD89A00, 0x93B554, 0x57A36C, 0x2F8C84),
)
"""Numbers 2, 4, 8 … and last everything above."""


class RemotePicture:
    """Draws :class:`~grpo_arcade.games.openenv.reading.RemoteView` values."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self.aspect = _aspect(spec)
        height = 240 if spec.draw.kind != "rgb" else 210
        self.natural_size = (round(height * self.aspect), height)
        self.aspect = self.natural_size[0] / self.natural_size[1]
        self._sprites: dict[tuple[str, str, int], pygame.Surface] = {}

    def draw(self, surface: pygame.Surface, view: RemoteView, progress: float = 1.0) -> None:
        """Fill ``surface``. A server does not say how a position came about, so ``progress`` changes nothing."""
        surface.fill(_PAGE)
        if isinstance(view.shown, Pixels):
            _draw_pixels(surface, view.shown, self.aspect)
        elif isinstance(view.shown, Grid):
            self._draw_grid(surface, view.shown)
        else:
            _draw_lines(surface, view.shown)

    def action_at(self, size: tuple[int, int], view: RemoteView, at: tuple[int, int]) -> int | None:
        """The action that the cell at a point of a picture of ``size`` stands for.

        Where there are as many actions as cells, the cell's; where there are as many as columns, the column's.
        """
        grid = view.shown
        if not isinstance(grid, Grid):
            return None
        rows, columns, actions = len(grid.rows), len(grid.rows[0]), len(self._spec.names)
        side, left, top = _layout(size, rows, columns)
        if side < 1:
            return None
        column, row = (at[0] - left) // side, (at[1] - top) // side
        if not (0 <= row < rows and 0 <= column < columns):
            return None
        return row * columns + column if actions == rows * columns else column if actions == columns else None

    def _draw_grid(self, surface: pygame.Surface, grid: Grid) -> None:
        rows, columns = len(grid.rows), len(grid.rows[0])
        side, left, top = _layout(surface.get_size(), rows, columns)
        if side < 1:
            return
        gap = max(1, side // 14) if self._spec.draw.kind == "board" else side // 20
        surface.fill(_BOARD, (left, top, side * columns + gap, side * rows + gap))
        for row, cells in enumerate(grid.rows):
            for column, text in enumerate(cells):
                surface.blit(
                    self._sprite("cell", text, side - gap), (left + column * side + gap, top + row * side + gap)
                )
        for row, column, look in grid.marks:
            surface.blit(self._sprite("mark", look, side - gap), (left + column * side + gap, top + row * side + gap))

    def _sprite(self, kind: str, text: str, side: int) -> pygame.Surface:
        key = kind, text, side
        if key not in self._sprites:
            if len(self._sprites) > 2000:
                self._sprites.clear()  # a window that is being resized, or a server that invents ever new cells
            self._sprites[key] = _painted(self._look(text), text, side, clear=kind == "mark")
        return self._sprites[key]

    def _look(self, text: str) -> Look:
        looks = self._spec.draw.looks
        if text in looks:
            return looks[text]
        if text in _EMPTY:
            return Look("none", _CELL)
        if "*" in looks:
            return looks["*"] if looks["*"].shape != "number" else Look("number", _tile_colour(text))
        number = (
            int(text) if text.lstrip("-").isdigit() and len(text) < 9 else zlib.crc32(text.encode("utf-8", "replace"))
        )
        colour = _COLOURS[number % len(_COLOURS)]
        return Look("square" if text.lstrip("-").isdigit() else "text", colour, text)


def _layout(size: tuple[int, int], rows: int, columns: int) -> tuple[int, int, int]:
    """The side of a cell, and where the first one is."""
    width, height = size
    margin = min(width, height) // 40
    side = min((width - 2 * margin) // max(columns, 1), (height - 2 * margin) // max(rows, 1))
    return side, (width - side * columns) // 2, (height - side * rows) // 2


def _tile_colour(text: str) -> int:
    number = int(text) if text.isdigit() and len(text) < 9 else 0
    return _TILES[min(max(number.bit_length() - 2, 0), len(_TILES) - 1)]


def _aspect(spec: Spec) -> float:
    draw = spec.draw
    if draw.aspect:
        return draw.aspect
    rows, columns = draw.rows, draw.columns
    if not (rows and columns):
        shape = draw.shape if draw.kind == "rgb" else next((f.shape for f in spec.see if f.name == draw.cells), None)
        if isinstance(shape, tuple) and len(shape) >= 2:
            rows, columns = shape[-2:] if draw.kind != "rgb" else shape[:2]
    ratio = columns / rows if rows and columns else 1.0
    return min(max(ratio, 0.25), 4.0)


def _painted(look: Look, text: str, side: int, clear: bool) -> pygame.Surface:
    """A cell or a mark; what is around a mark is left as it is."""
    import pygame

    ground = _CELL
    surface = pygame.Surface((side, side), 0, 32, (0xFF0000, 0xFF00, 0xFF, 0))
    shape = _shape(look.shape if look.shape in ("disc", "ring", "cross") else "square", side)
    pixels = np.full((side, side), ground, np.uint32)
    inner = ground
    if look.shape in ("square", "number", "disc", "ring", "cross"):
        pixels = fonts.mixed(ground, look.colour, _LEVELS)[shape]
        inner = look.colour
    label = text if look.shape in ("number", "text") and not look.text else look.text
    if label and look.shape != "none":
        colour = look.colour if look.shape == "text" else _ink(inner)
        _write(pixels, label, inner, colour)
    pygame.surfarray.pixels2d(surface)[...] = pixels.T
    if clear:
        # Outside of the shape lies what the mark lies on.
        pixels = np.where(shape == 0, _CLEAR, pixels) if look.shape not in ("none", "text") else pixels
        pygame.surfarray.pixels2d(surface)[...] = pixels.T
        surface.set_colorkey(_CLEAR)
    return surface


_CLEAR = 0xFF00FF


def _ink(ground: int) -> int:
    red, green, blue = ground >> 16, ground >> 8 & 255, ground & 255
    return _INK if 299 * red + 587 * green + 114 * blue > 150_000 else _LIGHT


def _write(pixels: np.ndarray, text: str, ground: int, colour: int) -> None:
    side = len(pixels)
    height = fonts.tallest(text, side * 4 // 5, round(side * 0.4))
    if height < 4:
        return
    glyphs = fonts.levels(fonts.coverage(text, height), _LEVELS)
    spare = fonts.margin(height)
    glyphs = glyphs[spare : spare + height]
    y, x = (side - glyphs.shape[0]) // 2, (side - glyphs.shape[1]) // 2
    pixels[y : y + glyphs.shape[0], x : x + glyphs.shape[1]] = fonts.mixed(ground, colour, _LEVELS)[glyphs]


@lru_cache(maxsize=256)
def _shape(shape: str, side: int) -> np.ndarray:
    """How much of each pixel a shape covers, in levels 0 .. _LEVELS - 1."""
    if shape == "square":
        return np.full((side, side), _LEVELS - 1, np.uint8)
    at = np.arange(side) + 0.5 - side / 2
    x, y = at[None, :], at[:, None]
    distance = np.sqrt(x * x + y * y)
    thick = max(1.0, side * 0.11)
    if shape == "disc":
        outside = distance - side * 0.4
    elif shape == "ring":
        outside = np.abs(distance - side * 0.31) - thick / 2
    else:
        arms = np.minimum(np.abs(x - y), np.abs(x + y)) / np.sqrt(2.0) - thick / 2
        outside = np.maximum(arms, np.maximum(np.abs(x), np.abs(y)) - side * 0.33)
    return fonts.levels(np.floor(np.clip(0.5 - outside, 0.0, 1.0) * 255 + 0.5).astype(np.uint8), _LEVELS)


def _draw_pixels(surface: pygame.Surface, picture: Pixels, aspect: float) -> None:
    import pygame

    image = pygame.image.frombuffer(picture.rgb, (picture.width, picture.height), "RGB")
    width, height = surface.get_size()
    fitted = min(width, round(height * aspect)), min(height, round(width / aspect))
    scaled = pygame.transform.scale(image, (max(fitted[0], 1), max(fitted[1], 1)))
    surface.blit(scaled, ((width - fitted[0]) // 2, (height - fitted[1]) // 2))


def _draw_lines(surface: pygame.Surface, text: Lines) -> None:
    import pygame

    width, height = surface.get_size()
    margin = min(width, height) // 20
    room = (width - 2 * margin, height - 2 * margin)
    if not text.lines or min(room) < 8:
        return
    # Capitals take 5 of 9 parts of a line.
    size = max(4, min(round(room[1] / len(text.lines) * 5 / 9), round(height * 0.05)))
    for place, line in enumerate(text.lines):
        y = margin + round(place * size * 9 / 5)
        shown = fonts.elided(line, room[0], size, "medium")
        if y + size > height or not shown:
            continue
        glyphs = fonts.levels(fonts.coverage(shown, size, "medium"), _LEVELS)
        glyphs = glyphs[: max(0, height - y), : max(0, width - margin)]
        pixels = fonts.mixed(_PAGE, _INK, _LEVELS)[glyphs]
        if not pixels.size:
            continue
        ink = pygame.Surface(pixels.shape[::-1], 0, 32, (0xFF0000, 0xFF00, 0xFF, 0))
        pygame.surfarray.pixels2d(ink)[...] = pixels.T
        surface.blit(ink, (margin, y))
