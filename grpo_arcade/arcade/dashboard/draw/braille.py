"""Curves as Braille dots on a grid of cells: eight dots a cell, a colour a cell.

By columns and not dot by dot: a dashboard draws them with every step of a training that wants the same processor.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import inf, isfinite

from rich.style import Style
from rich.text import Span, Text

_BITS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
"""Of the dots of a Braille sign: left and right column, from below."""
_RUNS = tuple(
    tuple(tuple(sum(bits[low : high + 1]) for high in range(4)) for low in range(4)) for bits in _BITS
)  # fmt: skip
"""The bits of a column's dots from one to another."""
_FEW = 4
_DASH = 2
"""Cells of a dash."""
_NEAR = 3
"""Rows in which words may stand that belong to one of them."""
MOST = 1e100
"""Larger numbers are not drawn."""


class BrailleCanvas:
    """A grid of cells to draw on; rows count from below."""

    def __init__(self, columns: int, rows: int, *, plain: bool) -> None:
        """``plain`` draws stars, a dot a cell."""
        self.columns, self.rows, self._plain = columns, rows, plain
        self.wide, self.high = (columns, rows) if plain else (2 * columns, 4 * rows)
        """Dots."""
        self._signs = [[" "] * columns for _ in range(rows)]
        self._styles: list[list[Style | None]] = [[None] * columns for _ in range(rows)]

    def level(self, row: int, style: Style) -> None:
        """A line from side to side."""
        self._signs[row] = ["─"] * self.columns
        self._styles[row] = [style] * self.columns

    def write(self, row: int, words: str, style: Style) -> None:
        """Words in a row, or else the nearest one, where they cover no curve and no other words; nowhere if need be."""
        for near in sorted(range(self.rows), key=lambda other: abs(other - row))[:_NEAR]:
            signs = "".join(self._signs[near])
            free = next((at for at in range(self.columns) if not signs[at : at + len(words)].strip(" ─")), None)
            if free is not None and free + len(words) <= self.columns:
                for place, sign in enumerate(words, free):
                    self.mark(place, near, sign, style)
                return

    def mark(self, column: int, row: int, sign: str, style: Style) -> None:
        """A sign in one cell."""
        if 0 <= column < self.columns and 0 <= row < self.rows:
            self._signs[row][column] = sign
            self._styles[row][column] = style

    def curve(self, xs: Sequence[int], ys: Sequence[int], style: Style, dash: tuple[int, int] = (0, 1)) -> None:
        """Lines from dot to dot; over what is there, cell by cell.

        ``dash``: of so many curves which one, where each takes every so-manyth stretch of columns.
        """
        low, high = _columns(xs, ys, self.wide)
        if self._plain:
            for x, (first, last) in enumerate(zip(low, high, strict=True)):
                for y in range(first, last + 1) if x // _DASH % dash[1] == dash[0] else ():
                    self.mark(x, y, "*", style)
            return
        cells: dict[tuple[int, int], int] = {}
        for x, (first, last) in enumerate(zip(low, high, strict=True)):
            runs, column = _RUNS[x & 1], x >> 1
            for row in range(first >> 2, (last >> 2) + 1):
                bits = runs[max(0, first - 4 * row)][min(3, last - 4 * row)]
                cells[row, column] = cells.get((row, column), 0) | bits
        for (row, column), bits in cells.items():
            if column // _DASH % dash[1] != dash[0]:
                continue
            self._signs[row][column] = chr(0x2800 + bits)
            self._styles[row][column] = style

    def area(self, xs: Sequence[int], lows: Sequence[int], highs: Sequence[int], style: Style) -> None:
        """Fill what lies between two lines, cell by cell; what is no dot high stays empty."""
        step = 1 if self._plain else 2
        for column in range(self.columns):
            place = bisect_left(xs, column * step)
            if not xs or place >= len(xs) or (place == 0 and xs[0] > (column + 1) * step):
                continue
            low, high = (self._between(xs, edge, place, column * step) for edge in (lows, highs))
            first, last = (round(edge / (1 if self._plain else 4)) for edge in (low, high))
            for row in range(first, last):
                self.mark(column, row, "#" if self._plain else "▒", style)

    @staticmethod
    def _between(xs: Sequence[int], ys: Sequence[int], place: int, x: int) -> float:
        """The height of a line at ``x``, which lies up to its point ``place``."""
        if place == 0 or xs[place] == xs[place - 1]:
            return ys[place]
        share = (x - xs[place - 1]) / (xs[place] - xs[place - 1])
        return ys[place - 1] + share * (ys[place] - ys[place - 1])

    def row(self, row: int, before: str, after: str, style: Style) -> Text:
        """One row as a line of text, between what stands beside it in a style of its own."""
        signs, styles = self._signs[row], self._styles[row]
        spans, begin, at = [], 0, len(before)
        for column in range(1, self.columns + 1):
            if column == self.columns or styles[column] is not styles[begin]:
                drawn = styles[begin]
                if drawn is not None:
                    spans.append(Span(at + begin, at + column, drawn))
                begin = column
        return Text(f"{before}{''.join(signs)}{after}", style, spans=spans)


def _columns(xs: Sequence[int], ys: Sequence[int], wide: int) -> tuple[list[int], list[int]]:
    """The lowest and the highest dot of the lines in each column of dots; where there is none, the highest is -1."""
    low, high = [0] * wide, [-1] * wide

    def reach(x: int, first: int, last: int) -> None:
        if 0 <= x < wide:
            if high[x] < 0:
                low[x], high[x] = first, last
            else:
                low[x], high[x] = min(low[x], first), max(high[x], last)

    if xs:
        reach(xs[-1], ys[-1], ys[-1])
    for x, y, x_end, y_end in zip(xs, ys, xs[1:], ys[1:], strict=False):
        first, last = (y, y_end) if y <= y_end else (y_end, y)
        if x == x_end:
            reach(x, first, last)
            continue
        slope = (y_end - y) / (x_end - x)
        half = abs(slope) / 2 if abs(slope) > 1 else 0.0
        for column in range(x, x_end + 1):
            middle = y + slope * (column - x) + 0.5
            reach(column, max(first, int(middle - half)), min(last, int(middle + half)))
    return low, high


def thinned(
    xs: Sequence[float], ys: Sequence[float], left: float, right: float, columns: int
) -> tuple[Sequence[float], Sequence[float]]:
    """What ``columns`` columns can show of a curve: of each its smallest and its largest value. NaN is left out,
    and so is what is beyond all reason.

    A column's points do not depend on what comes after it, so that a curve that grows changes at its end alone. A few
    more points than columns are left as they are: drawing them is cheaper than choosing among them.
    """
    if ys and not (isfinite(sum(ys)) and min(ys) > -MOST and max(ys) < MOST):
        known = [(x, y) for x, y in zip(xs, ys, strict=True) if -MOST < y < MOST]
        xs, ys = [x for x, _ in known], [y for _, y in known]
    if len(xs) <= _FEW * columns:
        return xs, ys
    wide = (right - left) / (columns - 1)
    kept_x: list[float] = []
    kept_y: list[float] = []
    begin = 0
    for column in range(1, columns + 1):
        end = bisect_left(xs, left + (column - 0.5) * wide if column < columns else inf, begin)
        if end > begin:
            part = list(ys[begin:end])
            kept_x += [xs[begin]] * 2
            kept_y += [min(part), max(part)]
        begin = end
    return kept_x, kept_y
