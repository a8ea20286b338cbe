"""A run is watched: the boards of a step playing, their sources, the curves, the champion. Live, or long ended.

Follows the newest step until one is pinned. All reading is done by ``run_feed``; every board is played again here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pygame

from grpo_arcade.arcade.window.draw.code_view import highlighted
from grpo_arcade.arcade.window.home.shelf import by_score
from grpo_arcade.arcade.window.replay.export import Export
from grpo_arcade.arcade.window.replay.playback import Playback, replay_of
from grpo_arcade.arcade.window.shell.scene import Act, Event, Pointer, Scene, Wheel
from grpo_arcade.arcade.window.shell.widgets import Focus, Item
from grpo_arcade.arcade.window.watch.detail import Detail
from grpo_arcade.arcade.window.watch.grid import TileGrid
from grpo_arcade.arcade.window.watch.run_feed import News
from grpo_arcade.arcade.window.watch.run_listener import RunListener
from grpo_arcade.arcade.window.watch.tile import Measure, Tile
from grpo_arcade.arcade.window.watch.view import Shown, WatchView
from grpo_arcade.games import Episode
from grpo_arcade.recordings.films.film import MOST_BOARDS

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Times the game's own pace."""


class WatchScene(Scene):
    """One run.

    Args:
        app: the window.
        run_folder: the run's folder; what is wrong with it is said on the screen.
        step: pinned from the start; by default the newest is followed.
        strategy: of that step, by its id; it is enlarged as soon as it is there.
    """

    title = "Watch"
    contexts = ("watch", "menu")

    def __init__(self, app: App, run_folder: str | Path, step: int | None = None, strategy: int | None = None) -> None:
        super().__init__(app)
        self.folder = Path(run_folder)
        self.news = News()
        self.pinned = step
        """The step that is kept in sight; None to follow the newest."""
        self.speed = 4.0
        self.paused = False
        self.grid = TileGrid()
        self.champion: Tile | None = None
        self.detail: Detail | None = None
        self.measure = Measure()
        self.view = WatchView(app, self._shown)
        self._listener = RunListener(app.background, self.folder, self._hear, app.complain)
        self._to_enlarge = strategy
        self._focus = Focus()

    @property
    def tiles(self) -> Sequence[Tile]:
        """The boards of the step, in the order they were scored in."""
        return self.grid.tiles

    @property
    def focused(self) -> Tile | None:
        """The board of the step that has the focus."""
        shown = self.grid.visible()
        return shown[self._focus.index] if self._focus.index < len(shown) else None

    # The run.

    def enter(self) -> None:
        """Begin, or go on, to listen to the run."""
        self._listener.begin(self.pinned)
        # The first source takes 90 ms longer than any other.
        self.app.background.thread(highlighted, "def strategy(board): ...")

    def leave(self) -> None:
        """Stop listening."""
        self._listener.end()

    def _hear(self, news: News) -> None:
        before, self.news = self.news, news
        self.view.news_came()
        in_sight = self.grid.visible()
        retold = []
        kept = {(tile.entrant.id, tile.entrant.time): tile for tile in self.grid.tiles if tile.entrant}
        self.grid.tiles = []
        for entrant in news.entrants:
            tile = kept.get((entrant.id, entrant.time))
            if tile is None and entrant.episodes:
                tile = Tile(entrant.episodes, self._play)
            if tile is not None:
                if tile.entrant != entrant:
                    tile.entrant = entrant
                    retold.append(tile)
                self.grid.tiles.append(tile)
        if self.champion is None or self.champion.episodes != news.champion_episodes:
            self.champion = Tile(news.champion_episodes, self._play) if news.champion_episodes else None
        if self.grid.tiles and not before.entrants and self.grid.tiles[0].playback.game.clock_driven:
            self.speed = min(self.speed, 1.0)  # what has a pace of its own is watched at that
        self.measure = Measure.of(news.entrants, news.baselines)
        if (news.shown, news.game) != (before.shown, before.game):
            self.grid.page = 0
        if self.detail is not None:
            self.detail.hear(news, self.measure)
        drawn = self._drawn_layout
        self._lay_out()
        self._enlarge_wanted()
        if drawn != self._drawn_layout or not news.entrants:
            self.view.repaint_all()
        else:
            moved = [tile for place, tile in enumerate(self.grid.visible()) if tile not in in_sight[place : place + 1]]
            # Only now do they all have their places.
            self.view.repaint("heading", "strip", "column", "detail", *retold, *moved)

    def _play(self, episode: Episode) -> Playback:
        return Playback(replay_of(episode, self.app.studio))

    # What the person does.

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """What each action does."""
        return {
            "watch.earlier": self._do_earlier,
            "watch.later": self._do_later,
            "watch.first": self._do_first,
            "watch.newest": self._do_newest,
            "watch.pin": self._do_pin,
            "watch.page": self._do_page,
            "watch.page-back": self._do_page_back,
            "watch.pause": self._do_pause,
            "watch.slower": self._do_slower,
            "watch.faster": self._do_faster,
            "watch.order": self._do_order,
            "watch.champion": self._do_champion,
            "watch.game": self._do_game,
            "watch.replay": self._do_replay,
            "watch.film": self._do_film,
        }

    def handle(self, event: Event) -> bool:
        """Choose boards, steps and speed."""
        focused = self._focus.index
        used = self._handle(event)
        if used:
            self.view.repaint("heading")
            if self._focus.index != focused:
                shown = self.grid.visible()
                self.view.repaint(*(shown[place] for place in (focused, self._focus.index) if place < len(shown)))
        return used

    def _handle(self, event: Event) -> bool:
        if self.obey(event):
            return True
        if isinstance(event, Pointer) and (event.kind == "down" or (event.kind == "move" and event.held)):
            step = self.view.strip.step_at(event.at) if self.detail is None else None
            if step is not None and self.news.newest:
                self._pin(step)
                return True
        if self.detail is not None:
            return self._handle_in_detail(event, self.detail)
        if isinstance(event, Wheel):
            self._turn_page(-event.steps)
            return True
        return self._focus.handle(event)

    def _handle_in_detail(self, event: Event, detail: Detail) -> bool:
        if isinstance(event, Wheel):
            return self._scroll(detail, -3 * event.steps)
        if not isinstance(event, Act):
            return False
        if event.id in ("app.back", "menu.choose"):
            self._close_detail()
        elif event.id in ("menu.up", "menu.down"):
            self._scroll(detail, 3 if event.id == "menu.down" else -3)
        elif event.id in ("menu.left", "menu.right", "menu.previous", "menu.next"):
            self._show_neighbour(1 if event.id in ("menu.right", "menu.next") else -1)
        else:
            return False
        return True

    def _scroll(self, detail: Detail, rows: int) -> bool:
        self.view.repaint("code")
        return detail.code.scroll(rows)

    def _close_detail(self) -> None:
        self.detail = None
        self._relay_out()

    def _show_neighbour(self, by: int) -> None:
        tile = self.grid.neighbour(self.detail.tile, by) if self.detail else None
        if tile is None and self.detail is not None and self.detail.of_step:
            tile = next(iter(self.grid.visible()), None)  # what is read is of a step that has gone by
        if tile is not None:
            self._enlarge(tile)

    def _enlarge(self, tile: Tile) -> None:
        self.detail = Detail(tile, self.news, self.measure)
        self._relay_out()
        shown = self.grid.visible()
        if tile in shown:
            self._focus.index = shown.index(tile)

    def _enlarge_wanted(self) -> None:
        tile = self.grid.show(self._to_enlarge) if self._to_enlarge is not None else None
        if tile is not None:
            self._to_enlarge = None
            self._enlarge(tile)

    def _pin(self, step: int | None) -> None:
        self.pinned = None if step is None else max(1, min(step, max(1, self.news.newest)))
        self._listener.pin(self.pinned)

    def _go_to(self, step: int | None) -> None:
        """Show another step: a strategy of this one that was being read is put away."""
        if self.detail is not None and self.detail.of_step:
            self._close_detail()
        self._pin(step)

    def _do_earlier(self) -> None:
        self._go_to((self.pinned or self.news.shown) - 1)

    def _do_later(self) -> None:
        self._go_to((self.pinned or self.news.shown) + 1)

    def _do_first(self) -> None:
        self._go_to(1)

    def _do_newest(self) -> None:
        self._go_to(None)

    def _do_pin(self) -> None:
        self._pin(self.news.shown if self.pinned is None else None)

    def _do_page(self) -> None:
        self._turn_page(1)

    def _do_page_back(self) -> None:
        self._turn_page(-1)

    def _turn_page(self, by: int) -> None:
        self.grid.turn(by)
        self._relay_out()

    def _do_pause(self) -> None:
        self.paused = not self.paused

    def _do_slower(self) -> None:
        self._change_speed(-1)

    def _do_faster(self) -> None:
        self._change_speed(1)

    def _change_speed(self, by: int) -> None:
        self.speed = SPEEDS[max(0, min(SPEEDS.index(self.speed) + by, len(SPEEDS) - 1))]

    def _do_order(self) -> None:
        self.grid.best_first = not self.grid.best_first
        self._relay_out()

    def _do_champion(self) -> None:
        if self.champion is None or self.news.champion is None:
            raise ValueError("there is no champion yet: the best strategy of a step becomes one")
        if self.detail is not None and not self.detail.of_step:
            self._close_detail()
        else:
            self._enlarge(self.champion)

    def _do_game(self) -> None:
        for tile in [self.detail.tile] if self.detail else self.grid.visible():
            tile.show_game(tile.number + 1)

    def _do_replay(self) -> None:
        from grpo_arcade.arcade.window.replay.replay import ReplayScene

        tile = self.detail.tile if self.detail else self.focused
        if tile is None:
            raise ValueError("there is no game yet that could be replayed")
        of = f"step {self.news.shown}" if tile.entrant else "champion"
        self.app.open(ReplayScene(self.app, by_score(tile.episodes), f"{self.folder.name} · {of}"))

    def _do_film(self) -> None:
        """One film of the boards in sight, or of the one that is enlarged, up to the present move."""
        tiles = [self.detail.tile] if self.detail else self.grid.visible()
        best = sorted(tiles, key=lambda tile: -tile.entrant.score if tile.entrant else 0.0)[:MOST_BOARDS]
        shown = [tile.playback for tile in tiles if tile in best and tile.playback.ply]
        if not shown:
            raise ValueError("there is no game yet that could be filmed")
        if len(best) < len(tiles):
            self.app.say(f"A film shows {MOST_BOARDS} boards: the best of these {len(tiles)}")
        self.paused = True
        episodes = [playback.episode for playback in shown]
        self.app.open(Export(self.app, episodes, moves=[playback.ply for playback in shown]))

    # Layout.

    def _shown(self) -> Shown:
        return Shown(
            run=self.folder.name,
            news=self.news,
            measure=self.measure,
            grid=self.grid,
            champion=self.champion,
            detail=self.detail,
            focused=self.focused,
            pinned=self.pinned is not None,
            pace="paused" if self.paused else f"{self.speed:g}×",
        )

    def resized(self) -> None:
        """Find places for everything; the app paints all of it."""
        self._lay_out()

    def _relay_out(self) -> None:
        self._lay_out()
        self.view.repaint_all()
        self.app.redraw()

    def _lay_out(self) -> None:
        self.view.lay_out(self.area, self.compact)
        items = []
        for tile in self.grid.visible():
            key = tile.entrant.id if tile.entrant else None
            items.append(Item(tile.rect, partial(self._enlarge, tile), key=key))
        self._focus.set(items)
        grid = self.grid
        shown = self.news.shown, grid.best_first, grid.page, grid.per_page
        self._drawn_layout = grid.area.copy(), *shown, self.detail

    _drawn_layout: tuple[object, ...] = ()

    # Time, and what is seen.

    def next_update(self) -> float | None:
        """At once while a board moves or something is still to be painted."""
        if self.view.stale or any(tile.dirty for tile in self.view.playing()):
            return 0.0
        if self.paused:
            return None
        due = [seconds for tile in self.view.playing() if (seconds := tile.due()) is not None]
        return min(due, default=None)

    def update(self, dt: float) -> bool:
        """Play."""
        changed = self.view.stale or any(tile.dirty for tile in self.view.playing())
        if not self.paused:
            for tile in self.view.playing():
                changed |= tile.advance(dt, self.speed * tile.playback.game.frame_rate)
        return changed

    def draw(self, surface: pygame.Surface) -> Sequence[pygame.Rect] | None:
        """Everything, or the boards that moved and some of what else changed."""
        return self.view.draw(surface, self.whole)

    def keys(self) -> Sequence[str]:
        """What can be done."""
        if self.detail is not None:
            return (
                "app.back",
                "menu.left",
                "menu.right",
                "menu.down",
                "watch.game",
                "watch.film",
                "watch.replay",
                "watch.pause",
            )
        return (
            *("menu.choose", "watch.earlier", "watch.later", "watch.pin", "watch.champion"),
            *("watch.pause", "watch.slower", "watch.faster", "watch.order", "watch.page", "watch.film", "app.back"),
        )
