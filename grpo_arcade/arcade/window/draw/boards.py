"""Boards in the room there is. A console's screen has pixels of its own, which look best as squares of whole pixels."""

from __future__ import annotations

from typing import Any

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.arcade.window.draw.words import outcome_words
from grpo_arcade.games import Game, Outcome, Picture, fonts, score_text


def palette_of(game: Game, chosen: str) -> str:
    """The chosen palette, or the first of a game that lacks it: a console has its own colours."""
    return chosen if chosen in game.palettes else game.palettes[0]


def board_size(game: Game, picture: Picture, room: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the largest board for a room; of a console's screen a whole multiple, if one fits."""
    if game.clock_driven:
        natural = picture.natural_size
        times = min(room[0] // natural[0], room[1] // natural[1])
        if times >= 1:
            return natural[0] * times, natural[1] * times
    width = max(16, min(room[0], int(room[1] * picture.aspect)))
    return width, max(16, int(width / picture.aspect))


def draw_board(
    surface: pygame.Surface, rect: pygame.Rect, game: Game, picture: Picture, view: Any, progress: float = 1.0
) -> None:
    """Draw a position into a part of the surface."""
    if game.clock_driven:
        draw_pixels(surface, rect, picture, view)
    else:
        picture.draw(surface.subsurface(rect.clip(surface.get_rect())), view, progress)


def draw_pixels(surface: pygame.Surface, rect: pygame.Rect, picture: Picture, view: Any, crop: bool = False) -> None:
    """Draw a picture that has pixels of its own into a rectangle of any size, softly where it must be reduced.

    Args:
        surface: where to.
        rect: what to fill; around the picture it becomes black.
        picture: of the game.
        view: what to draw.
        crop: whether the picture fills all of it, and loses what does not fit at its edges.
    """
    rect = rect.clip(surface.get_rect())
    width, height = picture.natural_size
    if not rect.width or not rect.height:
        return
    if rect.width >= width and rect.height >= height and not crop:
        picture.draw(surface.subsurface(rect), view)
        return
    whole = _scratch(width, height)
    picture.draw(whole, view)
    if crop:
        shape = rect.width / rect.height
        wide, tall = (width, round(width / shape)) if shape > width / height else (round(height * shape), height)
        whole = whole.subsurface(((width - wide) // 2, (height - tall) // 2, wide, tall))
        inner = rect
    else:
        fit = min(rect.width / width, rect.height / height)
        inner = pygame.Rect(0, 0, max(1, round(width * fit)), max(1, round(height * fit)))
        inner.center = rect.center
        if inner.size != rect.size:
            surface.fill(0, rect)
    surface.blit(pygame.transform.smoothscale(whole, inner.size), inner)


_scratches: dict[tuple[int, int], pygame.Surface] = {}


def _scratch(width: int, height: int) -> pygame.Surface:
    """A surface that is drawn over again and again; of 32 bits, which smooth scaling needs."""
    if (width, height) not in _scratches:
        _scratches[width, height] = pygame.Surface((width, height), 0, 32)
    return _scratches[width, height]


def draw_ending(
    surface: pygame.Surface, look: Theme, board: pygame.Rect, outcome: Outcome, score: float | None
) -> None:
    """Veil a board whose game has ended, and name how, with the score unless it is None."""
    side = board.width
    paint.veil(surface, look.page, 0.45, board)
    words = outcome_words(outcome)
    height = min(look.px(theme.TITLE if side > look.px(300) else theme.HEADING), max(6, side // 11))
    height = max(4, fonts.tallest(words, side * 9 // 10 - height, height))
    two_lines = score is not None and side > 8 * height
    band = pygame.Rect(0, 0, min(side * 9 // 10, 16 * height), height * (4 if two_lines else 3))
    band.center = board.center
    colour = look.outcome(outcome)
    paint.panel(surface, band, look.card, look.px(theme.RADIUS), colour, max(1, look.px(1.5)))
    y = band.centery - (height * 4 // 5 if two_lines else 0)
    room = band.width - max(2, height // 2)
    paint.text(surface, words, (band.centerx, y), height, colour, weight="bold", anchor="middle", room=room)
    if two_lines:
        y = band.centery + height * 4 // 5
        paint.text(
            surface, score_text(score or 0.0), (band.centerx, y), height, look.ink, weight="bold", anchor="middle"
        )
