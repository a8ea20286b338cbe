"""The boards of a step in Watch: which of them are in sight, and where they lie. Draws nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import pygame

from grpo_arcade.arcade.window.draw import theme
from grpo_arcade.arcade.window.draw.grid import largest_boards
from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.arcade.window.shell.widgets import FRAME
from grpo_arcade.arcade.window.watch.tile import Tile

Size = tuple[int, int]
MOST_BOARDS = 16
_SMALLEST_BOARD = 64
"""Points, and at least as many pixels less a few; where boards would be smaller there are fewer on a page."""


class TileGrid:
    """Boards page by page. Groups play different seeds and are judged apart, so no page mixes them."""

    def __init__(self) -> None:
        self.area = pygame.Rect(0, 0, 0, 0)
        self.rest = pygame.Rect(0, 0, 0, 0)
        """The places at the end of the last row that no board fills; empty where all are filled."""
        self.tiles: list[Tile] = []
        """All, in the order they were scored in."""
        self.best_first = False
        self.page = 0
        self.per_page = MOST_BOARDS

    def pages(self) -> list[list[Tile]]:
        """All, in the order they are shown in."""
        groups: dict[int, list[Tile]] = {}
        for tile in self.tiles:
            groups.setdefault(_group(tile), []).append(tile)
        pages = []
        for number in sorted(groups):
            tiles = groups[number]
            if self.best_first:
                tiles = sorted(tiles, key=lambda tile: -tile.entrant.score if tile.entrant else 0.0)
            pages += [tiles[at : at + self.per_page] for at in range(0, len(tiles), self.per_page)]
        return pages

    def visible(self) -> list[Tile]:
        """Those of the page in sight."""
        pages = self.pages()
        return pages[self.page] if self.page < len(pages) else []

    def turn(self, by: int) -> None:
        """Show another page."""
        self.page = (self.page + by) % max(1, len(self.pages()))

    def best(self) -> Tile | None:
        """The board of the best strategy: of those that played by the rules, the one with the highest score."""
        known = [(tile.entrant, tile) for tile in self.tiles if tile.entrant is not None]
        return max(known, key=lambda pair: (pair[0].outcome.by_the_rules, pair[0].score), default=(None, None))[1]

    def neighbour(self, tile: Tile, by: int) -> Tile | None:
        """The board so many places on, whose page is turned to; None for one that is not here."""
        order = [(each, page) for page, tiles in enumerate(self.pages()) for each in tiles]
        place = next((at for at, (each, _) in enumerate(order) if each is tile), None)
        if place is None:
            return None
        found, self.page = order[(place + by) % len(order)]
        return found

    def show(self, strategy: int | None) -> Tile | None:
        """The board of a strategy, whose page is turned to; None while it is not here."""
        for page, tiles in enumerate(self.pages()):
            for tile in tiles:
                if tile.entrant is not None and tile.entrant.id == strategy:
                    self.page = page
                    return tile
        return None

    def place(self, look: Theme, expected: int, aspect: float, fitted: Callable[[Size], Size]) -> None:
        """Find a place for each board in sight.

        Args:
            look: the theme.
            expected: boards a whole group has: there is room for all that will come, so that none moves when one does.
            aspect: width over height of a board.
            fitted: the size of a board in the room there is for one, which may leave some of it.
        """
        smallest = max(look.px(_SMALLEST_BOARD), _SMALLEST_BOARD - 12)
        groups = Counter(tile.entrant.group for tile in self.tiles if tile.entrant)
        count = min(MOST_BOARDS, max(1, expected, *groups.values()))
        fit = partial(largest_boards, self.area, gap=look.px(theme.GAP), around=partial(_caption, look), aspect=aspect)
        columns, wide, tall = fit(count)
        while count > 1 and wide < smallest * min(1.0, aspect):
            count -= 1
            columns, wide, tall = fit(count)
        self.per_page = count
        self.page = min(self.page, max(0, len(self.pages()) - 1))
        rows = -(-count // columns)
        wide, tall = fitted((wide, tall))
        cell_width, cell_height = self.area.width // columns, self.area.height // rows
        beside = columns * rows - count
        self.rest = pygame.Rect(
            self.area.left + (columns - beside) * cell_width + (cell_width - wide) // 2,
            self.area.top + (rows - 1) * cell_height,
            beside * cell_width - (cell_width - wide) if beside else 0,
            cell_height - look.px(FRAME) - look.px(theme.TIGHT),
        )
        for place, tile in enumerate(self.visible()):
            row, column = divmod(place, columns)
            tile.rect = pygame.Rect(
                self.area.left + column * cell_width + (cell_width - wide) // 2,
                self.area.top + row * cell_height,
                wide,
                cell_height - look.px(FRAME) - look.px(theme.TIGHT),
            )
            tile.board = pygame.Rect(*tile.rect.topleft, wide, tall)

    def words(self) -> list[str]:
        """Which group and which of its boards are in sight, where that is not all there is."""
        visible = self.visible()
        groups = sorted({tile.entrant.group for tile in self.tiles if tile.entrant})
        if not visible or visible[0].entrant is None:
            return []
        group = visible[0].entrant.group
        words = [f"group {groups.index(group) + 1} of {len(groups)}"] if len(groups) > 1 else []
        pages = [page for page in self.pages() if page[0].entrant and page[0].entrant.group == group]
        if len(pages) > 1:
            first = self.per_page * next(at for at, page in enumerate(pages) if page[0] is visible[0])
            words.append(f"boards {first + 1}–{first + len(visible)} of {sum(map(len, pages))}")
        return words


def _group(tile: Tile) -> int:
    return tile.entrant.group if tile.entrant else 0


def _caption(look: Theme, tall: int) -> int:
    """What a cell needs besides its board."""
    return look.px(42) if tall > look.px(100) else look.px(20)
