"""Where the window opens: the games with moving previews, the training runs, the recordings."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pygame

from grpo_arcade.arcade.window import paint, theme
from grpo_arcade.arcade.window.background import Task
from grpo_arcade.arcade.window.scene import Act, Dropped, Event, Scene, Wheel
from grpo_arcade.arcade.window.scenes.play import Play, best_key, kept_game
from grpo_arcade.arcade.window.scenes.play_panel import goal
from grpo_arcade.arcade.window.shelf import Shelf, look, run_line
from grpo_arcade.arcade.window.widgets import Focus, Item, draw_item, heading
from grpo_arcade.games import game_names, make

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.app import App

LOOK_AGAIN_S = 2.0
"""Between two looks at the disk."""
_MOVE_EVERY_S = 1.5
_PREVIEW_MOVES = 90
# Beside a game's own options: ways to play it that are worth a tile.
_VARIANTS: dict[str, Sequence[Mapping[str, Any]]] = {
    "2048": ({}, {"size": 3, "target": 256}, {"size": 5, "target": 8192}),
}


class Preview:
    """A small board on which a baseline makes a move now and then."""

    def __init__(self, name: str, options: Mapping[str, Any], number: int) -> None:
        self.game = make(name, **options)
        names = list(self.game.baselines)
        # Not the strongest: that one may need longer than a frame.
        self._baseline = self.game.baselines[names[min(1, len(names) - 1)]]
        self._rng = random.Random(number)
        self._next_in = 0.4 + number * _MOVE_EVERY_S / 3
        self._pictures: dict[str, Any] = {}
        self.rect = pygame.Rect(0, 0, 0, 0)
        self.stale = True
        self.progress = 1.0
        self._begin()

    def _begin(self) -> None:
        self.game.reset(self._rng.randrange(1000, 10**6))
        for _ in range(_PREVIEW_MOVES):
            if self.game.outcome is None:
                self.game.step(self._baseline(self.game, self._rng))
        self.view = self.game.view()

    def update(self, dt: float) -> bool:
        """True if it must be drawn."""
        moved = self.progress < 1.0
        if moved:
            self.progress = min(1.0, self.progress + dt / (2 * theme.MOVE_S))
        self._next_in -= dt
        if self._next_in <= 0:
            self._next_in = _MOVE_EVERY_S
            if self.game.outcome is not None:
                self._begin()
                moved = True
            else:
                self.game.step(self._baseline(self.game, self._rng))
                self.view = self.game.view()
                self.progress = 0.0
        self.stale = self.stale or moved
        return moved

    def next_update(self) -> float:
        """Half the rate of a game: it is small, and only to be seen from the corner of the eye."""
        return 2 * theme.FRAME_S if self.progress < 1.0 else max(0.0, self._next_in)

    def draw(self, surface: pygame.Surface, palette: str) -> None:
        """Paint its rectangle."""
        palette = palette if palette in self.game.palettes else self.game.palettes[0]
        if palette not in self._pictures:
            self._pictures[palette] = self.game.picture(palette)
        self._pictures[palette].draw(surface.subsurface(self.rect), self.view, self.progress)
        self.stale = False


@dataclass(frozen=True)
class Entry:
    """A row: a run, a recording, or on a small window a game."""

    key: object
    words: str
    note: str
    colour: int
    choose: Callable[[], None]


class Home(Scene):
    """The first screen."""

    title = ""
    contexts = ("home", "menu")

    def __init__(self, app: App) -> None:
        super().__init__(app)
        games = [(n, o) for n in game_names() if not n.endswith(("/", ":")) for o in _VARIANTS.get(n, ({},))]
        self._previews = [Preview(name, options, number) for number, (name, options) in enumerate(games)]
        self._focus = Focus()
        self._shelf: Shelf | None = None
        self._task: Task | None = None
        self._look_in = 0.0
        self._first = [0, 0]
        self._lists: list[tuple[str, str, list[Entry], pygame.Rect]] = []
        self._shown: dict[object, Entry] = {}

    def enter(self) -> None:
        """See what is new."""
        self._look_in = 0.0

    def leave(self) -> None:
        """Nobody waits for the disk any more."""
        if self._task:
            self._task.cancel()
            self._task = None

    # What happens.

    def handle(self, event: Event) -> bool:
        """Choose, scroll, or open a file dropped here."""
        if isinstance(event, Dropped):
            self._open_recording(Path(event.path))
            return True
        if isinstance(event, Act) and event.id == "home.versus":
            self._open_versus()
            return True
        if isinstance(event, Wheel):
            column = next((i for i, (*_, rect) in enumerate(self._lists) if rect.collidepoint(event.at)), None)
            return column is not None and self._scroll(column, -event.steps)
        if isinstance(event, Act) and event.id in ("menu.up", "menu.down") and self._scroll_by_focus(event.id):
            return True
        before = self._focus.item
        used = self._focus.handle(event)
        if used and self._focus.item is not before:
            self.app.redraw()
        return used

    def _scroll_by_focus(self, id: str) -> bool:
        item = self._focus.item
        for column, (_, _, entries, _) in enumerate(self._lists):
            shown = [entry for entry in entries if entry.key in self._shown]
            by = 1 if id == "menu.down" else -1
            edge = shown[-1 if by > 0 else 0] if shown else None
            if item is not None and edge is not None and item.key == edge.key:
                at = entries.index(edge) + by
                if 0 <= at < len(entries) and self._scroll(column, by):
                    self._focus.index = next(i for i, x in enumerate(self._focus.items) if x.key == entries[at].key)
                    return True
        return False

    def _scroll(self, column: int, by: int) -> bool:
        before = self._first[column]
        self._first[column] = max(0, before + by)
        self.resized()
        self.app.redraw()
        return self._first[column] != before

    def _play(self, preview: Preview) -> None:
        self.app.memory.set(f"options {preview.game.name}", dict(preview.game.options))
        self.app.open(Play(self.app, preview.game.name, dict(preview.game.options)))

    def _open_recording(self, path: Path) -> None:
        from grpo_arcade.arcade.window.scenes.replay import Replay

        self.app.open(Replay.of_file(self.app, path))

    def _open_run(self, path: Path) -> None:
        from grpo_arcade.arcade.window.scenes.watch import WatchScene

        self.app.open(WatchScene(self.app, path))

    def _open_versus(self) -> None:
        from grpo_arcade.arcade.window.scenes.versus import VersusScene

        self.app.open(VersusScene(self.app))

    # What is seen.

    def update(self, dt: float) -> bool:
        """Previews move; now and then the disk is looked at."""
        self._look_in -= dt
        if self._look_in <= 0 and self._task is None:
            self._look_in = LOOK_AGAIN_S
            settings = self.app.settings
            self._task = self.app.background.thread(
                look,
                Path(settings.outputs),
                self.app.settings.data_folder / "recordings",
                self._shelf,
                done=self._looked,
                failed=self._could_not_look,
            )
        if self.compact or not pygame.display.get_active():
            return False  # nobody looks
        moved = [preview.update(dt) for preview in self._previews]  # every one has to be told
        return any(moved)

    def _looked(self, shelf: Shelf) -> None:
        self._task = None
        if shelf != self._shelf:
            self._shelf = shelf
            self.resized()
            self.app.redraw()

    def _could_not_look(self, error: Exception) -> None:
        self._task = None
        self._look_in = 10 * LOOK_AGAIN_S
        self.app.complain(error)

    def next_update(self) -> float | None:
        """When the next preview moves, or the disk is due."""
        due = [max(0.0, self._look_in)] if self._task is None else []
        if not self.compact and pygame.display.get_active():
            due += [preview.next_update() for preview in self._previews]
        return min(due) if due else None

    def resized(self) -> None:
        """Tiles in a row and two lists below; on a small window one list of everything."""
        style = self.app.theme
        pad, gap = style.px(theme.PAD), style.px(theme.GAP)
        top = self.area.top + 2 * pad + style.px(theme.TITLE) + (0 if self.compact else gap)
        items: list[Item] = []
        self._shown = {}
        if self.compact:
            rows = [*self._game_rows(), *self._run_rows(), *self._recording_rows()]
            area = pygame.Rect(gap, top, self.area.width - 2 * gap, self.area.bottom - top)
            self._lists = [("", "", rows, area)]
        else:
            width = self.area.width - 2 * pad
            count = max(3, len(self._previews))
            side = min(
                (width - (count - 1) * pad) // count - 2 * gap, (self.area.height - top) * 11 // 20 - style.px(76)
            )
            x = self.area.left + pad
            for number, preview in enumerate(self._previews):
                card = pygame.Rect(x, top, side + 2 * gap, side + 2 * gap + style.px(58))
                preview.rect = pygame.Rect(card.left + gap, card.top + gap, side, side)
                items.append(Item(card, partial(self._play, preview), key=("game", number)))
                x = card.right + pad
            wide, tall = style.px(150), style.px(34)
            box = pygame.Rect(self.area.right - pad - wide, self.area.top + pad - style.px(6), wide, tall)
            items.append(Item(box, self._open_versus, "Versus", main=True, key="versus"))
            low = top + side + 2 * gap + style.px(58) + pad
            half = (width - pad) // 2
            left = pygame.Rect(self.area.left + pad, low, half, self.area.bottom - low - gap)
            record = self.app.bindings.key_label("play.record")
            runs = "none yet: arcade train starts one" if self._shelf else "looking…"
            kept = f"none yet: {record} in a game makes one" if self._shelf else "looking…"
            self._lists = [
                ("Training runs", runs, self._run_rows(), left),
                ("Recordings", kept, self._recording_rows(), left.move(half + pad, 0)),
            ]
        for column, (title, _, entries, rect) in enumerate(self._lists):
            items += self._row_items(column, entries, rect, bool(title))
        self._focus.set(items)

    def _row_items(self, column: int, entries: list[Entry], rect: pygame.Rect, titled: bool) -> list[Item]:
        style = self.app.theme
        height = style.px(32)
        top = rect.top + (style.px(34) if titled else 0)
        fits = max(1, (rect.bottom - top) // height)
        first = self._first[column] = min(self._first[column], max(0, len(entries) - fits))
        items = []
        for row, entry in enumerate(entries[first : first + fits]):
            box = pygame.Rect(rect.left, top + row * height, rect.width, height - style.px(4))
            items.append(Item(box, entry.choose, key=entry.key))
            self._shown[entry.key] = entry
        return items

    def _game_rows(self) -> list[Entry]:
        style = self.app.theme
        versus = Entry("versus", "Versus", "against a model", style.rival, self._open_versus)
        return [
            *(
                Entry(
                    ("game", i),
                    f"{p.game.name} · {goal(p.game)}",
                    self._scores(p),
                    style.accent,
                    partial(self._play, p),
                )
                for i, p in enumerate(self._previews)
            ),
            versus,
        ]

    def _run_rows(self) -> list[Entry]:
        style = self.app.theme
        rows = []
        for run in self._shelf.runs if self._shelf else ():
            live = run.status in ("running", "starting", "paused")
            colour = style.good if live else style.bad if run.status in ("failed", "crashed") else style.faint
            note = f"held-out {run.score:,.0f}" if run.score is not None else ""
            rows.append(Entry(run.path, run_line(run), note, colour, partial(self._open_run, run.path)))
        return rows

    def _recording_rows(self) -> list[Entry]:
        style = self.app.theme
        rows = []
        for recording in self._shelf.recordings if self._shelf else ():
            first = recording.first
            choose = partial(self._open_recording, recording.path)
            if first is None:
                rows.append(Entry(recording.path, recording.path.name, "cannot be read", style.bad, choose))
                continue
            more = f" and {recording.count - 1} more" if recording.count > 1 else ""
            words = f"{first.player or 'a player'} · {first.game} · seed {first.seed}{more}"
            note = f"{first.score:,.0f}"
            rows.append(Entry(recording.path, words, note, style.outcome(first.outcome), choose))
        return rows

    def _scores(self, preview: Preview) -> str:
        best = self.app.memory.get("best", {}).get(best_key(preview.game), 0)
        if kept_game(self.app.settings.data_folder, preview.game).exists():
            return f"best {best:,.0f} · a game waits" if best else "a game waits"
        return f"best {best:,.0f}" if best else "not played yet"

    def draw(self, surface: pygame.Surface) -> Sequence[pygame.Rect] | None:
        """All of it, or the previews that moved."""
        if not self.whole:
            moved = [preview for preview in self._previews if preview.stale]
            for preview in moved:
                preview.draw(surface, self.app.palette)
            return [preview.rect for preview in moved]
        style = self.app.theme
        heading(surface, style, self.area, "GRPO Arcade", "" if self.compact else "play, and watch a model learn to")
        if not self.compact:
            for preview, item in zip(self._previews, self._focus.items, strict=False):
                self._draw_tile(surface, preview, item)
            versus = self._focus.items[len(self._previews)]
            draw_item(surface, style, versus, versus is self._focus.item)
        for title, empty, entries, rect in self._lists:
            self._draw_list(surface, title, empty, entries, rect)
        return None

    def _draw_tile(self, surface: pygame.Surface, preview: Preview, item: Item) -> None:
        style, card = self.app.theme, item.rect
        focused = item is self._focus.item
        edge = max(2, style.px(2)) if focused else 1
        border = style.accent if focused else style.line
        # The page's own colour inside, for that is what a board lies on.
        paint.panel(surface, card, style.page, style.px(theme.RADIUS), border, edge)
        preview.draw(surface, self.app.palette)
        x, room = preview.rect.left, preview.rect.width
        y = preview.rect.bottom + style.px(18)
        name = f"{preview.game.name} · {goal(preview.game)}"
        paint.text(surface, name, (x, y), style.px(theme.BODY), style.ink, weight="bold", room=room)
        y += style.px(23)
        paint.text(surface, self._scores(preview), (x, y), style.px(theme.CAPTION), style.faint, room=room)

    def _draw_list(
        self, surface: pygame.Surface, title: str, empty: str, entries: list[Entry], rect: pygame.Rect
    ) -> None:
        style = self.app.theme
        if title:
            y = rect.top + style.px(12)
            box = paint.text(surface, title, (rect.left, y), style.px(theme.HEADING), style.ink, weight="bold")
            hidden = len(entries) - sum(entry.key in self._shown for entry in entries)
            note = empty if not entries else f"{hidden} more" if hidden else ""
            at = box.right + style.px(theme.GAP), y + style.px(2)
            room = rect.right - at[0]
            paint.text(surface, note, at, style.px(theme.CAPTION), style.faint, room=room)
        for item in self._focus.items:
            entry = self._shown.get(item.key)
            if entry is not None and entry in entries:
                self._draw_row(surface, entry, item)

    def _draw_row(self, surface: pygame.Surface, entry: Entry, item: Item) -> None:
        style, box = self.app.theme, item.rect
        focused = item is self._focus.item
        edge = max(2, style.px(2)) if focused else 1
        paint.panel(surface, box, style.card, style.px(7), style.accent if focused else style.line, edge)
        gap, height = style.px(theme.GAP), style.px(theme.BODY)
        dot = pygame.Rect(0, 0, style.px(8), style.px(8))
        dot.center = box.left + gap, box.centery
        paint.panel(surface, dot, entry.colour, dot.width // 2)
        note = paint.text(
            surface,
            entry.note,
            (box.right - gap, box.centery),
            style.px(theme.CAPTION),
            style.faint,
            anchor="right",
            room=box.width // 2,
        )
        x = dot.right + style.px(theme.TIGHT)
        paint.text(surface, entry.words, (x, box.centery), height, style.ink, room=note.left - gap - x)

    def keys(self) -> Sequence[str]:
        """What helps a newcomer."""
        return ("menu.choose", "home.versus", "app.palette", "app.full-screen", "app.quit")
