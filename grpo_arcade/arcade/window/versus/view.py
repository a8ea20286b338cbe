"""A match as it is drawn: where everything lies, what must be painted anew, and each player's place.

A place has the name and the points, the board or the strategy, and what there is to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import pygame

from grpo_arcade.arcade.players.player import Baseline
from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.boards import board_size, draw_board, draw_ending, palette_of
from grpo_arcade.arcade.window.draw.grid import largest_boards
from grpo_arcade.arcade.window.draw.words import outcome_words, shown_name
from grpo_arcade.arcade.window.shell.widgets import heading_anew
from grpo_arcade.arcade.window.versus.seat import Seat, draw_number, thinking
from grpo_arcade.games import Game, Picture
from grpo_arcade.trainer.scoring import FAILURES

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App
    from grpo_arcade.arcade.window.versus.match import Match


class MatchView:
    """Lays one match out and paints it, part by part as it changes.

    Args:
        match: what is shown.
    """

    def __init__(self, match: Match) -> None:
        self._match = match
        self.seat = SeatView(match.app, match.table)
        self.side = pygame.Rect(0, 0, 0, 0)
        """Where the selected player's code is shown beside the boards, if there is room."""
        self._stale: dict[tuple[str, int], None] = {}
        self._unseen = True
        """Whether not everything has been drawn once."""

    # What must be painted anew.

    def mark(self, *parts: tuple[str, int]) -> None:
        """Paint these anew: "board", "head" or "foot" of a place, the whole "seat", ("heading", 0), ("side", 0)."""
        self._stale |= dict.fromkeys(parts)

    def mark_seat(self, place: int) -> None:
        """Paint all of a player's place anew."""
        self.mark(("seat", place))

    def mark_all(self) -> None:
        """Paint everything anew."""
        self.mark(("heading", 0), ("side", 0), *(("seat", place) for place in range(len(self._match.seats))))

    @property
    def stale(self) -> bool:
        """Whether anything must be painted anew."""
        return bool(self._stale)

    def selection_moved(self, before: int) -> None:
        """The match has another selected place, whose code is the one beside the boards."""
        self._give_side()
        self.mark_seat(before)
        self.mark_seat(self._match.selected)
        self.mark(("side", 0))

    def _give_side(self) -> None:
        for place, seat in enumerate(self._match.seats):
            seat.has_side = bool(self.side.width) and place == self._match.selected

    # Layout and paint.

    def lay_out(self) -> None:
        """As large boards as there is room for; beside two of them there may be room for the code."""
        match, look = self._match, self._match.app.theme
        gap = look.px(theme.GAP)
        head = 30 if match.compact else theme.PAD + theme.TITLE + theme.GAP + theme.TIGHT
        top = match.area.top + look.px(head)
        body = pygame.Rect(
            match.area.left + gap, top, match.area.width - 2 * gap, max(1, match.area.bottom - top - gap)
        )
        self.side = pygame.Rect(0, 0, 0, 0)
        around = look.px(64) if not match.compact else look.px(48)
        if len(match.seats) == 2 and not match.compact and any(self._has_source(seat) for seat in match.seats):
            wide = min(body.width * 2 // 5, max(0, body.width - 2 * (body.height - around) - 2 * gap))
            wide = max(wide, body.width * 28 // 100)
            self.side = pygame.Rect(body.right - wide, body.top, wide, body.height)
            body.width -= wide + gap
        count = len(match.seats)
        picture = self.seat.picture
        columns, *room = largest_boards(body, count, gap, lambda tall: around, picture.aspect)
        wide, tall = board_size(match.table, picture, (room[0], room[1]))
        rows = -(-count // columns)
        for place, seat in enumerate(match.seats):
            row, column = divmod(place, columns)
            left = body.left + column * (body.width // columns) + (body.width // columns - wide) // 2
            top = body.top + row * (body.height // rows)
            if match.clock:  # whole pixels leave room: most of it below
                top += max(0, body.height // rows - gap - tall - around) // 3
            seat.rect = pygame.Rect(left, top, wide, body.height // rows - gap // 2)
            seat.board = pygame.Rect(left, top + look.px(28), wide, tall)
        self._give_side()

    def _has_source(self, seat: Seat) -> bool:
        """Whether there is, or will be, a strategy to read."""
        return seat.contestant is not None and not isinstance(seat.contestant.player, Baseline)

    def draw(self, surface: pygame.Surface) -> Sequence[pygame.Rect] | None:
        """All, or what changed."""
        match = self._match
        if match.whole:
            surface.fill(match.app.theme.page, match.area)
            self.mark_all()
        stale, self._stale = self._stale, {}
        if self._unseen:
            # Everything is drawn for the first time, which takes several frames' time: one part a frame.
            first, *rest = stale
            stale, self._stale = {first: None}, dict.fromkeys(rest)
            self._unseen = bool(rest)
        whole_seats = {place for part, place in stale if part == "seat"}
        ways: dict[str, Callable[[int], pygame.Rect]] = {
            "heading": lambda place: self._draw_heading(surface),
            "side": lambda place: self._draw_side(surface),
            "seat": partial(self._draw_seat, surface),
            "board": lambda place: self.seat.draw_board(surface, match.seats[place], match.seed),
            "head": lambda place: self.seat.draw_head(surface, match.seats[place]),
            "foot": lambda place: self.seat.draw_foot(surface, match.seats[place]),
        }
        changed = [
            ways[part](place)
            for part, place in stale
            if part in ("heading", "side", "seat") or place not in whole_seats
        ]
        return None if match.whole else changed

    def _draw_heading(self, surface: pygame.Surface) -> pygame.Rect:
        match, look = self._match, self._match.app.theme
        words = match.verdict or f"{shown_name(match.table.name)} · versus"
        top = match.seats[0].rect.top
        return heading_anew(surface, look, match.area, top, words, self._note(), compact=match.compact)

    def _note(self) -> str:
        match = self._match
        parts = [f"seed {match.seed}"]
        alone = match.person is None or match.person.out
        parts.append(f"{match.speed:g}×" if match.pace == "real time" or alone else "turn by turn")
        if match.paused:
            parts.append("paused")
        elif not match.ready:
            parts.append("a player is still thinking")
        elif match.person is not None and not match.started:
            parts.append("it begins with your first press" if match.clock else "it begins with your first move")
        return " · ".join(parts)

    def _draw_seat(self, surface: pygame.Surface, place: int) -> pygame.Rect:
        match, look = self._match, self._match.app.theme
        seat = match.seats[place]
        edge = look.px(4)
        frame = seat.rect.inflate(2 * edge, 0)
        surface.fill(look.page, frame)
        if place == match.selected and len(match.seats) > 2:
            paint.panel(surface, frame, look.page, look.px(theme.RADIUS), look.line, max(2, look.px(2)))
        self.seat.draw_head(surface, seat)
        self.seat.draw_board(surface, seat, match.seed)
        self.seat.draw_foot(surface, seat)
        return frame

    def _draw_side(self, surface: pygame.Surface) -> pygame.Rect:
        look, area = self._match.app.theme, self.side
        if not area.width:
            return area
        surface.fill(look.page, area)
        seat = self._match.seats[self._match.selected]
        height = look.px(theme.BODY)
        words = f"{seat.name}: its strategy" if seat.contestant and seat.contestant.text else ""
        paint.text(surface, words, (area.left, area.top + look.px(14)), height, look.soft, room=area.width)
        if words and not seat.shows_code:
            seat.code.rect = pygame.Rect(area.left, area.top + look.px(28), area.width, area.height - look.px(28))
            seat.code.draw(surface, look)
        return area


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

    def draw_head(self, surface: pygame.Surface, seat: Seat) -> pygame.Rect:
        """Who plays, and the points."""
        look = self._app.theme
        area = pygame.Rect(seat.board.left, seat.rect.top, seat.board.width, seat.board.top - seat.rect.top)
        area = area.inflate(0, -2 * look.px(2))
        surface.fill(look.page, area)
        height = look.px(theme.HEADING if seat.board.width > look.px(180) else theme.BODY)
        colour = look.accent if seat.session else look.rival
        pad = seat.board.width // 40
        left = draw_number(surface, round(seat.score), (area.right - pad, area.centery), height, look.ink)
        at = area.left + pad, area.centery
        paint.text(surface, seat.name, at, height, colour, weight="bold", room=left - at[0] - height)
        return area

    def draw_board(self, surface: pygame.Surface, seat: Seat, seed: int) -> pygame.Rect:
        """The position, or the strategy where that is to be read in its place."""
        look = self._app.theme
        if seat.shows_code:
            seat.code.rect = seat.board.copy()
            surface.fill(look.page, seat.board)
            seat.code.draw(surface, look)
            return seat.board
        if seat.session:
            draw_board(surface, seat.board, self._table, self.picture, seat.session.game.view(), seat.progress)
        elif seat.playback and seat.playback.view is not None:
            seat.playback.draw(surface, seat.board, self.picture)
        else:
            self._draw_waiting(surface, seat, seed)
        resting = seat.progress >= 1.0
        if seat.outcome is not None and resting:
            moves = bool(seat.session or (seat.playback and seat.playback.episode.actions))
            draw_ending(surface, look, seat.board, seat.outcome, seat.score if moves else None)
        return seat.board

    def _draw_waiting(self, surface: pygame.Surface, seat: Seat, seed: int) -> None:
        look = self._app.theme
        if self._table.clock_driven:
            surface.fill(look.sunken, seat.board)  # a console would first have to be switched on
        else:
            self._table.reset(seed)
            self.picture.draw(surface.subsurface(seat.board), self._table.view(), 1.0)
            paint.veil(surface, look.page, 0.55, seat.board)
        contestant = seat.contestant
        if contestant is None:
            return
        failed = contestant.state == "failed"
        words = contestant.error if failed else thinking(contestant)
        height = look.px(theme.BODY if seat.board.width > look.px(220) else theme.CAPTION)
        pad = height
        step = round(height * theme.LINE)
        lines = paint.wrapped(words, seat.board.width - 3 * pad, height)
        lines = lines[: max(1, (seat.board.height - 2 * pad) // step)]
        wide = max(paint.text_width(line, height) for line in lines) + 3 * pad
        box = pygame.Rect(0, 0, min(wide, seat.board.width - pad), len(lines) * step + 2 * pad)
        box.center = seat.board.center
        paint.panel(surface, box, look.card, look.px(theme.RADIUS), look.bad if failed else look.line)
        for row, line in enumerate(lines):
            at = box.centerx, box.top + pad + row * step + step // 2
            paint.text(surface, line, at, height, look.ink if failed else look.soft, anchor="middle")

    def draw_foot(self, surface: pygame.Surface, seat: Seat) -> pygame.Rect:
        """What there is to say of the player."""
        look = self._app.theme
        top = seat.board.bottom + look.px(2)
        area = pygame.Rect(seat.board.left, top, seat.board.width, max(1, seat.rect.bottom - top - look.px(2)))
        surface.fill(look.page, area)
        height = look.px(theme.CAPTION)
        words, colour = self.said(seat)
        step = round(height * theme.LINE)
        pad = seat.board.width // 40
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
            return "thinking…", look.faint
        if performance.outcome in FAILURES and seat.out:
            said = f": {performance.error}" if performance.error else ""
            return f"{outcome_words(performance.outcome)}{said}{again}", look.bad
        strategy = f"attempt {contestant.attempt + 1}" if writes else ""
        return f"{strategy}{again}".removeprefix(" · "), look.faint
