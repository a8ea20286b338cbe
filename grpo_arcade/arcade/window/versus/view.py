"""A match as it is drawn: where everything lies, what must be painted anew, and each player's place.

A place has the name and the points, the board or the strategy, and what there is to say. The view is told what to show
(:class:`Shown`) and keeps where it lies; it changes nothing of the match.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pygame

from grpo_arcade.arcade.players.player import Baseline
from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.boards import board_size, draw_board, draw_ending, palette_of
from grpo_arcade.arcade.window.draw.code_view import CodeView
from grpo_arcade.arcade.window.draw.grid import largest_boards
from grpo_arcade.arcade.window.draw.words import outcome_words
from grpo_arcade.arcade.window.shell.widgets import heading_anew
from grpo_arcade.arcade.window.versus.seat import Seat, thinking
from grpo_arcade.games import Game, Picture
from grpo_arcade.trainer.counting import FAILURES

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App


CODE_EVERY_S = 0.05
"""How often a text that grows is highlighted anew."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is to be seen of a match now."""

    seats: Sequence[Seat]
    selected: int
    """The place whose code is shown beside the boards."""
    seed: int
    heading: str
    note: str


@dataclass(slots=True)
class Place:
    """Where a seat lies on the screen."""

    rect: pygame.Rect = field(default_factory=lambda: pygame.Rect(0, 0, 0, 0))
    board: pygame.Rect = field(default_factory=lambda: pygame.Rect(0, 0, 0, 0))
    code: CodeView = field(default_factory=CodeView)
    beside: bool = False
    """Whether its code is shown beside the boards."""


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
        """Paint these anew: "board", "head" or "foot" of a place, the whole "seat", ("heading", 0), ("side", 0)."""
        self._stale |= dict.fromkeys(parts)

    def mark_seat(self, place: int) -> None:
        """Paint all of a player's place anew."""
        self.mark(("seat", place))

    def mark_all(self) -> None:
        """Paint everything anew."""
        self.mark(("heading", 0), ("side", 0), *(("seat", place) for place in range(len(self.places))))

    @property
    def stale(self) -> bool:
        """Whether anything must be painted anew."""
        return bool(self._stale)

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

    def show_writing(self, dt: float) -> None:
        """Show what is being written, ``dt`` seconds later, at a pace that can be read."""
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
        self.side = pygame.Rect(0, 0, 0, 0)
        around = look.px(64) if not compact else look.px(48)
        if len(shown.seats) == 2 and not compact and any(_has_source(seat) for seat in shown.seats):
            wide = min(body.width * 2 // 5, max(0, body.width - 2 * (body.height - around) - 2 * gap))
            wide = max(wide, body.width * 28 // 100)
            self.side = pygame.Rect(body.right - wide, body.top, wide, body.height)
            body.width -= wide + gap
        count = len(shown.seats)
        picture = self.seat.picture
        columns, *room = largest_boards(body, count, gap, lambda tall: around, picture.aspect)
        wide, tall = board_size(self._table, picture, (room[0], room[1]))
        rows = -(-count // columns)
        for number, place in enumerate(self.places):
            row, column = divmod(number, columns)
            left = body.left + column * (body.width // columns) + (body.width // columns - wide) // 2
            top = body.top + row * (body.height // rows)
            bottom = top + body.height // rows - gap // 2
            if self._table.clock_driven:  # whole pixels leave room: most of it below
                top += max(0, body.height // rows - gap - tall - around) // 3
            place.rect = pygame.Rect(left, top, wide, bottom - top)
            place.board = pygame.Rect(left, top + look.px(28), wide, tall)
        self._give_side(shown.selected)

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
            "seat": partial(self._draw_seat, surface, shown),
            "board": lambda number: self.seat.draw_board(surface, shown.seats[number], self.places[number], shown.seed),
            "head": of_seat(self.seat.draw_head),
            "foot": of_seat(self.seat.draw_foot),
        }
        changed = [
            ways[part](place)
            for part, place in stale
            if part in ("heading", "side", "seat") or place not in whole_seats
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


def _has_source(seat: Seat) -> bool:
    """Whether there is, or will be, a strategy to read."""
    return seat.contestant is not None and not isinstance(seat.contestant.player, Baseline)


class SeatView:
    """Paints the places of one match; each method returns what it has painted.

    Args:
        app: the window.
        table: the game that is played.
    """

    def __init__(self, app: App, table: Game) -> None:
        self._app = app
        self._table = table
        self._picture: tuple[str, tuple[int, int], Picture] | None = None

    @property
    def picture(self) -> Picture:
        """The game's, in the colours chosen and for the window there is."""
        palette, size = palette_of(self._table, self._app.palette), self._app.surface.get_size()
        if self._picture is None or self._picture[:2] != (palette, size):
            self._picture = palette, size, self._table.picture(palette)
        return self._picture[2]

    def draw_head(self, surface: pygame.Surface, seat: Seat, place: Place) -> pygame.Rect:
        """Who plays, and the points."""
        look = self._app.theme
        area = pygame.Rect(place.board.left, place.rect.top, place.board.width, place.board.top - place.rect.top)
        area = area.inflate(0, -2 * look.px(2))
        surface.fill(look.page, area)
        height = look.px(theme.HEADING if place.board.width > look.px(180) else theme.BODY)
        colour = look.accent if seat.session else look.rival
        pad = place.board.width // 40
        left = _draw_number(surface, round(seat.score), (area.right - pad, area.centery), height, look.ink)
        at = area.left + pad, area.centery
        paint.text(surface, seat.name, at, height, colour, weight="bold", room=left - at[0] - height)
        return area

    def draw_board(self, surface: pygame.Surface, seat: Seat, place: Place, seed: int) -> pygame.Rect:
        """The position, or the strategy where that is to be read in its place."""
        look = self._app.theme
        if seat.shows_code(place.beside):
            place.code.rect = place.board.copy()
            surface.fill(look.page, place.board)
            place.code.draw(surface, look)
            return place.board
        if seat.session:
            draw_board(surface, place.board, self._table, self.picture, seat.session.game.view(), seat.progress)
        elif seat.playback and seat.playback.view is not None:
            seat.playback.draw(surface, place.board, self.picture)
        else:
            self._draw_waiting(surface, seat, place, seed)
        resting = seat.progress >= 1.0
        if seat.outcome is not None and resting:
            moves = bool(seat.session or (seat.playback and seat.playback.episode.actions))
            draw_ending(surface, look, place.board, seat.outcome, seat.score if moves else None)
        return place.board

    def _draw_waiting(self, surface: pygame.Surface, seat: Seat, place: Place, seed: int) -> None:
        look = self._app.theme
        if self._table.clock_driven:
            surface.fill(look.sunken, place.board)  # a console would first have to be switched on
        else:
            self._table.reset(seed)
            self.picture.draw(surface.subsurface(place.board), self._table.view(), 1.0)
            paint.veil(surface, look.page, 0.55, place.board)
        contestant = seat.contestant
        if contestant is None:
            return
        failed = contestant.state == "failed"
        words = contestant.error if failed else thinking(contestant)
        height = look.px(theme.BODY if place.board.width > look.px(220) else theme.CAPTION)
        pad = height
        step = round(height * theme.LINE)
        lines = paint.wrapped(words, place.board.width - 3 * pad, height)
        lines = lines[: max(1, (place.board.height - 2 * pad) // step)]
        wide = max(paint.text_width(line, height) for line in lines) + 3 * pad
        box = pygame.Rect(0, 0, min(wide, place.board.width - pad), len(lines) * step + 2 * pad)
        box.center = place.board.center
        paint.panel(surface, box, look.card, look.px(theme.RADIUS), look.bad if failed else look.line)
        for row, line in enumerate(lines):
            at = box.centerx, box.top + pad + row * step + step // 2
            paint.text(surface, line, at, height, look.ink if failed else look.soft, anchor="middle")

    def draw_foot(self, surface: pygame.Surface, seat: Seat, place: Place) -> pygame.Rect:
        """What there is to say of the player."""
        look = self._app.theme
        top = place.board.bottom + look.px(2)
        area = pygame.Rect(place.board.left, top, place.board.width, max(1, place.rect.bottom - top - look.px(2)))
        surface.fill(look.page, area)
        height = look.px(theme.CAPTION)
        words, colour = self.said(seat)
        step = round(height * theme.LINE)
        pad = place.board.width // 40
        for row, line in enumerate(paint.wrapped(words, area.width - 2 * pad, height)[: max(1, area.height // step)]):
            paint.text(surface, line, (area.left + pad, area.top + row * step + step // 2), height, colour)
        return area

    def said(self, seat: Seat) -> tuple[str, int]:
        """The words below a board, and their colour."""
        look, contestant = self._app.theme, seat.contestant
        if contestant is None:
            return ("", look.faint)
        writes = contestant.writes
        if contestant.state == "writing":
            return f"writing its strategy… {len(contestant.text):,} characters", look.rival
        again = f" · {self._app.bindings.key_label('versus.ask')} asks again" if writes else ""
        if contestant.state == "failed":
            return f"cannot play{again}", look.bad
        performance = contestant.performance
        if performance is None:
            return "loading the model…" if contestant.state == "loading" else "thinking…", look.faint
        if performance.outcome in FAILURES and seat.out:
            said = f": {performance.error}" if performance.error else ""
            return f"{outcome_words(performance.outcome)}{said}{again}", look.bad
        strategy = f"attempt {contestant.attempt + 1}" if writes else ""
        # The strongest wall goes without saying.
        wall = "" if performance.wall in ("", "kernel") else f" · wall: {performance.wall}"
        return f"{strategy}{wall}{again}".removeprefix(" · "), look.faint


def _draw_number(surface: pygame.Surface, value: int, at: tuple[int, int], height: int, colour: int) -> int:
    """A number that ends at x, put together from digits that are drawn once; returns where it begins."""
    x = at[0]
    for character in reversed(f"{value:,}"):
        box = paint.text(surface, character, (x, at[1]), height, colour, weight="bold", anchor="right")
        x = box.left - max(1, height // 8)
    return x
