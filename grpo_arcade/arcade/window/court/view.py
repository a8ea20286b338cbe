"""A court as it is drawn: the board, on both sides of it who sits there, with the score in big letters and the program.

The view is told what to show (:class:`Shown`) and keeps where it lies; it changes nothing of the match.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.boards import board_size, draw_board, palette_of
from grpo_arcade.arcade.window.draw.code_view import CodeView
from grpo_arcade.arcade.window.play.panel import draw_plate
from grpo_arcade.arcade.window.shell.widgets import heading_anew
from grpo_arcade.games import Game, Picture

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App


@dataclass(frozen=True, slots=True)
class SeatShown:
    """What is to be seen of one seat."""

    seat: str
    """Its name."""
    name: str
    person: bool
    points: str
    """In big letters."""
    won: int
    """Games."""
    best_of: int
    turn: bool
    """Whether it is this one's."""
    said: str
    bad: bool
    """Whether that is no good news."""
    code: str
    writing: bool


@dataclass(frozen=True, slots=True)
class Plate:
    """Something said across the board."""

    words: str
    line: str
    colour: int
    offers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """What is to be seen of a match now."""

    seats: tuple[SeatShown, ...]
    """In the order of the game's."""
    game: Game
    progress: float
    heading: str
    note: str
    plate: Plate | None
    marked: int | None
    """The action that a person points at, where one has to choose."""
    flipped: bool
    """Whether code lies where the board is, if there is no room beside it."""


@dataclass(slots=True)
class Place:
    """Where a seat lies on the screen."""

    rect: pygame.Rect = field(default_factory=lambda: pygame.Rect(0, 0, 0, 0))
    right: bool = False
    """Whether it lies to the right of the board."""
    code: CodeView = field(default_factory=CodeView)
    seen: SeatShown | None = None
    """As it was painted last."""


