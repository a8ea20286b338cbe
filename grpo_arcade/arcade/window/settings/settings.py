"""Settings, one a row; each holds at once, and is written into the person's file, whose path is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pygame

from grpo_arcade.arcade.players.candidates import Candidate, candidates
from grpo_arcade.arcade.players.player import Program
from grpo_arcade.arcade.settings import settings_path
from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.settings.keys import KeysScene
from grpo_arcade.arcade.window.shell.preferences import choose, mute
from grpo_arcade.arcade.window.shell.scene import Event, Scene
from grpo_arcade.arcade.window.shell.widgets import CHANGED_BY_ARROWS, Focus, Item, column, draw_item, heading, stepped
from grpo_arcade.games import make

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

_GIF_SECONDS = (5.0, 10.0, 15.0, 30.0, 60.0)
_STRONGEST = "the strongest baseline"
Row = tuple[str, str, str, Callable[[int], None]]


class SettingsScene(Scene):
    """Change them.

    Args:
        app: the window.
    """

    title = "Settings"
    contexts = ("menu",)
    words = CHANGED_BY_ARROWS

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self._focus = Focus()
        self._programs: list[str] = []
        """Words of programs that may give hints."""

    def enter(self) -> None:
        """Look which runs have a champion that could give hints."""
        known = [word for word in self.app.memory.get("hint players", []) if isinstance(word, str)]
        look_at = candidates, make("2048"), self.app.settings.outputs, known
        self.app.background.thread(*look_at, done=self._offer, failed=self.app.complain)
        self.resized()

    def _offer(self, found: list[Candidate]) -> None:
        self._programs = [each.word for each in found if isinstance(each.player, Program)]

    def handle(self, event: Event) -> bool:
        """Move and change."""
        if not self._focus.handle(event):
            return False
        self.resized()
        self.app.redraw()
        return True

    def _set(self, name: str, value: bool | float | str) -> None:
        choose(self.app, name, value)
        self.resized()

    def _rows(self) -> list[Row]:
        settings, app = self.app.settings, self.app
        return [
            (
                "palette",
                "Colours",
                app.palette,
                lambda by: self._set("palette", stepped(theme.PALETTES, app.palette, by)),
            ),
            ("sound", "Sound", _on(not app.speaker.muted), lambda by: mute(app, not app.speaker.muted)),
            ("undo", "Taking moves back", _on(settings.undo), lambda by: self._set("undo", not settings.undo)),
            ("hint", "Hints and autoplay by", settings.hint or _STRONGEST, self._change_hint),
            ("gif_seconds", "A GIF of the last", f"{settings.gif_seconds:g} seconds", self._change_gif),
            (
                *("full_screen", "Opens over the whole screen", _on(settings.full_screen)),
                lambda by: self._set("full_screen", not settings.full_screen),
            ),
        ]

    def _change_palette(self, by: int) -> None:
        self._set("palette", stepped(theme.PALETTES, self.app.palette, by))

    def _change_hint(self, by: int) -> None:
        words = dict.fromkeys(["", *make("2048").baselines, *self._programs, self.app.settings.hint])
        self._set("hint", stepped(list(words), self.app.settings.hint, by))

    def _change_gif(self, by: int) -> None:
        now = self.app.settings.gif_seconds
        seconds = sorted({*_GIF_SECONDS, now})
        self._set("gif_seconds", stepped(seconds, now, by))

    # What is seen.

    def resized(self) -> None:
        """Rows in the middle."""
        rows = self._rows()
        places = column(self.app.theme, self.area, len(rows) + 2)
        items = [
            Item(place, lambda change=change: change(1), label, change, value, key=key)  # type: ignore[misc]
            for place, (key, label, value, change) in zip(places, rows, strict=False)
        ]
        items.append(Item(places[-2], lambda: self.app.open(KeysScene(self.app)), "Keys…", key="keys"))
        items.append(Item(places[-1], lambda: self.app.close(self), "Done", main=True, key="done"))
        self._focus.set(items)

    def draw(self, surface: pygame.Surface) -> None:
        """The rows, and where they are kept."""
        look = self.app.theme
        surface.fill(look.page, self.area)
        heading(surface, look, self.area, "Settings", "they hold at once")
        for item in self._focus.items:
            draw_item(surface, look, item, item is self._focus.item)
        height, last = look.px(theme.CAPTION), self._focus.items[-1].rect
        at = last.centerx, min(last.bottom + look.px(18), self.area.bottom - height)
        paint.text(surface, f"kept in {settings_path()}", at, height, look.soft, anchor="middle", room=self.area.width)

    def keys(self) -> Sequence[str]:
        """Few."""
        return ("menu.choose", "menu.left", "menu.right", "app.back")


def _on(value: bool) -> str:
    return "on" if value else "off"
