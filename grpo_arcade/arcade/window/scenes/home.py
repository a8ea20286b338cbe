"""Where the window opens: the games with moving previews, the training runs, the recordings.

Nothing that takes long happens before the first picture: the previews are made one by one after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pygame

from grpo_arcade.arcade.window import paint, theme
from grpo_arcade.arcade.window.background import Task
from grpo_arcade.arcade.window.scene import Act, Dropped, Event, Scene, Wheel
from grpo_arcade.arcade.window.scenes.home_lists import Entry, RowList
from grpo_arcade.arcade.window.scenes.home_tiles import Board, Preview, Screen
from grpo_arcade.arcade.window.scenes.play import best_key, kept_game
from grpo_arcade.arcade.window.scenes.play_panel import shown_name
from grpo_arcade.arcade.window.shelf import Shelf, look, run_line
from grpo_arcade.arcade.window.widgets import Focus, Item, draw_item, heading
from grpo_arcade.games import game_names, make, score_text

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.app import App

LOOK_AGAIN_S = 2.0
"""Between two looks at the disk."""
_MOST_SHARE = 0.6
"""Of the room, for the games."""
_INSET = 7
"""Points around a tile's picture."""
_SPOTLIGHT_S = 3.0
"""One console's screen at a time moves for so long, besides the one that has the focus."""
# Beside a game's own options: ways to play it that are worth a tile.
_VARIANTS: dict[str, Sequence[Mapping[str, Any]]] = {
    "2048": ({}, {"size": 3, "target": 256}, {"size": 5, "target": 8192}),
}
_ATARI = "atari/"
# The console games whose observation a model can reason about have a tile; the list has them all. Named here, so that
# the first picture need not wait for what the games are made of.
ATARI_TILES = (
    *("pong", "breakout", "space_invaders", "ms_pacman", "freeway", "boxing"),
    *("tennis", "skiing", "kaboom", "asterix", "demon_attack", "bowling"),
)


@dataclass
class Tile:
    """A game on the shelf."""

    game: str
    options: Mapping[str, Any]
    preview: Preview | None = None
    """None until it has been made."""


