"""What a terminal shows: games as coloured cells (boards of numbers) or half-blocks of their picture, and progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from grpo_arcade.games import Episode, Game, score_text

if TYPE_CHECKING:
    from rich.style import Style

# From cool to warm with the power of two, and dark text only where the ground is light enough to carry it.
_GROUNDS = (
    "#3b4252",
    "#4c6a92",
    "#3f83a8",
    "#2f9e9e",
    "#3f9f6f",
    "#7ba23f",
    "#b8a02f",
    "#d98e2b",
    "#dd6b35",
    "#d64550",
)
_GROUND_BEYOND = "#a24fb5"
_GROUND_EMPTY = "#23272f"


def picture_of(game: Game) -> RenderableType:
    """The position as text, a fixed number of lines for a given game."""
    board = board_of(game)
    return _half_blocks(game) if board is None else board


def board_of(game: Game) -> Text | None:
    """The position as coloured cells; None where it is no board of numbers. Needs no pygame."""
    observation = game.observation()
    return _board(observation) if _is_board(observation) else None


def _is_board(observation: Any) -> bool:
    return isinstance(observation, list) and all(
        isinstance(row, list) and all(type(cell) is int for cell in row) for row in observation
    )


def _board(rows: list[list[int]]) -> Text:
    width = max(6, max(len(str(cell)) for row in rows for cell in row) + 2)
    text = Text()
    for row in rows:
        for line in ("", "number", ""):
            for cell in row:
                label = str(cell) if line and cell else ""
                text.append(label.center(width), style=_cell_style(cell))
            text.append("\n")
    text.right_crop(1)  # the last line break; rstrip would take coloured cells along
    return text


def _cell_style(value: int) -> Style:
    from rich.style import Style

    if not value:
        return Style(bgcolor=_GROUND_EMPTY)
    power = abs(value).bit_length() - 1
    ground = _GROUNDS[power - 1] if 0 < power <= len(_GROUNDS) else _GROUND_BEYOND
    return Style(color="#ffffff", bgcolor=ground, bold=True)


def _half_blocks(game: Game, columns: int = 64) -> Text:
    import pygame

    picture = game.picture()
    rows = max(1, round(columns / picture.aspect / 2))
    surface = pygame.Surface((columns, rows * 2))
    picture.draw(surface, game.view())
    text = Text()
    for row in range(rows):
        for column in range(columns):
            above, below = surface.get_at((column, 2 * row)), surface.get_at((column, 2 * row + 1))
            text.append("▀", style=f"rgb({above.r},{above.g},{above.b}) on rgb({below.r},{below.g},{below.b})")
        text.append("\n")
    text.right_crop(1)  # the last line break; rstrip would take coloured cells along
    return text


def show(episode: Episode, *, speed: float, console: Console) -> Game:
    """Play an episode move by move at ``speed`` times the game's own pace; only the end when nobody watches live.

    Returns the game at its end.
    """
    game = episode.new_game()
    title = f"{episode.player or 'somebody'} · {episode.game} · seed {episode.seed}"
    if not console.is_terminal:
        for action in episode.actions:
            game.step(action)
        console.print(Text(title))
        console.print(picture_of(game))
        return game
    pause = 1.0 / (game.frame_rate * speed)
    with _live(console) as update:
        due = time.monotonic()
        for decision in _with_first(episode.actions):
            if decision is not None:
                game.step(decision)
            now = time.monotonic()
            if now < due + pause or decision is None:
                # Positions that are already late are stepped through, not drawn: the pace is what was asked for.
                update(
                    Group(Text(title), picture_of(game), Text(f"score {score_text(game.score)}   move {game.plies:,}"))
                )
            due += pause
            time.sleep(max(0.0, due - time.monotonic()))
        update(Group(Text(title), picture_of(game), Text(f"score {score_text(game.score)}   move {game.plies:,}")))
    return game


def _with_first(actions: bytes) -> Iterator[int | None]:
    yield None
    yield from actions


@contextmanager
def _live(console: Console) -> Iterator[Callable[[RenderableType], None]]:
    with Live(console=console, auto_refresh=False, transient=False) as live:
        yield lambda picture: live.update(picture, refresh=True)


class Bar:
    """A progress bar with the time left on stderr, and nothing where nobody looks."""

    def __init__(self, what: str, *, quiet: bool = False) -> None:
        console = Console(file=sys.stderr)
        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal)
        self._task = self._bar.add_task(what, total=None)

    def to(self, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` are done."""
        self._bar.update(self._task, completed=done, total=total)

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
