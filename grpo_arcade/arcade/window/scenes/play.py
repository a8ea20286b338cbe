"""A person plays a game by hand, with a hint or another's hand when wanted.

Moves count at once, on the edge of a key; the picture follows, and a new move never waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pygame

from grpo_arcade.arcade.window import theme
from grpo_arcade.arcade.window.advice import Autoplay, InStep, advise, is_strategy, name_of
from grpo_arcade.arcade.window.background import Task
from grpo_arcade.arcade.window.boards import board_size, palette_of
from grpo_arcade.arcade.window.clip import write_clip
from grpo_arcade.arcade.window.scene import Act, Dropped, Event, Pointer, Scene
from grpo_arcade.arcade.window.scenes.play_panel import draw_hint, draw_plate, draw_side, draw_strip
from grpo_arcade.arcade.window.session import PERSON, Session, fresh_seed
from grpo_arcade.games import Episode, Game, Outcome, make
from grpo_arcade.recordings import SUFFIX, load, save, verify

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.app import App

MOVES = {"play.up": "W", "play.right": "D", "play.down": "S", "play.left": "A"}
SPEEDS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_SAVE_EVERY = 20
"""Moves between two writings of the game in progress."""
_FILES = 8
"""Strategies' files that are offered again."""
_ENDINGS = {Outcome.WON: "You win", Outcome.LOST: "Game over"}


