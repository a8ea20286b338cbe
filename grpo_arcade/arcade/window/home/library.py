"""All Atari games by name: what is typed narrows the list, and the one with the focus is seen playing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.home.tiles import Screen
from grpo_arcade.arcade.window.play.kept_games import best_score, kept_game
from grpo_arcade.arcade.window.play.opening import play
from grpo_arcade.arcade.window.shell.scene import Act, Event, Scene, Typed, Wheel
from grpo_arcade.arcade.window.shell.widgets import Focus, Item, compact_heading, heading
from grpo_arcade.games.atari import playable_titles
from grpo_arcade.games.atari.roms import rom
from grpo_arcade.games.atari.titles import SYMBOLIC
from grpo_arcade.games.names import shown_name

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

_LINGER_S = 0.25
"""The focus rests on a game for so long before it is taped: not every one that is passed by."""


class Library(Scene):
    """Choose one of the console's games.

    Args:
        app: the window.
        train: opens the choice of what is trained, of a game by its name.
    """

    title = "Atari games"
    contexts = ("menu", "home")
    wants_text = True

    def __init__(self, app: App, train: Callable[[str, Mapping[str, Any]], None]) -> None:
        super().__init__(app)
        self._train = train
        self.typed = ""
        """What names have to contain."""
        self.found: list[str] = list(playable_titles())
        """Titles that do."""
        self._focus = Focus()
        self._first = 0
        """The first column in sight."""
        self._columns = self._rows = 1
        self._screen: Screen | None = None
        self._lingered = 0.0
        self._side = pygame.Rect(0, 0, 0, 0)
        self._list = pygame.Rect(0, 0, 0, 0)

    # What the person does.

    def handle(self, event: Event) -> bool:
        """Type, move, choose."""
        if isinstance(event, Typed):
            self._narrow(self.typed[:-1] if event.text == "\b" else (self.typed + event.text)[:40])
        elif isinstance(event, Act) and event.id == "app.back" and self.typed:
            self._narrow("")
        elif isinstance(event, Act) and event.id == "home.train":
            if self.chosen is not None:
                self._train(name_of(self.chosen), {})
            return True
        elif isinstance(event, Wheel):
            self._turn(-event.steps)
        elif not self._move(event) and not self._focus.handle(event):
            return False
        self._follow()
        self.app.redraw()
        return True

    def _narrow(self, typed: str) -> None:
        self.typed = typed.lstrip()
        wanted = self.typed.lower().split()
        names = {title: shown_name(name_of(title)).lower() for title in playable_titles()}
        self.found = [title for title, name in names.items() if all(part in f"{name} {title}" for part in wanted)]
        # Names that begin with what was typed come first.
        self.found.sort(key=lambda title: not names[title].startswith(self.typed.lower().strip()))
        self._first = 0
        self._focus.index = 0
        self.resized()
        self._focus.index = 0

    def _move(self, event: Event) -> bool:
        """Beyond the edge of what is in sight, the list turns on by a column."""
        item = self._focus.item
        if not isinstance(event, Act) or item is None or event.id not in ("menu.left", "menu.right"):
            return False
        place = self.found.index(str(item.key))
        by = self._rows if event.id == "menu.right" else -self._rows
        goal = min(place + by, len(self.found) - 1)
        if goal < 0 or goal // self._rows == place // self._rows:
            return False
        self._show(goal)
        return True

    def _show(self, place: int) -> None:
        column = place // self._rows
        self._first = min(max(self._first, column - self._columns + 1), column)
        self.resized()
        self._focus.index = place - self._first * self._rows

    def _turn(self, by: int) -> None:
        last = max(0, -(-len(self.found) // self._rows) - self._columns)
        self._first = max(0, min(self._first + by, last))
        self.resized()

    @property
    def chosen(self) -> str | None:
        """The title that has the focus."""
        return str(self._focus.item.key) if self._focus.item else None

    def _follow(self) -> None:
        if self.chosen != (self._screen and self._screen.game.name.removeprefix("atari/")):
            self._screen, self._lingered = None, 0.0

    def _play(self, title: str) -> None:
        self.app.open(play(self.app, name_of(title)))

    # What is seen.

    def update(self, dt: float) -> bool:
        """The game with the focus plays."""
        title = self.chosen
        if title is None or not self._side.width:
            return False
        if self._screen is None:
            self._screen = Screen(name_of(title), self.app.studio)
            self._screen.rect = self._picture_rect()
            self.app.redraw()
            return True
        self._lingered += dt
        if self._lingered < _LINGER_S:
            return False
        self._screen.tape()
        return self._screen.arrive() or self._screen.update(dt)

    def next_update(self) -> float | None:
        """With its next picture."""
        if self.chosen is None or not self._side.width:
            return None
        if self._screen is None or self._screen.view is None:
            return _LINGER_S / 2
        return self._screen.next_update()

    def _picture_rect(self) -> pygame.Rect:
        side = self._side
        return pygame.Rect(side.left, side.top, side.width, min(side.width * 21 // 16, side.height * 3 // 4))

    def resized(self) -> None:
        """Names in columns; beside them the picture, if there is room."""
        look = self.app.theme
        pad, gap = look.px(theme.PAD), look.px(theme.GAP)
        top = self.area.top + (look.px(58) if self.compact else 2 * pad + look.px(theme.TITLE) + look.px(46))
        wide = 0 if self.compact else min(look.px(320), self.area.width // 3)
        left = gap if self.compact else pad
        self._side = pygame.Rect(self.area.right - pad - wide, top, wide, self.area.bottom - top - gap)
        right = self._side.left - pad if wide else self.area.right - gap
        self._list = pygame.Rect(left, top, right - left, self.area.bottom - top - gap // 2)
        self._columns = max(1, self._list.width // look.px(190))
        # Somewhat closer, if then all are in sight.
        needed = -(-len(self.found) // self._columns)
        height = min(look.px(26), max(look.px(22), self._list.height // max(1, needed)))
        self._rows = max(1, self._list.height // height)
        across = self._list.width // self._columns
        shown = self.found[self._first * self._rows : (self._first + self._columns) * self._rows]
        items = []
        for place, title in enumerate(shown):
            column, row = divmod(place, self._rows)
            rect = pygame.Rect(self._list.left + column * across, top + row * height, across - gap // 2, height)
            items.append(Item(rect, partial(self._play, title), key=title))
        self._focus.set(items)
        if self._screen is not None:
            self._screen.rect = self._picture_rect()
            self._screen.stale = True

    def draw(self, surface: pygame.Surface) -> Sequence[pygame.Rect] | None:
        """All of it, or the picture."""
        screen = self._screen
        if not self.whole:
            if screen is None or not screen.stale:
                return []
            screen.draw(surface, self.app.palette)
            return [screen.rect]
        look = self.app.theme
        note = f"{len(self.found)} of {len(playable_titles())}" if self.typed else f"{len(playable_titles())} titles"
        if self.compact:
            compact_heading(surface, look, self.area, self.title, note)
        else:
            heading(surface, look, self.area, self.title, note)
        self._draw_field(surface)
        for item in self._focus.items:
            self._draw_row(surface, item, str(item.key))
        if self._side.width and self.chosen is not None:
            self._draw_side(surface, self.chosen)
        self._draw_more(surface)
        if not self.found:
            at = self._list.left + look.px(theme.GAP), self._list.top + look.px(theme.PAD)
            paint.text(surface, "No title matches", at, look.px(theme.BODY), look.soft, room=self._list.width)
        return None

    def _draw_field(self, surface: pygame.Surface) -> None:
        look = self.app.theme
        height = look.px(24 if self.compact else 34)
        box = pygame.Rect(self._list.left, self._list.top - height - look.px(theme.TIGHT), self._list.width, height)
        paint.panel(surface, box, look.card, look.px(8), look.accent if self.typed else look.line)
        words, colour = (self.typed + "_", look.ink) if self.typed else ("Type a part of its name", look.faint)
        at = box.left + look.px(theme.GAP), box.centery
        paint.text(surface, words, at, look.px(theme.BODY), colour, room=box.width - 2 * look.px(theme.GAP))

    def _draw_more(self, surface: pygame.Surface) -> None:
        """Arrows beside the field, and how many are out of sight on that side."""
        look = self.app.theme
        small, y = look.px(theme.CAPTION), self._list.top - look.px(theme.TIGHT) - look.px(12 if self.compact else 17)
        before = self._first * self._rows
        after = len(self.found) - before - len(self._focus.items)
        x = self._list.right - look.px(theme.GAP)
        for count, way in ((after, "right"), (before, "left")):
            if count > 0:
                paint.arrow(surface, (x - small // 2, y), small, way, look.accent)  # type: ignore[arg-type]
                box = paint.text(surface, f"{count} more", (x - small * 3 // 2, y), small, look.soft, anchor="right")
                x = box.left - look.px(theme.GAP)

    def _draw_row(self, surface: pygame.Surface, item: Item, title: str) -> None:
        look, box = self.app.theme, item.rect
        focused = item is self._focus.item
        if focused:
            paint.panel(surface, box, look.card, look.px(6), look.accent, max(2, look.px(2)))
        x = box.left + look.px(theme.GAP)
        dot = pygame.Rect(0, 0, look.px(6), look.px(6))
        dot.center = x, box.centery
        paint.panel(surface, dot, look.rival if title in SYMBOLIC else look.line, dot.width // 2)
        at = dot.right + look.px(theme.TIGHT), box.centery
        room = box.right - at[0] - look.px(theme.TIGHT)
        paint.text(surface, shown_name(name_of(title)), at, look.px(theme.BODY), look.ink, room=room)

    def _draw_side(self, surface: pygame.Surface, title: str) -> None:
        look, rect = self.app.theme, self._picture_rect()
        if self._screen is not None:
            self._screen.draw(surface, self.app.palette)
        else:
            surface.fill(0, rect)
        y = rect.bottom + look.px(theme.PAD)
        height, room = look.px(theme.HEADING), rect.width
        paint.text(surface, shown_name(name_of(title)), (rect.left, y), height, look.ink, weight="bold", room=room)
        small = look.px(theme.CAPTION)
        for words in self._facts(title):
            y += round(small * theme.LINE)
            if y + small > self._side.bottom:
                break
            paint.text(surface, words, (rect.left, y), small, look.soft, room=room)

    def _facts(self, title: str) -> list[str]:
        cartridge = rom(title)
        game = self._screen.game if self._screen else None
        best = best_score(self.app.memory, game) if game else None
        waits = game is not None and kept_game(self.app.settings.data_folder, game).exists()
        facts = ["not played yet" if best is None else f"best {best:,.0f}"]
        facts += ["a game waits"] if waits else []
        switches = (len(cartridge.modes), "modes"), (len(cartridge.difficulties), "difficulties")
        facts += [f"{count} {name}" for count, name in switches if count > 1]
        seen = "as named objects" if title in SYMBOLIC else "by its memory and its brightness"
        facts += [f"a model sees it {seen}"]
        return facts

    def keys(self) -> Sequence[str]:
        """Few."""
        return ("menu.choose", "home.train", "app.back")


def name_of(title: str) -> str:
    """The name of the game of a title."""
    return f"atari/{title}"
