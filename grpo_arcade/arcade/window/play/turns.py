"""A person plays a game move by move, with a hint or another's hand when wanted.

Moves count at once, on the edge of a key; the picture follows, and a new move never waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pygame

from grpo_arcade.arcade.players.player import Baseline, Program
from grpo_arcade.arcade.window.background.advice import Autoplay, InStep, advise
from grpo_arcade.arcade.window.background.jobs import Task
from grpo_arcade.arcade.window.draw import theme
from grpo_arcade.arcade.window.draw.words import PERSON
from grpo_arcade.arcade.window.play.kept_games import set_best_score
from grpo_arcade.arcade.window.play.panel import draw_hint
from grpo_arcade.arcade.window.play.play import Play
from grpo_arcade.arcade.window.play.session import Session
from grpo_arcade.arcade.window.shell.scene import Act, Event, Pointer
from grpo_arcade.games import Episode
from grpo_arcade.recordings import verify

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

MOVES = {"play.up": "W", "play.right": "D", "play.down": "S", "play.left": "A"}
_SAVE_EVERY = 20
"""Moves between two writings of the game in progress."""


class TurnPlay(Play):
    """One game at a time, which waits for each move."""

    def __init__(self, app: App, game: str = "2048", options: dict[str, Any] | None = None) -> None:
        self._hint_task: Task | None = None
        self._marked: int | None = None
        """The action that was chosen by keys, in games whose moves are places on the board."""
        self._owed_s = 0.0
        super().__init__(app, game, options)

    @property
    def counted(self) -> float:
        """The present score, as far as it may become the best: the person's own game, no move taken back."""
        return self.game.score if self.session.players == {PERSON} and not self.session.took_back else 0.0

    @property
    def best_shown(self) -> str:
        """The best score with the present one, as it is shown."""
        return f"{max(self.best, self.counted):,.0f}"

    @property
    def asking(self) -> bool:
        """Whether a strategy has been asked for a hint, which takes it a while."""
        return bool(self._hint_task and self._hint_task.running and isinstance(self.hint_player, Program))

    @property
    def lasted(self) -> str:
        """How many moves have been made."""
        return f"{len(self.session.actions):,} moves"

    def rows(self) -> list[tuple[str, str]]:
        """Moves, seed, hint player."""
        rows = [("Moves", f"{len(self.session.actions):,}"), ("Seed", str(self.session.seed))]
        return [*rows, ("Hints by", self.hint_player.label)]

    # What must not be lost.

    def _take_up(self, episode: Episode) -> None:
        verify(episode)
        session = Session(self.name, episode.options, episode.seed)
        session.resume(episode)
        session.took_back = bool(self.app.memory.get("took back", False))
        self.session = session

    def _note_score(self) -> None:
        if PERSON not in self.session.players:
            return
        if self.counted > self.best:
            set_best_score(self.app.memory, self.game, self.game.score)
        self.app.memory.set("last", {**self.app.memory.get("last", {}), self.name: self.game.score})

    # What the person does.

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """What else there is to do here."""
        return {
            **super().commands(),
            "play.fire": self._do_fire,
            "play.undo": self._do_undo,
            "play.hint": self._do_hint,
            "play.step": self._do_step,
        }

    def handle(self, event: Event) -> bool:
        """Moves by keys and pointer; commands as in any game."""
        if isinstance(event, Pointer):
            return event.kind == "down" and self._points_at(event.at)
        if isinstance(event, Act) and event.id in MOVES:
            if MOVES[event.id] not in self.game.aliases and hasattr(self._picture(), "place_of"):
                self._mark(event.id)
            else:
                self._person_moves(self.game.aliases.get(MOVES[event.id]))
            return True
        return super().handle(event)

    def _mark(self, way: str) -> None:
        """Choose a place of the board by keys, in games whose moves are places: left and right, then down."""
        legal = self.game.legal_actions()
        if not legal:
            return
        if way not in ("play.left", "play.right"):
            self._do_fire()
        elif self._marked is None:
            self._marked = legal[len(legal) // 2]
        else:
            beyond = [action for action in legal if (action > self._marked) == (way == "play.right")]
            others = [action for action in beyond if action != self._marked]
            if others:
                self._marked = min(others) if way == "play.right" else max(others)
        self.app.redraw()

    def _points_at(self, at: tuple[int, int]) -> bool:
        """Make the move that a place on the board stands for, in games whose picture knows it."""
        action_at = getattr(self._picture(), "action_at", None)
        if action_at is None or not self._board.collidepoint(at):
            return False
        x, y = at[0] - self._board.left, at[1] - self._board.top
        self._person_moves(action_at(self._board.size, self._view, (x, y)))
        return True

    def _person_moves(self, action: int | None) -> None:
        if action is None or (self.paused and self.autoplay is None):
            return
        self._stop_autoplay()
        self.paused = False
        self._move(action, PERSON)

    def _move(self, action: int, player: str) -> None:
        if not self.session.move(action, player):
            return
        self._drop_hint()
        self._progress = theme.FRAME_S / theme.MOVE_S
        self._look_at(moving=True)
        self._note_score()
        if self.game.outcome is not None:
            self._stop_autoplay()
            self._finish_recording()
            self.recording = False
            self._keep()
        elif len(self.session.actions) % _SAVE_EVERY == 0:
            self._keep_soon()

    def _do_fire(self) -> None:
        """Make the move that is marked; there is no other button in games that are played move by move."""
        if self._marked in self.game.legal_actions():
            self._person_moves(self._marked)

    def _do_undo(self) -> None:
        if not self.app.settings.undo:
            key = self.app.bindings.key_label("app.settings")
            raise ValueError(f"Undo is off; the settings ({key}) allow it (such games set no best score)")
        if self.session.undo():
            self._stop_autoplay()
            self._drop_hint()
            self._look_at()

    def _do_hint(self) -> None:
        if self.game.outcome is not None or (self._hint_task and self._hint_task.running):
            return
        hint_player = self.hint_player

        def show(action: int | None) -> None:
            if action is not None:
                self.hint = self.game.actions[action]
                self.app.redraw()

        # A strategy runs a while, and is not to take the window's time.
        begin = self.app.background.process if isinstance(hint_player, Program) else self.app.background.thread
        self._hint_task = begin(advise, self.session.episode(), hint_player, done=show, failed=self.app.complain)

    def _drop_hint(self) -> None:
        if self._hint_task:
            self._hint_task.cancel()
        super()._drop_hint()

    def _begin_autoplay(self) -> None:
        episode, hint_player = self.session.episode(), self.hint_player
        if episode.observations and isinstance(hint_player, Baseline):
            # Nobody can play a server's game ahead in a session beside this one.
            self.autoplay = InStep(self.game, hint_player)
        else:
            self.autoplay = Autoplay(self.app.background, episode, hint_player, self.app.complain)
        self._owed_s = 0.0

    def _do_step(self) -> None:
        """One move of the baseline; the game then waits."""
        if self.game.outcome is not None:
            return
        if self.autoplay is None:
            self._begin_autoplay()
        self.paused = True
        self._steps_owed = 1

    # Time.

    def update(self, dt: float) -> bool:
        """Tiles move on; autoplay makes the moves that are due."""
        moved = self._progress < 1.0
        if moved:
            self._progress = min(1.0, self._progress + dt / theme.MOVE_S)
        return self._autoplay_moves(dt) or moved

    def _autoplay_moves(self, dt: float) -> bool:
        if self.autoplay is None or self.game.outcome is not None:
            return False
        pace = self.game.frame_rate * self.speed
        if self.paused:
            due, self._owed_s = self._steps_owed, 0.0
        else:
            self._owed_s = min(self._owed_s + dt, 0.5)
            due = int(self._owed_s * pace)
        made = 0
        while made < due and self.autoplay is not None and (action := self.autoplay.next()) is not None:
            self._move(action, self.autoplay.name)
            made += 1
        if self.autoplay is not None and self.autoplay.ended:
            self._stop_autoplay()
            self.app.redraw()
        self._owed_s = max(0.0, self._owed_s - made / pace)
        self._steps_owed = max(0, self._steps_owed - made)
        return made > 0

    def next_update(self) -> float | None:
        """At once while something moves."""
        if self._progress < 1.0 or (self.paused and self._steps_owed and self.autoplay):
            return 0.0
        if self.autoplay is not None and not self.paused and self.game.outcome is None:
            return max(0.0, 1 / (self.game.frame_rate * self.speed) - self._owed_s)
        return None

    # What is seen.

    def keys(self) -> Sequence[str]:
        """By what is most useful now."""
        if self.game.outcome is not None:
            return ("play.new", "play.restart", "play.versus", "play.record", "play.gif", "play.options", "app.back")
        undo = ("play.undo",) if self.app.settings.undo else ()
        auto = ("play.slower", "play.faster") if self.autoplay else ()
        common = ("play.hint", *undo, "play.autoplay", "play.pause", "play.step", *auto, "play.new", "play.restart")
        return (*common, "play.record", "play.gif", "play.options", "app.back")

    def _shown(self) -> object:
        return super()._shown(), self.hint, self.asking

    def _draw_over_board(self, surface: pygame.Surface) -> None:
        if self.game.outcome is None and hasattr(self._picture(), "place_of"):
            marked = self.game.actions.index(self.hint) if self.hint else self._marked
            if marked is not None:
                self._draw_mark(surface, marked)
        super()._draw_over_board(surface)
        if self.hint and not self.paused and self.game.outcome is None:
            draw_hint(surface, self.app.theme, self._board, self.hint)

    def _draw_mark(self, surface: pygame.Surface, action: int) -> None:
        """A wedge at the top of the place that was chosen by keys, or is advised."""
        left, top, width, _ = self._picture().place_of(self._board.size, action)
        x, y, size = self._board.left + left + width // 2, self._board.top + top, max(3, width // 5)
        wedge = [(x - size, y - size // 2), (x + size, y - size // 2), (x, y + size)]
        pygame.draw.polygon(surface, pygame.Color(self.app.theme.accent << 8 | 255), wedge)
