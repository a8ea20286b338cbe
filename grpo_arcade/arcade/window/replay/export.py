"""A film of what is being replayed. It is made while one still chooses: its size is measured and not guessed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from itertools import accumulate, repeat
from pathlib import Path
from typing import TYPE_CHECKING

import pygame

from grpo_arcade.arcade.window.background.filming import Filmed, FilmPlan, film
from grpo_arcade.arcade.window.background.jobs import Task
from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.boards import palette_of
from grpo_arcade.arcade.window.draw.words import size_words
from grpo_arcade.arcade.window.replay.preview import Preview
from grpo_arcade.arcade.window.shell.saved import onward
from grpo_arcade.arcade.window.shell.scene import Event, Scene
from grpo_arcade.arcade.window.shell.widgets import Focus, Item, draw_item, heading
from grpo_arcade.games import Episode
from grpo_arcade.games.names import shown_name
from grpo_arcade.games.replay import table_of

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

FORMATS = ("gif", "mp4")
SIZES = (160, 240, 320, 480, 640, 960)
SPEEDS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
FITS = 10_000_000
"""Bytes that common places accept for a picture."""
_SETTLED_S = 0.4
"""After a change, before the film is begun anew."""


class Export(Scene):
    """Choose format, size and speed; see what the file weighs; save it.

    Args:
        app: the window.
        episodes: verified ones, one to six, side by side.
        speed: at first.
        moves: how many of each are shown; by default all.
        in_turn: whether they are shown one after another instead, any number of them.
    """

    title = "Export"
    contexts = ("menu",)

    def __init__(
        self,
        app: App,
        episodes: Sequence[Episode],
        speed: float = 1.0,
        moves: Sequence[int] | None = None,
        in_turn: bool = False,
    ) -> None:
        super().__init__(app)
        self._episodes = tuple(episodes)
        self._moves = tuple(episode.moves for episode in episodes) if moves is None else tuple(moves)
        self._in_turn = in_turn
        self._length = (sum if in_turn else max)(self._moves)
        self.start, self.end = 0, self._length
        """The moves that it shows."""
        self._preview = Preview(app, self._episodes, self._moves, in_turn)
        self.format = app.memory.get("export format", "gif")
        if self.format not in FORMATS:
            self.format = "gif"
        self.size = 320
        self._game = table_of(episodes[0])
        # Many moves are shown faster; what goes by the clock has its own pace.
        fastest = 4.0 if len(episodes[0].actions) > 400 and not self._game.clock_driven else 1.0
        self.speed = min(SPEEDS, key=lambda s: abs(s - max(speed, fastest)))
        self.fits = True
        self.wanted = False
        """Whether the person has asked for the file."""
        self.filmed: Filmed | None = None
        self.problem = ""
        self.share = 0.0
        self._task: Task | None = None
        self._begin_in: float | None = 0.0
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._focus = Focus()
        self._status = pygame.Rect(0, 0, 0, 0)
        self._shown: object = None
        """What the choices looked like when they were painted last."""

    def _sizes(self) -> Sequence[int]:
        """Widths of a board; a console's screen is enlarged by whole numbers."""
        natural = self._game.picture().natural_size[0]
        return [natural * times for times in (1, 2, 3, 4, 6)] if self._game.clock_driven else SIZES

    def enter(self) -> None:
        """Begin to film, as most people want it."""
        self._begin_in = 0.0
        self._focus.index = len(self._focus.items) - 1

    def leave(self) -> None:
        """A film that was asked for is finished and saved all the same; one that was only measured is not."""
        if self.wanted and self.filmed is None and not self.problem and self.app.running:
            self.app.say("The film is still being made; it is saved when it is ready")
        else:
            self._give_up()

    def _give_up(self) -> None:
        if self._task:
            self._task.cancel()
            self._task = None
        if self._scratch:
            self._scratch.cleanup()
            self._scratch = None

    def plan(self) -> FilmPlan:
        """What is chosen now."""
        limit = FITS if self.fits and self.format == "gif" else None
        before = accumulate(self._moves, initial=0) if self._in_turn else repeat(0)
        shown = tuple(max(0, min(moves, self.end - begun)) for moves, begun in zip(self._moves, before, strict=False))
        count = max(1, len(shown) - shown[::-1].count(0)) if self._in_turn else len(shown)
        return FilmPlan(
            self._episodes[:count],
            shown[:count],
            self.start,
            self.format,
            self.size,
            self.speed,
            limit,
            palette_of(self._game, self.app.palette),
            self._in_turn,
        )

    def _changed(self) -> None:
        self._give_up()
        self.filmed, self.problem, self.wanted, self.share = None, "", False, 0.0
        self._begin_in = _SETTLED_S
        self.resized()

    def _begin(self) -> None:
        self._begin_in = None
        # Beside the finished films, so that moving it there costs nothing.
        self._scratch = tempfile.TemporaryDirectory(
            prefix=".making-", dir=self.app.files.folder("films"), ignore_cleanup_errors=True
        )
        path = Path(self._scratch.name) / f"film.{self.format}"
        self._task = self.app.background.process(
            film, self.plan(), path, item=self._comes, done=self._done, failed=self._failed
        )

    def _comes(self, share: float) -> None:
        self.share = share

    def _done(self, filmed: Filmed) -> None:
        self.filmed, self._task = filmed, None
        if self.wanted:
            self._save()
        self.resized()

    def _failed(self, error: Exception) -> None:
        self.problem, self._task, self.wanted = " ".join(str(error).split()), None, False
        self.app.complain(error)
        self.resized()

    def _export(self) -> None:
        self.wanted = True
        if self._begin_in is not None:
            self._begin()
        if self.filmed is not None:
            self._save()
        self.resized()

    def _save(self) -> None:
        assert self.filmed is not None
        first = self._episodes[0]
        versus = "" if len(self._episodes) == 1 else "-match" if self._in_turn else "-versus"
        stem = f"{first.game.replace('/', '-')}{versus}-seed-{first.seed}"
        path = self.app.files.fresh("films", stem, f".{self.format}")
        os.replace(self.filmed.path, path)
        self.app.say(f"Saved ({size_words(self.filmed.bytes)}): {path} · {onward(self.app.bindings)}")
        self.app.memory.set("export format", self.format)
        if self in self.app.scenes:
            self.app.close(self)
        else:
            self._give_up()  # its folder, which is empty now

    # What is chosen and seen.

    def handle(self, event: Event) -> bool:
        """Move and change."""
        return self._focus.handle(event)

    def update(self, dt: float) -> bool:
        """Begin once the choices have settled; the preview plays all the while."""
        moved = bool(self._preview.rect.width) and self._preview.update(dt, self.speed)
        if self._begin_in is None:
            return moved
        self._begin_in -= dt
        if self._begin_in <= 0:
            self._begin()
        return True

    def next_update(self) -> float | None:
        """At once while the preview plays, else when the film is to be begun."""
        if self._preview.rect.width:
            return 0.0
        return max(0.0, self._begin_in) if self._begin_in is not None else None

    def resized(self) -> None:
        """Rows, and where there is room for it the preview beside them."""
        look = self.app.theme
        gap, pad = look.px(theme.TIGHT), look.px(theme.PAD)
        top = look.px(theme.PAD) * 2 + look.px(theme.TITLE)
        width = min(look.px(560), self.area.width - 2 * look.px(theme.GAP))
        left = (self.area.width - width) // 2
        self._preview.rect = pygame.Rect(0, 0, 0, 0)
        if not self.compact and self.area.width > self.area.height:
            width = min(look.px(470), self.area.width * 2 // 5)
            left = self.area.width - pad - width
            self._preview.rect = pygame.Rect(pad, top, left - 3 * pad, self.area.height - top - pad)
        rows = self._rows()
        height = min(look.px(46), (self.area.height - top) // (len(rows) + 3) - gap)
        y = max(top, (self.area.height - (len(rows) + 3) * (height + gap)) // 2)
        items = []
        for label, value, change in rows:
            rect = pygame.Rect(left, y, width, height)
            items.append(Item(rect, lambda change=change: change(1), label, change, value, key=label))  # type: ignore[misc]
            y += height + gap
        self._status = pygame.Rect(left, y, width, height * 3 // 2)
        y += height * 3 // 2 + gap
        words = "Saving as soon as it is made" if self.wanted else "Save"
        done = pygame.Rect(left, y, width, height)
        items.append(Item(done, self._export, words, main=True, enabled=not self.problem, key="save"))
        self._focus.set(items)

    def _rows(self) -> list[tuple[str, str, Callable[[int], None]]]:
        rows: list[tuple[str, str, Callable[[int], None]]] = [
            ("From move", f"{self.start:,}", self._change_start),
            ("To move", f"{self.end:,} of {self._length:,}", self._change_end),
            ("Format", self.format.upper(), lambda by: self._choose("format", FORMATS, by)),
            ("Board", f"{self.size} pixels", lambda by: self._choose("size", self._sizes(), by)),
            ("Speed", f"{self.speed:g}×", lambda by: self._choose("speed", SPEEDS, by)),
        ]
        if self.format == "gif":
            fits = "must fit in 10 MB" if self.fits else "any"
            rows.append(("File size", fits, lambda by: self._choose("fits", (True, False), by)))
        return rows

    def _change_start(self, by: int) -> None:
        self._change_range(max(0, min(self.start + by * self._leap, self.end - 1)), self.end)

    def _change_end(self, by: int) -> None:
        self._change_range(self.start, max(self.start + 1, min(self.end + by * self._leap, self._length)))

    @property
    def _leap(self) -> int:
        """Moves that one press is worth."""
        return max(1, self._length // 20)

    def _change_range(self, start: int, end: int) -> None:
        if (start, end) != (self.start, self.end) and 0 <= start < end:
            self.start, self.end = start, end
            self._preview.show(start, end)
            self._changed()

    def _choose(self, name: str, choices: Sequence[object], by: int) -> None:
        index = choices.index(getattr(self, name)) + by
        # A format or a yes goes round; a scale ends.
        index = index % len(choices) if len(choices) == 2 else max(0, min(index, len(choices) - 1))
        if choices[index] != getattr(self, name):
            setattr(self, name, choices[index])
            self._changed()

    def status(self) -> tuple[str, str]:
        """What is known of the file, in two lines."""
        if self.problem:
            return "It cannot be made", self.problem
        if self.filmed is None:
            return f"Measuring… {self.share:.0%}", "the film is being made already"
        made = self.filmed
        fits = " · fits in 10 MB" if made.bytes <= FITS else " · more than 10 MB"
        facts = f"{made.width}×{made.height}, {made.seconds:.0f} s" + (f"; {made.note}" if made.note else "")
        return size_words(made.bytes) + fits, facts

    def draw(self, surface: pygame.Surface) -> Sequence[pygame.Rect] | None:
        """The rows, what the file weighs, and what it shows."""
        if self._preview.rect.width:
            self._preview.draw(surface)
        items = tuple((item.label, item.value, item.hovered) for item in self._focus.items)
        shown = self.status(), round(self.share, 2), self._focus.index, items
        if not self.whole and shown == self._shown:
            return [self._preview.rect]
        self._shown = shown
        self._draw_choices(surface)
        return None

    def _draw_choices(self, surface: pygame.Surface) -> None:
        look, box = self.app.theme, self._status
        covered = pygame.Rect(self._preview.rect.right, 0, self.area.width - self._preview.rect.right, self.area.height)
        surface.fill(look.page, covered if self._preview.rect.width else self.area)
        surface.fill(look.page, (0, 0, self.area.width, self._preview.rect.top))
        who = " and ".join(dict.fromkeys(episode.player or "a player" for episode in self._episodes))
        what = shown_name(self._episodes[0].game)
        heading(surface, look, self.area, "Film", f"{who} · {what} · seed {self._episodes[0].seed}")
        for item in self._focus.items:
            draw_item(surface, look, item, item is self._focus.item)
        paint.panel(surface, box, look.sunken, look.px(theme.RADIUS))
        upper, lower = self.status()
        gap = look.px(theme.GAP)
        room = box.width - 2 * gap
        over = self.problem or (self.filmed and self.filmed.bytes > FITS)
        ink = look.bad if over else look.good if self.filmed else look.ink
        at = box.left + gap, box.top + box.height * 32 // 100
        paint.text(surface, upper, at, look.px(theme.BODY), ink, weight="bold", room=room)
        at = box.left + gap, box.top + box.height * 66 // 100
        paint.text(surface, lower, at, look.px(theme.CAPTION), look.soft, room=room)
        if self.filmed is None and not self.problem:
            track = pygame.Rect(box.left + gap, box.bottom - look.px(8), room, max(2, look.px(3)))
            surface.fill(look.line, track)
            surface.fill(look.accent, (track.left, track.top, round(track.width * self.share), track.height))

    def keys(self) -> Sequence[str]:
        """Few."""
        return ("menu.choose", "app.back")
