"""Every action and the keys that do it: Enter waits for another key, backspace goes back to what does it by default."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import pygame

from grpo_arcade.arcade.window.draw import theme
from grpo_arcade.arcade.window.home.lists import Entry, RowList
from grpo_arcade.arcade.window.shell.actions import ACTIONS, CONTEXTS, binding_label
from grpo_arcade.arcade.window.shell.preferences import bind
from grpo_arcade.arcade.window.shell.scene import Act, Event, Pressed, Scene, Wheel
from grpo_arcade.arcade.window.shell.widgets import Focus, heading

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

_OTHER_DEVICES = ("pad:", "mouse:", "wheel:")


class KeysScene(Scene):
    """Change them.

    Args:
        app: the window.
    """

    title = "Keys"
    contexts = ("menu",)

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self.waiting: str | None = None
        """The action whose key is waited for."""
        self._rows = RowList()
        self._focus = Focus()

    @property
    def wants_key(self) -> bool:  # type: ignore[override]
        """While a key is waited for."""
        return self.waiting is not None

    # What the person does.

    def handle(self, event: Event) -> bool:
        """Move, choose an action, press its key."""
        if isinstance(event, Pressed):
            self._take(event.word)
        elif isinstance(event, Wheel):
            self._rows.scroll(-event.steps)
        elif not self._moves(event):
            return False
        self.resized()
        self.app.redraw()
        return True

    def _moves(self, event: Event) -> bool:
        if isinstance(event, Act) and self._rows.follow(event.id, self._focus, self.resized, alone=True):
            return True
        return self._focus.handle(event)

    def _wait(self, id: str) -> None:
        self.waiting = id

    def _take(self, word: str) -> None:
        id, self.waiting = self.waiting, None
        if id is None or word == "escape":
            return
        if word in ("backspace", "delete"):
            bind(self.app, id, None)
            return
        others = [each for each in self.app.bindings.bindings(id) if each.startswith(_OTHER_DEVICES)]
        bind(self.app, id, [word, *others])

    # What is seen.

    def resized(self) -> None:
        """As many rows as there is room for."""
        look = self.app.theme
        wide = min(look.px(820), self.area.width - 2 * look.px(theme.GAP))
        top = look.px(theme.PAD) + 2 * look.px(theme.TITLE)
        rows = pygame.Rect((self.area.width - wide) // 2, top, wide, 0)
        rows.height = max(1, self.area.bottom - look.px(theme.TIGHT) - rows.top)
        self._focus.set(self._rows.lay_out(look, rows, self._entries()))

    def _entries(self) -> list[Entry]:
        look, entries = self.app.theme, []
        for action in ACTIONS:
            words = ", ".join(map(binding_label, self.app.bindings.bindings(action.id))) or "not bound"
            changed = action.id in self.app.settings.keys
            note = "press a key; Esc leaves it as it is" if action.id == self.waiting else words
            name = f"{CONTEXTS[action.context]} · {action.label}"
            colour = look.accent if changed or action.id == self.waiting else look.line
            entries.append(Entry(action.id, name, note, colour, partial(self._wait, action.id)))
        return entries

    def draw(self, surface: pygame.Surface) -> None:
        """All of it."""
        look = self.app.theme
        surface.fill(look.page, self.area)
        note = "press the key, Backspace for the usual one" if self.waiting else "Enter changes one"
        heading(surface, look, self.area, "Keys", note)
        self._rows.draw(surface, look, self._focus.items, self._focus.item)

    def keys(self) -> Sequence[str]:
        """Few."""
        return () if self.waiting else ("menu.choose", "menu.up", "menu.down", "app.back")
