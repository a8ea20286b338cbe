"""Buttons, and the focus that moves between them by keys, mouse and gamepad alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.arcade.window.shell.scene import Act, Event, Pointer

CHANGED_BY_ARROWS = {"menu.left": "", "menu.right": "Change"}
"""What the arrows are called in the bar of keys, where the items have values."""


@dataclass(slots=True)
class Item:
    """Something that can have the focus and be chosen."""

    rect: pygame.Rect
    choose: Callable[[], None]
    label: str = ""
    """What it says; empty where the scene draws it itself."""
    change: Callable[[int], None] | None = None
    """With this, left (-1) and right (+1) change its value instead of moving the focus."""
    value: str = ""
    """Shown on the right of a changeable item."""
    main: bool = False
    """Drawn as the one thing to press."""
    enabled: bool = True
    key: object = field(default=None)
    """What it stands for, so that the focus survives a new lay-out."""
    pointer_only: bool = False
    """Whether only the mouse reaches it: what it does has a key of its own."""
    hovered: bool = False
    """Whether the mouse is over it. The focus stays where the keys have put it."""


class Focus:
    """The items of one screen and which has the focus."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.index = 0

    @property
    def item(self) -> Item | None:
        """The one that has the focus."""
        return self.items[self.index] if self.index < len(self.items) else None

    def set(self, items: Sequence[Item]) -> None:
        """Put other items in place; the focus stays on the one with the same key if there is one."""
        key = self.item.key if self.item else None
        self.items = list(items)
        same = [i for i, item in enumerate(self.items) if item.key == key and key is not None]
        self.index = same[0] if same else min(self.index, max(0, len(self.items) - 1))

    def handle(self, event: Event) -> bool:
        """Move the focus or choose; True if something changed."""
        if isinstance(event, Pointer):
            return self._point(event)
        if not isinstance(event, Act) or not self.items:
            return False
        if event.id in ("menu.next", "menu.previous"):
            by = 1 if event.id == "menu.next" else -1
            others = [i for i, item in enumerate(self.items) if not item.pointer_only]
            at = others.index(self.index) if self.index in others else 0
            self.index = others[(at + by) % len(others)]
            return True
        if event.id == "menu.choose":
            self._choose()
            return True
        way = {"menu.up": (0, -1), "menu.down": (0, 1), "menu.left": (-1, 0), "menu.right": (1, 0)}.get(event.id)
        if way is None:
            return False
        item = self.items[self.index]
        if way[0] and item.change and item.enabled:
            item.change(way[0])
        else:
            self._move(way)
        return True

    def _choose(self) -> None:
        item = self.items[self.index]
        if item.enabled:
            item.choose()

    def _point(self, event: Pointer) -> bool:
        at = [i for i, item in enumerate(self.items) if item.rect.collidepoint(event.at)]
        # What only the mouse reaches lies on what the keys reach too.
        under = next((i for i in at if self.items[i].pointer_only), at[0] if at else None)
        changed = False
        for i, item in enumerate(self.items):
            changed |= item.hovered != (i == under)
            item.hovered = i == under
        if under is None or event.kind != "down":
            return changed
        item = self.items[under]
        if not item.pointer_only:
            self.index = under
        if item.change and item.enabled:
            item.change(-1 if event.at[0] < item.rect.centerx else 1)
        elif item.enabled:
            item.choose()
        return True

    def _move(self, way: tuple[int, int]) -> None:
        """To the nearest item in a direction, being out of line counting double; past the last, to the first."""
        here = self.items[self.index].rect
        ahead: list[tuple[float, int]] = []
        behind: list[tuple[float, int]] = []
        for i, item in enumerate(self.items):
            dx, dy = item.rect.centerx - here.centerx, item.rect.centery - here.centery
            along, across = (dx * way[0], dy) if way[0] else (dy * way[1], dx)
            overlap = (
                item.rect.top < here.bottom and here.top < item.rect.bottom
                if way[0]
                else item.rect.left < here.right and here.left < item.rect.right
            )
            if i == self.index or item.pointer_only:
                continue
            if along > 0:
                ahead.append((along + (0.05 if overlap else 2.0) * abs(across), i))
            elif along < 0 and overlap:
                behind.append((along + 0.05 * abs(across), i))
        if ahead or behind:
            self.index = min(ahead or behind)[1]


FRAME = 5
"""Points that a frame lies around what has the focus: so far that its round corners are not painted over."""


def focus_frame(look: Theme, rect: pygame.Rect) -> pygame.Rect:
    """Where the frame of something lies that paints itself right up to its own corners, as a board does."""
    return rect.inflate(2 * look.px(FRAME), 2 * look.px(FRAME))


