"""Where the window opens: the games with moving previews, the training runs, the recordings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pygame

from grpo_arcade.arcade.window.background.jobs import Task
from grpo_arcade.arcade.window.draw import theme
from grpo_arcade.arcade.window.home.games import ATARI, LIBRARY, GameShelf, Tile
from grpo_arcade.arcade.window.home.lists import Entry, RowList
from grpo_arcade.arcade.window.home.live_run import ASKED, LiveRun, buttons
from grpo_arcade.arcade.window.home.recordings import Group, RecordingShelf
from grpo_arcade.arcade.window.home.shelf import Shelf, look, run_line
from grpo_arcade.arcade.window.home.trainings import Plan, Trainings
from grpo_arcade.arcade.window.opening import Opener
from grpo_arcade.arcade.window.shell.scene import Act, Event, Scene, Typed, Wheel
from grpo_arcade.arcade.window.shell.widgets import Focus, Item, draw_item, heading
from grpo_arcade.games import make, score_text
from grpo_arcade.recordings.runs.folder import LIVE

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

ENDED_BADLY = ("failed", "crashed")
LOOK_AGAIN_S = 2.0
"""Between two looks at the disk."""
_NO_RUNS = (
    "No model has been trained here yet. {key} on a game, or “Train a model”, lets the built-in pocket model learn it: "
    "its programs play while it learns, and you can watch every one of them."
)
_NO_RECORDINGS = "No recordings yet. {key} in a game makes one; matches and games against a model can be kept as well."


class Home(Scene):
    """The first screen."""

    title = ""
    contexts = ("home", "menu")

    def __init__(self, app: App) -> None:
        super().__init__(app)
        app.opener = Opener(app)
        self.games = GameShelf(app, self.resized)
        self._focus = Focus()
        self._shelf: Shelf | None = None
        self._task: Task | None = None
        self._look_in = 0.0
        self._drawn = False
        self._runs, self._recordings, self._everything = RowList("Training runs"), RowList("Recordings"), RowList()
        self.trainings = Trainings(app)
        self.kept = RecordingShelf(app)
        self._lists: list[RowList] = []
        """Those that are shown."""
        self._awaited: Path | None = None
        """The folder of a run that was started here and is not there yet."""

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
        """Choose, scroll, or ask a training for something."""
        if self.kept.typing is not None and isinstance(event, Typed | Act) and self._type(event):
            return True
        if self.obey(event):
            return True
        if isinstance(event, Wheel):
            under = next((rows for rows in self._lists if rows.rect.collidepoint(event.at)), None)
            return under is not None and self._scroll(under, -event.steps)
        if isinstance(event, Act) and any(rows.follow(event.id, self._focus, self.resized) for rows in self._lists):
            self.app.redraw()
            return True
        used = self._focus.handle(event)
        if used:
            self.app.redraw()
        return used

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """What each action does."""
        return {
            "home.versus": self._do_versus,
            "home.train": self._do_train,
            **{f"home.{name}": partial(self._ask, name) for name in ASKED},
            "home.rename": lambda: self._with_recording(self.kept.begin_typing),
            "home.delete": lambda: self._with_recording(self.kept.delete),
            "home.undo": self._do_undo,
        }

    @property
    def wants_text(self) -> bool:  # type: ignore[override]
        """While a name is being typed."""
        return self.kept.typing is not None

    def _type(self, event: Typed | Act) -> bool:
        if isinstance(event, Typed):
            self.kept.type(event.text)
        elif event.id in ("menu.choose", "app.back"):
            self.kept.end_typing(rename=event.id == "menu.choose")
        else:
            return False
        self._look_now()
        return True

    def _with_recording(self, do: Callable[[Group], None]) -> None:
        group = self.kept.of(self._focus.item.key) if self._focus.item else None
        if group is None:
            raise ValueError("no recording is chosen: arrows go to the list of them")
        do(group)
        self._look_now()

    def _do_undo(self) -> None:
        self.kept.undo()
        self._look_now()

    def _look_now(self) -> None:
        self._look_in = 0.0
        self.resized()
        self.app.redraw()

    def _do_versus(self) -> None:
        tile = self._focused_tile()
        self._open_versus(tile.game if tile else "2048")

    def _do_train(self) -> None:
        tile = self._focused_tile()
        self._open_train(tile.game if tile else "2048", tile.options if tile else {})

    def _open_train(self, game: str, options: Mapping[str, Any]) -> None:
        from grpo_arcade.arcade.window.home.train import TrainScene

        self.app.open(TrainScene(self.app, game, options, self._train))

    def _train(self, plan: Plan) -> None:
        self._awaited = self.trainings.start(plan)
        self._look_in = 0.0
        self.resized()

    def _ask(self, name: str, live: LiveRun | None = None) -> None:
        live = live or self._focused_run()
        if live is None:
            raise ValueError("no training is chosen that goes on: arrows go to its card")
        self.trainings.ask(live, name)

    def _focused_run(self) -> LiveRun | None:
        """The run with the focus, or else the only one, if it goes on."""
        runs = self._shelf.live if self._shelf else ()
        key = self._focus.item.key if self._focus.item else None
        chosen = [live for live in runs if live.summary.path == key]
        return chosen[0] if chosen else runs[0] if len(runs) == 1 else None

    def _scroll(self, rows: RowList, by: int) -> bool:
        moved = rows.scroll(by)
        self.resized()
        self.app.redraw()
        return moved

    def _focused_card(self) -> int | None:
        """The place of the game's card that has the focus."""
        key = self._focus.item.key if self._focus.item else None
        if key == "library":
            return len(self.games.tiles)
        return key[1] if isinstance(key, tuple) and key[0] == "game" else None

    def _focused_tile(self) -> Tile | None:
        place = self._focused_card()
        return self.games.tiles[place] if place is not None and place < len(self.games.tiles) else None

    def _play(self, tile: Tile) -> None:
        from grpo_arcade.arcade.window.play.opening import play

        options = None if tile.game.startswith(ATARI) else dict(make(tile.game, **tile.options).options)
        if options is not None:
            self.app.memory.set(f"options {tile.game}", options)
        self.app.open(play(self.app, tile.game, options))

    def _open_library(self) -> None:
        from grpo_arcade.arcade.window.home.library import Library

        self.app.open(Library(self.app, self._open_train))

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
        ended = self.trainings.mind()
        self.trainings.hear(shelf.live)
        if shelf != self._shelf or ended:
            self._shelf = shelf
            self.kept.show(shelf.recordings)
            self.resized()
            self._focus_awaited()
            self.app.redraw()

    def _focus_awaited(self) -> None:
        """A run that was started here gets the focus as soon as it is there, so that its keys are at hand."""
        place = next((i for i, item in enumerate(self._focus.items) if item.key == self._awaited), None)
        if place is not None and self._awaited is not None and self.app.scene is self:
            self._focus.index, self._awaited = place, None

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
            rows = [*self._game_rows(), *self._run_rows(), *self.kept.rows()]
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
            key = self.app.bindings.key_label("home.train")
            runs = _NO_RUNS.format(key=key) if self._shelf else "Looking…"
            kept = _NO_RECORDINGS.format(key=record) if self._shelf else "Looking…"
            wide = style.px(150)
            box = pygame.Rect(left.right - wide, left.top - style.px(3), wide, style.px(28))
            items.append(Item(box, self._do_train, "Train a model", key="train"))
            self._lists = [self._runs, self._recordings]
            items += self._runs.lay_out(style, left, self._run_rows(), runs)
            items += self._live_buttons(items)
            items += self._train_buttons()
            items += self._recordings.lay_out(style, left.move(half + pad, 0), self.kept.rows(), kept)
        self._focus.set(items)

    def _train_buttons(self) -> list[Item]:
        """What the mouse finds on the games' cards, beside playing them."""
        return [
            Item(
                self.games.train_button(card),
                partial(self._open_train, tile.game, tile.options),
                key=("train", number),
                pointer_only=True,
            )
            for number, (tile, card) in enumerate(zip(self.games.tiles, self.games.cards, strict=False))
        ]

    def _live_buttons(self, items: Sequence[Item]) -> list[Item]:
        """What the mouse can ask of the runs that go on."""
        live = {entry.key: entry.live for entry in self._runs.shown() if entry.live is not None}
        return [
            Item(place, partial(self._ask, name, live[item.key]), key=(name, item.key), pointer_only=True)
            for item in items
            if item.key in live
            for name, _, place in buttons(self.app.theme, item.rect, live[item.key])
        ]

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
        shelf = self._shelf or Shelf()
        cards = {} if self.compact else {live.summary.path: live for live in shelf.live}
        known = [run.path for run in shelf.runs if run.status in LIVE]
        rows = [
            Entry(("starting", folder), f"{plan.words} · starting…", "the model is being loaded", style.fair, _nothing)
            for folder, plan in self.trainings.starting(known)
        ]
        for run in sorted(shelf.runs, key=lambda run: run.path not in cards):
            colour = style.good if run.status in LIVE else style.bad if run.status in ENDED_BADLY else style.faint
            note = f"held-out {score_text(run.score)}" if run.score is not None else ""
            choose = partial(self._open_run, run.path)
            rows.append(Entry(run.path, run_line(run), note, colour, choose, cards.get(run.path)))
        return rows

    def draw(self, surface: pygame.Surface) -> Sequence[pygame.Rect] | None:
        """All of it, or the previews that moved."""
        self._drawn = True
        if not self.whole:
            changed = self.games.draw_changes(surface, self._focused_card(), small=self.compact)
            self._draw_hovered(surface)
            return changed
        style = self.app.theme
        heading(surface, style, self.area, "GRPO Arcade", "" if self.compact else "play, and watch a model learn to")
        if not self.compact:
            self.games.draw(surface, self._focused_card())
        for rows in self._lists:
            rows.draw(surface, style, self._focus.items, self._focus.item)
        for item in self._focus.items:
            if item.key in ("versus", "train") and not self.compact:  # where all is one list, they are rows of it
                draw_item(surface, style, item, item is self._focus.item)
        self._draw_hovered(surface)
        return None

    def _draw_hovered(self, surface: pygame.Surface) -> None:
        style = self.app.theme
        for item in () if self.compact else self._focus.items:
            if item.hovered and item.rect in self.games.cards and item is not self._focus.item:
                edge = max(2, style.px(1.5))
                pygame.draw.rect(surface, style.faint, item.rect, edge, border_radius=style.px(theme.RADIUS))

    def keys(self) -> Sequence[str]:
        """What helps a newcomer; on a run that goes on, what can be asked of it."""
        key = self._focus.item.key if self._focus.item else None
        live = any(run.summary.path == key for run in self._shelf.live) if self._shelf else False
        asked = [f"home.{name}" for name in ASKED] if live else []
        if self.kept.of(key) is not None:
            asked = ["home.rename", "home.delete", "home.undo"]
        everywhere = ("app.settings", "app.palette", "app.full-screen", "app.quit")
        return ("menu.choose", *asked, "home.train", "home.versus", *everywhere)


def _nothing() -> None:
    """It cannot be opened yet."""
