"""A watched run as it is drawn: where everything lies, and what is painted when, so that no frame is late.

It is told what to show (:class:`Shown`) and knows no scene. The boards that play come first; what stands still is
painted anew in parts, a few a frame.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.boards import board_size, palette_of
from grpo_arcade.arcade.window.shell.widgets import draw_focus_frame, focus_frame, heading_anew
from grpo_arcade.arcade.window.watch.before_after import BeforeAfter
from grpo_arcade.arcade.window.watch.grid import TileGrid
from grpo_arcade.arcade.window.watch.legend import draw_legend
from grpo_arcade.arcade.window.watch.panels import Strip, draw_column, draw_empty, status_words
from grpo_arcade.arcade.window.watch.run_feed import News, champion_score
from grpo_arcade.arcade.window.watch.spotlight import Spotlight
from grpo_arcade.arcade.window.watch.tile import Measure, Tile
from grpo_arcade.games import Episode, Picture, fonts
from grpo_arcade.games.names import shown_name
from grpo_arcade.games.replay import table_of

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

_PAINT_S = 0.004
"""What a frame may spend on painting anew what stands still. The rest is painted in the next ones, so that news of a
whole step never holds up the boards that play."""
_BOARDS_S = 0.008
"""What a frame may spend on boards that play; the others come first in the next."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is to be seen of a run now."""

    folder: Path
    """The run's, whose name stands for it as long as nothing is known of it."""
    news: News
    measure: Measure
    grid: TileGrid
    champion: Tile | None
    spotlight: Spotlight | None
    """The strategy that is enlarged, if one is."""
    pair: BeforeAfter | None
    """Before and after, while they are shown, instead of all else."""
    moment: str
    """Words for what has just happened; empty most of the time."""
    focused: Tile | None
    pinned: bool
    pace: str


