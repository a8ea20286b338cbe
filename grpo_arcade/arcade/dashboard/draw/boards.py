"""Positions as a terminal shows them: boards of numbers as coloured cells, pictures as half-blocks or as signs.

Knows neither games nor pygame: it gets numbers and pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rich.color import Color
from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

# From cool to warm with the power of two, and dark text only where the ground is light enough to carry it.
_GROUNDS = (
    "#3b4252",
    "#4c6a92",
    "#3f83a8",
    "#2f9e9e",
    "#3f9f6f",
    "#7ba23f",
    "#b8a02f",
    "#d98e2b",
    "#dd6b35",
    "#d64550",
)
_GROUND_BEYOND = "#a24fb5"
_GROUND_EMPTY = "#23272f"
_SIGNS = " .:-=+*#%@"
"""From dark to bright, where there are no colours."""


def board(rows: Sequence[Sequence[int]]) -> Text:
    """Rows of numbers as coloured cells, each three lines high."""
    width = max(6, max((len(str(cell)) for row in rows for cell in row), default=0) + 2)
    text = Text()
    for row in rows:
        for line in ("", "number", ""):
            for cell in row:
                label = str(cell) if line and cell else ""
                text.append(label.center(width), style=_cell_style(cell))
            text.append("\n")
    text.right_crop(1)  # the last line break; rstrip would take coloured cells along
    return text


def _cell_style(value: int) -> Style:
    if not value:
        return Style(bgcolor=_GROUND_EMPTY)
    power = abs(value).bit_length() - 1
    ground = _GROUNDS[power - 1] if 0 < power <= len(_GROUNDS) else _GROUND_BEYOND
    return Style(color="#ffffff", bgcolor=ground, bold=True)


@dataclass(frozen=True)
class Blocks:
    """A picture of ``width`` × ``height`` pixels, two pixels a cell, one above the other."""

    width: int
    height: int
    pixels: bytes
    """Red, green and blue of each, row by row."""
    plain: bool = False
    """Whether signs must do: one a cell, the denser the brighter."""

    @property
    def lines(self) -> int:
        """How many lines it takes."""
        return (self.height + 1) // 2

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Its segments, cells of the same colours in one."""
        signs = self.plain or console.color_system is None or console.no_color or options.ascii_only
        for line in range(self.lines):
            yield from self._signs(line) if signs else self._halves(line)
            yield Segment.line()

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Always as wide as it is."""
        return Measurement(self.width, self.width)

    def _row(self, y: int) -> list[bytes]:
        row = self.pixels[3 * self.width * y : 3 * self.width * (y + 1)]
        return [row[at : at + 3] for at in range(0, len(row), 3)]

    def _halves(self, line: int) -> Iterator[Segment]:
        above = self._row(2 * line)
        below = self._row(2 * line + 1) or above
        begun = 0
        for at in range(1, self.width + 1):
            if at == self.width or above[at] != above[begun] or below[at] != below[begun]:
                yield Segment("▀" * (at - begun), _half_style(above[begun], below[begun]))
                begun = at

    def _signs(self, line: int) -> Iterator[Segment]:
        darkest, brightest = self._range
        spread = max(1, brightest - darkest)
        above = self._row(2 * line)
        below = self._row(2 * line + 1) or above
        light = [(_light(a) + _light(b)) / 2 for a, b in zip(above, below, strict=True)]
        yield Segment("".join(_SIGNS[int((value - darkest) / spread * (len(_SIGNS) - 1) + 0.5)] for value in light))

    @property
    def _range(self) -> tuple[float, float]:
        light = {_light(self.pixels[at : at + 3]) for at in range(0, len(self.pixels), 3)} or {0.0}
        return min(light), max(light)


def _light(pixel: bytes) -> float:
    return 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]


@lru_cache(4096)
def _half_style(above: bytes, below: bytes) -> Style:
    return Style(color=Color.from_rgb(*above), bgcolor=Color.from_rgb(*below))
