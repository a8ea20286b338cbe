"""What a terminal shows: games as coloured cells (boards of numbers) or half-blocks of their picture, and progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from grpo_arcade.arcade.dashboard.draw.boards import Blocks, board
from grpo_arcade.games import Episode, Game, score_text, stills
from grpo_arcade.games.replay import Replay
from grpo_arcade.progress import progress

PIXELS = (64, 80)
"""Columns of a picture, and twice its lines."""


def picture_of(game: Game) -> RenderableType:
    """The position as text, a fixed number of lines for a given game: coloured cells, or half-blocks of its picture."""
    rows = stills.board_of(game)
    return Blocks(*stills.picture_of(game, *PIXELS)) if rows is None else board(rows)


def show(episode: Episode, *, speed: float, console: Console) -> Game:
    """Play an episode move by move at ``speed`` times the game's own pace; only the end when nobody watches live.

    Returns the game at its end.
    """
    replay = Replay(episode)
    game = replay.game
    title = f"{episode.player or 'somebody'} · {episode.game} · seed {episode.seed}"
    if not console.is_terminal:
        replay.seek(replay.length)
        console.print(Text(title))
        console.print(picture_of(game))
        return game
    pause = 1.0 / (game.frame_rate * speed)
    with _live(console) as update:
        due = time.monotonic()
        for ply in replay.plies():
            now = time.monotonic()
            if now < due + pause or ply == 0:
                # Positions that are already late are stepped through, not drawn: the pace is what was asked for.
                update(Group(Text(title), picture_of(game), Text(f"score {score_text(game.score)}   move {ply:,}")))
            due += pause
            time.sleep(max(0.0, due - time.monotonic()))
        update(Group(Text(title), picture_of(game), Text(f"score {score_text(game.score)}   move {replay.ply:,}")))
    return game


@contextmanager
def _live(console: Console) -> Iterator[Callable[[RenderableType], None]]:
    with Live(console=console, auto_refresh=False, transient=False) as live:
        yield lambda picture: live.update(picture, refresh=True)


class Bar:
    """A progress bar with the time left on stderr, and nothing where nobody looks."""

    def __init__(self, what: str, *, quiet: bool = False) -> None:
        console = Console(file=sys.stderr)
        self._bar = progress(console=console, transient=True, disable=quiet or not console.is_terminal)
        self._task = self._bar.add_task(what, total=None)

    def to(self, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` are done."""
        self._bar.update(self._task, completed=done, total=total)

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
