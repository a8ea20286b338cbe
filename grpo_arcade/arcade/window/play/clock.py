"""A person plays a game that goes by the clock: what is held down counts, frame after frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pygame

from grpo_arcade.arcade.players.player import Program
from grpo_arcade.arcade.window.background.advice import Autoplay, InStep
from grpo_arcade.arcade.window.draw.words import PERSON
from grpo_arcade.arcade.window.play.kept_games import best_score, set_best_score
from grpo_arcade.arcade.window.play.panel import draw_plate, draw_stick
from grpo_arcade.arcade.window.play.play import Play
from grpo_arcade.arcade.window.play.realtime import STEP_S, RealTime
from grpo_arcade.arcade.window.play.session import fresh_seed
from grpo_arcade.arcade.window.shell.scene import Act, Event, Released
from grpo_arcade.games import Episode
from grpo_arcade.games.names import shown_name
from grpo_arcade.recordings.verify import check_versions

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

CONTROLS = {f"play.{name}": name for name in ("up", "right", "down", "left", "fire")}
_SAVE_EVERY = 600
"""Frames between two writings of the game in progress."""


class ClockPlay(Play):
    """One game at a time, in real time. It begins, and goes on after it was left, with the first press."""

    holds = True

    def __init__(self, app: App, game: str, options: dict[str, Any] | None = None) -> None:
        self.time = RealTime(app.speaker)
        self.waiting = True
        """Whether the first press is still to come."""
        self.hinting = False
        self._hinter: InStep | None = None
        self._hinted: frozenset[str] = frozenset()
        self._winding: Iterator[int] | None = None
        """A kept game, while it is being played again up to where it was left."""
        self._wound: Episode | None = None
        super().__init__(app, game, options)
        self.title = shown_name(game)  # type: ignore[misc]
        if self._winding is None:
            self._begin()

    @property
    def running(self) -> bool:
        """Whether frames go by."""
        return not (self.paused or self.waiting or self._winding or self.game.outcome is not None)

    @property
    def lasted(self) -> str:
        """The game's own time."""
        seconds = int(len(self.session.actions) / self.game.frame_rate)
        return f"{seconds // 60}:{seconds % 60:02}"

    @property
    def best_shown(self) -> str:
        """The best score of a game that was played to its end: points may also be lost."""
        best = best_score(self.app.memory, self.game)
        return "–" if best is None else f"{best:,.0f}"

    def rows(self) -> list[tuple[str, str]]:
        """Time, lives where there are any, seed, speed."""
        lives = getattr(self._view, "lives", 0)
        rows = [("Time", self.lasted), *([("Lives", str(lives))] if lives else []), ("Seed", str(self.session.seed))]
        return [*rows, ("Speed", f"{self.speed:g}×"), ("Hints by", self.hint_player.label)]

    # What must not be lost.

    def _note_score(self) -> None:
        if self.session.players != {PERSON} or self.game.outcome is None:
            return
        best = best_score(self.app.memory, self.game)
        if best is None or self.game.score > best:
            set_best_score(self.app.memory, self.game, self.game.score)
        self.app.memory.set("last", {**self.app.memory.get("last", {}), self.name: self.game.score})

    def _take_up(self, episode: Episode) -> None:
        check_versions(episode, self.game)
        self.session.start(episode.seed)
        self._begin()
        self._wound, self._winding = episode, self.session.resuming(episode)

    def _wind(self) -> bool:
        assert self._winding is not None
        assert self._wound is not None
        until = time.perf_counter() + STEP_S
        for _ in self._winding:
            if time.perf_counter() > until:
                break
        else:
            episode, self._winding, self._wound = self._wound, None, None
            now = self.session.episode()
            if (now.score, now.outcome, len(now.actions)) != (episode.score, episode.outcome, len(episode.actions)):
                self._cannot_take_up(ValueError("it does not come to the score it claims"))
                self._start(fresh_seed())
            self.app.redraw()
        self._look_at(moving=True)
        return True

    def _keep(self) -> None:
        if self._winding is None:  # the file holds more of the game than has been wound
            super()._keep()

    def leave(self) -> None:
        """Save the game, which waits for the next press."""
        self._rest()
        super().leave()

    def looked_away(self) -> None:
        """A game does not go on behind somebody's back."""
        if self.running:
            self._rest()
            self.app.redraw()

    def _rest(self) -> None:
        self.paused = self.paused or self.running
        self.time.rest()

    # What the person does.

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """What else there is to do here."""
        return {
            **super().commands(),
            "play.undo": self._do_undo,
            "play.pause": self._do_pause,
            "play.step": self._do_step,
            "play.hint": self._do_hint,
            "play.autoplay": self._do_autoplay,
        }

    def handle(self, event: Event) -> bool:
        """What is held and let go; commands as in any game."""
        if isinstance(event, Released):
            if event.id in CONTROLS:
                self.time.stick.release(CONTROLS[event.id])
                self._settle()
            return False
        if isinstance(event, Act) and event.id in CONTROLS:
            if self._winding is None and self.game.outcome is None:
                self._press(CONTROLS[event.id])
            return True
        return super().handle(event)

    def _press(self, control: str) -> None:
        if self.autoplay is not None:
            self._stop_autoplay()
        if self.waiting and not self.paused:
            self.waiting = False
            self.time.restart()
            self.app.redraw()
        self.time.stick.press(control)
        self._settle()

    def _settle(self) -> None:
        # While no frames go by, what is held counts and not how it came to be.
        if not self.running:
            self.time.stick.settle()

    def _begin(self) -> None:
        """Get ready for a game that has just been reset."""
        self.waiting = True
        self.paused = False
        self._hinter = None
        self._hinted = frozenset()
        self.time.begin(self.game)

    def _start(self, seed: int) -> None:
        self._winding = self._wound = None
        super()._start(seed)
        self._begin()
        self._look_at()

    def use_options(self, options: dict[str, Any]) -> None:
        """Play with other options; the present game is kept until these options are chosen again."""
        before = self.session
        super().use_options(options)
        if self.session is not before and self._winding is None:
            self._begin()

    def _do_undo(self) -> None:
        raise ValueError(f"{shown_name(self.name)} goes by the clock: what has happened cannot be taken back")

    def _do_pause(self) -> None:
        super()._do_pause()
        self.time.restart()

    def _do_step(self) -> None:
        """One frame with what is held; the game then waits."""
        if self.game.outcome is None and self._winding is None:
            self.paused, self.waiting = True, False
            self.app.speaker.hush()
            self._steps_owed += 1

    def _change_speed(self, by: int) -> None:
        super()._change_speed(by)
        self.time.restart()

    def _do_hint(self) -> None:
        """Show, or no longer, what a baseline would hold."""
        if isinstance(self.hint_player, Program):
            raise ValueError("Hints in a game that goes by the clock come from a baseline; the options choose one")
        self.hinting = not self.hinting
        self._hinter, self._hinted = None, frozenset()
        self._look_for_hint()

    def _look_for_hint(self) -> None:
        hint_player = self.hint_player
        if not self.hinting or self.game.outcome is not None or isinstance(hint_player, Program):
            self._hinted = frozenset()
            return
        if self._hinter is None or self._hinter.name != hint_player.name:
            self._hinter = InStep(self.game, hint_player)
        self._hinted = self._controls_of(self._hinter.next())

    def _controls_of(self, action: int) -> frozenset[str]:
        return min((held for held, does in self.game.controls.items() if does == action), key=len, default=frozenset())

    def _do_autoplay(self) -> None:
        if self._winding is None:
            super()._do_autoplay()
            self.waiting = False
            self.time.restart()

    def _begin_autoplay(self) -> None:
        hint_player = self.hint_player
        if isinstance(hint_player, Program):
            self.autoplay = Autoplay(self.app.background, self.session.episode(), hint_player, self.app.complain)
        else:
            self.autoplay = InStep(self.game, hint_player)

    # Time.

    def update(self, dt: float) -> bool:
        """Make the frames that are due."""
        if self._winding is not None:
            return self._wind()
        if self._steps_owed and self.game.outcome is None:
            due, self._steps_owed = self._steps_owed, 0
        elif self.running:
            due = self.time.due(dt, self.game, self.speed)
        else:
            return False
        before = len(self.session.actions)
        made = self.time.play(self.session, due, 0.0 if self.paused else self.speed, self._chosen)
        if not made:
            return False
        if self.game.outcome is not None:
            self._over()
        elif before // _SAVE_EVERY != len(self.session.actions) // _SAVE_EVERY:
            self._keep_soon()
        self._look_for_hint()
        self._look_at(moving=True)
        return True

    def _chosen(self) -> tuple[int | None, str]:
        autoplay = self.autoplay
        if autoplay is None:
            return self.game.controls[self.time.stick.frame()], PERSON
        action = autoplay.next()
        if autoplay.ended:
            self._stop_autoplay()
            self.app.redraw()
        return action, autoplay.name

    def _over(self) -> None:
        self._stop_autoplay()
        self.time.stick.let_go()
        self._finish_recording()
        self.recording = False
        self._keep()
        self.app.redraw()

    def next_update(self) -> float | None:
        """With the next frame."""
        if self._winding is not None or self._steps_owed:
            return 0.0
        if not self.running:
            return None
        return self.time.wait(self.game, self.speed)

    # What is seen.

    def keys(self) -> Sequence[str]:
        """By what is most useful now."""
        if self.game.outcome is not None:
            return (
                "play.new",
                "play.restart",
                "play.versus",
                "play.record",
                "play.gif",
                "play.options",
                "app.mute",
                "app.back",
            )
        common = ("play.pause", "play.new", "play.restart", "play.hint", "play.autoplay", "play.step")
        more = ("play.slower", "play.faster", "play.record", "play.gif", "play.options", "app.mute", "app.back")
        return (*common, *more)

    def _shown(self) -> object:
        return super()._shown(), self.time.stick.held, self._hinted, self.hinting

    def _draw_panel(self, surface: pygame.Surface) -> None:
        super()._draw_panel(surface)
        if self._wide:
            draw_stick(surface, self.app.theme, self._panel, self.time.stick.held, self._hinted)

    def _draw_over_board(self, surface: pygame.Surface) -> None:
        look = self.app.theme
        if self._wound is not None:
            share = len(self.session.actions) / max(1, len(self._wound.actions))
            draw_plate(surface, look, self._board, f"{share:.0%}", "winding to where it was left", look.ink)
        elif self.waiting and not self.paused and self.game.outcome is None:
            words = f"It begins with your first press · {self.app.bindings.key_label('play.fire')} fires"
            draw_plate(surface, look, self._board, "Ready", words, look.ink)
        else:
            super()._draw_over_board(surface)