def draw_focus_frame(surface: pygame.Surface, look: Theme, frame: pygame.Rect) -> None:
    """Paint it, with the page inside."""
    paint.panel(surface, frame, look.page, look.px(theme.RADIUS), look.accent, max(2, look.px(2.5)))


def stepped(values: Sequence[Any], value: Any, by: int) -> Any:
    """What stands ``by`` places after ``value`` (before it if negative), round and round."""
    index = values.index(value) if value in values else (-1 if by > 0 else 0)
    return values[(index + by) % len(values)]


def draw_item(surface: pygame.Surface, look: Theme, item: Item, focused: bool) -> None:
    """A button, or a row with a value that can be changed."""
    height, pad = look.px(theme.BODY), look.px(theme.GAP)
    fill = look.accent if item.main else look.sunken if item.hovered else look.card
    ink = look.on_accent if item.main else look.ink if item.enabled else look.faint
    edge = max(2, look.px(2)) if focused else 1
    border = (look.ink if item.main else look.accent) if focused else (fill if item.main else look.line)
    paint.panel(surface, item.rect, fill, look.px(theme.RADIUS), border, edge)
    y = item.rect.centery
    if not item.change:
        room = item.rect.width - 2 * pad
        paint.text(surface, item.label, (item.rect.centerx, y), height, ink, weight="bold", anchor="middle", room=room)
        return
    x = item.rect.right - pad
    arrow = max(6, height * 9 // 10)
    if focused:
        paint.arrow(surface, (x - arrow // 2, y), arrow, "right", look.accent)
    x -= arrow + pad // 2
    value = paint.text(
        surface, item.value, (x, y), height, ink, weight="bold", anchor="right", room=item.rect.width * 3 // 5
    )
    if focused:
        paint.arrow(surface, (value.left - pad // 2 - arrow // 2, y), arrow, "left", look.accent)
    room = value.left - item.rect.left - 2 * pad - arrow
    paint.text(surface, item.label, (item.rect.left + pad, y), height, look.soft, room=room)


def column(look: Theme, area: pygame.Rect, count: int) -> list[pygame.Rect]:
    """Places for so many rows in the middle of an area, as high as there is room for."""
    gap, height = look.px(theme.TIGHT), look.px(44)
    width = min(look.px(640), area.width - 2 * look.px(theme.GAP))
    top = look.px(theme.PAD) + 2 * look.px(theme.TITLE)
    room = area.height - top - look.px(30)
    height = max(look.px(14), min(height, room // count - gap))
    if height < look.px(24):
        gap = 1
        height = room // count - gap
    y = max(top, (area.height - count * (height + gap)) // 2)
    left = (area.width - width) // 2
    places = [pygame.Rect(left, y + row * (height + gap), width, height) for row in range(count)]
    places[-1].top += gap  # the one to press stands apart
    return places


def heading(surface: pygame.Surface, look: Theme, area: pygame.Rect, words: str, note: str = "") -> int:
    """A scene's title in the upper left corner, with a note after it; returns the y below it."""
    pad, height = look.px(theme.PAD), look.px(theme.TITLE)
    y = area.top + pad + height // 2
    box = paint.text(surface, words, (area.left + pad, y), height, look.ink, weight="bold", room=area.width - 2 * pad)
    x = box.right + look.px(theme.GAP)
    if note:
        at = x, y + (height - look.px(theme.BODY)) // 2
        paint.text(surface, note, at, look.px(theme.BODY), look.faint, room=area.right - pad - x)
    return area.top + pad + height + look.px(theme.GAP)


def compact_heading(surface: pygame.Surface, look: Theme, area: pygame.Rect, words: str, note: str) -> None:
    """The same where there is little room: one low line, the title at the size of other text."""
    pad, y = look.px(theme.GAP), area.top + look.px(13)
    room = area.width - 2 * pad
    box = paint.text(surface, words, (pad, y), look.px(theme.BODY), look.ink, weight="bold", room=room)
    x = box.right + pad
    paint.text(surface, note, (x, y), look.px(theme.CAPTION), look.faint, room=room - x + pad)


def heading_anew(
    surface: pygame.Surface, look: Theme, area: pygame.Rect, boards: int, words: str, note: str, *, compact: bool
) -> pygame.Rect:
    """Paint a heading again above boards that begin at ``boards``; returns what was painted over."""
    # The focus of the uppermost boards begins a little above them.
    tall = boards - look.px(FRAME) - area.top
    painted = surface.fill(look.page, (area.left, area.top, area.width, tall))
    (compact_heading if compact else heading)(surface, look, area, words, note)
    return painted
