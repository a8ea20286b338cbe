"""The picture of a 2048 board: rounded tiles that slide, merge with a pop and appear by growing.

Knows how a position looks at any size, not how it came about. Everything on the board is copied from opaque sprites
whose soft edges were mixed beforehand with the colour they lie on, in few steps. So drawing costs little more than
copying memory, the pixels do not depend on a machine's way of blending, and a whole game needs fewer than 256 colours,
which a GIF can hold exactly.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from grpo_arcade.games import fonts

if TYPE_CHECKING:
    import pygame

    from grpo_arcade.games.twenty48.view import Twenty48View


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as 0xRRGGBB."""

    page: int
    """Around the board."""
    board: int
    cell: int
    """An empty cell."""
    tiles: tuple[int, ...]
    """Tile 2, 4, 8, … 131072, and last everything above."""
    dark: int
    """Digits on light tiles."""
    light: int
    """Digits on dark tiles."""


PALETTES = {
    # Paper to clay to gold, as players of 2048 know it, then on through green and blue so that no two tiles of a long
    # game look alike.
    "classic": Palette(
        page=0xFAF7F1,
        board=0xB8AA9A,
        cell=0xCCC0B2,
        tiles=(
            *(0xF0E8DE, 0xEEDDC2, 0xF2B47C, 0xF29663, 0xEE7757, 0xE25335),
            *(0xF3DD97, 0xF0CF6C, 0xECBF42, 0xE4AD22, 0xD89A00),
            *(0x93B554, 0x57A36C, 0x2F8C84, 0x2F74A0, 0x4A59A6, 0x64418F, 0x3D3833),
        ),
        dark=0x6B6056,
        light=0xFFFCF6,
    ),
    # Lightness falls at every step and the hues stay on the yellow-blue axis, which all common kinds of colour
    # blindness keep; the numbers follow the idea of the cividis map (Nuñez, Anderton, Renslow, PLOS ONE 2018).
    "colour-blind": Palette(
        page=0xFAF7F1,
        board=0xB4BCC8,
        cell=0xD3D9E1,
        tiles=(
            *(0xFFF7CF, 0xFFEC9C, 0xFBDD6B, 0xEFCB4B, 0xDFB93F, 0xCEA83B),
            *(0xBC983C, 0xA98941, 0x977C48, 0x86704E, 0x766553),
            *(0x675C58, 0x59555D, 0x4B4D62, 0x3D4567, 0x2D3B68, 0x1A2F63, 0x0B1B3F),
        ),
        dark=0x3C3A36,
        light=0xFFFFFF,
    ),
}

_GLYPH_LEVELS = 5
_EDGE_LEVELS = 4
"""Steps between nothing and full, counting both ends, in which letters and round corners are softened."""
_POP = 0.12
"""How much wider than its cell a merged tile becomes at the height of its pop."""
_COMFORTABLE, _SMALLEST = 6, 4
"""Heights of digits in pixels: numbers that would be lower than the first are shortened (2048 to 2K), and left out
where even so they would be lower than the second."""
_CACHE_BYTES = 64 << 20


