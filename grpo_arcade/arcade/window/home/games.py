"""The games on Home's shelf: which have a tile, their previews, and the cards they are painted on.

The previews are made one by one after the first picture, so that nothing which takes long happens before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pygame

from grpo_arcade.arcade.window.background.jobs import Task
from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.home.tiles import Board, Preview, Screen
from grpo_arcade.arcade.window.play.kept_games import best_score, kept_game
from grpo_arcade.games import game_names, make
from grpo_arcade.games.names import shown_name

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

_MOST_SHARE = 0.6
"""Of the room, for the games."""
_INSET = 7
"""Points around a tile's picture."""
_SPOTLIGHT_S = 3.0
"""One console's screen at a time moves for so long, besides the one that has the focus."""
# Beside a game's own options: ways to play it that are worth a tile.
_VARIANTS: dict[str, Sequence[Mapping[str, Any]]] = {
    "2048": ({}, {"size": 3, "target": 256}, {"size": 5, "target": 8192}),
}
ATARI = "atari/"
"""How the names of the console's games begin."""
# The console games whose observation a model can reason about have a tile; the list has them all. Named here, so that
# the first picture need not wait for what the games are made of.
ATARI_TILES = (
    *("pong", "breakout", "space_invaders", "ms_pacman", "freeway", "boxing"),
    *("tennis", "skiing", "kaboom", "asterix", "demon_attack", "bowling"),
)
TRAIN = "Train"
"""On the button that the chosen card has."""
LIBRARY = "All Atari games"
"""What stands on the card after the tiles."""


@dataclass
class Tile:
    """A game on the shelf."""

    game: str
    options: Mapping[str, Any]
    preview: Preview | None = None
    """None until it has been made."""

    @property
    def words(self) -> str:
        """What stands below its picture."""
        return self.preview.words if self.preview is not None else shown_name(self.game)


