"""The lists below the games of Home: runs and recordings as rows, as many as there is room for, and scrolled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.arcade.window.home.live_run import ROWS, LiveRun, draw_card
from grpo_arcade.arcade.window.shell.widgets import Focus, Item


@dataclass(frozen=True)
class Entry:
    """A row: a run, a recording, or on a small window a game."""

    key: object
    words: str
    note: str
    colour: int
    choose: Callable[[], None]
    live: LiveRun | None = None
    """A run that goes on has a card instead of a row."""


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
        self._rows = 1
        """How many there is room for."""

    def lay_out(self, look: Theme, rect: pygame.Rect, entries: Sequence[Entry], empty: str = "") -> list[Item]:
        """Find places for as many entries as there is room for; ``empty`` is said where there are none."""
        self.rect, self.entries, self._empty = rect, entries, empty
        height = look.px(32)
        top = rect.top + (look.px(34) if self._title else 0)
        self._rows = max(1, (rect.bottom - top) // height)
        self._scroll_to(self._first)
        items = []
        for entry in self.shown():
            tall = height * _tall(entry)
            items.append(Item(pygame.Rect(rect.left, top, rect.width, tall - look.px(4)), entry.choose, key=entry.key))
            top += tall
        return items

    def shown(self) -> Sequence[Entry]:
        """The entries in sight."""
        return self.entries[self._first : self._first + self._fits(self._first)]

    def _fits(self, first: int) -> int:
        """How many entries there is room for from one on, at least one."""
        room, count = self._rows, 0
        for entry in self.entries[first:]:
            room -= _tall(entry)
            if room < 0:
                break
            count += 1
        return max(1, count)

    def _scroll_to(self, first: int) -> None:
        last = len(self.entries)
        room = self._rows
        while last > 0 and (room := room - _tall(self.entries[last - 1])) >= 0:
            last -= 1
        self._first = max(0, min(first, last))

    def scroll(self, by: int) -> bool:
        """Move by rows, to be laid out again; True if that changes anything."""
        before = self._first
        self._scroll_to(before + by)
        return self._first != before

    def beyond(self, key: object, by: int) -> Entry | None:
        """The next entry out of sight, where the one of a key is the last in sight that way (``by`` is 1 or -1)."""
        shown = self.shown()
        if not shown or shown[-1 if by > 0 else 0].key != key:
            return None
        at = self._first + (len(shown) if by > 0 else -1)
        return self.entries[at] if 0 <= at < len(self.entries) else None

    def follow(self, id: str, focus: Focus, lay_out: Callable[[], None], *, alone: bool = False) -> bool:
        """Scroll where an arrow goes beyond what is in sight, and give the focus to what comes; False if it does not.

        ``lay_out`` gives the focus its items anew. Where the list is ``alone``, its first entry follows its last.
        """
        by = {"menu.down": 1, "menu.up": -1}.get(id)
        entry = self.beyond(focus.item.key, by) if by is not None and focus.item is not None else None
        if alone and by is not None and focus.item is not None and len(self.shown()) < len(self.entries):
            first, last = self.entries[0], self.entries[-1]
            if focus.item.key == (last if by > 0 else first).key:
                entry, by = (first, -len(self.entries)) if by > 0 else (last, len(self.entries))
        if by is None or entry is None or not self.scroll(by):
            return False
        lay_out()
        focus.index = next(i for i, item in enumerate(focus.items) if item.key == entry.key)
        return True

    def draw(self, surface: pygame.Surface, look: Theme, items: Sequence[Item], focused: Item | None) -> None:
        """Paint the title, and the rows of those items that are this list's."""
        if self._title:
            self._draw_title(surface, look)
        rows = {entry.key: entry for entry in self.shown()}
        for item in items:
            entry = rows.get(item.key)
            if entry is not None and entry.live is not None:
                draw_card(surface, look, item.rect, entry.live, item is focused)
            elif entry is not None:
                _draw_row(surface, look, item, entry, item is focused)
        if not self.entries and self._empty:
            self._draw_empty(surface, look)

    def _draw_title(self, surface: pygame.Surface, look: Theme) -> None:
        y = self.rect.top + look.px(12)
        box = paint.text(surface, self._title, (self.rect.left, y), look.px(theme.HEADING), look.ink, weight="bold")
        hidden = len(self.entries) - len(self.shown())
        note = f"{hidden} more" if hidden else ""
        at = box.right + look.px(theme.GAP), y + look.px(2)
        paint.text(surface, note, at, look.px(theme.CAPTION), look.faint, room=self.rect.right - at[0])

    def _draw_empty(self, surface: pygame.Surface, look: Theme) -> None:
        height, pad = look.px(theme.BODY), look.px(theme.GAP)
        top = self.rect.top + look.px(34)
        room = pygame.Rect(self.rect.left, top, self.rect.width, max(0, self.rect.bottom - top))
        lines = paint.wrapped(self._empty, room.width - 2 * pad, height)
        step = round(height * theme.LINE)
        room.height = min(room.height, len(lines) * step + 2 * pad)
        if not self._title or room.height < step:
            return
        paint.panel(surface, room, look.sunken, look.px(7))
        for number, line in enumerate(lines[: max(1, (room.height - pad) // step)]):
            at = room.left + pad, room.top + pad + number * step + step // 2
            paint.text(surface, line, at, height, look.soft)


def _tall(entry: Entry) -> int:
    return 1 if entry.live is None else ROWS


def _draw_row(surface: pygame.Surface, look: Theme, item: Item, entry: Entry, focused: bool) -> None:
    box, edge = item.rect, max(2, look.px(2)) if focused else 1
    paint.panel(
        surface,
        box,
        look.sunken if item.hovered else look.card,
        look.px(7),
        look.accent if focused else look.line,
        edge,
    )
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