class Twenty48Picture:
    """Draws :class:`~grpo_arcade.games.twenty48.Twenty48View` values of one board size.

    A move takes ``progress`` from 0 to 1: up to 0.5 the tiles slide, after that merged tiles pop and the new tile
    grows. At 0 the board is as it was before the move, at 1 as it is after it.

    Args:
        size: rows and columns of the board.
        palette: a key of :data:`PALETTES`.
    """

    aspect = 1.0
    natural_size = (240, 240)

    def __init__(self, size: int, palette: str = "classic") -> None:
        if palette not in PALETTES:
            raise ValueError(f"palette must be one of {', '.join(PALETTES)}, not {palette!r}")
        self.size = size
        self.palette = PALETTES[palette]
        self._sprites: OrderedDict[tuple[int, int], pygame.Surface] = OrderedDict()
        self._sprite_bytes = 0
        self._background: tuple[tuple[int, int], _Layout, pygame.Surface] | None = None

    def draw(self, surface: pygame.Surface, view: Twenty48View, progress: float = 1.0) -> None:
        """Fill ``surface`` with the board in its middle. Sprites are kept between calls, at most 64 MiB of them."""
        layout, background = self._prepared(surface.get_size())
        surface.blit(background, (0, 0))
        if not layout.tile:
            return
        if progress >= 1.0:
            self._draw_resting(surface, layout, view.cells)
        elif progress < 0.5:
            self._draw_sliding(surface, layout, view, max(progress, 0.0) * 2.0)
        else:
            self._draw_settling(surface, layout, view, progress * 2.0 - 1.0)

    def _draw_resting(self, surface: pygame.Surface, layout: _Layout, cells: tuple[tuple[int, ...], ...]) -> None:
        for row, values in enumerate(cells):
            for column, value in enumerate(values):
                if value:
                    surface.blit(self._sprite(value, layout.tile), layout.corner(row, column))

    def _draw_sliding(self, surface: pygame.Surface, layout: _Layout, view: Twenty48View, time: float) -> None:
        gone = 1.0 - (1.0 - time) * (1.0 - time)  # fast start, soft arrival
        # Tiles that stay lie below those that pass over them to merge.
        for from_row, from_column, to_row, to_column, value, _ in sorted(view.slides, key=_distance):
            x, y = layout.corner(from_row, from_column)
            to_x, to_y = layout.corner(to_row, to_column)
            surface.blit(self._sprite(value, layout.tile), (x + round((to_x - x) * gone), y + round((to_y - y) * gone)))

    def _draw_settling(self, surface: pygame.Surface, layout: _Layout, view: Twenty48View, time: float) -> None:
        merged = {(slide[2], slide[3]) for slide in view.slides if slide[5]}
        spawned = view.spawn[:2] if view.spawn else None
        for row, values in enumerate(view.cells):
            for column, value in enumerate(values):
                if value and (row, column) != spawned and (row, column) not in merged:
                    surface.blit(self._sprite(value, layout.tile), layout.corner(row, column))
        if view.spawn:
            self._blit_scaled(surface, layout, *view.spawn, 1.0 - (1.0 - time) * (1.0 - time))
        for row, column in sorted(merged):
            self._blit_scaled(surface, layout, row, column, view.cells[row][column], 1.0 + 4 * _POP * time * (1 - time))

    def _blit_scaled(
        self, surface: pygame.Surface, layout: _Layout, row: int, column: int, value: int, scale: float
    ) -> None:
        # In 32nds of the tile, so that a smooth animation needs few sprites, and changing by even numbers of pixels,
        # so that the middle stays where it is.
        grown = round(layout.tile * (round(scale * 32) - 32) / 64)
        side = layout.tile + 2 * grown
        if side >= 1:
            x, y = layout.corner(row, column)
            surface.blit(self._sprite(value, side), (x - grown, y - grown))

    def _prepared(self, size: tuple[int, int]) -> tuple[_Layout, pygame.Surface]:
        if self._background is None or self._background[0] != size:
            layout = _Layout.of(size, self.size)
            self._sprites.clear()
            self._sprite_bytes = 0
            self._background = size, layout, self._draw_background(size, layout)
        return self._background[1], self._background[2]

    def _draw_background(self, size: tuple[int, int], layout: _Layout) -> pygame.Surface:
        look = self.palette
        pixels = np.full((size[1], size[0]), look.page, np.uint32)
        if not layout.tile:
            # A window can be drawn too small for a board.
            return _surface(pixels)
        left, top = layout.left, layout.top
        board = fonts.mixed(look.page, look.board, _EDGE_LEVELS)[_rounded(layout.board, layout.board_radius)]
        pixels[top : top + layout.board, left : left + layout.board] = board
        cell = fonts.mixed(look.board, look.cell, _EDGE_LEVELS)[_rounded(layout.tile, layout.radius(layout.tile))]
        for row in range(self.size):
            for column in range(self.size):
                x, y = layout.corner(row, column)
                pixels[y : y + layout.tile, x : x + layout.tile] = cell
        return _surface(pixels)

    def _sprite(self, value: int, side: int) -> pygame.Surface:
        key = value, side
        sprite = self._sprites.get(key)
        if sprite is not None:
            self._sprites.move_to_end(key)
            return sprite
        sprite = self._sprites[key] = self._draw_sprite(value, side)
        self._sprite_bytes += 4 * side * side
        while self._sprite_bytes > _CACHE_BYTES and len(self._sprites) > 1:
            (_, dropped), _ = self._sprites.popitem(last=False)
            self._sprite_bytes -= 4 * dropped * dropped
        return sprite

    def _draw_sprite(self, value: int, side: int) -> pygame.Surface:
        look = self.palette
        assert self._background is not None
        colour = look.tiles[min(value.bit_length() - 2, len(look.tiles) - 1)]
        # The outermost level is a colour that is not copied: what lies below shows there.
        edge = fonts.mixed(look.cell, colour, _EDGE_LEVELS)
        edge[0] = _CLEAR
        pixels = edge[_rounded(side, self._background[1].radius(side))]
        text, height = _label(value, side)
        if text:
            ink = look.dark if _readable(look.dark, colour) > _readable(look.light, colour) * 1.6 else look.light
            glyphs = fonts.levels(fonts.coverage(text, height), _GLYPH_LEVELS)
            # Rows above and below the digits are empty and may be more than a small tile has.
            spare = fonts.margin(height)
            glyphs = glyphs[spare : spare + height]
            y = (side - glyphs.shape[0]) // 2
            x = (side - glyphs.shape[1]) // 2
            pixels[y : y + glyphs.shape[0], x : x + glyphs.shape[1]] = fonts.mixed(colour, ink, _GLYPH_LEVELS)[glyphs]
        sprite = _surface(pixels)
        sprite.set_colorkey(_CLEAR)
        return sprite


