"""What a terminal shows: games as coloured cells (boards of numbers) or half-blocks of their picture, and progress."""

from __future__ import annotations

import os
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.syntax import Syntax
from rich.text import Text

from grpo_arcade.arcade.dashboard.draw.boards import Blocks, board
from grpo_arcade.foreign_text import clean, clean_source, one_line
from grpo_arcade.games import Episode, Game, score_text, stills
from grpo_arcade.games.replay import Replay
from grpo_arcade.progress import progress

_UNTOLD_S, _EVERY_S = 1.0, 15.0
"""Seconds after which something is told to be going on, and how often where there is no bar."""
_WIDE = 1_000
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
    title = one_line(f"{episode.player or 'somebody'} · {episode.game} · seed {episode.seed}", 200)
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
                update(Group(Text(title), picture_of(game), Text(f"score {_scores(game)}   move {ply:,}")))
            due += pause
            time.sleep(max(0.0, due - time.monotonic()))
        update(Group(Text(title), picture_of(game), Text(f"score {_scores(game)}   move {replay.ply:,}")))
    return game


def _scores(game: Game) -> str:
    """The score, of every seat where there are several."""
    return " : ".join(score_text(game.seat_score(seat)) for seat in range(len(game.seats)))


@contextmanager
def _live(console: Console) -> Iterator[Callable[[RenderableType], None]]:
    with Live(console=console, auto_refresh=False, transient=False) as live:
        yield lambda picture: live.update(picture, refresh=True)


def show_source(source: str) -> None:
    """A program that somebody else wrote, on stdout: in colours where there are any."""
    if (console := Console()).is_terminal:
        console.print(Syntax(clean(source), "python", background_color="default"))
    else:
        print(clean_source(source).rstrip("\n"), flush=True)


class Bar:
    """How far something is, on stderr: a bar with the time left, or on no terminal a line now and then.

    What is quickly done shows nothing.
    """

    def __init__(self, what: str, *, quiet: bool = False) -> None:
        what = one_line(what, 80)
        self._console = Console(file=sys.stderr)
        self._bar = progress(console=self._console, transient=True)
        self._task = self._bar.add_task(escape(what), total=None)
        self._what, self._far = what, ""
        self._quiet = quiet
        self._over = threading.Event()
        self._teller: threading.Thread | None = None

    def to(self, done: int, total: int) -> None:
        """Say that ``done`` of ``total`` are done."""
        self._far = f": {done:,} of {total:,}"
        self._bar.update(self._task, completed=done, total=total)

    def say(self, what: str) -> None:
        """Say what is being done now."""
        what = one_line(what, 80)
        self._what, self._far = what, ""
        self._bar.update(self._task, description=escape(what), completed=0, total=None)

    def stop(self) -> None:
        """Show nothing any more."""
        self._over.set()
        if self._teller is not None:
            self._teller.join()
            self._teller = None

    def __enter__(self) -> Bar:
        if not self._quiet:
            self._teller = threading.Thread(target=self._tell, daemon=True)
            self._teller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _tell(self) -> None:
        if self._over.wait(_UNTOLD_S):
            return
        if self._console.is_terminal:
            with self._bar:
                self._over.wait()
            return
        told = ""
        while True:
            if (line := f"{self._what}{self._far or ' …'}") != told:
                with suppress(OSError, ValueError):  # nobody listens
                    print(line, file=sys.stderr, flush=True)
                told = line
            if self._over.wait(_EVERY_S):
                return


def one_stream() -> bool:
    """Whether stdout and stderr end in one file or pipe, where what is told on both would stand twice."""
    try:
        out, err = (os.fstat(stream.fileno()) for stream in (sys.stdout, sys.stderr))
    except (OSError, ValueError, AttributeError):
        return False
    return os.path.samestat(out, err) and not sys.stdout.isatty()


def piped_past_eyes() -> bool:
    """Whether stderr is a terminal and stdout a pipe, whose other end may well be the same terminal."""
    try:
        return sys.stderr.isatty() and stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError, AttributeError):
        return False


def table_console() -> Console:
    """Where tables go: stdout, words as they are, and as wide as they are where no terminal ends the line."""
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console = Console(markup=False, emoji=False, highlight=False, width=_WIDE)
    return console
