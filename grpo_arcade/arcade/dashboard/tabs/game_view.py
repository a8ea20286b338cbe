"""One of a strategy's games, played again move by move in the terminal.

Another process plays it, see ``stills``: what a game or its libraries do cannot disturb the screen.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import ClassVar

from rich.console import Group, RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.css.query import NoMatches
from textual.events import Resize
from textual.timer import Timer
from textual.widgets import Static

from grpo_arcade.arcade.dashboard.draw.boards import Blocks, board
from grpo_arcade.arcade.dashboard.read.stills import Still, Stills, StillsError
from grpo_arcade.foreign_text import clean
from grpo_arcade.games import Episode, score_text

SPEEDS = (0.5, 1, 2, 4, 8, 16, 32, 64)
_DRAWINGS = 20
"""Drawings a second at most; faster games leave positions out."""
_WORDS = 2
"""Lines beside the picture."""


class GameView(VerticalScroll):
    """Plays episodes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "play", "Play"),
        Binding("full_stop", "step(1)", "Step", show=False),
        Binding("comma", "step(-1)", "Back", show=False),
        Binding("left_square_bracket", "speed(-1)", "Slower", show=False),
        Binding("right_square_bracket", "speed(1)", "Faster", show=False),
        Binding("n", "episode(1)", "Next game"),
        Binding("b", "episode(-1)", "Previous game", show=False),
        Binding("home", "to(0)", "Start", show=False),
        Binding("end", "to(1)", "End", show=False),
    ]

    def __init__(self, *, plain: bool) -> None:
        """``plain`` keeps to ASCII."""
        super().__init__(id="game")
        self._plain = plain
        self._stills = Stills()
        self._episodes: Sequence[Episode] = ()
        self._at = 0
        self._still: Still | None = None
        self._move = 0
        self._speed = SPEEDS.index(4)
        self._timer: Timer | None = None
        self._owed = 0.0
        self._lines = 0
        self._asking = False

    def compose(self) -> ComposeResult:
        """One picture."""
        yield Static(id="game-picture")

    async def on_unmount(self) -> None:
        """Nobody is asked any more."""
        await self._stills.close()

    @property
    def episode(self) -> Episode | None:
        """The one that is shown."""
        return self._episodes[self._at] if self._episodes else None

    @property
    def still(self) -> Still | None:
        """The position that is shown."""
        return self._still

    def fill(self, episodes: Sequence[Episode]) -> None:
        """Show the first of these at its end."""
        self._episodes, self._at = episodes, 0
        self._open()

    def _open(self) -> None:
        self._pause()
        self._still = None
        self._move = self.episode.moves if self.episode is not None else 0
        self._draw()
        self._ask()

    def _to(self, move: int) -> None:
        """Go to a position."""
        if self.episode is not None:
            self._move = max(0, min(self.episode.moves, move))
            self._ask()

    def on_resize(self, event: Resize) -> None:
        """It has become visible, or has other room for a picture."""
        self._ask()

    def _ask(self) -> None:
        if self.episode is not None and self.content_size and not self._asking:
            self._asking = True
            self.run_worker(self._find(), group="still")

    async def _find(self) -> None:
        """Ask until what is wanted is what was asked for: somebody may have pressed keys meanwhile."""
        try:
            while (wanted := self._wanted) is not None:
                episode, move, width, height = wanted
                try:
                    still = await self._stills.at(episode, move, width, height)
                except StillsError as error:
                    if self.episode is episode:
                        self._pause()
                        self._show(Text(clean(str(error)), style="red"))
                else:
                    if self.episode is episode:
                        self._still = still
                        self._draw()
                if wanted == self._wanted:
                    break
        finally:
            self._asking = False

    @property
    def _wanted(self) -> tuple[Episode, int, int, int] | None:
        width, height = self.content_size
        if self.episode is None or not width:
            return None
        return self.episode, self._move, width, 2 * max(1, height - _WORDS)

    def _draw(self) -> None:
        episode, still = self.episode, self._still
        if episode is None:
            self._show(Text("no games: nothing of it could be played", style="dim"))
            return
        if still is None:
            return  # it is being looked for
        whole = episode.moves
        line = f"game {self._at + 1} of {len(self._episodes)}, seed {episode.seed}, {SPEEDS[self._speed]:g}×"
        score = f"score {score_text(still.score)}, move {still.move:,} of {whole:,}"
        state = str(episode.outcome) if still.move >= whole else "playing" if self._timer else "paused"
        picture: Text | Blocks
        if still.board is not None:
            picture = board(still.board)
            lines = picture.plain.count("\n") + 1
        else:
            picture = Blocks(still.width, still.height, still.pixels, plain=self._plain)
            lines = picture.lines
        self._show(Group(Text(line, style="dim"), picture, Text(f"{score}, {state}")), lines + _WORDS)

    def _show(self, picture: RenderableType, lines: int = 0) -> None:
        # As high as the last one: nothing else on the screen moves.
        same = 0 < lines == self._lines
        self._lines = lines
        with contextlib.suppress(NoMatches):  # it is being closed, from the innermost widget outwards
            self.query_one("#game-picture", Static).update(picture, layout=not same)

    def action_play(self) -> None:
        """Play or pause; from the start when it is at the end."""
        if self._timer is not None:
            self._pause()
        elif self.episode is not None:
            if self._move >= self.episode.moves:
                self._to(0)
            self._timer = self.set_interval(1 / _DRAWINGS, self._tick)
        self._draw()

    def _pause(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _tick(self) -> None:
        still, episode = self._still, self.episode
        if still is None or episode is None:
            return
        self._owed += still.rate * SPEEDS[self._speed] / _DRAWINGS
        moves, self._owed = int(self._owed), self._owed % 1
        if moves:
            self._to(self._move + moves)
            if self._move >= episode.moves:
                self._pause()
                self._draw()

    def action_step(self, moves: int) -> None:
        """One move on, or back."""
        self._pause()
        self._to(self._move + moves)

    def action_speed(self, way: int) -> None:
        """Faster or slower."""
        self._speed = max(0, min(len(SPEEDS) - 1, self._speed + way))
        self._draw()

    def action_episode(self, way: int) -> None:
        """The next of its games."""
        if self._episodes:
            self._at = (self._at + way) % len(self._episodes)
            self._open()

    def action_to(self, share: int) -> None:
        """The start or the end."""
        self._pause()
        self._to(share * self.episode.moves if self.episode else 0)