class Play(Scene):
    """One game at a time.

    Args:
        app: the window.
        game: registry name.
        options: the game's; by default those played last.
    """

    contexts = ("play",)

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
        self.hint: str = ""
        self._hint_task: Task | None = None
        self._gif: Task | None = None
        self._gif_share = 0.0
        self._saving: Task | None = None
        self._owed_s = 0.0
        self._steps_owed = 0
        self._progress = 1.0
        self._picture_of: tuple[object, str] | None = None
        self._resume()
        self._look_at()

    @property
    def game(self) -> Game:
        """The game on the board."""
        return self.session.game

    @property
    def adviser(self) -> str:
        """Who gives hints and autoplays: a baseline's name, or the word of a strategy."""
        chosen = self.app.memory.get(f"hint {self.name}", self.app.settings.hint)
        known = chosen in self.game.baselines or is_strategy(chosen)
        return chosen if known else list(self.game.baselines)[-1]

    @adviser.setter
    def adviser(self, word: str) -> None:
        self.app.memory.set(f"hint {self.name}", word)
        self._drop_hint()

    @property
    def best(self) -> float:
        """The best score of these options."""
        return float(self.app.memory.get("best", {}).get(self._best_key, 0))

    @property
    def _best_key(self) -> str:
        return best_key(self.game)

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
        return bool(self._hint_task and self._hint_task.running and is_strategy(self.adviser))

    @property
    def lasted(self) -> str:
        """How long the game has been going on, in words."""
        return f"{len(self.session.actions):,} moves"

    def rows(self) -> list[tuple[str, str]]:
        """What is told in the panel beside the scores."""
        rows = [("Moves", f"{len(self.session.actions):,}"), ("Seed", str(self.session.seed))]
        return [*rows, ("Hints by", name_of(self.adviser))]

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

    def _take_up(self, episode: Episode) -> None:
        verify(episode)
        session = Session(self.name, episode.options, episode.seed)
        session.resume(episode)
        session.took_back = bool(self.app.memory.get("took back", False))
        self.session = session

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

    def _note_score(self) -> None:
        if PERSON not in self.session.players:
            return
        scores = dict(self.app.memory.get("best", {}))
        if self.counted > scores.get(self._best_key, 0):
            self.app.memory.set("best", {**scores, self._best_key: self.game.score})
        self.app.memory.set("last", {**self.app.memory.get("last", {}), self.name: self.game.score})

    def _finish_recording(self) -> None:
        if self.recording and self.session.actions:
            stem = f"{self.name.replace('/', '-')}-seed-{self.session.seed}"
            path = save(self.session.episode(), self.app.fresh_file("recordings", stem, SUFFIX))
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

    def handle(self, event: Event) -> bool:
        """Moves and commands; a strategy's file that is dropped here gives hints from now on."""
        if isinstance(event, Dropped) and is_strategy(event.path):
            self.advise_by_file(event.path)
            return True
        if isinstance(event, Pointer):
            return event.kind == "down" and self._points_at(event.at)
        if not isinstance(event, Act) or not event.id.startswith("play."):
            return False
        if event.id in MOVES:
            self._person_moves(self.game.aliases.get(MOVES[event.id]))
            return True
        getattr(self, "_do_" + event.id.removeprefix("play.").replace("-", "_"))()
        return True

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

    def _do_undo(self) -> None:
        if not self.app.settings.undo:
            raise ValueError("Undo is off; undo = true in the settings file allows it (such games set no best score)")
        if self.session.undo():
            self._stop_autoplay()
            self._drop_hint()
            self._look_at()

    def _do_pause(self) -> None:
        if self.game.outcome is None:
            self.paused = not self.paused

    def _do_hint(self) -> None:
        if self.game.outcome is not None or (self._hint_task and self._hint_task.running):
            return
        name = self.adviser

        def show(action: int | None) -> None:
            if action is not None:
                self.hint = self.game.actions[action]
                self.app.redraw()

        # A strategy runs a while, and is not to take the window's time.
        begin = self.app.background.process if is_strategy(name) else self.app.background.thread
        self._hint_task = begin(advise, self.session.episode(), name, done=show, failed=self.app.complain)

    def advise_by_file(self, path: str) -> None:
        """Let a strategy's file give hints and autoplay, and offer it again later."""
        known = [word for word in self.app.memory.get("advisers", []) if word != path]
        self.app.memory.set("advisers", [path, *known][:_FILES])
        self._stop_autoplay()
        self.adviser = path
        self.app.say(f"Hints and autoplay by {Path(path).name}")

    def _drop_hint(self) -> None:
        if self._hint_task:
            self._hint_task.cancel()
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

    def _begin_autoplay(self) -> None:
        episode = self.session.episode()
        if episode.observations and not is_strategy(self.adviser):
            # Nobody can play a server's game ahead in a session beside this one.
            self.autoplay = InStep(self.game, self.adviser)
        else:
            self.autoplay = Autoplay(self.app.background, episode, self.adviser, self.app.complain)
        self._owed_s = 0.0

    def _stop_autoplay(self) -> None:
        if self.autoplay is not None:
            self.autoplay.stop()
            self.autoplay = None

    def _do_fire(self) -> None:
        """No button in games that are played move by move."""

    def _do_step(self) -> None:
        """One move of the baseline; the game then waits."""
        if self.game.outcome is not None:
            return
        if self.autoplay is None:
            self._begin_autoplay()
        self.paused = True
        self._steps_owed = 1

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
        if self._gif and self._gif.running:
            return
        parts = self.session.last_seconds(self.app.settings.gif_seconds)
        same = [part for part in parts if dict(part[0].options) == dict(self.game.options)]
        if not same:
            raise ValueError("Nothing has been played yet that a GIF could show")
        path = self.app.fresh_file("films", f"{self.name.replace('/', '-')}-last-seconds", ".gif")
        self._gif_share = 0.0
        palette = palette_of(self.game, self.app.palette)
        self._gif = self.app.background.process(
            write_clip, same, path, palette, item=self._gif_comes, done=self._gif_done, failed=self._gif_failed
        )

    def _gif_comes(self, share: float) -> None:
        self._gif_share = share

    def _gif_done(self, path: Path) -> None:
        self.app.say(f"GIF saved ({path.stat().st_size / 1e6:.1f} MB): {path}")

    def _gif_failed(self, error: Exception) -> None:
        self.app.complain(error)

    def _do_options(self) -> None:
        from grpo_arcade.arcade.window.scenes.options import Options

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

    def keys(self) -> Sequence[str]:
        """By what is most useful now."""
        if self.game.outcome is not None:
            return ("play.new", "play.restart", "play.record", "play.gif", "play.options", "app.back")
        undo = ("play.undo",) if self.app.settings.undo else ()
        auto = ("play.slower", "play.faster") if self.autoplay else ()
        common = ("play.hint", *undo, "play.autoplay", "play.pause", "play.step", *auto, "play.new", "play.restart")
        return (*common, "play.record", "play.gif", "play.options", "app.back")

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
        surface.fill(self.app.theme.page, self._panel)
        (draw_side if self._wide else draw_strip)(surface, self, self._panel)

    _last_shown: object = None

    def _shown(self) -> object:
        return (
            self.game.score,
            self.best_shown,
            self.rows(),
            self.paused,
            self.recording,
            self.speed,
            self.hint,
            self.asking,
            self.autoplay is not None,
            self.game.outcome,
            bool(self._gif and self._gif.running),
            self._gif_share,
        )

    def _draw_over_board(self, surface: pygame.Surface) -> None:
        outcome = self.game.outcome
        if outcome is not None and self._progress >= 1.0:
            words = _ENDINGS.get(outcome, str(outcome).replace("_", " ").capitalize())
            line = f"{self.game.score:,.0f} points in {self.lasted}"
            draw_plate(surface, self.app.theme, self._board, words, line, self.app.theme.outcome(outcome))
        elif self.hint and not self.paused:
            draw_hint(surface, self.app.theme, self._board, self.hint)
        if self.paused and outcome is None and self.autoplay is None:
            line = f"{self.app.bindings.key_label('play.pause')} goes on"
            draw_plate(surface, self.app.theme, self._board, "Paused", line, self.app.theme.ink)


def best_key(game: Game) -> str:
    """The name under which the best score of a game with these options is remembered."""
    return " ".join([game.name, *(f"{key}={value}" for key, value in sorted(game.options.items()))])


def kept_game(folder: Path, game: Game) -> Path:
    """The file in which an unfinished game with these options waits."""
    name = "".join(c if c.isalnum() or c in ".=" else "-" for c in best_key(game))
    return folder / "in-progress" / f"{name}{SUFFIX}"
