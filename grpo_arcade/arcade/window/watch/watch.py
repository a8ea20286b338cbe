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
from grpo_arcade.arcade.window.replay.playback import Playback, replay_of
from grpo_arcade.arcade.window.shell.scene import Act, Event, Pointer, Scene, Wheel
from grpo_arcade.arcade.window.shell.widgets import Focus, Item
from grpo_arcade.arcade.window.watch.grid import TileGrid
from grpo_arcade.arcade.window.watch.onward import open_film, open_pair, open_replay
from grpo_arcade.arcade.window.watch.run_feed import News
from grpo_arcade.arcade.window.watch.run_listener import RunListener
from grpo_arcade.arcade.window.watch.spotlight import Spotlight
from grpo_arcade.arcade.window.watch.story import Story
from grpo_arcade.arcade.window.watch.tile import Measure, Tile
from grpo_arcade.arcade.window.watch.view import Shown, WatchView
from grpo_arcade.games import Episode

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
        show: whether it shows itself.
    """

    title = "Watch"
    contexts = ("watch", "menu")
    words: Mapping[str, str] = {"menu.left": "", "menu.right": "Other boards", "menu.up": "", "menu.down": "Read on"}

    def __init__(
        self,
        app: App,
        run_folder: str | Path,
        step: int | None = None,
        strategy: int | None = None,
        *,
        show: bool = False,
    ) -> None:
        super().__init__(app)
        self.folder = Path(run_folder)
        self.news = News()
        self.pinned = step
        """The step that is kept in sight; None to follow the newest."""
        self.speed = 4.0
        self.paused = False
        self.grid = TileGrid()
        self.champion: Tile | None = None
        self.spotlight: Spotlight | None = None
        self.measure = Measure()
        self.view = WatchView(app, self._shown)
        self._listener = RunListener(app.background, self.folder, self._hear, app.complain)
        self.story = Story(self)
        self._to_enlarge = strategy
        self._to_show = show
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
        self.story.leave()

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
                tile = Tile(entrant.episodes, self.play)
            if tile is not None:
                if tile.entrant != entrant:
                    tile.entrant = entrant
                    retold.append(tile)
                self.grid.tiles.append(tile)
        if self.champion is None or self.champion.episodes != news.champion_episodes:
            self.champion = Tile(news.champion_episodes, self.play) if news.champion_episodes else None
        if self.grid.tiles and not before.entrants and self.grid.tiles[0].playback.game.clock_driven:
            self.speed = min(self.speed, 1.0)  # what has a pace of its own is watched at that
        self.measure = Measure.of(news.entrants, news.baselines)
        if (news.shown, news.game) != (before.shown, before.game):
            self.grid.page = 0
        self.story.hear(before)
        if self.spotlight is not None:
            self.spotlight.hear(news, self.measure)
        drawn = self._drawn_layout
        self._lay_out()
        self._enlarge_wanted()
        if self._to_show and news.entrants:
            self._to_show = False
            self.story.toggle_show()
        self.story.follow_best()
        if drawn != self._drawn_layout or not news.entrants:
            self.view.repaint_all()
        else:
            moved = [tile for place, tile in enumerate(self.grid.visible()) if tile not in in_sight[place : place + 1]]
            # Only now do they all have their places.
            self.view.repaint("heading", "strip", "column", "legend", "spotlight", *retold, *moved)

    def play(self, episode: Episode) -> Playback:
        """An episode, to be played again."""
        return Playback(replay_of(episode, self.app.studio))

    # What the person does.

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """What each action does."""
        return {
            "watch.spotlight": self.story.toggle_spotlight,
            "watch.before-after": self.story.toggle_pair,
            "watch.show": self.story.toggle_show,
            "watch.earlier": lambda: self._go_to((self.pinned or self.news.shown) - 1),
            "watch.later": lambda: self._go_to((self.pinned or self.news.shown) + 1),
            "watch.first": lambda: self._go_to(1),
            "watch.newest": lambda: self._go_to(None),
            "watch.pin": lambda: self.pin(self.news.shown if self.pinned is None else None),
            "watch.page": lambda: self._turn_page(1),
            "watch.page-back": lambda: self._turn_page(-1),
            "watch.pause": self._do_pause,
            "watch.slower": lambda: self._change_speed(-1),
            "watch.faster": lambda: self._change_speed(1),
            "watch.order": self._do_order,
            "watch.champion": self._do_champion,
            "watch.game": self._do_game,
            "watch.replay": self._do_replay,
            "watch.film": self._do_film,
        }

    def handle(self, event: Event) -> bool:
        """Choose boards, steps and speed."""
        focused, show = self._focus.index, self.story.show
        used = self._handle(event)
        if used:
            if show is not None and not isinstance(event, Pointer):
                show.rest()
            self.view.repaint("heading")
            if self._focus.index != focused:
                shown = self.grid.visible()
                self.view.repaint(*(shown[place] for place in (focused, self._focus.index) if place < len(shown)))
            item = self._focus.item
            self._place = self._focus.index, item.key if item is not None else None
        return used

    def _handle(self, event: Event) -> bool:
        if self.obey(event):
            return True
        if isinstance(event, Pointer) and (event.kind == "down" or (event.kind == "move" and event.held)):
            step = self.view.step_at(event.at)
            if step is not None and self.news.newest:
                self._go_to(step)
                return True
        if self.story.pair is not None:
            return self.story.handle(event)
        if self.spotlight is not None:
            return self._handle_in_spotlight(event, self.spotlight)
        if isinstance(event, Wheel):
            self._turn_page(-event.steps)
            return True
        return self._focus.handle(event)

    def _handle_in_spotlight(self, event: Event, spotlight: Spotlight) -> bool:
        if isinstance(event, Wheel):
            return self._scroll(spotlight, -3 * event.steps)
        if not isinstance(event, Act):
            return False
        if event.id in ("app.back", "menu.choose"):
            self.close_spotlight()
        elif event.id in ("menu.up", "menu.down"):
            self._scroll(spotlight, 3 if event.id == "menu.down" else -3)
        elif event.id in ("menu.left", "menu.right", "menu.previous", "menu.next"):
            self._show_neighbour(1 if event.id in ("menu.right", "menu.next") else -1)
        else:
            return False
        return True

    def _scroll(self, spotlight: Spotlight, rows: int) -> bool:
        self.view.repaint("code")
        return spotlight.code.scroll(rows)

    def close_spotlight(self) -> None:
        """Show the boards again."""
        self.spotlight = self.story.show = None
        self.relay_out()

    def _show_neighbour(self, by: int) -> None:
        tile = self.grid.neighbour(self.spotlight.tile, by) if self.spotlight else None
        if tile is None and self.spotlight is not None and self.spotlight.of_step:
            tile = next(iter(self.grid.visible()), None)  # what is read is of a step that has gone by
        if tile is not None:
            self.enlarge(tile)

    def enlarge(self, tile: Tile, *, best: bool = False) -> None:
        """Show one strategy large; with ``best``, as the best of its step, which gives way to the next step's."""
        self.story.pair = None
        self.spotlight = Spotlight(tile, self.news, self.measure, best=best, part=self.story.part)
        self.relay_out()
        shown = self.grid.visible()
        if tile in shown:
            self._place = shown.index(tile), tile.entrant.id if tile.entrant else None
            self._focus.index = self._place[0]

    def _enlarge_wanted(self) -> None:
        tile = self.grid.show(self._to_enlarge) if self._to_enlarge is not None else None
        if tile is not None:
            self._to_enlarge = None
            self.enlarge(tile)

    def pin(self, step: int | None) -> None:
        """Keep a step in sight; None to follow the newest."""
        self.pinned = None if step is None else max(1, min(step, max(1, self.news.newest)))
        self._listener.pin(self.pinned)

    def _go_to(self, step: int | None) -> None:
        """Show another step: a strategy of this one that was being read is put away, unless it is shown as the best."""
        if self.spotlight is not None and self.spotlight.of_step and not self.spotlight.best:
            self.close_spotlight()
        self.pin(step)

    def _turn_page(self, by: int) -> None:
        self.grid.turn(by)
        self.relay_out()

    def _do_pause(self) -> None:
        self.paused = not self.paused

    def _change_speed(self, by: int) -> None:
        self.speed = SPEEDS[max(0, min(SPEEDS.index(self.speed) + by, len(SPEEDS) - 1))]

    def _do_order(self) -> None:
        self.grid.best_first = not self.grid.best_first
        self.relay_out()

    def _do_champion(self) -> None:
        if self.champion is None or self.news.champion is None:
            raise ValueError(f"there is no champion yet: the best strategy of a {self.news.kind.step} becomes one")
        if self.spotlight is not None and not self.spotlight.of_step:
            self.close_spotlight()
        else:
            self.enlarge(self.champion)

    def _do_game(self) -> None:
        for tile in self._in_sight():
            tile.show_game(tile.number + 1)

    def _in_sight(self) -> Sequence[Tile]:
        """The boards that are what is looked at."""
        if self.story.pair is not None:
            return self.story.pair.tiles
        return [self.spotlight.tile] if self.spotlight else self.grid.visible()

    def _do_replay(self) -> None:
        if self.story.pair is not None:
            open_pair(self.app, self.story.pair.episodes, self.folder)
            return
        tile = self.spotlight.tile if self.spotlight else self.focused
        of = f"{self.news.kind.step} {self.news.shown}" if tile is not None and tile.entrant else "champion"
        open_replay(self.app, tile, f"{self.folder.name} · {of}")

    def _do_film(self) -> None:
        """One film of the boards in sight, up to the present move; of before and after, the whole games."""
        self.paused = open_film(self.app, self._in_sight(), whole=self.story.pair is not None)

    # Layout.

    def _shown(self) -> Shown:
        return Shown(
            folder=self.folder,
            news=self.news,
            measure=self.measure,
            grid=self.grid,
            champion=self.champion,
            spotlight=self.spotlight,
            pair=self.story.pair,
            moment=self.story.moment,
            focused=self.focused,
            pinned=self.pinned is not None and self.story.show is None,
            pace="paused" if self.paused else f"{self.speed:g}×",
        )

    def resized(self) -> None:
        """Find places for everything; the app paints all of it."""
        self._lay_out()

    def relay_out(self) -> None:
        """Find places for everything, and paint it."""
        self._lay_out()
        self.view.repaint_all()
        self.app.redraw()

    def _lay_out(self) -> None:
        self.view.lay_out(self.area, self.compact)
        items = []
        for tile in self.grid.visible():
            identity = tile.entrant.id if tile.entrant else None
            items.append(Item(tile.rect, partial(self.enlarge, tile), key=identity))
        self._focus.set(items)
        # A step begins with few boards: the place that was chosen is taken again as soon as it is there.
        place, key = self._place
        same = [at for at, item in enumerate(items) if item.key == key and key is not None]
        self._focus.index = same[0] if same else min(place, max(0, len(items) - 1))
        grid = self.grid
        shown = self.news.shown, grid.best_first, grid.page, grid.per_page
        told = self.spotlight is not None and bool(self.news.headline.line)
        self._drawn_layout = grid.area.copy(), *shown, self.spotlight, self.story.pair, told

    _drawn_layout: tuple[object, ...] = ()
    _place: tuple[int, object] = (0, None)
    """Which board the person chose last: its place and its strategy."""

    # Time, and what is seen.

    def next_update(self) -> float | None:
        """At once while a board moves or something is still to be painted."""
        if self.unfinished:
            return 0.0
        due = self.story.due()
        if not self.paused:
            due += [seconds for tile in self.view.playing() if (seconds := tile.due()) is not None]
        return min(due, default=None)

    def update(self, dt: float) -> bool:
        """Play."""
        changed = self.unfinished
        if not self.paused:
            for tile in self.view.playing():
                changed |= tile.advance(dt, self.speed * tile.playback.game.frame_rate)
        if self.story.advance(dt):
            self.view.repaint("heading")
            changed = True
        return changed

    @property
    def unfinished(self) -> bool:
        """Whether something that stands still, or a board, is still to be painted."""
        return self.view.stale or any(tile.dirty for tile in self.view.playing())

    def draw(self, surface: pygame.Surface) -> Sequence[pygame.Rect] | None:
        """Everything, or the boards that moved and some of what else changed."""
        return self.view.draw(surface, self.whole)

    def keys(self) -> Sequence[str]:
        """What can be done."""
        if self.story.pair is not None:
            return ("app.back", "watch.film", "watch.replay", "watch.pause", "watch.slower", "watch.faster")
        if self.spotlight is not None:
            return (
                *("app.back", "menu.left", "menu.right", "watch.before-after", "watch.show", "menu.up", "menu.down"),
                *("watch.champion", "watch.game", "watch.film", "watch.replay", "watch.pause"),
            )
        return (
            *("menu.choose", "watch.spotlight", "watch.before-after", "watch.show", "watch.earlier", "watch.later"),
            *("watch.champion", "watch.pin", "watch.pause", "watch.slower", "watch.faster", "watch.order"),
            *("watch.page", "watch.film", "app.back"),
        )
