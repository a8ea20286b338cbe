"""How to lay out several boards so that they are as large as can be."""

from __future__ import annotations

from collections.abc import Callable

import pygame


def largest_boards(
    area: pygame.Rect, count: int, gap: int, around: Callable[[int], int], aspect: float = 1.0
) -> tuple[int, int, int]:
    """Columns for ``count`` equal cells, and width and height of the board in each; a ``gap`` is left between columns.

    ``around(height)`` is what a cell of that height needs above and below its board, ``aspect`` a board's width over
    its height.
    """

    def width(columns: int) -> int:
        tall = area.height // -(-count // columns)
        return max(1, min(area.width // columns - gap, int((tall - around(tall)) * aspect)))

    columns = max(range(1, count + 1), key=width)
    return columns, width(columns), max(1, int(width(columns) / aspect))