class CourtView:
    """Lays one court out and paints it, part by part as it changes.

    Args:
        app: the window.
        shown: what is to be seen, asked whenever something is painted.
    """

    def __init__(self, app: App, shown: Callable[[], Shown]) -> None:
        self._app, self._shown = app, shown
        self.stale = False
        """Whether something may have to be painted anew."""
        self.board = pygame.Rect(0, 0, 0, 0)
        self.area = pygame.Rect(0, 0, 0, 0)
        self._compact = self._wide = False
        self._top = 0
        self._heading: tuple[str, str] | None = None
        self._picture: tuple[object, str, Picture] | None = None
        names = [seat.seat for seat in shown().seats]
        self.columns = columns(names)
        """The seats on the left and on the right of the board, from above."""
        self.places = [Place(right=seat in self.columns[1]) for seat in range(len(names))]

    def touch(self) -> None:
        """Look whether anything has to be painted anew."""
        self.stale = True

    def picture(self, game: Game) -> Picture:
        """Of a game, in the colours that are chosen; it keeps sprites, and lives as long as both do."""
        palette = palette_of(game, self._app.palette)
        if self._picture is None or self._picture[:2] != (game.name, palette):
            self._picture = game.name, palette, game.picture(palette)
        return self._picture[2]

    def action_at(self, at: tuple[int, int]) -> int | None:
        """The action that a place of the board stands for, in games whose picture knows it."""
        game = self._shown().game
        find = getattr(self.picture(game), "action_at", None)
        if find is None or not self.board.collidepoint(at):
            return None
        action: int | None = find(self.board.size, game.view(), (at[0] - self.board.left, at[1] - self.board.top))
        return action

    def show_code(self) -> None:
        """Bring what is being written up to date, which is done at a pace that can be read."""
        for seat, place in zip(self._shown().seats, self.places, strict=True):
            if seat.code != place.code.text:
                place.code.show(seat.code, follows=seat.writing)
                place.seen, self.stale = None, True

    def scroll(self, at: tuple[int, int], steps: int) -> bool:
        """Turn the wheel over a program; False where there is none."""
        for place in self.places:
            if place.code.text and place.code.rect.collidepoint(at):
                place.seen, self.stale = None, True
                return place.code.scroll(-3 * steps)
        return False

    # Layout and paint.

    def lay_out(self, area: pygame.Rect, compact: bool) -> None:
        """The board in the middle and the seats beside it; above it where there is no room for them."""
        shown, look = self._shown(), self._app.theme
        self.area, self._compact = area, compact
        gap = look.px(theme.GAP)
        self._top = area.top + look.px(0 if compact else theme.PAD + theme.TITLE + theme.GAP)
        picture = self.picture(shown.game)
        tall = max(1, area.bottom - self._top - gap)
        least = look.px(210)
        self._wide = not compact and area.width - int(tall * picture.aspect) >= 2 * least
        if not self._wide:
            strip = look.px(40) * max(map(len, self.columns))
            room = pygame.Rect(
                area.left + gap, self._top + strip, area.width - 2 * gap, max(16, tall - strip + gap // 2)
            )
            self.board = pygame.Rect((0, 0), board_size(shown.game, picture, room.size))
            self.board.midtop = room.midtop
            half = (area.width - 3 * gap) // 2
            for right, seats in enumerate(self.columns):
                for row, seat in enumerate(seats):
                    left = area.left + gap + right * (half + gap)
                    height = look.px(40)
                    self.places[seat].rect = pygame.Rect(left, self._top + row * height, half, height)
        else:
            self.board = pygame.Rect((0, 0), board_size(shown.game, picture, (area.width - 2 * least, tall)))
            self.board.center = area.centerx, self._top + tall // 2
            pad = look.px(theme.PAD)
            wide = self.board.left - area.left - 2 * pad
            for right, seats in enumerate(self.columns):
                each = tall // len(seats)
                for row, seat in enumerate(seats):
                    left = self.board.right + pad if right else area.left + pad
                    self.places[seat].rect = pygame.Rect(left, self._top + row * each, wide, each - gap // 2)
        for place in self.places:
            place.seen = None
        self._heading = None

    def draw(self, surface: pygame.Surface, whole: bool) -> Sequence[pygame.Rect] | None:
        """All, or what changed."""
        shown, look = self._shown(), self._app.theme
        self.stale = False
        changed: list[pygame.Rect] = []
        if whole:
            surface.fill(look.page, self.area)
            self._heading = None
            for place in self.places:
                place.seen = None
        if not self._compact and self._heading != (shown.heading, shown.note):
            self._heading = shown.heading, shown.note
            changed.append(heading_anew(surface, look, self.area, self._top, *self._heading, compact=False))
        for seat, place in zip(shown.seats, self.places, strict=True):
            if place.seen != seat:
                place.seen = seat
                surface.fill(look.page, place.rect)
                (self._draw_seat if self._wide else self._draw_strip)(surface, seat, place)
                changed.append(place.rect)
        self._draw_board(surface, shown)
        changed.append(self.board)
        return None if whole else changed

    def _draw_board(self, surface: pygame.Surface, shown: Shown) -> None:
        look, game = self._app.theme, shown.game
        picture = self.picture(game)
        programs = [place for place in self.places if place.code.text]
        if shown.flipped and programs and not self._wide:
            surface.fill(look.page, self.board)
            each = self.board.height // len(programs)
            for row, place in enumerate(programs):
                place.code.rect = pygame.Rect(self.board.left, self.board.top + row * each, self.board.width, each - 2)
                place.code.draw(surface, look)
            return
        draw_board(surface, self.board, game, picture, game.view(), shown.progress)
        place_of = getattr(picture, "place_of", None)
        if shown.marked is not None and place_of is not None and shown.plate is None:
            left, top, width, _ = place_of(self.board.size, shown.marked)
            size = max(3, width // 5)
            # Inside the board, which is all that is painted anew.
            x, y = self.board.left + left + width // 2, self.board.top + top + size // 2
            peak = [(x - size, y - size // 2), (x + size, y - size // 2), (x, y + size)]
            pygame.draw.polygon(surface, pygame.Color(look.accent << 8 | 255), peak)
        if shown.plate is not None and shown.progress >= 1.0:
            plate = shown.plate
            draw_plate(surface, look, self.board, plate.words, plate.line, plate.colour, plate.offers)

    def _draw_seat(self, surface: pygame.Surface, seat: SeatShown, place: Place) -> None:
        """Beside the board: the seat, who sits there, the points, the games won, what there is to say, the program."""
        look, box = self._app.theme, place.rect
        colour = look.accent if seat.person else look.rival
        caption, gap = look.px(theme.CAPTION), look.px(theme.GAP)
        y = box.top + caption
        turn = " · to move" if seat.turn else ""
        paint.text(surface, f"{seat.seat}{turn}", (box.left, y), caption, look.soft, room=box.width)
        name = look.px(theme.TITLE)
        y += caption + name
        paint.text(surface, seat.name, (box.left, y), name, colour, weight="bold", room=box.width)
        # Four share two sides.
        big = min(2 * look.px(theme.DISPLAY), max(name, box.height // 5))
        y += name // 2 + gap + big // 2 + gap // 2
        paint.text(surface, seat.points, (box.left, y), big, look.ink, weight="bold", room=box.width)
        y += big // 2 + gap
        if seat.best_of > 1:
            self._draw_games(surface, seat, (box.left, y + look.px(5)), colour)
            y += look.px(10) + gap
        step = round(caption * theme.LINE)
        ink = look.bad if seat.bad else look.soft
        for line in paint.wrapped(seat.said, box.width, caption)[:3]:
            paint.text(surface, line, (box.left, y + step // 2), caption, ink, room=box.width)
            y += step
        y += gap // 2
        place.code.rect = pygame.Rect(box.left, y, box.width, max(0, box.bottom - y))
        if place.code.text and place.code.rect.height > look.px(60):
            place.code.draw(surface, look)

    def _draw_games(self, surface: pygame.Surface, seat: SeatShown, at: tuple[int, int], colour: int) -> None:
        look = self._app.theme
        size = look.px(10)
        for number in range(seat.best_of // 2 + 1):
            dot = pygame.Rect(at[0] + number * (size + look.px(5)), at[1] - size // 2, size, size)
            paint.panel(surface, dot, colour if number < seat.won else look.line, size // 2)

    def _draw_strip(self, surface: pygame.Surface, seat: SeatShown, place: Place) -> None:
        """Above the board: name and points, turned towards the middle, and a line below."""
        look, box = self._app.theme, place.rect
        colour = look.accent if seat.person else look.rival
        height, caption = look.px(theme.HEADING), look.px(theme.CAPTION)
        inner, outer = (box.left, box.right) if place.right else (box.right, box.left)
        towards, away = ("left", "right") if place.right else ("right", "left")
        y = box.top + box.height * 3 // 10
        points = f"{seat.points}" + (f" ({seat.won})" if seat.best_of > 1 and seat.points != str(seat.won) else "")
        written = paint.text(surface, points, (inner, y), height, look.ink, weight="bold", anchor=towards)  # type: ignore[arg-type]
        room = box.width - written.width - look.px(theme.TIGHT)
        paint.text(surface, seat.name, (outer, y), look.px(theme.BODY), colour, weight="bold", anchor=away, room=room)  # type: ignore[arg-type]
        said = f"{seat.seat} · to move" if seat.turn else seat.said
        at = outer, box.top + box.height * 7 // 10
        paint.text(surface, said, at, caption, look.bad if seat.bad else look.soft, anchor=away, room=box.width)  # type: ignore[arg-type]


def columns(names: Sequence[str]) -> tuple[list[int], list[int]]:
    """The seats on the left and on the right: where their names say so, else the first half on the left."""
    left = [seat for seat, name in enumerate(names) if name.startswith("left")]
    right = [seat for seat, name in enumerate(names) if name.startswith("right")]
    if len(left) + len(right) == len(names):
        return left, right
    half = (len(names) + 1) // 2
    return list(range(half)), list(range(half, len(names)))
