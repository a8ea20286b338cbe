"""Where the window opens: the games with moving previews, the training runs, the recordings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pygame

from grpo_arcade.arcade.window.background.jobs import Task
from grpo_arcade.arcade.window.draw import theme
from grpo_arcade.arcade.window.home.games import ATARI, LIBRARY, GameShelf, Tile
from grpo_arcade.arcade.window.home.lists import Entry, RowList
from grpo_arcade.arcade.window.home.shelf import Shelf, look, run_line
from grpo_arcade.arcade.window.shell.scene import Act, Dropped, Event, Scene, Wheel
from grpo_arcade.arcade.window.shell.widgets import Focus, Item, draw_item, heading
from grpo_arcade.games import make, score_text

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

LOOK_AGAIN_S = 2.0
"""Between two looks at the disk."""


class Home(Scene):
    """The first screen."""

    title = ""
    contexts = ("home", "menu")

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self.games = GameShelf(app, self.resized)
        self._focus = Focus()
        self._shelf: Shelf | None = None
        self._task: Task | None = None
        self._look_in = 0.0
        self._drawn = False
        self._runs, self._recordings, self._everything = RowList("Training runs"), RowList("Recordings"), RowList()
        self._lists: list[RowList] = []
        """Those that are shown."""

    def enter(self) -> None:
        """See what is new."""
        self._look_in = 0.0

    def leave(self) -> None:
        """Nobody waits for the disk any more."""
        if self._task:
            self._task.cancel()
        self._task = None
        self.games.leave()

    # What happens.

    def handle(self, event: Event) -> bool:
        """Choose, scroll, or open a file dropped here."""
        if isinstance(event, Dropped):
            self._open_recording(Path(event.path))
            return True
        if isinstance(event, Act) and event.id == "home.versus":
            tile = self._focused_tile()
            self._open_versus(tile.game if tile else "2048")
            return True
        if isinstance(event, Wheel):
            under = next((rows for rows in self._lists if rows.rect.collidepoint(event.at)), None)
            return under is not None and self._scroll(under, -event.steps)
        if isinstance(event, Act) and event.id in ("menu.up", "menu.down") and self._scroll_by_focus(event.id):
            return True
        before = self._focus.item
        used = self._focus.handle(event)
        if used and self._focus.item is not before:
            self.app.redraw()
        return used

    def _scroll_by_focus(self, id: str) -> bool:
        by = 1 if id == "menu.down" else -1
        for rows in self._lists:
            entry = rows.beyond(self._focus.item.key, by) if self._focus.item else None
            if entry is not None and self._scroll(rows, by):
                self._focus.index = next(i for i, item in enumerate(self._focus.items) if item.key == entry.key)
                return True
        return False

    def _scroll(self, rows: RowList, by: int) -> bool:
        moved = rows.scroll(by)
        self.resized()
        self.app.redraw()
        return moved

    def _focused_tile(self) -> Tile | None:
        key = self._focus.item.key if self._focus.item else None
        return self.games.tiles[key[1]] if isinstance(key, tuple) and key[0] == "game" else None

    def _play(self, tile: Tile) -> None:
        from grpo_arcade.arcade.window.play.opening import play

        options = None if tile.game.startswith(ATARI) else dict(make(tile.game, **tile.options).options)
        if options is not None:
            self.app.memory.set(f"options {tile.game}", options)
        self.app.open(play(self.app, tile.game, options))

    def _open_library(self) -> None:
        from grpo_arcade.arcade.window.home.library import Library

        self.app.open(Library(self.app))

    def _open_recording(self, path: Path) -> None:
        from grpo_arcade.arcade.window.replay.replay import ReplayScene

        self.app.open(ReplayScene.of_file(self.app, path))

    def _open_run(self, path: Path) -> None:
        from grpo_arcade.arcade.window.watch.watch import WatchScene

        self.app.open(WatchScene(self.app, path))

    def _open_versus(self, game: str = "2048") -> None:
        from grpo_arcade.arcade.window.versus.versus import VersusScene

        self.app.open(VersusScene(self.app, game))

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
        if not pygame.display.get_active():
            return False  # nobody looks
        # None before the first picture.
        made = self._drawn and self._make_preview()
        if self.compact:
            return made
        moved = self.games.update(dt, self._focused_tile())
        return made or moved

    def _make_preview(self) -> bool:
        if not self.games.make_next(small=self.compact):
            return False
        if self.compact:
            self.resized()
            self.app.redraw()
        return True

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
        if not pygame.display.get_active():
            return min(due) if due else None
        if self.games.can_make_more:
            return 0.0
        if not self.compact:
            due += [preview.next_update() for preview in self.games.moving(self._focused_tile())]
        return min(due) if due else None

    def resized(self) -> None:
        """Tiles in a row and two lists below; on a small window one list of everything."""
        style = self.app.theme
        pad, gap = style.px(theme.PAD), style.px(theme.GAP)
        top = self.area.top + 2 * pad + style.px(theme.TITLE) + (0 if self.compact else gap)
        items: list[Item] = []
        if self.compact:
            rows = [*self._game_rows(), *self._run_rows(), *self._recording_rows()]
            area = pygame.Rect(gap, top, self.area.width - 2 * gap, self.area.bottom - top)
            self._lists = [self._everything]
            items += self._everything.lay_out(style, area, rows)
        else:
            width = self.area.width - 2 * pad
            room = pygame.Rect(self.area.left + pad, top, width, self.area.bottom - top)
            low = top + self.games.lay_out(room) + gap
            for number, (tile, card) in enumerate(zip(self.games.tiles, self.games.cards, strict=False)):
                items.append(Item(card, partial(self._play, tile), key=("game", number)))
            if self.games.has_library:
                items.append(Item(self.games.cards[-1], self._open_library, key="library"))
            wide, tall = style.px(150), style.px(34)
            box = pygame.Rect(self.area.right - pad - wide, self.area.top + pad - style.px(6), wide, tall)
            items.append(Item(box, self._open_versus, "Versus", main=True, key="versus"))
            half = (width - pad) // 2
            left = pygame.Rect(self.area.left + pad, low, half, self.area.bottom - low - gap)
            record = self.app.bindings.key_label("play.record")
            runs = "none yet: arcade train starts one" if self._shelf else "looking…"
            kept = f"none yet: {record} in a game makes one" if self._shelf else "looking…"
            self._lists = [self._runs, self._recordings]
            items += self._runs.lay_out(style, left, self._run_rows(), runs)
            items += self._recordings.lay_out(style, left.move(half + pad, 0), self._recording_rows(), kept)
        self._focus.set(items)

    def _game_rows(self) -> list[Entry]:
        style = self.app.theme
        rows = [
            Entry(("game", i), tile.words, self.games.scores(tile), style.accent, partial(self._play, tile))
            for i, tile in enumerate(self.games.tiles)
        ]
        if self.games.has_library:
            rows.append(Entry("library", LIBRARY, self.games.how_many, style.accent, self._open_library))
        # Before the many of the console, after those of the house.
        place = next((i for i, tile in enumerate(self.games.tiles) if tile.game.startswith(ATARI)), len(rows))
        rows.insert(place, Entry("versus", "Versus", "against a model", style.rival, self._open_versus))
        return rows

    def _run_rows(self) -> list[Entry]:
        style = self.app.theme
        rows = []
        for run in self._shelf.runs if self._shelf else ():
            live = run.status in ("running", "starting", "paused")
            colour = style.good if live else style.bad if run.status in ("failed", "crashed") else style.faint
            note = f"held-out {score_text(run.score)}" if run.score is not None else ""
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
            note = score_text(first.score)
            rows.append(Entry(recording.path, words, note, style.outcome(first.outcome), choose))
        return rows

    def draw(self, surface: pygame.Surface) -> Sequence[pygame.Rect] | None:
        """All of it, or the previews that moved."""
        self._drawn = True
        if not self.whole:
            return self.games.draw_changes(surface, self._focus.index, small=self.compact)
        style = self.app.theme
        heading(surface, style, self.area, "GRPO Arcade", "" if self.compact else "play, and watch a model learn to")
        if not self.compact:
            self.games.draw(surface, self._focus.index)
            versus = next(item for item in self._focus.items if item.key == "versus")
            draw_item(surface, style, versus, versus is self._focus.item)
        for rows in self._lists:
            rows.draw(surface, style, self._focus.items, self._focus.item)
        return None

    def keys(self) -> Sequence[str]:
        """What helps a newcomer."""
        return ("menu.choose", "home.versus", "app.palette", "app.full-screen", "app.quit")