class GameShelf:
    """The tiles, and a card for the library of the console's games after them.

    Args:
        app: the window.
        fewer: called when the console's games have turned out not to be there.
    """

    def __init__(self, app: App, fewer: Callable[[], None]) -> None:
        self._app, self._fewer = app, fewer
        known = game_names()
        self.tiles = [Tile(n, o) for n in known if not n.endswith(("/", ":")) for o in _VARIANTS.get(n, ({},))]
        self.has_library = ATARI in known
        if self.has_library:
            self.tiles += [Tile(ATARI + title, {}) for title in ATARI_TILES]
        self.cards: list[pygame.Rect] = []
        """One a tile, and the library's."""
        self.spotlight = 0.0
        """Seconds, by which the restless previews take turns."""
        self._titles = 0
        """How many games of the console there are in all; 0 until it is known."""
        self._loading: Task | None = None
        self._unpainted: set[int] = set()
        """Places where something new must be painted."""

    def leave(self) -> None:
        """Nobody waits for the library any more."""
        if self._loading:
            self._loading.cancel()
        self._loading = None

    # The previews.

    def make_next(self, *, small: bool) -> bool:
        """Make the next preview that is missing, if there is one; on a ``small`` window it does not move."""
        number = next((i for i, tile in enumerate(self.tiles) if tile.preview is None), None)
        if number is None:
            return False
        tile = self.tiles[number]
        if tile.game.startswith(ATARI) and not self._titles:
            if self._loading is None:
                self._loading = self._app.background.thread(_atari_titles, done=self._loaded, failed=self._not_loaded)
            return False
        if make(tile.game, **tile.options).clock_driven:
            tile.preview = Screen(tile.game, self._app.studio)
            if not small:
                tile.preview.tape()
        else:
            tile.preview = Board(tile.game, tile.options, number)
        if not small:
            tile.preview.rect = self._inside(self.cards[number])
            self._unpainted.add(number)
        return True

    @property
    def can_make_more(self) -> bool:
        """Whether a preview is missing that need not be waited for."""
        return self._loading is None and any(tile.preview is None for tile in self.tiles)

    def _loaded(self, titles: int) -> None:
        self._loading, self._titles = None, titles
        self._unpainted.add(len(self.tiles))

    def _not_loaded(self, error: Exception) -> None:
        self._loading, self.has_library = None, False
        self.tiles = [tile for tile in self.tiles if not tile.game.startswith(ATARI)]
        self._fewer()
        self._app.complain(error)

    @property
    def previews(self) -> list[Preview]:
        """Those that have been made."""
        return [tile.preview for tile in self.tiles if tile.preview is not None]

    def moving(self, focused: Tile | None) -> list[Preview]:
        """Those that move now: calm ones all, of the restless ones that with the focus and one other."""
        restless = [preview for preview in self.previews if not preview.steady]
        chosen = [focused.preview] if focused and focused.preview in restless else []
        if restless:
            chosen.append(restless[int(self.spotlight / _SPOTLIGHT_S) % len(restless)])
        return [preview for preview in self.previews if preview.steady or preview in chosen]

    def update(self, dt: float, focused: Tile | None) -> bool:
        """Let time pass; True if something must be drawn."""
        self.spotlight += dt
        moved = [preview.update(dt) for preview in self.moving(focused)]  # every one has to be told
        came = [preview.arrive() for preview in self.previews if isinstance(preview, Screen)]
        return any(moved) or any(came)

    # What is said of them.

    def scores(self, tile: Tile) -> str:
        """How a person has done in a game so far; nothing until its preview has been made."""
        if tile.preview is None:
            return ""
        game = tile.preview.game
        best = best_score(self._app.memory, game)
        said = [] if best is None else [f"best {best:,.0f}"]
        said += ["a game waits"] if kept_game(self._app.settings.data_folder, game).exists() else []
        return " · ".join(said) or "not played yet"

    @property
    def how_many(self) -> str:
        """How many games the library has, once it is known."""
        return f"{self._titles} titles" if self._titles else ""

    # Layout and paint.

    def lay_out(self, room: pygame.Rect) -> int:
        """Cards as large as can be in rows and columns; the height they take, each with the gap below it."""
        style = self._app.theme
        gap, inset, foot = style.px(theme.GAP), style.px(_INSET), style.px(46)
        count = len(self.tiles) + self.has_library
        most = int(room.height * _MOST_SHARE)

        def side(columns: int) -> int:
            rows = -(-count // columns)
            wide = (room.width - (columns - 1) * gap) // columns
            return min(wide, most // rows - gap - foot, room.width // 3) - 2 * inset

        columns = max(range(1, count + 1), key=lambda columns: (side(columns), -columns))
        edge = max(8, side(columns))
        card = pygame.Rect(0, 0, edge + 2 * inset, edge + 2 * inset + foot)
        between = (room.width - columns * card.width) // max(1, columns - 1) if count > 3 else style.px(theme.PAD)
        between = min(between, style.px(theme.PAD))
        self.cards = []
        for number in range(count):
            row, column = divmod(number, columns)
            card.topleft = room.left + column * (card.width + between), room.top + row * (card.height + gap)
            self.cards.append(card.copy())
        for tile, place in zip(self.tiles, self.cards, strict=False):
            if tile.preview is not None:
                tile.preview.rect = self._inside(place)
                tile.preview.stale = True
        return -(-count // columns) * (card.height + gap)

    def _inside(self, card: pygame.Rect) -> pygame.Rect:
        """Where the picture lies on a card."""
        inset = self._app.theme.px(_INSET)
        side = card.width - 2 * inset
        return pygame.Rect(card.left + inset, card.top + inset, side, side)

    def draw(self, surface: pygame.Surface, focused: int | None) -> None:
        """Paint all cards; ``focused`` is the place of the one with the focus, if it is one of them."""
        self._unpainted.clear()
        for place in range(len(self.cards)):
            self._draw_card(surface, place, place == focused)

    def draw_changes(self, surface: pygame.Surface, focused: int | None, *, small: bool) -> list[pygame.Rect]:
        """Paint what is new, and the previews that moved; the places painted."""
        unpainted, self._unpainted = self._unpainted, set()
        fresh = [] if small else [self._draw_card(surface, place, place == focused) for place in sorted(unpainted)]
        moved = [preview for preview in self.previews if preview.stale]
        for preview in moved:
            preview.draw(surface, self._app.palette)
        return [*fresh, *(preview.rect for preview in moved)]

    def _draw_card(self, surface: pygame.Surface, place: int, focused: bool) -> pygame.Rect:
        style, card = self._app.theme, self.cards[place]
        edge = max(2, style.px(2)) if focused else 1
        border = style.accent if focused else style.line
        surface.fill(style.page, card)  # soft corners that are painted again and again would grow hard
        # The page's own colour inside, for that is what a board lies on.
        paint.panel(surface, card, style.page, style.px(theme.RADIUS), border, edge)
        if place == len(self.tiles):
            self._draw_library(surface, card)
            return card
        tile = self.tiles[place]
        if tile.preview is not None:
            tile.preview.draw(surface, self._app.palette)
        room = self._draw_train(surface, card) if focused else 0
        self._draw_foot(surface, card, tile.words, self.scores(tile), room)
        return card

    def train_button(self, card: pygame.Rect) -> pygame.Rect:
        """Where a card that has the focus offers to train here."""
        style = self._app.theme
        box = pygame.Rect(0, 0, paint.text_width(TRAIN, style.px(theme.CAPTION), "bold") + style.px(12), style.px(17))
        box.bottomright = card.right - style.px(6), card.bottom - style.px(6)
        return box

    def _draw_train(self, surface: pygame.Surface, card: pygame.Rect) -> int:
        style, box = self._app.theme, self.train_button(card)
        paint.panel(surface, box, style.rival, style.px(5))
        paint.text(surface, TRAIN, box.center, style.px(theme.CAPTION), style.card, weight="bold", anchor="middle")
        return box.width

    def _draw_library(self, surface: pygame.Surface, card: pygame.Rect) -> None:
        style, inner = self._app.theme, self._inside(card)
        paint.panel(surface, inner, style.sunken, style.px(theme.RADIUS - 4))
        more = max(0, self._titles - len(ATARI_TILES))
        words = f"+{more}" if more else "…"
        height = min(style.px(theme.TITLE), inner.width // 4)
        paint.text(surface, words, inner.center, height, style.soft, weight="bold", anchor="middle")
        self._draw_foot(surface, card, LIBRARY, self.how_many)

    def _draw_foot(self, surface: pygame.Surface, card: pygame.Rect, words: str, note: str, taken: int = 0) -> None:
        style = self._app.theme
        x = card.left + style.px(9)
        room = card.right - style.px(9) - x
        y = card.bottom - style.px(33)
        paint.text(surface, words, (x, y), style.px(theme.BODY - 1), style.ink, weight="bold", room=room)
        height = style.px(theme.CAPTION - 1)
        note = paint.whole_clauses(note, room - taken, height, " · ")
        paint.text(surface, note, (x, y + style.px(18)), height, style.faint)


def _atari_titles() -> int:
    from grpo_arcade.games.atari import playable_titles

    return len(playable_titles())
