"""The lists below the games of Home: runs and recordings as rows, as many as there is room for, and scrolled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.arcade.window.shell.widgets import Item


@dataclass(frozen=True)
class Entry:
    """A row: a run, a recording, or on a small window a game."""

    key: object
    words: str
    note: str
    colour: int
    choose: Callable[[], None]


class RowList:
    """One list.

    Args:
        title: above it; without one the rows have its room too.
    """

    def __init__(self, title: str = "") -> None:
        self._title = title
        self.rect = pygame.Rect(0, 0, 0, 0)
        self.entries: Sequence[Entry] = ()
        self._empty = ""
        self._first = 0
        self._fits = 1

    def lay_out(self, look: Theme, rect: pygame.Rect, entries: Sequence[Entry], empty: str = "") -> list[Item]:
        """Find places for as many entries as there is room for; ``empty`` is said where there are none."""
        self.rect, self.entries, self._empty = rect, entries, empty
        height = look.px(32)
        top = rect.top + (look.px(34) if self._title else 0)
        self._fits = max(1, (rect.bottom - top) // height)
        self._first = min(self._first, max(0, len(entries) - self._fits))
        return [
            Item(
                pygame.Rect(rect.left, top + row * height, rect.width, height - look.px(4)), entry.choose, key=entry.key
            )
            for row, entry in enumerate(self.shown())
        ]

    def shown(self) -> Sequence[Entry]:
        """The entries in sight."""
        return self.entries[self._first : self._first + self._fits]

    def scroll(self, by: int) -> bool:
        """Move by rows, to be laid out again; True if that changes anything."""
        before = self._first
        self._first = max(0, min(before + by, len(self.entries) - self._fits))
        return self._first != before

    def beyond(self, key: object, by: int) -> Entry | None:
        """The next entry out of sight, where the one of a key is the last in sight that way (``by`` is 1 or -1)."""
        shown = self.shown()
        if not shown or shown[-1 if by > 0 else 0].key != key:
            return None
        at = self._first + (self._fits if by > 0 else -1)
        return self.entries[at] if 0 <= at < len(self.entries) else None

    def draw(self, surface: pygame.Surface, look: Theme, items: Sequence[Item], focused: Item | None) -> None:
        """Paint the title, and the rows of those items that are this list's."""
        if self._title:
            self._draw_title(surface, look)
        rows = {entry.key: entry for entry in self.shown()}
        for item in items:
            if item.key in rows:
                _draw_row(surface, look, item.rect, rows[item.key], item is focused)

    def _draw_title(self, surface: pygame.Surface, look: Theme) -> None:
        y = self.rect.top + look.px(12)
        box = paint.text(surface, self._title, (self.rect.left, y), look.px(theme.HEADING), look.ink, weight="bold")
        hidden = len(self.entries) - len(self.shown())
        note = self._empty if not self.entries else f"{hidden} more" if hidden else ""
        at = box.right + look.px(theme.GAP), y + look.px(2)
        paint.text(surface, note, at, look.px(theme.CAPTION), look.faint, room=self.rect.right - at[0])


def _draw_row(surface: pygame.Surface, look: Theme, box: pygame.Rect, entry: Entry, focused: bool) -> None:
    edge = max(2, look.px(2)) if focused else 1
    paint.panel(surface, box, look.card, look.px(7), look.accent if focused else look.line, edge)
    gap, height = look.px(theme.GAP), look.px(theme.BODY)
    dot = pygame.Rect(0, 0, look.px(8), look.px(8))
    dot.center = box.left + gap, box.centery
    paint.panel(surface, dot, entry.colour, dot.width // 2)
    note = paint.text(
        surface,
        entry.note,
        (box.right - gap, box.centery),
        look.px(theme.CAPTION),
        look.faint,
        anchor="right",
        room=box.width // 2,
    )
    x = dot.right + look.px(theme.TIGHT)
    paint.text(surface, entry.words, (x, box.centery), height, look.ink, room=note.left - gap - x)
