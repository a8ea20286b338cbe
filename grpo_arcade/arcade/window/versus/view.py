"""A match as it is drawn: where everything lies, and what must be painted anew.

Each player has a place, below which the points of all go on in a chart if the boards leave room for it. The view is
told what to show (:class:`Shown`) and keeps where it lies; it changes nothing of the match.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pygame

from grpo_arcade.arcade.players.player import Baseline
from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.boards import board_size
from grpo_arcade.arcade.window.draw.grid import largest_boards
from grpo_arcade.arcade.window.shell.widgets import heading_anew
from grpo_arcade.arcade.window.versus.points import Line, PointsChart
from grpo_arcade.arcade.window.versus.seat import Seat
from grpo_arcade.arcade.window.versus.seat_view import Place, SeatView
from grpo_arcade.games import Game

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App


CODE_EVERY_S = 0.05
"""How often a text that grows is highlighted anew."""
POINTS_EVERY_S = 0.1
"""How often the points are taken down and their chart painted anew, at most."""
_HEAD, _FOOT, _LONG_FOOT = 28, 36, 60
"""What a place needs above and below its board, in points; below it more where there is room, for what has gone
wrong."""
_LOWEST_CHART, _HIGHEST_CHART = 90, 300
"""Of the points, in points."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is to be seen of a match now."""

    seats: Sequence[Seat]
    selected: int
    """The place whose code is shown beside the boards."""
    seed: int
    heading: str
    note: str


