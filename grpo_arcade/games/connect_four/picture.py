"""The picture of Connect Four: a board with holes, stones that fall behind it, a ring on those that have won.

Knows how a position looks at any size, not how it came about. Soft edges are mixed beforehand with the colour they lie
on, in few steps, so that the same view gives the same pixels everywhere and a film needs few colours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from grpo_arcade.games import fonts
from grpo_arcade.games.connect_four.rules import COLUMNS, ROWS

if TYPE_CHECKING:
    import pygame

    from grpo_arcade.games.connect_four.view import ConnectFourView, Stone


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as 0xRRGGBB."""

    page: int
    board: int
    hole: int
    """What is seen through an empty hole."""
    stones: tuple[int, int]
    """Red's and yellow's."""
    rims: tuple[int, int]
    """The edge of a stone, so that the two differ by more than their hue."""
    mark: int
    """The ring on stones that have won, and the dot on the last one."""


PALETTES = {
    "classic": Palette(
        page=0xFAF7F1,
        board=0x2F5FA8,
        hole=0xE9E4DA,
        stones=(0xE0503A, 0xF2C53D),
        rims=(0xB83A28, 0xD3A21C),
        mark=0xFFFFFF,
    ),
    # Blue and orange stay apart for all common kinds of colour blindness, and one is much darker than the other.
    "colour-blind": Palette(
        page=0xFAF7F1,
        board=0x6F7782,
        hole=0xE4E7EB,
        stones=(0x1F4E8C, 0xF5B041),
        rims=(0x12305A, 0xC98412),
        mark=0xFFFFFF,
    ),
}

_LEVELS = 5
"""Steps between nothing and full, counting both ends, in which round edges are softened."""
_CLEAR = 0xFF00FF
_MARGIN = 0.2
"""Page around the board, in cells."""


class ConnectFourPicture:
    """Draws :class:`~grpo_arcade.games.connect_four.view.ConnectFourView` values.

    A transition takes ``progress`` from 0 to 1, in which its stones fall one after another.

    Args:
        palette: a key of :data:`PALETTES`.
    """

    natural_size = (296, 256)
    aspect = 296 / 256

    def __init__(self, palette: str = "classic") -> None:
        if palette not in PALETTES:
            raise ValueError(f"palette must be one of {', '.join(PALETTES)}, not {palette!r}")
        self.palette = PALETTES[palette]
        self._prepared: tuple[tuple[int, int], _Layout, dict[str, pygame.Surface]] | None = None

    def draw(self, surface: pygame.Surface, view: ConnectFourView, progress: float = 1.0) -> None:
        """Fill ``surface`` with the board in its middle."""
        layout, sprites = self._sprites(surface.get_size())
        surface.fill(self.palette.page)
        if not layout.side:
            return  # a window can be drawn too small for a board
        area = layout.area
        surface.fill(self.palette.hole, area)
        surface.set_clip(area)
        falling = {stone: at for at, stone in enumerate(view.dropped)} if progress < 1.0 else {}
        for stone in view.stones:
            if stone not in falling:
                surface.blit(sprites[_NAMES[stone[2]]], layout.corner(stone))
        for stone, at in falling.items():
            # Each has its share of the time, and falls as things do: slowly at first.
            time = progress * len(falling) - at
            if time >= 0:
                x, y = layout.corner(stone)
                fallen = min(1.0, time) ** 2
                start = layout.top - layout.side
                surface.blit(sprites[_NAMES[stone[2]]], (x, start + round((y - start) * fallen)))
        surface.blit(sprites["board"], area[:2])
        surface.set_clip(None)
        if progress >= 1.0:
            for column, row in sorted(view.winning):
                surface.blit(sprites["ring"], layout.corner((column, row, 0)))
            if view.dropped and not view.winning:
                surface.blit(sprites["dot"], layout.corner(view.dropped[-1]))

    def action_at(self, size: tuple[int, int], _view: ConnectFourView, at: tuple[int, int]) -> int | None:
        """The column at a point of a picture of ``size``; None beside the board."""
        layout = _Layout.of(size)
        if not layout.side or not 0 <= at[1] - layout.top < layout.side * ROWS:
            return None
        column = (at[0] - layout.left) // layout.side
        return column if 0 <= column < COLUMNS else None

    def place_of(self, size: tuple[int, int], action: int) -> tuple[int, int, int, int]:
        """Where a column is on a picture of ``size``: left, top, width, height."""
        layout = _Layout.of(size)
        return layout.left + action * layout.side, layout.top, layout.side, layout.side * ROWS

    def _sprites(self, size: tuple[int, int]) -> tuple[_Layout, dict[str, pygame.Surface]]:
        if self._prepared is None or self._prepared[0] != size:
            layout = _Layout.of(size)
            self._prepared = size, layout, _drawn(layout.side, self.palette) if layout.side else {}
        return self._prepared[1], self._prepared[2]


