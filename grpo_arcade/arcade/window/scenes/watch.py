"""A run is watched: the boards of a step playing, their sources, the curves, the champion. Live, or long ended.

Follows the newest step until one is pinned. All reading is done by ``run_feed``; every board is played again here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pygame

from grpo_arcade.arcade.window import paint, theme
from grpo_arcade.arcade.window.boards import board_size, palette_of
from grpo_arcade.arcade.window.code_view import highlighted
from grpo_arcade.arcade.window.playback import Playback, playback_of, table_of
from grpo_arcade.arcade.window.run_feed import News
from grpo_arcade.arcade.window.run_listener import RunListener
from grpo_arcade.arcade.window.scene import Act, Event, Pointer, Scene, Wheel
from grpo_arcade.arcade.window.scenes.play_panel import shown_name
from grpo_arcade.arcade.window.scenes.watch_detail import Detail
from grpo_arcade.arcade.window.scenes.watch_grid import TileGrid
from grpo_arcade.arcade.window.scenes.watch_panels import Strip, draw_column, draw_empty, status_words
from grpo_arcade.arcade.window.scenes.watch_tile import Measure, Tile
from grpo_arcade.arcade.window.shelf import by_score
from grpo_arcade.arcade.window.widgets import Focus, Item, compact_heading, heading
from grpo_arcade.games import Episode, Picture, score_text

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.app import App

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Times the game's own pace."""
_PAINT_S = 0.004
"""What a frame may spend on painting anew what stands still. The rest is painted in the next ones, so that news of a
whole step never holds up the boards that play."""
_BOARDS_S = 0.008
"""What a frame may spend on boards that play; the others come first in the next."""


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
        self._heard = False
        self.pinned = step
        """The step that is kept in sight; None to follow the newest."""
        self.speed = 4.0
        self.paused = False
        self.grid = TileGrid()
        self.champion: Tile | None = None
        self.detail: Detail | None = None
        self.measure = Measure()
        self._listener = RunListener(app.background, self.folder, self._hear, app.complain)
        self._to_enlarge = strategy
        self._focus = Focus()
        self._strip = Strip()
        self._column = pygame.Rect(0, 0, 0, 0)
        self._parts: dict[str | Tile, Callable[[pygame.Surface], pygame.Rect]] = {}
        """What stands still and must be painted anew."""
        self._pictures: dict[tuple[str, str, str], Picture] = {}
        self._turn = 0
        """Which board is painted first, where a frame has no time for all."""

    @property
    def tiles(self) -> Sequence[Tile]:
        """The boards of the step, in the order they were scored in."""
        return self.grid.tiles

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
        self._heard = True
        kept = {(tile.entrant.id, tile.entrant.time): tile for tile in self.grid.tiles if tile.entrant}
        self.grid.tiles = []
        for entrant in news.entrants:
            tile = kept.get((entrant.id, entrant.time))
            if tile is None and entrant.episodes:
                tile = Tile(entrant.episodes, self._play)
            if tile is not None:
                if tile.entrant != entrant:
                    tile.entrant = entrant
                    self._repaint(tile)
                self.grid.tiles.append(tile)
        if self.champion is None or self.champion.episodes != news.champion_episodes:
            self.champion = Tile(news.champion_episodes, self._play) if news.champion_episodes else None
        if self.grid.tiles and not before.entrants and self.grid.tiles[0].playback.game.clock_driven:
            self.speed = min(self.speed, 1.0)  # what has a pace of its own is watched at that
        self.measure = Measure.of(news.entrants, news.baselines)
        if (news.shown, news.game) != (before.shown, before.game):
            self.grid.page = 0
            if self.detail is not None and self.detail.of_step:
                self.detail = None
        if self.detail is not None:
            self.detail.hear(news)
        drawn = self._drawn_layout
        self._lay_out()
        self._enlarge_wanted()
        if drawn != self._drawn_layout or not news.entrants:
            self._repaint_all()
        else:
            self._repaint("heading", "strip", "column", "detail")

    def _play(self, episode: Episode) -> Playback:
        return playback_of(episode, self.app.studio)

    def _picture(self, use: str, episode: Episode) -> Picture:
        # One for each use, since a picture keeps its tiles for one size.
        key = use, repr(sorted(episode.options.items())), self.app.palette
        if key not in self._pictures:
            self._pictures = {old: kept for old, kept in self._pictures.items() if old[0] != use}
            game = table_of(episode)
            palette = palette_of(game, self.app.palette)
            self._pictures[key] = game.picture(palette)
        return self._pictures[key]

    # What the person does.

    def handle(self, event: Event) -> bool:
        """Choose boards, steps and speed."""
        focused = self._focus.index
        used = self._handle(event)
        if used:
            self._repaint("heading")
            if self._focus.index != focused:
                shown = self.grid.visible()
                self._repaint(*(shown[place] for place in (focused, self._focus.index) if place < len(shown)))
        return used

    def _handle(self, event: Event) -> bool:
        if isinstance(event, Act) and event.id.startswith("watch."):
            getattr(self, "_do_" + event.id.removeprefix("watch.").replace("-", "_"))()
            return True
        if isinstance(event, Pointer) and (event.kind == "down" or (event.kind == "move" and event.held)):
            step = self._strip.step_at(event.at) if self.detail is None else None
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
        self._repaint("code")
        return detail.code.scroll(rows)

    def _close_detail(self) -> None:
        self.detail = None
        self._relay_out()

    def _show_neighbour(self, by: int) -> None:
        tile = self.grid.neighbour(self.detail.tile, by) if self.detail else None
        if tile is not None:
            self._enlarge(tile)

    def _enlarge(self, tile: Tile) -> None:
        self.detail = Detail(tile, self.news)
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

    def _do_earlier(self) -> None:
        self._pin((self.pinned or self.news.shown) - 1)

    def _do_later(self) -> None:
        self._pin((self.pinned or self.news.shown) + 1)

    def _do_first(self) -> None:
        self._pin(1)

    def _do_newest(self) -> None:
        self._pin(None)

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
        from grpo_arcade.arcade.window.scenes.replay import Replay

        shown = self.grid.visible()
        tile = self.detail.tile if self.detail else shown[self._focus.index] if self._focus.index < len(shown) else None
        if tile is None:
            raise ValueError("there is no game yet that could be replayed")
        of = f"step {self.news.shown}" if tile.entrant else "champion"
        self.app.open(Replay(self.app, by_score(tile.episodes), f"{self.folder.name} · {of}"))

    # Layout.

    def resized(self) -> None:
        """Find places for everything; the app paints all of it."""
        self._lay_out()

    def _relay_out(self) -> None:
        self._lay_out()
        self._repaint_all()
        self.app.redraw()

    def _lay_out(self) -> None:
        look = self.app.theme
        gap = look.px(theme.GAP)
        top = self.area.top + (
            look.px(30) if self.compact else look.px(theme.PAD + theme.TITLE + theme.GAP + theme.TIGHT)
        )
        strip = look.px(16) if self.compact else look.px(84)
        self._strip.rect = pygame.Rect(self.area.left, self.area.bottom - strip - gap // 2, self.area.width, strip)
        bottom = self._strip.rect.top - gap // 2
        body = pygame.Rect(self.area.left + gap, top, self.area.width - 2 * gap, max(1, bottom - top))
        if self.detail is not None:
            picture = self._picture("detail", self.detail.tile.episodes[0])
            self.detail.lay_out(body, look, self.compact, picture)
        wide = 0 if self.compact else min(look.px(250), body.width // 3)
        self._column = pygame.Rect(body.right - wide, body.top, wide, body.height)
        if self.champion is not None:
            picture = self._picture("champion", self.champion.episodes[0])
            size = board_size(self.champion.playback.game, picture, (wide, max(16, body.height // 3)))
            self.champion.board = pygame.Rect((self._column.left, body.top + look.px(26)), size)
        self.grid.area = pygame.Rect(body.left, body.top, body.width - (wide + gap if wide else 0), body.height)
        self._place_tiles()

    def _place_tiles(self) -> None:
        tiles = self.grid.tiles
        aspect = self._picture("grid", tiles[0].episodes[0]).aspect if tiles else 1.0
        self.grid.place(self.app.theme, self.news.expected, aspect)
        if self.detail is not None:
            self.detail.place()
        items = []
        for tile in self.grid.visible():
            key = tile.entrant.id if tile.entrant else None
            items.append(Item(tile.rect, partial(self._enlarge, tile), key=key))
        self._focus.set(items)
        grid = self.grid
        shown = self.news.shown, grid.best_first, grid.page, grid.per_page
        self._drawn_layout = grid.area.copy(), *shown, self.detail

    _drawn_layout: tuple[object, ...] = ()

    # Time and paint.

    def _playing(self) -> list[Tile]:
        if self.detail is not None:
            return [self.detail.tile]
        champion = [self.champion] if self.champion is not None and self._column.width else []
        return [*self.grid.visible(), *champion]

    def next_update(self) -> float | None:
        """At once while a board moves or something is still to be painted."""
        if self._parts or any(tile.dirty for tile in self._playing()):
            return 0.0
        if self.paused:
            return None
        due = [seconds for tile in self._playing() if (seconds := tile.due()) is not None]
        return min(due, default=None)

    def _repaint(self, *parts: str | Tile) -> None:
        """Paint parts anew in the next frames, if they are in sight."""
        ways: dict[str | Tile, Callable[[pygame.Surface], pygame.Rect]] = {
            "heading": self._draw_heading,
            "strip": self._draw_strip,
        }
        if self.detail is not None:
            detail = self.detail
            ways |= {"detail": self._draw_detail, "code": self._draw_code, detail.tile: self._draw_detail}
        else:
            ways |= {tile: partial(self._draw_tile, tile=tile) for tile in self.grid.visible()}
            ways |= {"column": self._draw_column} if self._column.width else {}
            ways |= {"empty": self._draw_empty}
        self._parts |= {part: ways[part] for part in parts if part in ways}

    def _repaint_all(self) -> None:
        self._parts.clear()
        body = self.grid.area.union(self._column) if self._column.width else self.grid.area

        def clear(surface: pygame.Surface) -> pygame.Rect:
            return surface.fill(self.app.theme.page, body.inflate(2 * self.app.theme.px(theme.TIGHT), 0))

        self._parts["body"] = clear
        self._repaint("heading", "strip")
        if self.detail is not None:
            self._repaint("detail")
        else:
            self._repaint(*([] if self.grid.tiles else ["empty"]), *self.grid.visible(), "column")

    def update(self, dt: float) -> bool:
        """Play."""
        changed = bool(self._parts) or any(tile.dirty for tile in self._playing())
        if not self.paused:
            for tile in self._playing():
                changed |= tile.advance(dt, self.speed * tile.playback.game.frame_rate)
        return changed

    def draw(self, surface: pygame.Surface) -> Sequence[pygame.Rect] | None:
        """Everything, or the boards that moved and some of what else changed."""
        if self.whole:
            self._repaint_all()
            for paint_part in self._parts.values():
                paint_part(surface)
            self._parts.clear()
            return None
        # News of a whole step takes its own time in the frame in which it comes.
        ends = time.perf_counter() + (0.0 if self._heard else _PAINT_S)
        self._heard = False
        changed: list[pygame.Rect] = []
        while self._parts and (not changed or time.perf_counter() < ends):
            part = next(iter(self._parts))
            changed.append(self._parts.pop(part)(surface))
        ends = time.perf_counter() + _BOARDS_S
        playing = self._playing()
        for place in range(len(playing)):
            tile = playing[(self._turn + place) % len(playing)]
            # A board whose surroundings are not painted yet would be painted over by them.
            if tile.dirty and not {tile, "body", "detail"} & self._parts.keys():
                self._draw_board(surface, tile)
                changed.append(tile.board)
                if time.perf_counter() > ends:
                    self._turn += place + 1
                    break
        return changed

    def _draw_board(self, surface: pygame.Surface, tile: Tile) -> None:
        use = "detail" if self.detail is not None else "champion" if tile is self.champion else "grid"
        tile.draw_board(surface, self.app.theme, self._picture(use, tile.episodes[0]))

    def _draw_tile(self, surface: pygame.Surface, tile: Tile) -> pygame.Rect:
        look = self.app.theme
        edge = max(2, look.px(2.5))
        frame = tile.rect.inflate(2 * edge, 2 * edge)
        focused = self._focus.item is not None and self._focus.item.rect == tile.rect
        surface.fill(look.page, frame)
        if focused:
            paint.panel(surface, frame, look.page, look.px(theme.RADIUS), look.accent, edge)
        self._draw_board(surface, tile)
        tile.draw_caption(surface, look, self.measure)
        return frame

    def _draw_strip(self, surface: pygame.Surface) -> pygame.Rect:
        self._strip.draw(surface, self.app.theme, self.news)
        return self._strip.rect

    def _draw_detail(self, surface: pygame.Surface) -> pygame.Rect:
        assert self.detail is not None
        area = self.detail.draw(surface, self.app.theme, self.measure)
        self._draw_board(surface, self.detail.tile)
        return area

    def _draw_code(self, surface: pygame.Surface) -> pygame.Rect:
        assert self.detail is not None
        self.detail.code.draw(surface, self.app.theme)
        return self.detail.code.rect

    def _draw_heading(self, surface: pygame.Surface) -> pygame.Rect:
        look = self.app.theme
        news = self.news
        # The focus of the uppermost boards begins a little above them.
        tall = self.grid.area.top - look.px(theme.TIGHT) - self.area.top
        area = surface.fill(look.page, (self.area.left, self.area.top, self.area.width, tall))
        name = f"{news.model} · {shown_name(news.game)}" if news.game else self.folder.name
        note = self._status_words()
        if self.compact:
            compact_heading(surface, look, self.area, name, note)
        else:
            heading(surface, look, self.area, name, note)
        return area

    def _status_words(self) -> str:
        more = [*self.grid.words(), "paused" if self.paused else f"{self.speed:g}×"]
        return status_words(self.news, self.pinned is not None, more)

    def _draw_empty(self, surface: pygame.Surface) -> pygame.Rect:
        draw_empty(surface, self.app.theme, self.grid.area, self.news)
        return self.grid.area

    def _draw_column(self, surface: pygame.Surface) -> pygame.Rect:
        look = self.app.theme
        column = self._column.copy()
        surface.fill(look.page, column)
        if self.champion is not None and self.news.champion is not None:
            champion = self.news.champion
            height, middle = look.px(theme.BODY), column.top + look.px(11)
            box = paint.text(surface, "Champion", (column.left, middle), height, look.gold, weight="bold")
            words = f"{score_text(champion.score)} · step {champion.step}"
            room = column.right - box.right - height
            paint.text(surface, words, (column.right, middle), height, look.ink, anchor="right", room=room)
            self._draw_board(surface, self.champion)
            top = self.champion.board.bottom + look.px(theme.GAP)
            column = pygame.Rect(column.left, top, column.width, column.bottom - top)
        draw_column(surface, look, column, self.news, self.measure)
        return self._column

    def keys(self) -> Sequence[str]:
        """What can be done."""
        if self.detail is not None:
            return ("app.back", "menu.left", "menu.right", "menu.down", "watch.game", "watch.replay", "watch.pause")
        return (
            *("menu.choose", "watch.earlier", "watch.later", "watch.pin", "watch.champion"),
            *("watch.pause", "watch.slower", "watch.faster", "watch.order", "watch.page", "app.back"),
        )