class MatchView:
    """Lays one match out and paints it, part by part as it changes.

    Args:
        app: the window.
        table: the game that is played.
        shown: what is to be seen, asked whenever something is laid out or painted.
    """

    def __init__(self, app: App, table: Game, shown: Callable[[], Shown]) -> None:
        self._app = app
        self._table = table
        self._shown = shown
        self.seat = SeatView(app, table)
        self.places = [Place() for _ in shown().seats]
        """Where each seat lies, in their order."""
        self.area = pygame.Rect(0, 0, 0, 0)
        self.side = pygame.Rect(0, 0, 0, 0)
        """Where the selected player's code is shown beside the boards, if there is room."""
        self.chart = PointsChart()
        """Below the boards, if they leave room."""
        self._points_in = 0.0
        self._compact = False
        self._top = 0
        """Where the heading ends."""
        self._code_in = 0.0
        self._stale: dict[tuple[str, int], None] = {}
        self._unseen = True
        """Whether nothing has been drawn yet."""
        self._in_parts = False
        """Whether one part a frame is drawn: everything, for the first time, takes several frames' time."""

    # What must be painted anew.

    def mark(self, *parts: tuple[str, int]) -> None:
        """Paint anew "board", "head" or "foot" of a place, its whole "seat", or 0 of "heading", "side", "points"."""
        self._stale |= dict.fromkeys(parts)

    def mark_seat(self, place: int) -> None:
        """Paint all of a player's place anew."""
        self.mark(("seat", place))

    def mark_all(self) -> None:
        """Paint everything anew."""
        self.mark(("heading", 0), ("side", 0), ("points", 0), *(("seat", place) for place in range(len(self.places))))

    @property
    def stale(self) -> bool:
        """Whether anything must be painted anew."""
        return bool(self._stale)

    @property
    def points_behind(self) -> bool:
        """Whether the game has gone on since the points were last taken down."""
        seats = self._shown().seats
        return any(seat.standing and seat.course.points[-1:] != [seat.standing] for seat in seats)

    def selection_moved(self, before: int) -> None:
        """Another place is selected, whose code is the one beside the boards."""
        selected = self._shown().selected
        self._give_side(selected)
        self.mark_seat(before)
        self.mark_seat(selected)
        self.mark(("side", 0))

    def _give_side(self, selected: int) -> None:
        for number, place in enumerate(self.places):
            place.beside = bool(self.side.width) and number == selected

    def show_code(self, number: int) -> None:
        """Bring the code of a place up to what has been written by now."""
        seat = self._shown().seats[number]
        if seat.contestant is not None:
            self.places[number].code.show(seat.code, follows=seat.writing)

    def go_on(self, dt: float) -> None:
        """Show what is being written and how the points stand, ``dt`` seconds later."""
        self._show_writing(dt)
        self._points_in -= dt
        if self._points_in > 0 or not self.points_behind:
            return
        self._points_in = POINTS_EVERY_S
        for seat in self._shown().seats:
            if seat.standing:
                seat.course.note(*seat.standing)
        self.mark(("points", 0))

    def _show_writing(self, dt: float) -> None:
        """At a pace that can be read."""
        self._code_in -= dt
        if self._code_in > 0:
            return
        shown = self._shown()
        for number, (seat, place) in enumerate(zip(shown.seats, self.places, strict=True)):
            if seat.writing and seat.code != place.code.text:
                self._code_in = CODE_EVERY_S
                self.show_code(number)
                self.mark(("board", number), ("foot", number))
                if number == shown.selected:
                    self.mark(("side", 0))

    def scroll(self, at: tuple[int, int], steps: int) -> bool:
        """Turn the wheel over a code; False where there is none."""
        shown = self._shown()
        for number, (seat, place) in enumerate(zip(shown.seats, self.places, strict=True)):
            inside = seat.shows_code(place.beside) and place.board.collidepoint(at)
            if inside or (number == shown.selected and self.side.collidepoint(at)):
                self.mark(("board", number), ("side", 0))
                return place.code.scroll(-3 * steps)
        return False

    def place_at(self, at: tuple[int, int]) -> int | None:
        """Which seat lies there."""
        return next((number for number, place in enumerate(self.places) if place.rect.collidepoint(at)), None)

    # Layout and paint.

    def lay_out(self, area: pygame.Rect, compact: bool) -> None:
        """As large boards as there is room for; beside two of them there may be room for the code."""
        shown, look = self._shown(), self._app.theme
        self.area, self._compact = area, compact
        gap = look.px(theme.GAP)
        head = 30 if compact else theme.PAD + theme.TITLE + theme.GAP + theme.TIGHT
        top = area.top + look.px(head)
        self._top = top
        body = pygame.Rect(area.left + gap, top, area.width - 2 * gap, max(1, area.bottom - top - gap))
        around = look.px(_HEAD + (_FOOT if not compact else _FOOT - 16))
        self.side = self._side_of(body, around)
        if self.side.width:
            body.width -= self.side.width + gap
        columns, wide, tall = self._boards_in(body, around)
        rows = -(-len(self.places) // columns)
        body.height -= self._make_room_for_points(body, body.height - rows * (tall + around))
        for number, place in enumerate(self.places):
            row, column = divmod(number, columns)
            left = body.left + column * (body.width // columns) + (body.width // columns - wide) // 2
            top = body.top + row * (body.height // rows)
            bottom = top + body.height // rows - gap // 2
            if self._table.clock_driven:  # whole pixels leave room: most of it below
                top += max(0, body.height // rows - gap - tall - around) // 3
            place.rect = pygame.Rect(left, top, wide, bottom - top)
            place.board = pygame.Rect(left, top + look.px(_HEAD), wide, tall)
        self._give_side(shown.selected)

    def _side_of(self, body: pygame.Rect, around: int) -> pygame.Rect:
        """Where the code goes beside two boards; empty where it would cost them too much."""
        shown, look = self._shown(), self._app.theme
        nowhere, gap = pygame.Rect(0, 0, 0, 0), look.px(theme.GAP)
        if len(shown.seats) != 2 or self._compact or not any(_has_source(seat) for seat in shown.seats):
            return nowhere
        wide = min(body.width * 2 // 5, max(0, body.width - 2 * (body.height - around) - 2 * gap))
        wide = max(wide, body.width * 28 // 100)
        rest = pygame.Rect(body.topleft, (body.width - wide - gap, body.height))
        # Only a console's whole pixels can make so much of a difference: then its code is read in the board's place.
        if self._boards_in(body, around)[1] >= 2 * self._boards_in(rest, around)[1]:
            return nowhere
        return pygame.Rect(body.right - wide, body.top, wide, body.height)

    def _boards_in(self, area: pygame.Rect, around: int) -> tuple[int, int, int]:
        """Columns, and width and height of a board."""
        picture, gap = self.seat.picture, self._app.theme.px(theme.GAP)
        columns, *room = largest_boards(area, len(self.places), gap, lambda tall: around, picture.aspect)
        return columns, *board_size(self._table, picture, (room[0], room[1]))

    def _make_room_for_points(self, body: pygame.Rect, spare: int) -> int:
        """Place the chart of the points at the end of the boards' area, if so much is spare; what it takes of that."""
        look = self._app.theme
        gap = look.px(theme.GAP)
        room = spare - gap - look.px(_LONG_FOOT - _FOOT)
        if self._compact or room < look.px(_LOWEST_CHART):
            self.chart.rect = pygame.Rect(0, 0, 0, 0)
            return 0
        height = min(room, look.px(_HIGHEST_CHART))
        self.chart.rect = pygame.Rect(body.left, body.bottom - height, body.width, height)
        return height + gap

    def draw(self, surface: pygame.Surface, whole: bool) -> Sequence[pygame.Rect] | None:
        """All, or what changed."""
        shown = self._shown()
        if whole:
            surface.fill(self._app.theme.page, self.area)
            self.mark_all()
            self._in_parts, self._unseen = self._unseen, False
        stale, self._stale = self._stale, {}
        if self._in_parts:
            first, *rest = stale
            stale, self._stale = {first: None}, dict.fromkeys(rest)
            self._in_parts = bool(rest)
        whole_seats = {place for part, place in stale if part == "seat"}

        def of_seat(paint_part: Callable[..., pygame.Rect]) -> Callable[[int], pygame.Rect]:
            return lambda number: paint_part(surface, shown.seats[number], self.places[number])

        ways: dict[str, Callable[[int], pygame.Rect]] = {
            "heading": lambda number: self._draw_heading(surface, shown),
            "side": lambda number: self._draw_side(surface, shown),
            "points": lambda number: self._draw_points(surface, shown),
            "seat": partial(self._draw_seat, surface, shown),
            "board": lambda number: self.seat.draw_board(surface, shown.seats[number], self.places[number], shown.seed),
            "head": of_seat(self.seat.draw_head),
            "foot": of_seat(self.seat.draw_foot),
        }
        changed = [
            ways[part](place)
            for part, place in stale
            if part in ("heading", "side", "points", "seat") or place not in whole_seats
        ]
        return None if whole else changed

    def _draw_heading(self, surface: pygame.Surface, shown: Shown) -> pygame.Rect:
        look = self._app.theme
        return heading_anew(surface, look, self.area, self._top, shown.heading, shown.note, compact=self._compact)

    def _draw_seat(self, surface: pygame.Surface, shown: Shown, number: int) -> pygame.Rect:
        look = self._app.theme
        seat, place = shown.seats[number], self.places[number]
        edge = look.px(4)
        frame = place.rect.inflate(2 * edge, 0)
        surface.fill(look.page, frame)
        if number == shown.selected and len(shown.seats) > 2:
            paint.panel(surface, frame, look.page, look.px(theme.RADIUS), look.line, max(2, look.px(2)))
        self.seat.draw_head(surface, seat, place)
        self.seat.draw_board(surface, seat, place, shown.seed)
        self.seat.draw_foot(surface, seat, place)
        return frame

    def _draw_side(self, surface: pygame.Surface, shown: Shown) -> pygame.Rect:
        look, area = self._app.theme, self.side
        if not area.width:
            return area
        surface.fill(look.page, area)
        seat, place = shown.seats[shown.selected], self.places[shown.selected]
        height = look.px(theme.BODY)
        words = f"{seat.name}: its strategy" if seat.contestant and seat.contestant.text else ""
        paint.text(surface, words, (area.left, area.top + look.px(14)), height, look.soft, room=area.width)
        if words and not seat.shows_code(place.beside):
            place.code.rect = pygame.Rect(area.left, area.top + look.px(28), area.width, area.height - look.px(28))
            place.code.draw(surface, look)
        return area

    def _draw_points(self, surface: pygame.Surface, shown: Shown) -> pygame.Rect:
        look = self._app.theme
        if self.chart.rect.width:
            surface.fill(look.page, self.chart.rect)
            colours = iter((look.rival, look.ink, look.gold, look.good, look.bad, look.faint))
            lines = [Line(s.name, look.accent if s.session else next(colours), s.course) for s in shown.seats]
            self.chart.draw(surface, look, lines, "s" if self._table.clock_driven else "moves")
        return self.chart.rect


def _has_source(seat: Seat) -> bool:
    """Whether there is, or will be, a strategy to read."""
    return seat.contestant is not None and not isinstance(seat.contestant.player, Baseline)