_CLEAR = 0xFF00FF


@dataclass(frozen=True, slots=True)
class _Layout:
    """Whole pixels of one board on one surface."""

    left: int
    top: int
    board: int
    """Side of the board."""
    tile: int
    gap: int

    @classmethod
    def of(cls, surface: tuple[int, int], size: int) -> _Layout:
        side = min(surface)
        room = side - 2 * (side // 40)
        gap = max(1, round(room / (size * 8.5 + 1)))
        tile = max(0, (room - (size + 1) * gap) // size)
        board = size * tile + (size + 1) * gap
        return cls((surface[0] - board) // 2, (surface[1] - board) // 2, board, tile, gap)

    @property
    def board_radius(self) -> int:
        return self.radius(self.tile) + self.gap // 2

    @staticmethod
    def radius(side: int) -> int:
        return side // 9

    def corner(self, row: int, column: int) -> tuple[int, int]:
        """The upper left corner (x, y) of a cell."""
        step = self.tile + self.gap
        return self.left + self.gap + column * step, self.top + self.gap + row * step


def _distance(slide: tuple[int, int, int, int, int, bool]) -> int:
    return abs(slide[0] - slide[2]) + abs(slide[1] - slide[3])


@lru_cache(maxsize=4096)
def _label(value: int, side: int) -> tuple[str, int]:
    """What to write on a tile and how high, in pixels; ``""`` where nothing readable fits."""
    room = side * 21 // 25
    text, smallest = str(value), _SMALLEST
    if value >= 1024:
        smallest = _COMFORTABLE
    # As many zeros, so that all numbers of one length are equally high.
    height = fonts.tallest("0" * len(text), room, round(side * 0.36))
    if height < smallest and value >= 1024:
        text = f"{value >> 10}K"
        height = fonts.tallest("0" * len(text), room, round(side * 0.36))
    if height < _SMALLEST:
        # The last resort: this very text, up to the edges of the tile.
        height = fonts.tallest(text, side - 1, min(_SMALLEST, side * 2 // 5))
    return (text, height) if height >= _SMALLEST else ("", 0)


@lru_cache(maxsize=64)
def _rounded(side: int, radius: int) -> np.ndarray:
    """A rounded square's coverage in levels 0 .. _EDGE_LEVELS - 1, as uint8 (side, side)."""
    square = np.full((side, side), _EDGE_LEVELS - 1, np.uint8)
    if radius:
        from_centre = radius - np.arange(radius) - 0.5
        distance = np.sqrt(from_centre[:, None] ** 2 + from_centre[None, :] ** 2)
        cover = np.clip(radius + 0.5 - distance, 0.0, 1.0)
        corner = fonts.levels(np.floor(cover * 255 + 0.5).astype(np.uint8), _EDGE_LEVELS)
        square[:radius, :radius] = corner
        square[:radius, -radius:] = corner[:, ::-1]
        square[-radius:, :] = square[:radius, :][::-1]
    return square


def _readable(one: int, other: int) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, definitions of contrast ratio and relative luminance)."""
    a, b = sorted((_luminance(one), _luminance(other)))
    return (b + 0.05) / (a + 0.05)


def _luminance(colour: int) -> float:
    linear = []
    for shift in (16, 8, 0):
        c = (colour >> shift & 255) / 255
        linear.append(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _surface(pixels: np.ndarray) -> Any:
    """A 32-bit surface of 0xRRGGBB pixels (rows, columns)."""
    import pygame

    surface = pygame.Surface(pixels.shape[::-1], 0, 32, (0xFF0000, 0xFF00, 0xFF, 0))
    pygame.surfarray.pixels2d(surface)[...] = pixels.T
    return surface
