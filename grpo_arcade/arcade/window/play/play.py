"""A person plays a game by hand: what a game move by move (``turns``) and one by the clock (``clock``) share.

The game in progress is kept whatever happens, a strategy may lend its hand, and what is played is recorded and filmed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pygame

from grpo_arcade.arcade.players.player import StrategyFile
from grpo_arcade.arcade.window.background.advice import Autoplay, HintPlayer, InStep, found_hint_player
from grpo_arcade.arcade.window.background.jobs import Task
from grpo_arcade.arcade.window.draw import theme
from grpo_arcade.arcade.window.draw.boards import board_size, palette_of
from grpo_arcade.arcade.window.draw.words import goal
from grpo_arcade.arcade.window.play.afterwards import against_the_model, ending, offers
from grpo_arcade.arcade.window.play.kept_games import best_score, kept_game
from grpo_arcade.arcade.window.play.last_seconds import LastSeconds
from grpo_arcade.arcade.window.play.options import Options
from grpo_arcade.arcade.window.play.panel import WAYS, Told, draw_plate, draw_side, draw_strip
from grpo_arcade.arcade.window.play.session import Session, fresh_seed
from grpo_arcade.arcade.window.shell.scene import Dropped, Event, Scene
from grpo_arcade.games import Episode, Game, make
from grpo_arcade.recordings import SUFFIX, load, save

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

SPEEDS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_FILES = 8
"""Strategies' files that are offered again."""


