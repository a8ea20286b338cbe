"""How to lay out several boards so that they are as large as can be."""

from __future__ import annotations

from collections.abc import Callable

import pygame


def largest_squares(area: pygame.Rect, count: int, gap: int, around: Callable[[int], int]) -> tuple[int, int]:
    """Columns for ``count`` equal cells, and the side of the square in each; a ``gap`` is left between columns.

    ``around(height)`` is what a cell of that height needs above and below its square.
    """

    def side(columns: int) -> int:
        tall = area.height // -(-count // columns)
        return max(1, min(area.width // columns - gap, tall - around(tall)))

    columns = max(range(1, count + 1), key=side)
    return columns, side(columns)
