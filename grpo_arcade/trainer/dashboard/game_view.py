"""One of a strategy's games, played again move by move in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.console import Group, RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.timer import Timer
from textual.widgets import Static

from grpo_arcade.games import Episode, Game
from grpo_arcade.trainer.dashboard.clean import clean

SPEEDS = (0.5, 1, 2, 4, 8, 16, 32, 64)
_DRAWINGS = 20
"""Drawings a second at most; faster games leave positions out."""
_AT_ONCE = 64
"""Moves that are played between two keys; a whole game takes longer than a key may."""


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

    def __init__(self, picture_of: Callable[[Game], RenderableType]) -> None:
        """``picture_of`` draws a position as text."""
        super().__init__(id="game")
        self._picture_of = picture_of
        self._episodes: Sequence[Episode] = ()
        self._at = 0
        self._game: Game | None = None
        self._move = 0
        self._speed = SPEEDS.index(4)
        self._timer: Timer | None = None
        self._owed = 0.0
        self._lines = 0

    def compose(self) -> ComposeResult:
        """One picture."""
        yield Static(id="game-picture")

    @property
    def episode(self) -> Episode | None:
        """The one that is shown."""
        return self._episodes[self._at] if self._episodes else None

    def fill(self, episodes: Sequence[Episode]) -> None:
        """Show the first of these at its end."""
        self._episodes, self._at = episodes, 0
        self._open()

    def _open(self) -> None:
        self._pause()
        self._game, self._move = None, 0
        if self.episode is not None:
            self._seek(len(self.episode.actions))
        else:
            self._draw()

    def _to(self, move: int) -> None:
        """Go to a position: a few moves at once, and what must be played from the start beside the screen's thread."""
        episode, game = self.episode, self._game
        if episode is None:
            return
        move = max(0, min(len(episode.actions), move))
        if game is None or not 0 <= move - self._move <= _AT_ONCE:
            self._seek(move)
            return
        _play(game, episode.actions[self._move : move])
        self._move = move
        self._draw()

    def _seek(self, move: int) -> None:
        self._game, self._move = None, move
        self.run_worker(self._find(move), group="seek", exclusive=True)

    async def _find(self, move: int) -> None:
        app: Any = self.app
        episode = self.episode
        try:
            game = await app.in_back_room(_position, episode, move)
        except ValueError as error:
            self._show(Text(clean(str(error))))
            return
        if self.episode is episode and self._move == move:
            self._game = game
            self._draw()

    def _draw(self) -> None:
        episode, game = self.episode, self._game
        if episode is None:
            self._show(Text("no games: nothing of it could be played", style="dim"))
            return
        if game is None:
            return  # it is being looked for
        whole = len(episode.actions)
        over = self._move >= whole
        line = f"game {self._at + 1} of {len(self._episodes)}, seed {episode.seed}, {SPEEDS[self._speed]:g}×"
        score = f"score {game.score:,.0f}, move {self._move:,} of {whole:,}"
        state = str(episode.outcome) if over else "playing" if self._timer else "paused"
        picture = self._picture_of(game)
        lines = 2 + (picture.plain.count("\n") + 1 if isinstance(picture, Text) else 0)
        self._show(Group(Text(line, style="dim"), picture, Text(f"{score}, {state}")), lines)

    def _show(self, picture: RenderableType, lines: int = 0) -> None:
        # As high as the last one: nothing else on the screen moves.
        same = 0 < lines == self._lines
        self._lines = lines
        self.query_one("#game-picture", Static).update(picture, layout=not same)

    def action_play(self) -> None:
        """Play or pause; from the start when it is at the end."""
        if self._timer is not None:
            self._pause()
        elif self.episode is not None:
            if self._move >= len(self.episode.actions):
                self._to(0)
            self._timer = self.set_interval(1 / _DRAWINGS, self._tick)
        self._draw()

    def _pause(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _tick(self) -> None:
        game, episode = self._game, self.episode
        if game is None or episode is None:
            return
        self._owed += game.frame_rate * SPEEDS[self._speed] / _DRAWINGS
        moves, self._owed = int(self._owed), self._owed % 1
        if moves:
            self._to(self._move + moves)
            if self._move >= len(episode.actions):
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
        self._to(share * len(self.episode.actions) if self.episode else 0)


def _position(episode: Episode, move: int) -> Game:
    game = episode.new_game()
    _play(game, episode.actions[:move])
    return game


def _play(game: Game, actions: bytes) -> None:
    for action in actions:
        if game.outcome is not None:
            break
        game.step(action)
