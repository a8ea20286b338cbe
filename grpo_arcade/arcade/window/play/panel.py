"""What stands beside and over the board of Play: numbers, what is going on, a hint's arrow, how the game ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.games import fonts
from grpo_arcade.games.names import shown_name


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a game beside its board."""

    name: str
    """The game's, in the registry."""
    goal: str
    score: str
    best: str
    rows: tuple[tuple[str, str], ...]
    """Label and value, from above."""
    seed: int
    state: str
    """What is going on, in one line; empty where there is nothing to say."""
    colour: int
    """Of :attr:`state`."""


WAYS: dict[str, Literal["up", "right", "down", "left"]] = {"W": "up", "D": "right", "S": "down", "A": "left"}


def title_height(look: Theme, name: str, room: int) -> int:
    """Of a game's name above its score: large, and smaller where it would be cut."""
    return max(look.px(theme.TITLE), fonts.tallest(name, room, look.px(theme.DISPLAY)))


def draw_side(surface: pygame.Surface, look: Theme, told: Told, box: pygame.Rect) -> None:
    """Beside the board: the goal, score and best, moves, seed, and at the foot what is going on."""
    body, gap = look.px(theme.BODY), look.px(theme.GAP)
    line = round(body * theme.LINE)
    big = look.px(theme.DISPLAY)
    y = box.top + gap + big // 2
    name = shown_name(told.name)
    height = title_height(look, name, box.width)
    paint.text(surface, name, (box.left, y), height, look.ink, weight="bold", room=box.width)
    y += big // 2 + 2 * gap
    paint.text(surface, told.goal, (box.left, y), body, look.soft, room=box.width)
    y += line + gap
    half = (box.width - gap) // 2
    for column, (label, value, colour) in enumerate(
        (("Score", told.score, look.ink), ("Best", told.best, look.gold_ink))
    ):
        card = pygame.Rect(box.left + column * (half + gap), y, half, look.px(76))
        paint.panel(surface, card, look.card, look.px(theme.RADIUS), look.line)
        x = card.left + gap
        paint.text(surface, label, (x, card.top + look.px(22)), look.px(theme.CAPTION), look.faint)
        paint.text(
            surface,
            value,
            (x, card.bottom - look.px(27)),
            look.px(theme.TITLE - 3),
            colour,
            weight="bold",
            room=half - 2 * gap,
        )
    y += look.px(76) + 2 * gap
    for label, words in told.rows:
        y += line
        paint.text(surface, label, (box.left, y), body, look.faint)
        paint.text(surface, words, (box.right, y), body, look.ink, anchor="right", room=box.width * 2 // 3)
        surface.fill(look.line, (box.left, y + line // 2, box.width, 1))
    words, colour = told.state, told.colour
    if words:
        chip = pygame.Rect(box.left, 0, box.width, look.px(40))
        chip.bottom = box.bottom
        paint.panel(surface, chip, look.sunken, look.px(theme.RADIUS))
        dot = pygame.Rect(0, 0, look.px(8), look.px(8))
        dot.center = chip.left + gap + dot.width // 2, chip.centery
        paint.panel(surface, dot, colour, dot.width // 2)
        paint.text(
            surface,
            words,
            (dot.right + look.px(theme.TIGHT), chip.centery),
            body,
            look.ink,
            room=chip.right - gap - dot.right,
        )


def draw_strip(surface: pygame.Surface, look: Theme, told: Told, box: pygame.Rect) -> None:
    """Above the board, where there is little room: score and best, and what is going on."""
    body, small = look.px(theme.HEADING), look.px(theme.CAPTION)
    upper, lower = box.top + box.height * 3 // 10, box.top + box.height * 7 // 10
    right = paint.text(surface, told.score, (box.right, upper), body, look.ink, weight="bold", anchor="right")
    paint.text(
        surface,
        shown_name(told.name),
        (box.left, upper),
        body,
        look.ink,
        weight="bold",
        room=right.left - box.left - look.px(theme.GAP),
    )
    best = paint.text(surface, f"best {told.best}", (box.right, lower), small, look.faint, anchor="right")
    words, colour = told.state, told.colour
    if not words:
        words, colour = f"seed {told.seed}", look.faint
    paint.text(surface, words, (box.left, lower), small, colour, room=best.left - box.left - look.px(theme.GAP))


def draw_plate(
    surface: pygame.Surface,
    look: Theme,
    board: pygame.Rect,
    words: str,
    line: str,
    colour: int,
    offers: Sequence[tuple[str, str]] = (),
) -> None:
    """Something said across the board, which stays to be seen, and keys with what each of them does next."""
    paint.veil(surface, look.page, 0.5, board)
    big = min(look.px(theme.DISPLAY), board.width // 9)
    small = max(6, min(look.px(theme.HEADING), board.width // 24))
    room = board.width * 9 // 10 - 2 * small
    # A little smaller rather than a word alone in a second line.
    small = max(6, small * 4 // 5, fonts.tallest(line, room, small, "medium"))
    lines, step = paint.wrapped(line, room, small), round(small * theme.LINE)
    plate = pygame.Rect(0, 0, board.width * 9 // 10, 2 * big + 4 * small + (len(lines) - 1) * step)
    lower, low = 2 * small, min(look.px(theme.BODY), small)
    if offers:
        rows = _rows_of(offers, plate.width - 2 * low, low)
        lower += round(len(rows) * 2.4 * low)
        plate.height += lower - 2 * small
        plate.height = min(plate.height, board.height)
    plate.center = board.center
    paint.panel(surface, plate, look.card, look.px(theme.RADIUS), look.line)
    big = max(6, fonts.tallest(words, room, big))
    at = plate.centerx, plate.top + big + small // 2
    paint.text(surface, words, at, big, colour, weight="bold", anchor="middle", room=room)
    for row, part in enumerate(lines):
        at = plate.centerx, plate.bottom - lower - (len(lines) - 1 - row) * step
        paint.text(surface, part, at, small, look.soft, anchor="middle", room=room)
    if offers:
        top = plate.bottom - lower + small
        for number, offered in enumerate(rows):
            _draw_offers(surface, look, offered, (plate.centerx, top + round((number + 0.8) * 2.4 * low)), low)


def _rows_of(offers: Sequence[tuple[str, str]], room: int, height: int) -> list[list[tuple[str, str]]]:
    rows: list[list[tuple[str, str]]] = [[]]
    for offer in offers:
        if rows[-1] and _wide([*rows[-1], offer], height) > room:
            rows.append([])
        rows[-1].append(offer)
    return rows


def _wide(offers: Sequence[tuple[str, str]], height: int) -> int:
    each = (paint.text_width(key, height, "bold") + paint.text_width(words, height) for key, words in offers)
    return sum(each) + 4 * height * len(offers) - 2 * height


def _draw_offers(
    surface: pygame.Surface, look: Theme, offers: Sequence[tuple[str, str]], at: tuple[int, int], height: int
) -> None:
    x = at[0] - _wide(offers, height) // 2
    for key, words in offers:
        cap = pygame.Rect(x, 0, paint.text_width(key, height, "bold") + height, round(height * 1.9))
        cap.centery = at[1]
        paint.panel(surface, cap, look.sunken, height // 2, look.line)
        paint.text(surface, key, cap.center, height, look.ink, weight="bold", anchor="middle")
        x = paint.text(surface, words, (cap.right + height, at[1]), height, look.soft).right + 2 * height


def draw_hint(surface: pygame.Surface, look: Theme, board: pygame.Rect, action: str) -> None:
    """Point from the edge of the board the way an action goes."""
    way = WAYS.get(action)
    if way is None:
        return
    side = max(12, board.width // 10)
    x = {"left": board.left + side, "right": board.right - side}.get(way, board.centerx)
    y = {"up": board.top + side, "down": board.bottom - side}.get(way, board.centery)
    plate = pygame.Rect(0, 0, side * 3 // 2, side * 3 // 2)
    plate.center = x, y
    paint.panel(surface, plate, look.card, plate.width // 2)
    paint.arrow(surface, (x, y), side, way, look.accent)


def draw_stick(
    surface: pygame.Surface, look: Theme, box: pygame.Rect, held: frozenset[str], hinted: frozenset[str]
) -> None:
    """What is held down, at the foot of a panel: a cross and a button; what a hint would hold is ringed."""
    side = look.px(26)
    gap = look.px(3)
    middle = box.left + side + gap + side // 2, box.bottom - look.px(60) - side - gap - side // 2
    places = {"up": (0, -1), "right": (1, 0), "down": (0, 1), "left": (-1, 0), "fire": (4, 0)}
    if box.height < look.px(480):
        return
    for control, (x, y) in places.items():
        rect = pygame.Rect(0, 0, side, side)
        rect.center = middle[0] + x * (side + gap), middle[1] + y * (side + gap)
        fill = look.accent if control in held else look.sunken
        border = look.rival if control in hinted else look.line
        edge = max(2, look.px(3)) if control in hinted else 1
        paint.panel(surface, rect, fill, side // 2 if control == "fire" else look.px(6), border, edge)
        if control != "fire":
            ink = look.on_accent if control in held else look.faint
            paint.arrow(surface, rect.center, side // 2, control, ink)  # type: ignore[arg-type]
