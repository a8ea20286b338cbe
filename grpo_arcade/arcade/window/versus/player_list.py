"""The list from which a player is chosen: everybody who is known here, and anybody whose word is typed or pasted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import pygame

from grpo_arcade.arcade.players.candidates import Candidate
from grpo_arcade.arcade.players.player import Baseline, Person, Writer
from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.home.lists import Entry, RowList
from grpo_arcade.arcade.window.shell.scene import Act, Dropped, Event, Scene, Typed, Wheel
from grpo_arcade.arcade.window.shell.widgets import Focus, heading

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

_LONGEST = 500
_HINT = (
    "type to search, or type or paste: a file (.py), RUN:champion, a model's folder or name, http://host:port/v1#model"
)


class PlayerList(Scene):
    """Choose one.

    Args:
        app: the window.
        place: of the player among the others, from 1.
        candidates: who is known.
        now: the word of who is chosen now.
        choose: told the word of who is chosen; what it raises is said, and the list stays.
    """

    title = "Who plays?"
    contexts = ("menu",)
    wants_text = True

    def __init__(
        self, app: App, place: int, candidates: Sequence[Candidate], now: str, choose: Callable[[str], None]
    ) -> None:
        super().__init__(app)
        self.typed = ""
        self._place = place
        self._candidates = candidates
        self._now = now
        self._tell = choose
        self._rows = RowList()
        self._focus = Focus()
        self._field = pygame.Rect(0, 0, 0, 0)

    @property
    def found(self) -> list[Candidate]:
        """Those that what was typed is about."""
        wanted = self.typed.lower().split()
        return [each for each in self._candidates if all(part in f"{each.line} {each.word}".lower() for part in wanted)]

    # What the person does.

    def handle(self, event: Event) -> bool:
        """Type, move, choose; a file that is dropped is one who is chosen."""
        if isinstance(event, Typed):
            self._narrow(self.typed[:-1] if event.text == "\b" else (self.typed + event.text)[:_LONGEST])
        elif isinstance(event, Dropped):
            self._choose(event.path)
        elif isinstance(event, Act) and event.id == "app.back" and self.typed:
            self._narrow("")
        elif isinstance(event, Wheel):
            self._rows.scroll(-event.steps)
            self.resized()
        elif not self._moves(event):
            return False
        self.app.redraw()
        return True

    def _moves(self, event: Event) -> bool:
        if isinstance(event, Act) and self._rows.follow(event.id, self._focus, self.resized, alone=True):
            return True
        return self._focus.handle(event)

    def _narrow(self, typed: str) -> None:
        self.typed = typed.lstrip()
        self._rows.scroll(-len(self._candidates))
        self.resized()
        self._focus.index = 0

    def _choose(self, word: str) -> None:
        self._tell(word)  # or says who is meant
        self.app.close(self)

    # What is seen.

    def enter(self) -> None:
        """The focus is on who is chosen now."""
        words = [candidate.word for candidate in self.found]
        if self._now in words:
            while self._now not in [item.key for item in self._focus.items]:
                if not self._rows.scroll(1):
                    break
                self.resized()
            at = next((i for i, item in enumerate(self._focus.items) if item.key == self._now), 0)
            self._focus.index = at

    def resized(self) -> None:
        """A field, and below it as many rows as there is room for."""
        look = self.app.theme
        wide = min(look.px(820), self.area.width - 2 * look.px(theme.GAP))
        left, top = (self.area.width - wide) // 2, look.px(theme.PAD) + 2 * look.px(theme.TITLE)
        self._field = pygame.Rect(left, top, wide, look.px(34))
        rows = pygame.Rect(left, self._field.bottom + look.px(theme.GAP), wide, 0)
        rows.height = max(1, self.area.bottom - look.px(theme.TIGHT) - rows.top)
        self._focus.set(self._rows.lay_out(look, rows, self._entries()))

    def _entries(self) -> list[Entry]:
        found = self.found
        entries = [Entry(c.word, c.name, c.note, self._colour(c), partial(self._choose, c.word)) for c in found]
        typed = self.typed.strip()
        if typed and typed not in [candidate.word for candidate in found]:
            literally = Entry(
                ("typed", typed), typed, "as it stands", self.app.theme.faint, partial(self._choose, typed)
            )
            entries.append(literally)
        return entries

    def _colour(self, candidate: Candidate) -> int:
        look, player = self.app.theme, candidate.player
        if isinstance(player, Person):
            return look.accent
        return look.rival if isinstance(player, Writer) else look.faint if isinstance(player, Baseline) else look.gold

    def draw(self, surface: pygame.Surface) -> None:
        """All of it."""
        look = self.app.theme
        surface.fill(look.page, self.area)
        heading(surface, look, self.area, f"Player {self._place}", "who plays?")
        paint.panel(surface, self._field, look.card, look.px(7), look.accent if self.typed else look.line)
        words, ink = (f"{self.typed}_", look.ink) if self.typed else (_HINT, look.soft)
        at, room = (
            (self._field.left + look.px(theme.GAP), self._field.centery),
            self._field.width - 2 * look.px(theme.GAP),
        )
        paint.text(surface, words, at, look.px(theme.BODY if self.typed else theme.CAPTION), ink, room=room)
        self._rows.draw(surface, look, self._focus.items, self._focus.item)

    def keys(self) -> Sequence[str]:
        """Few."""
        return ("menu.choose", "menu.up", "menu.down", "app.back")