_NAMES = ("red", "yellow")


@dataclass(frozen=True, slots=True)
class _Layout:
    """Whole pixels of the board on one surface."""

    left: int
    top: int
    side: int
    """Of a cell; 0 where nothing fits."""

    @classmethod
    def of(cls, size: tuple[int, int]) -> _Layout:
        side = int(min(size[0] / (COLUMNS + 2 * _MARGIN), size[1] / (ROWS + 2 * _MARGIN)))
        return cls((size[0] - side * COLUMNS) // 2, (size[1] - side * ROWS) // 2, side)

    @property
    def area(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.side * COLUMNS, self.side * ROWS

    def corner(self, stone: Stone) -> tuple[int, int]:
        """The upper left corner (x, y) of a stone's cell."""
        return self.left + stone[0] * self.side, self.top + (ROWS - 1 - stone[1]) * self.side


def _drawn(side: int, look: Palette) -> dict[str, Any]:
    """The stones, the marks, and the board with its holes, for cells of ``side`` pixels."""
    sprites = {}
    hole = _disc(side, 0.42)
    for name, colour, rim in zip(_NAMES, look.stones, look.rims, strict=True):
        pixels = _edged(look.hole, rim)[_disc(side, 0.42)]
        inner = _disc(side, 0.34)
        pixels = np.where(inner > 0, fonts.mixed(rim, colour, _LEVELS)[inner], pixels)
        sprites[name] = _surface(pixels)
    # The edge of a hole is mixed with what mostly lies behind it.
    panel = fonts.mixed(look.board, look.hole, _LEVELS)
    panel[-1] = _CLEAR
    sprites["board"] = _surface(np.tile(panel[hole], (ROWS, COLUMNS)))
    middle = look.stones
    ring = _disc(side, 0.26).astype(np.int64) - _disc(side, 0.17)
    dot = _disc(side, 0.08)
    for name, cover in (("ring", np.clip(ring, 0, _LEVELS - 1)), ("dot", dot)):
        # Both stones are lighter than the mark's edge would need: one softened colour serves both.
        soft = fonts.mixed((middle[0] + middle[1]) // 2 & 0xFEFEFE, look.mark, _LEVELS)
        soft[:2] = _CLEAR
        sprites[name] = _surface(soft[cover])
    return sprites


def _edged(below: int, above: int) -> np.ndarray:
    """Colours of an edge in levels; the outermost is not copied, so that what lies below shows."""
    levels = fonts.mixed(below, above, _LEVELS)
    levels[0] = _CLEAR
    return levels


@lru_cache(maxsize=64)
def _disc(side: int, radius: float) -> np.ndarray:
    """A disc's coverage of a square in levels 0 .. _LEVELS - 1, as int64 (side, side); ``radius`` in sides."""
    along = np.arange(side) + 0.5 - side / 2
    distance = np.sqrt(along[:, None] ** 2 + along[None, :] ** 2)
    cover = np.clip(radius * side + 0.5 - distance, 0.0, 1.0)
    return np.floor(cover * (_LEVELS - 1) + 0.5).astype(np.int64)


def _surface(pixels: np.ndarray) -> Any:
    """A 32-bit surface of 0xRRGGBB pixels (rows, columns); what is :data:`_CLEAR` is not copied."""
    import pygame

    surface = pygame.Surface(pixels.shape[::-1], 0, 32, (0xFF0000, 0xFF00, 0xFF, 0))
    pygame.surfarray.pixels2d(surface)[...] = pixels.T
    surface.set_colorkey(_CLEAR)
    return surface
