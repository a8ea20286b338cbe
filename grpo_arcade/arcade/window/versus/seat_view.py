"""One player's place in a match as it is painted: the name and the points, the board or the strategy, what is said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.boards import draw_board, draw_ending, palette_of
from grpo_arcade.arcade.window.draw.code_view import CodeView
from grpo_arcade.arcade.window.draw.words import outcome_words
from grpo_arcade.arcade.window.versus.seat import Seat, thinking
from grpo_arcade.games import Game, Picture
from grpo_arcade.trainer.counting import FAILURES

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App


@dataclass(slots=True)
class Place:
    """Where a seat lies on the screen."""

    rect: pygame.Rect = field(default_factory=lambda: pygame.Rect(0, 0, 0, 0))
    board: pygame.Rect = field(default_factory=lambda: pygame.Rect(0, 0, 0, 0))
    code: CodeView = field(default_factory=CodeView)
    beside: bool = False
    """Whether its code is shown beside the boards."""


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