class Play(Scene, ABC):
    """One game at a time.

    Args:
        app: the window.
        game: registry name.
        options: the game's; by default those played last.
    """

    contexts = ("play",)
    hint = ""
    """The move that is advised; empty where there is none."""

    def __init__(self, app: App, game: str = "2048", options: dict[str, Any] | None = None) -> None:
        super().__init__(app)
        self.name = game
        if options is None:
            options = app.memory.get(f"options {game}", {}) or dict(make(game).person_options)
        try:
            self.session = Session(game, options, fresh_seed())
        except (ValueError, TypeError):
            # Remembered by a version with other options.
            self.session = Session(game, make(game).person_options, fresh_seed())
        self.title = game  # type: ignore[misc]
        self.recording = False
        self.paused = False
        self.autoplay: Autoplay | InStep | None = None
        self.speed = 1.0
        self._hint_players: dict[str, HintPlayer] = {}
        """Whom the words mean that have been looked up."""
        self._gif = LastSeconds(app)
        self._saving: Task | None = None
        self._steps_owed = 0
        self._progress = 1.0
        """Of the last move, as it is drawn."""
        self._picture_of: tuple[object, str] | None = None
        self._resume()
        self._look_at()

    @property
    def game(self) -> Game:
        """The game on the board."""
        return self.session.game

    @property
    def hint_player(self) -> HintPlayer:
        """Who gives hints and autoplays; by default the strongest baseline."""
        word = self.app.memory.get(f"hint {self.name}", self.app.settings.hint)
        if word not in self._hint_players:
            self._hint_players[word] = found_hint_player(word, self.game, self.app.settings.outputs, self.app.complain)
        return self._hint_players[word]

    @hint_player.setter
    def hint_player(self, hint_player: HintPlayer) -> None:
        self._hint_players[hint_player.word] = hint_player
        self.app.memory.set(f"hint {self.name}", hint_player.word)
        self._drop_hint()

    @property
    def best(self) -> float:
        """The best score of these options."""
        return float(best_score(self.app.memory, self.game) or 0)

    @property
    @abstractmethod
    def best_shown(self) -> str:
        """The best score, as it is shown."""

    @property
    def asking(self) -> bool:
        """Whether somebody has been asked for a hint, which takes a while."""
        return False

    @property
    @abstractmethod
    def lasted(self) -> str:
        """How long the game has been going on, in words."""

    @abstractmethod
    def rows(self) -> list[tuple[str, str]]:
        """What is told in the panel beside the scores."""

    # What must not be lost.

    @property
    def _kept(self) -> Path:
        return kept_game(self.app.settings.data_folder, self.game)

    def _resume(self) -> None:
        path = self._kept
        if not path.exists():
            return
        try:
            episode = load(path)
            if episode.game != self.name or dict(episode.options) != dict(self.game.options):
                raise ValueError(f"{path} is another game")
            self._take_up(episode)
        except (ValueError, OSError) as error:
            self._cannot_take_up(error)

    @abstractmethod
    def _take_up(self, episode: Episode) -> None:
        """Go on with a kept game of these options.

        Raises:
            ValueError: it is not what it claims.
        """

    def _cannot_take_up(self, error: Exception) -> None:
        self.app.complain(f"the game in progress cannot be taken up again: {error}")
        with suppress(OSError):
            self._kept.rename(self._kept.with_name(self._kept.name + ".damaged"))

    def _keep(self) -> None:
        """Write the game in progress, or take its file away once it has ended."""
        self._note_score()
        self.app.memory.set("took back", self.session.took_back)
        if self.game.outcome is None and self.session.actions and self.game.replayable:
            save(self.session.episode(), self._kept)
        else:
            self._kept.unlink(missing_ok=True)

    def _keep_soon(self) -> None:
        if self._saving is None or not self._saving.running:
            self._saving = self.app.background.thread(
                save, self.session.episode(), self._kept, failed=self.app.complain
            )

    @abstractmethod
    def _note_score(self) -> None:
        """Remember the present score, as far as it counts."""

    def _finish_recording(self) -> None:
        if self.recording and self.session.actions:
            stem = f"{self.name.replace('/', '-')}-seed-{self.session.seed}"
            path = save(self.session.episode(), self.app.files.fresh("recordings", stem, SUFFIX))
            self.app.say(f"Recording saved: {path}")

    def enter(self) -> None:
        """Take up where it was."""
        self._look_at()

    def leave(self) -> None:
        """Save the game, and a recording that is running."""
        self._stop_autoplay()
        try:
            self._finish_recording()
            self.recording = False
        finally:
            self._keep()

    # What the person does.

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """What each action does."""
        return {
            "play.restart": self._do_restart,
            "play.new": self._do_new,
            "play.pause": self._do_pause,
            "play.autoplay": self._do_autoplay,
            "play.slower": self._do_slower,
            "play.faster": self._do_faster,
            "play.record": self._do_record,
            "play.gif": self._do_gif,
            "play.options": self._do_options,
            "play.versus": lambda: self.app.open(against_the_model(self.app, self.session)),
        }

    def handle(self, event: Event) -> bool:
        """Commands; a strategy's file that is dropped here gives hints from now on."""
        if isinstance(event, Dropped) and event.path.endswith(".py"):
            self.advise_by_file(StrategyFile(Path(event.path)))
            return True
        return self.obey(event)

    def _start(self, seed: int) -> None:
        self._finish_recording()
        self._note_score()
        self._stop_autoplay()
        self._drop_hint()
        self.paused = False
        self.session.start(seed)
        self._look_at()

    def _do_restart(self) -> None:
        self._start(self.session.seed)

    def _do_new(self) -> None:
        self._start(fresh_seed())

    def _do_pause(self) -> None:
        if self.game.outcome is None:
            self.paused = not self.paused

    def advise_by_file(self, file: StrategyFile) -> None:
        """Let a strategy's file give hints and autoplay, and offer it again later."""
        known = [word for word in self.app.memory.get("hint players", []) if word != file.word]
        self.app.memory.set("hint players", [file.word, *known][:_FILES])
        self._stop_autoplay()
        self.hint_player = file
        self.app.say(f"Hints and autoplay by {file.path.name}")

    def _drop_hint(self) -> None:
        if self.hint:
            self.hint = ""
            self.app.redraw()

    def _do_autoplay(self) -> None:
        if self.autoplay is not None:
            self._stop_autoplay()
        elif self.game.outcome is None:
            self._begin_autoplay()
            self.paused = False
            self._steps_owed = 0

    @abstractmethod
    def _begin_autoplay(self) -> None:
        """Let the hint player play from here on."""

    def _stop_autoplay(self) -> None:
        if self.autoplay is not None:
            self.autoplay.stop()
            self.autoplay = None

    def _do_slower(self) -> None:
        self._change_speed(-1)

    def _do_faster(self) -> None:
        self._change_speed(1)

    def _change_speed(self, by: int) -> None:
        index = SPEEDS.index(self.speed) + by
        self.speed = SPEEDS[max(0, min(index, len(SPEEDS) - 1))]

    def _do_record(self) -> None:
        if self.recording:
            self._finish_recording()
        self.recording = not self.recording
        if self.recording:
            self.app.say("Recording this game from its start; it is saved when it ends")

    def _do_gif(self) -> None:
        self._gif.make(self.session.last_seconds(self.app.settings.gif_seconds), self.game)

    def _do_options(self) -> None:
        self.app.open(Options(self.app, self))

    def use_options(self, options: dict[str, Any]) -> None:
        """Play with other options; the present game is kept until these options are chosen again."""
        if dict(options) == dict(self.game.options):
            return
        self._finish_recording()
        self.recording = False
        self._keep()
        self.session = Session(self.name, options, fresh_seed())
        self.app.memory.set(f"options {self.name}", dict(self.game.options))
        self._resume()
        self._drop_hint()
        self._look_at()

    # What is seen.

    def _look_at(self, moving: bool = False) -> None:
        self._view = self.game.view()
        if not moving:
            self._progress = 1.0
            self.app.redraw()

    def resized(self) -> None:
        """Board on the left and a panel on the right; on a small window the panel shrinks to a strip above."""
        look = self.app.theme
        pad = look.px(theme.PAD)
        wide = self.area.width > self.area.height * 1.15 and not self.compact
        side = look.px(300) if wide else 0
        strip = 0 if wide else look.px(56)
        room_w = self.area.width - side - (3 if wide else 1) * pad
        room_h = self.area.height - strip - (2 if wide else 1) * pad
        width, height = board_size(self.game, self._picture(), (room_w, room_h))
        if wide:
            left = (self.area.width - width - side - pad) // 2
            self._board = pygame.Rect(left, (self.area.height - height) // 2, width, height)
            self._panel = pygame.Rect(self._board.right + pad, self._board.top, side, height)
        else:
            self._board = pygame.Rect((self.area.width - width) // 2, strip, width, height)
            self._panel = pygame.Rect(pad // 2, 0, self.area.width - pad, strip)
        self._wide = wide

    def _picture(self) -> Any:
        # A picture keeps sprites, so it lives as long as the game and the palette do.
        palette = palette_of(self.game, self.app.palette)
        if self._picture_of != (self.game, palette):
            self._picture_of = self.game, palette
            self._drawer = self.game.picture(palette)
        return self._drawer

    def draw(self, surface: pygame.Surface) -> Sequence[pygame.Rect] | None:
        """Only the board while tiles move; the panel when a number changed."""
        picture = self._picture()
        board = surface.subsurface(self._board)
        picture.draw(board, self._view, self._progress)
        self._draw_over_board(surface)
        shown = self._shown()
        if not self.whole and shown == self._last_shown:
            return [self._board]
        self._last_shown = shown
        self._draw_panel(surface)
        return [self._board, self._panel]

    def _draw_panel(self, surface: pygame.Surface) -> None:
        look = self.app.theme
        surface.fill(look.page, self._panel)
        (draw_side if self._wide else draw_strip)(surface, look, self.told(), self._panel)

    _last_shown: object = None

    def _shown(self) -> object:
        """What decides how the panel looks: it is painted anew when this changes."""
        return self.told(), self.game.outcome

    def told(self) -> Told:
        """What is told beside the board."""
        game = self.game
        words, colour = self.state()
        return Told(
            name=self.name,
            goal=goal(game),
            score=f"{game.score:,.0f}",
            best=self.best_shown,
            rows=tuple(self.rows()),
            seed=self.session.seed,
            state=words,
            colour=colour,
        )

    def state(self) -> tuple[str, int]:
        """One line on what is going on, and its colour."""
        look = self.app.theme
        if self._gif.running:
            return f"Saving a GIF · {self._gif.share:.0%}", look.soft
        if self.recording:
            return "Recording", look.bad
        if self.autoplay is not None:
            pace = "one step at a time" if self.paused else f"{self.speed:g}×"
            return f"{self.autoplay.name} plays · {pace}", look.rival
        if self.hint:
            return f"Hint: {WAYS.get(self.hint, self.hint)} ({self.hint_player.label})", look.accent
        if self.asking:
            return f"Hint: {self.hint_player.label} is being asked", look.soft
        return ("Paused", look.soft) if self.paused else ("", look.soft)

    def _draw_over_board(self, surface: pygame.Surface) -> None:
        outcome = self.game.outcome
        if outcome is not None and self._progress >= 1.0:
            words, line = ending(self.session, outcome), f"{self.game.score:,.0f} points in {self.lasted}"
            look, onward = self.app.theme, offers(self.app.bindings)
            draw_plate(surface, look, self._board, words, line, look.outcome(outcome), onward)
        if self.paused and outcome is None and self.autoplay is None:
            line = f"{self.app.bindings.key_label('play.pause')} goes on"
            draw_plate(surface, self.app.theme, self._board, "Paused", line, self.app.theme.ink)
