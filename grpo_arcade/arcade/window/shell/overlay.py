"""What the app draws over every scene: messages, the help, and the bar of keys at the bottom."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Literal

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.arcade.window.shell.actions import CONTEXTS, Action, Bindings, binding_label

Kind = Literal["note", "error"]
_TURNS = {"up": -1, "wheel:up": -1, "pad:up": -1, "down": 1, "wheel:down": 1, "pad:down": 1}
"""Rows the help is turned by; whatever the person has bound, these are the keys."""


class Messages:
    """One readable line at a time, above the bar of keys; errors stay longer and come in their own colour."""

    def __init__(self) -> None:
        self.history: list[tuple[Kind, str]] = []
        """Everything said, the newest last."""
        self._shown: list[tuple[Kind, str, float]] = []

    def say(self, line: str, kind: Kind) -> None:
        """Show a line, and forget an equal one that is still there."""
        line = " ".join(line.split())
        self.history.append((kind, line))
        del self.history[:-100]
        stays = max(theme.TOAST_S, len(line) / 14) * (1.6 if kind == "error" else 1.0)
        self._shown = [*(m for m in self._shown if m[1] != line), (kind, line, time.perf_counter() + stays)][-3:]

    def complain(self, problem: Exception | str) -> None:
        """Show what went wrong, as one line."""
        line = str(problem)
        if isinstance(problem, OSError) and problem.strerror:
            line = f"{problem.filename}: {problem.strerror}" if problem.filename else problem.strerror
        self.say(line if line.split() else type(problem).__name__, "error")

    def dismiss(self) -> bool:
        """Take all away; False if there were none."""
        had = bool(self._shown)
        self._shown.clear()
        return had

    def expire(self) -> bool:
        """Take away what has been there long enough; True if anything was."""
        now = time.perf_counter()
        before = len(self._shown)
        self._shown = [message for message in self._shown if message[2] > now]
        return len(self._shown) != before

    def next_expiry(self) -> float | None:
        """Seconds until a line goes."""
        return max(0.0, min(m[2] for m in self._shown) - time.perf_counter()) if self._shown else None

    def __bool__(self) -> bool:
        return bool(self._shown)

    def draw(self, surface: pygame.Surface, look: Theme, bottom: int) -> list[pygame.Rect]:
        """Paint them, the newest lowest, above ``bottom``; where they lie."""
        boxes = []
        height, pad = look.px(theme.BODY), look.px(theme.GAP)
        room = min(surface.get_width() - 2 * pad, look.px(760))
        for kind, line, _ in reversed(self._shown):
            lines = paint.wrapped(line, room - 3 * pad, height)[:4]
            step = round(height * theme.LINE)
            wide = max(paint.text_width(part, height) for part in lines) + 3 * pad
            box = pygame.Rect(0, 0, min(wide, room), len(lines) * step + pad)
            box.midbottom = surface.get_width() // 2, bottom - pad // 2
            paint.panel(surface, box, look.ink, look.px(theme.RADIUS))
            stripe = pygame.Rect(box.left + pad * 2 // 3, box.top + pad * 2 // 3, look.px(3), box.height - pad * 4 // 3)
            paint.panel(surface, stripe, look.bad if kind == "error" else look.good, look.px(2))
            for row, part in enumerate(lines):
                y = box.top + pad // 2 + row * step + step // 2
                paint.text(surface, part, (box.left + pad * 3 // 2, y), height, look.page)
            boxes.append(box)
            bottom = box.top
        return boxes


class KeyBar:
    """The bar at the bottom: what can be done here and by which key; every entry can be clicked."""

    def __init__(self) -> None:
        self._chips: list[tuple[pygame.Rect, str]] = []
        self._typing = False
        self._called: Mapping[str, str] = {}
        self.hovered: str | None = None

    @staticmethod
    def height(look: Theme) -> int:
        """Pixels it takes."""
        return look.px(34)

    def draw(
        self,
        surface: pygame.Surface,
        look: Theme,
        bindings: Bindings,
        ids: Sequence[str],
        device: str,
        help_id: str,
        *,
        called: Mapping[str, str],
        typing: bool = False,
    ) -> None:
        """Paint as many of the actions as fit; the help is always there, on the right.

        ``called``: what some of them are called here. While somebody is ``typing``, a key that prints is no key of an
        action and is not named as one.
        """
        self._typing, self._called = typing, called
        bar = pygame.Rect(0, surface.get_height() - self.height(look), surface.get_width(), self.height(look))
        surface.fill(look.sunken, bar)
        surface.fill(look.line, (0, bar.top, bar.width, 1))
        self._chips = []
        edge = look.px(theme.GAP)
        right = bar.width - edge - self._chip_width(look, bindings, help_id, device)
        self._chip(surface, look, bindings, help_id, device, right, bar)
        x = edge
        for id in ids:
            width = self._chip_width(look, bindings, id, device)
            if x + width > right - edge:
                break
            self._chip(surface, look, bindings, id, device, x, bar)
            x += width + look.px(theme.GAP)

    def at(self, point: tuple[int, int]) -> str | None:
        """The action under a point."""
        return next((id for rect, id in self._chips if rect.collidepoint(point)), None)

    def _words(self, bindings: Bindings, id: str, device: str) -> tuple[str, str]:
        of_device = [w for w in bindings.bindings(id) if w.startswith("pad:") == (device == "pad") and ":" not in w[4:]]
        words = [w for w in of_device if device == "pad" or not w.startswith(("mouse:", "wheel:"))]
        if self._typing and device != "pad":
            words = [word for word in words if len(word) > 1] or words
        key = binding_label(words[0]) if words else bindings.key_label(id)
        label = self._called.get(id, bindings.action(id).label)
        return key, "" if label == key else label  # an arrow that is called by its name says it once

    def _chip_width(self, look: Theme, bindings: Bindings, id: str, device: str) -> int:
        key, label = self._words(bindings, id, device)
        height = look.px(theme.CAPTION)
        cap = paint.text_width(key, height, "bold") + look.px(theme.GAP) if key else 0
        return cap + (look.px(theme.TIGHT) + paint.text_width(label, height) if label else 0)

    def _chip(
        self, surface: pygame.Surface, look: Theme, bindings: Bindings, id: str, device: str, x: int, bar: pygame.Rect
    ) -> None:
        key, label = self._words(bindings, id, device)
        height = look.px(theme.CAPTION)
        start, middle = x, bar.centery
        hovered = self.hovered == id
        if key:
            cap = pygame.Rect(x, 0, paint.text_width(key, height, "bold") + look.px(theme.GAP), look.px(20))
            cap.centery = middle
            paint.panel(surface, cap, look.accent if hovered else look.card, look.px(5), look.line)
            ink = look.on_accent if hovered else look.soft
            paint.text(surface, key, cap.center, height, ink, weight="bold", anchor="middle")
            x = cap.right
        if label:
            x += look.px(theme.TIGHT) if key else 0
            x = paint.text(surface, label, (x, middle), height, look.accent if hovered else look.soft).right
        self._chips.append((pygame.Rect(start, bar.top, x - start, bar.height), id))


class Help:
    """Every action alive in a scene with all that does it, made from the action map itself."""

    def __init__(self, contexts: Sequence[str], title: str) -> None:
        self._contexts = contexts
        self._title = title
        self._first = 0
        self._hidden = 0

    def turned(self, words: Sequence[str]) -> bool:
        """Where not everything fits, show what comes before or after; False if none of the words asks for that."""
        lines = next((_TURNS[word] for word in words if word in _TURNS), 0)
        self._first = max(0, min(self._first + lines, self._hidden))
        return bool(lines)

    def draw(self, surface: pygame.Surface, look: Theme, bindings: Bindings) -> None:
        """Paint a dimmed scene and a card with the keys in as many columns as there is room for."""
        paint.veil(surface, look.scrim, 0.55)
        pad, height = look.px(theme.PAD), look.px(theme.BODY)
        step = round(height * theme.LINE)
        lines: list[tuple[str, Action | None]] = []
        for context in self._contexts:
            actions = bindings.in_context(context)
            if actions:
                lines += [(CONTEXTS[context], None), *(("", action) for action in actions)]
        width = min(surface.get_width() - pad, look.px(980))
        columns = max(1, width // look.px(400))
        head = look.px(theme.TITLE) * 2 + pad
        rows = max(3, min(-(-len(lines) // columns), (surface.get_height() - pad - head - pad) // step))
        self._hidden = next(at for at in range(len(lines) + 1) if len(_columned(lines[at:], rows)) <= rows * columns)
        self._first = min(self._first, self._hidden)
        card = pygame.Rect(0, 0, width, min(head + rows * step + pad, surface.get_height()))
        card.center = surface.get_rect().center
        paint.panel(surface, card, look.card, look.px(theme.RADIUS))
        paint.text(
            surface,
            self._title,
            (card.left + pad, card.top + pad + look.px(theme.TITLE) // 2),
            look.px(theme.TITLE),
            look.ink,
            weight="bold",
        )
        key = bindings.key_label("app.settings")
        more = "more: arrows or wheel" if self._hidden else f"every key can be changed in the settings ({key})"
        room = card.width - 3 * pad - paint.text_width(self._title, look.px(theme.TITLE), "bold")
        at = card.right - pad, card.top + pad + look.px(theme.TITLE) // 2
        paint.text(surface, more, at, look.px(theme.CAPTION), look.faint, anchor="right", room=room)
        column_width = (card.width - 2 * pad) // columns
        labels = (paint.text_width(action.label, height) for _, action in lines if action is not None)
        widest = max(labels, default=0) + look.px(theme.GAP)
        keys_at = min(max(look.px(150), widest), column_width // 2)
        for number, (heading, action) in enumerate(_columned(lines[self._first :], rows)[: rows * columns]):
            column, row = divmod(number, rows)
            x = card.left + pad + column * column_width
            y = card.top + head + row * step + step // 2
            if action is None and not heading:
                continue
            if action is None:
                paint.text(surface, heading, (x, y), height, look.accent, weight="bold", room=column_width)
                continue
            paint.text(surface, action.label, (x, y), height, look.ink, room=keys_at - look.px(theme.TIGHT))
            keys = ", ".join(map(binding_label, bindings.bindings(action.id))) or "not bound"
            paint.text(surface, keys, (x + keys_at, y), height, look.soft, room=column_width - keys_at - pad)


def _columned(lines: Sequence[tuple[str, Action | None]], rows: int) -> list[tuple[str, Action | None]]:
    """The same in columns of so many rows, with nothing at the foot of a column where a heading would stand alone."""
    placed: list[tuple[str, Action | None]] = []
    for line in lines:
        if line[1] is None and len(placed) % rows == rows - 1:
            placed.append(("", None))
        placed.append(line)
    return placed