class WatchView:
    """Lays a watched run out and paints it.

    Args:
        app: the window.
        shown: what is to be seen, asked whenever something is laid out or painted.
    """

    def __init__(self, app: App, shown: Callable[[], Shown]) -> None:
        self._app = app
        self._shown = shown
        self._area = pygame.Rect(0, 0, 0, 0)
        self._compact = False
        self.strip = Strip()
        """The curves below the boards."""
        self.column = pygame.Rect(0, 0, 0, 0)
        """Beside the boards, if there is room: the champion, and the step in numbers."""
        self._parts: dict[str | Tile, Callable[[pygame.Surface], pygame.Rect]] = {}
        """What stands still and must be painted anew."""
        self._pictures: dict[tuple[str, str, str], Picture] = {}
        self._turn = 0
        """Which board is painted first, where a frame has no time for all."""
        self._heard = False
        """Whether news has come since the last frame."""

    @property
    def stale(self) -> bool:
        """Whether something that stands still must be painted anew."""
        return bool(self._parts)

    def news_came(self) -> None:
        """Leave the coming frame the time that news takes."""
        self._heard = True

    def lay_out(self, area: pygame.Rect, compact: bool) -> None:
        """Find places for everything."""
        shown, look = self._shown(), self._app.theme
        self._area, self._compact = area, compact
        gap = look.px(theme.GAP)
        top = self._area.top + (
            look.px(30) if self._compact else look.px(theme.PAD + theme.TITLE + theme.GAP + theme.TIGHT)
        )
        strip = look.px(16) if self._compact else look.px(84)
        self.strip.rect = pygame.Rect(self._area.left, self._area.bottom - strip - gap // 2, self._area.width, strip)
        bottom = self.strip.rect.top - gap // 2
        body = pygame.Rect(self._area.left + gap, top, self._area.width - 2 * gap, max(1, bottom - top))
        # Its own chart says more than the strip of curves, which makes room.
        wide = body if self._compact else pygame.Rect(body.topleft, (body.width, self._area.bottom - gap - top))
        if shown.spotlight is not None:
            picture = self._picture("spotlight", shown.spotlight.tile.episodes[0])
            shown.spotlight.lay_out(wide, look, self._compact, picture)
        if shown.pair is not None:
            shown.pair.lay_out(wide, look, self._picture("pair", shown.pair.tiles[0].episodes[0]))
        if not self._compact and (shown.spotlight is not None or shown.pair is not None):
            self.strip.rect = pygame.Rect(self._area.bottomleft, (0, 0))
        column = 0 if self._compact else min(look.px(250), body.width // 3)
        self.column = pygame.Rect(body.right - column, body.top, column, body.height)
        if shown.champion is not None:
            picture = self._picture("champion", shown.champion.episodes[0])
            size = board_size(shown.champion.playback.game, picture, (column, max(16, body.height // 3)))
            shown.champion.board = pygame.Rect((self.column.left, body.top + look.px(26)), size)
        shown.grid.area = pygame.Rect(body.left, body.top, body.width - (column + gap if column else 0), body.height)
        tiles = shown.grid.tiles
        if tiles:
            picture, game = self._picture("grid", tiles[0].episodes[0]), table_of(tiles[0].episodes[0])
            shown.grid.place(look, shown.news.expected, picture.aspect, partial(board_size, game, picture))
        else:
            shown.grid.place(look, shown.news.expected, 1.0, lambda room: room)
        if shown.spotlight is not None:
            shown.spotlight.place()

    def step_at(self, at: tuple[int, int]) -> int | None:
        """The step whose place in a curve somebody points at; None elsewhere."""
        shown = self._shown()
        if shown.pair is not None:
            return None
        if shown.spotlight is not None:
            return shown.spotlight.chart.step_at(at)
        return self.strip.step_at(at)

    def _picture(self, use: str, episode: Episode) -> Picture:
        # One for each use, since a picture keeps its tiles for one size.
        key = use, repr(sorted(episode.options.items())), self._app.palette
        if key not in self._pictures:
            self._pictures = {old: kept for old, kept in self._pictures.items() if old[0] != use}
            game = table_of(episode)
            self._pictures[key] = game.picture(palette_of(game, self._app.palette))
        return self._pictures[key]

    def repaint(self, *parts: str | Tile) -> None:
        """Paint parts anew in the next frames, if they are in sight."""
        shown = self._shown()
        ways: dict[str | Tile, Callable[[pygame.Surface], pygame.Rect]] = {
            "heading": self._draw_heading,
            **({"strip": self._draw_strip} if self.strip.rect.width else {}),
        }
        if shown.pair is not None:
            ways |= {"pair": self._draw_pair}
        elif shown.spotlight is not None:
            spotlight = shown.spotlight
            ways |= {"spotlight": self._draw_spotlight, "code": self._draw_code, spotlight.tile: self._draw_spotlight}
        else:
            ways |= {tile: partial(self._draw_tile, tile=tile) for tile in shown.grid.visible()}
            ways |= {"column": self._draw_column} if self.column.width else {}
            ways |= {"legend": self._draw_legend} if shown.grid.rest.width and not self._compact else {}
            ways |= {"empty": self._draw_empty}
        self._parts |= {part: ways[part] for part in parts if part in ways}

    def repaint_all(self) -> None:
        """Paint everything anew in the next frames."""
        shown = self._shown()
        self._parts.clear()
        body = shown.grid.area.union(self.column) if self.column.width else shown.grid.area
        body = body.union(pygame.Rect(body.topleft, (body.width, self._area.bottom - body.top)))

        def clear(surface: pygame.Surface) -> pygame.Rect:
            return surface.fill(self._app.theme.page, body.inflate(2 * self._app.theme.px(theme.TIGHT), 0))

        self._parts["body"] = clear
        self.repaint("heading", "strip")
        if shown.pair is not None:
            self.repaint("pair")
        elif shown.spotlight is not None:
            self.repaint("spotlight")
        else:
            self.repaint(*([] if shown.grid.tiles else ["empty"]), *shown.grid.visible(), "column", "legend")

    def draw(self, surface: pygame.Surface, whole: bool) -> Sequence[pygame.Rect] | None:
        """Everything, or the boards that moved and some of what else changed."""
        if whole:
            self.repaint_all()
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
        playing = self.playing()
        for place in range(len(playing)):
            tile = playing[(self._turn + place) % len(playing)]
            # A board whose surroundings are not painted yet would be painted over by them.
            if tile.dirty and not {tile, "body", "spotlight", "pair"} & self._parts.keys():
                self._draw_board(surface, tile)
                changed.append(tile.board)
                if time.perf_counter() > ends:
                    self._turn += place + 1
                    break
        return changed

    def playing(self) -> list[Tile]:
        """The boards in sight; the champion's first, which is always there."""
        shown = self._shown()
        if shown.pair is not None:
            return list(shown.pair.tiles)
        if shown.spotlight is not None:
            return [shown.spotlight.tile] if shown.spotlight.shows_board else []
        champion = [shown.champion] if shown.champion is not None and self.column.width else []
        return [*champion, *shown.grid.visible()]

    def _draw_board(self, surface: pygame.Surface, tile: Tile) -> None:
        shown = self._shown()
        pair = shown.pair is not None and tile in shown.pair.tiles
        use = "pair" if pair else "spotlight" if shown.spotlight else "champion" if tile is shown.champion else "grid"
        tile.draw_board(surface, self._app.theme, self._picture(use, tile.episodes[0]))

    def _draw_tile(self, surface: pygame.Surface, tile: Tile) -> pygame.Rect:
        shown, look = self._shown(), self._app.theme
        frame = focus_frame(look, tile.rect)
        surface.fill(look.page, frame)
        if tile is shown.focused:
            draw_focus_frame(surface, look, frame)
        self._draw_board(surface, tile)
        tile.draw_caption(surface, look, shown.measure)
        return frame

    def _draw_strip(self, surface: pygame.Surface) -> pygame.Rect:
        self.strip.draw(surface, self._app.theme, self._shown().news)
        return self.strip.rect

    def _draw_spotlight(self, surface: pygame.Surface) -> pygame.Rect:
        shown = self._shown()
        assert shown.spotlight is not None
        area = shown.spotlight.draw(surface, self._app.theme)
        if shown.spotlight.shows_board:
            self._draw_board(surface, shown.spotlight.tile)
        return area

    def _draw_pair(self, surface: pygame.Surface) -> pygame.Rect:
        pair = self._shown().pair
        assert pair is not None
        area = pair.draw(surface, self._app.theme)
        for tile in pair.tiles:
            self._draw_board(surface, tile)
        return area

    def _draw_code(self, surface: pygame.Surface) -> pygame.Rect:
        shown = self._shown()
        assert shown.spotlight is not None
        return shown.spotlight.draw_code(surface, self._app.theme)

    def _draw_heading(self, surface: pygame.Surface) -> pygame.Rect:
        shown, look = self._shown(), self._app.theme
        news = shown.news
        name = f"{news.model} · {shown_name(news.game)}" if news.game else shown.folder.name
        top = shown.grid.area.top
        said = "" if shown.moment else self.status_words()
        painted = heading_anew(surface, look, self._area, top, name, said, compact=self._compact)
        if shown.moment:
            self._draw_moment(surface, painted, shown.moment)
        return painted

    def _draw_moment(self, surface: pygame.Surface, heading: pygame.Rect, words: str) -> None:
        """A golden band in the heading, right of the run's name."""
        look = self._app.theme
        most = look.px(theme.BODY if self._compact else theme.HEADING)
        room = heading.width * (1 if self._compact else 3) // (1 if self._compact else 5)
        pad = look.px(theme.GAP)
        height = max(6, fonts.tallest(words, room - 3 * pad, most))
        band = pygame.Rect(0, 0, paint.text_width(words, height, "bold") + 2 * pad, round(height * 2.4))
        band.midright = heading.right - pad, heading.centery
        paint.panel(surface, band.clip(heading), look.gold, look.px(theme.RADIUS))
        paint.text(surface, words, band.center, height, look.ink, weight="bold", anchor="middle", room=room)

    def status_words(self) -> str:
        """How the run stands and what is shown of it, in the heading."""
        shown = self._shown()
        spotlight = shown.spotlight
        gone = spotlight is not None and spotlight.of_step and spotlight.step != shown.news.shown
        if shown.pair is not None:
            more = ["before and after", f"seed {shown.pair.episodes[0].seed}", shown.pace]
            return status_words(shown.news, shown.folder, shown.pinned, more)
        words = (
            shown.grid.words()
            if spotlight is None
            else [f"reading {shown.news.kind.step} {spotlight.step}"]
            if gone
            else []
        )
        more = [*words, shown.pace]
        return status_words(shown.news, shown.folder, shown.pinned, more)

    def _draw_empty(self, surface: pygame.Surface) -> pygame.Rect:
        shown = self._shown()
        draw_empty(surface, self._app.theme, shown.grid.area, shown.news)
        return shown.grid.area

    def _draw_legend(self, surface: pygame.Surface) -> pygame.Rect:
        shown = self._shown()
        area = surface.fill(self._app.theme.page, shown.grid.rest)
        entrant = next((tile.entrant for tile in shown.grid.visible() if tile.entrant), None)
        if entrant is not None:
            draw_legend(surface, self._app.theme, shown.grid.rest, entrant, shown.measure)
        return area

    def _draw_column(self, surface: pygame.Surface) -> pygame.Rect:
        shown, look = self._shown(), self._app.theme
        column = self.column.copy()
        surface.fill(look.page, column)
        if shown.champion is not None and shown.news.champion is not None:
            champion = shown.news.champion
            height, middle = look.px(theme.BODY), column.top + look.px(11)
            box = paint.text(surface, "Champion", (column.left, middle), height, look.gold_ink, weight="bold")
            small = look.px(theme.CAPTION)
            at = box.right + small // 2, middle
            box = paint.text(surface, f"{shown.news.kind.step} {champion.step}", at, small, look.soft)
            words, room = champion_score(shown.news), column.right - box.right - small
            fitting = max(6, fonts.tallest(words, room, height))
            paint.text(surface, words, (column.right, middle), fitting, look.ink, anchor="right", room=room)
            self._draw_board(surface, shown.champion)
            top = shown.champion.board.bottom + look.px(theme.GAP)
            column = pygame.Rect(column.left, top, column.width, column.bottom - top)
        draw_column(surface, look, column, shown.news, shown.measure)
        return self.column