class Home(Scene):
    """The first screen."""

    title = ""
    contexts = ("home", "menu")

    def __init__(self, app: App) -> None:
        super().__init__(app)
        known = game_names()
        self._tiles = [Tile(n, o) for n in known if not n.endswith(("/", ":")) for o in _VARIANTS.get(n, ({},))]
        self._has_atari = _ATARI in known
        if self._has_atari:
            self._tiles += [Tile(_ATARI + title, {}) for title in ATARI_TILES]
        self._atari_titles = 0
        """How many there are in all; 0 until it is known."""
        self._loading: Task | None = None
        self._spotlight = 0.0
        self._focus = Focus()
        self._shelf: Shelf | None = None
        self._task: Task | None = None
        self._look_in = 0.0
        self._drawn = False
        self._unpainted: set[int] = set()
        """Places on the shelf where something new must be painted."""
        self._runs, self._recordings, self._everything = RowList("Training runs"), RowList("Recordings"), RowList()
        self._lists: list[RowList] = []
        """Those that are shown."""

    def enter(self) -> None:
        """See what is new."""
        self._look_in = 0.0

    def leave(self) -> None:
        """Nobody waits for the disk any more."""
        for task in (self._task, self._loading):
            if task:
                task.cancel()
        self._task = self._loading = None

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
        return self._tiles[key[1]] if isinstance(key, tuple) and key[0] == "game" else None

    def _play(self, tile: Tile) -> None:
        from grpo_arcade.arcade.window.scenes.play_clock import play

        options = None if tile.game.startswith(_ATARI) else dict(make(tile.game, **tile.options).options)
        if options is not None:
            self.app.memory.set(f"options {tile.game}", options)
        self.app.open(play(self.app, tile.game, options))

    def _open_library(self) -> None:
        from grpo_arcade.arcade.window.scenes.library import Library

        self.app.open(Library(self.app))

    def _open_recording(self, path: Path) -> None:
        from grpo_arcade.arcade.window.scenes.replay import Replay

        self.app.open(Replay.of_file(self.app, path))

    def _open_run(self, path: Path) -> None:
        from grpo_arcade.arcade.window.scenes.watch import WatchScene

        self.app.open(WatchScene(self.app, path))

    def _open_versus(self, game: str = "2048") -> None:
        from grpo_arcade.arcade.window.scenes.versus import VersusScene

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
        made = self._make_next()
        if self.compact:
            return made
        self._spotlight += dt
        moving = self._moving()
        moved = [preview.update(dt) for preview in moving]  # every one has to be told
        came = [tile.preview.arrive() for tile in self._tiles if isinstance(tile.preview, Screen)]
        return made or any(moved) or any(came)

    def _make_next(self) -> bool:
        """Make the next preview that is missing; one a frame, and none before the first picture."""
        number = next((i for i, tile in enumerate(self._tiles) if tile.preview is None), None)
        if number is None or not self._drawn:
            return False
        tile = self._tiles[number]
        if tile.game.startswith(_ATARI) and not self._atari_titles:
            if self._loading is None:
                self._loading = self.app.background.thread(_atari_titles, done=self._loaded, failed=self._not_loaded)
            return False
        if make(tile.game, **tile.options).clock_driven:
            tile.preview = Screen(tile.game, self.app.studio)
            if not self.compact:
                tile.preview.tape()
        else:
            tile.preview = Board(tile.game, tile.options, number)
        if self.compact:
            self.resized()
            self.app.redraw()
        else:
            tile.preview.rect = self._inside(self._focus.items[number].rect)
            self._unpainted.add(number)
        return True

    def _loaded(self, titles: int) -> None:
        self._loading, self._atari_titles = None, titles
        self._unpainted.add(len(self._tiles))

    def _not_loaded(self, error: Exception) -> None:
        self._loading, self._has_atari = None, False
        self._tiles = [tile for tile in self._tiles if not tile.game.startswith(_ATARI)]
        self.resized()
        self.app.complain(error)

    def _previews(self) -> list[Preview]:
        return [tile.preview for tile in self._tiles if tile.preview is not None]

    def _moving(self) -> list[Preview]:
        """Those that move now: calm ones all, of the restless ones that with the focus and one other."""
        previews = self._previews()
        restless = [preview for preview in previews if not preview.steady]
        tile = self._focused_tile()
        chosen = [tile.preview] if tile and tile.preview in restless else []
        if restless:
            chosen.append(restless[int(self._spotlight / _SPOTLIGHT_S) % len(restless)])
        return [preview for preview in previews if preview.steady or preview in chosen]

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
        if self._loading is None and any(tile.preview is None for tile in self._tiles):
            return 0.0
        if not self.compact:
            due += [preview.next_update() for preview in self._moving()]
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
            low = top + self._lay_out_shelf(pygame.Rect(self.area.left + pad, top, width, 0), items) + gap
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

    def _lay_out_shelf(self, shelf: pygame.Rect, items: list[Item]) -> int:
        """Tiles as large as can be in rows and columns; the height they take, each with the gap below it."""
        style = self.app.theme
        gap, inset, foot = style.px(theme.GAP), style.px(_INSET), style.px(46)
        count = len(self._tiles) + self._has_atari
        room = int((self.area.bottom - shelf.top) * _MOST_SHARE)

        def side(columns: int) -> int:
            rows = -(-count // columns)
            wide = (shelf.width - (columns - 1) * gap) // columns
            return min(wide, room // rows - gap - foot, shelf.width // 3) - 2 * inset

        columns = max(range(1, count + 1), key=lambda columns: (side(columns), -columns))
        edge = max(8, side(columns))
        card = pygame.Rect(0, 0, edge + 2 * inset, edge + 2 * inset + foot)
        between = (shelf.width - columns * card.width) // max(1, columns - 1) if count > 3 else style.px(theme.PAD)
        between = min(between, style.px(theme.PAD))
        for number in range(count):
            row, column = divmod(number, columns)
            card.topleft = shelf.left + column * (card.width + between), shelf.top + row * (card.height + gap)
            if number == len(self._tiles):
                items.append(Item(card.copy(), self._open_library, key="library"))
                continue
            tile = self._tiles[number]
            if tile.preview is not None:
                tile.preview.rect = self._inside(card)
                tile.preview.stale = True
            items.append(Item(card.copy(), partial(self._play, tile), key=("game", number)))
        return -(-count // columns) * (card.height + gap)

    def _inside(self, card: pygame.Rect) -> pygame.Rect:
        """Where the picture lies on a card."""
        inset = self.app.theme.px(_INSET)
        side = card.width - 2 * inset
        return pygame.Rect(card.left + inset, card.top + inset, side, side)

    def _game_rows(self) -> list[Entry]:
        style = self.app.theme
        rows = [
            Entry(("game", i), self._words(tile), self._scores(tile), style.accent, partial(self._play, tile))
            for i, tile in enumerate(self._tiles)
        ]
        if self._has_atari:
            rows.append(Entry("library", "All Atari games", self._how_many(), style.accent, self._open_library))
        # Before the many of the console, after those of the house.
        place = next((i for i, tile in enumerate(self._tiles) if tile.game.startswith(_ATARI)), len(rows))
        rows.insert(place, Entry("versus", "Versus", "against a model", style.rival, self._open_versus))
        return rows

    def _how_many(self) -> str:
        return f"{self._atari_titles} titles" if self._atari_titles else ""

    @staticmethod
    def _words(tile: Tile) -> str:
        return tile.preview.words if tile.preview is not None else shown_name(tile.game)

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

    def _scores(self, tile: Tile) -> str:
        if tile.preview is None:
            return ""
        game = tile.preview.game
        best = self.app.memory.get("best", {}).get(best_key(game))
        said = [] if best is None else [f"best {best:,.0f}"]
        said += ["a game waits"] if kept_game(self.app.settings.data_folder, game).exists() else []
        return " · ".join(said) or "not played yet"

    def draw(self, surface: pygame.Surface) -> Sequence[pygame.Rect] | None:
        """All of it, or the previews that moved."""
        self._drawn = True
        unpainted, self._unpainted = self._unpainted, set()
        if not self.whole:
            cards = [] if self.compact else [self._draw_place(surface, place) for place in sorted(unpainted)]
            moved = [preview for preview in self._previews() if preview.stale]
            for preview in moved:
                preview.draw(surface, self.app.palette)
            return [*cards, *(preview.rect for preview in moved)]
        style = self.app.theme
        heading(surface, style, self.area, "GRPO Arcade", "" if self.compact else "play, and watch a model learn to")
        if not self.compact:
            for place in range(len(self._tiles) + self._has_atari):
                self._draw_place(surface, place)
            versus = next(item for item in self._focus.items if item.key == "versus")
            draw_item(surface, style, versus, versus is self._focus.item)
        for rows in self._lists:
            rows.draw(surface, style, self._focus.items, self._focus.item)
        return None

    def _draw_place(self, surface: pygame.Surface, place: int) -> pygame.Rect:
        item = self._focus.items[place]
        if place < len(self._tiles):
            self._draw_tile(surface, self._tiles[place], item)
        else:
            self._draw_library(surface, item)
        return item.rect

    def _draw_card(self, surface: pygame.Surface, item: Item) -> None:
        style = self.app.theme
        focused = item is self._focus.item
        edge = max(2, style.px(2)) if focused else 1
        border = style.accent if focused else style.line
        # The page's own colour inside, for that is what a board lies on.
        paint.panel(surface, item.rect, style.page, style.px(theme.RADIUS), border, edge)

    def _draw_foot(self, surface: pygame.Surface, card: pygame.Rect, words: str, note: str) -> None:
        style = self.app.theme
        x = card.left + style.px(9)
        room = card.right - style.px(9) - x
        y = card.bottom - style.px(33)
        paint.text(surface, words, (x, y), style.px(theme.BODY - 1), style.ink, weight="bold", room=room)
        paint.text(surface, note, (x, y + style.px(18)), style.px(theme.CAPTION - 1), style.faint, room=room)

    def _draw_tile(self, surface: pygame.Surface, tile: Tile, item: Item) -> None:
        self._draw_card(surface, item)
        if tile.preview is not None:
            tile.preview.draw(surface, self.app.palette)
        self._draw_foot(surface, item.rect, self._words(tile), self._scores(tile))

    def _draw_library(self, surface: pygame.Surface, item: Item) -> None:
        style = self.app.theme
        self._draw_card(surface, item)
        inner = self._inside(item.rect)
        paint.panel(surface, inner, style.sunken, style.px(theme.RADIUS - 4))
        more = max(0, self._atari_titles - len(ATARI_TILES))
        words = f"+{more}" if more else "…"
        height = min(style.px(theme.TITLE), inner.width // 4)
        paint.text(surface, words, inner.center, height, style.soft, weight="bold", anchor="middle")
        self._draw_foot(surface, item.rect, "All Atari games", self._how_many())

    def keys(self) -> Sequence[str]:
        """What helps a newcomer."""
        return ("menu.choose", "home.versus", "app.palette", "app.full-screen", "app.quit")


def _atari_titles() -> int:
    from grpo_arcade.games.atari import titles

    return len(titles())
