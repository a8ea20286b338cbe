"""A match on one court: persons, programs and models at the seats of one game, the best of so many games.

A game that goes by the clock goes at its own pace, a person at every frame and programs at every fourth, as they are
measured; it waits for a program that is late, and for nobody else. One whose seats take turns waits for everybody. A
model may be asked for another program at any time, which takes over between two points or games and is announced.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pygame

from grpo_arcade.arcade.players.parse import parse_player
from grpo_arcade.arcade.players.player import Person
from grpo_arcade.arcade.window.court.contest import REWRITES, Contest
from grpo_arcade.arcade.window.court.hands import CONTROLS
from grpo_arcade.arcade.window.court.rival import Rival
from grpo_arcade.arcade.window.court.round import Round
from grpo_arcade.arcade.window.court.side import Side, sides_of
from grpo_arcade.arcade.window.court.view import CourtView, Shown
from grpo_arcade.arcade.window.court.words import shown, useful_keys
from grpo_arcade.arcade.window.draw import theme
from grpo_arcade.arcade.window.play.realtime import STEP_S, RealTime
from grpo_arcade.arcade.window.play.session import fresh_seed
from grpo_arcade.arcade.window.replay.export import Export
from grpo_arcade.arcade.window.shell.scene import Act, Event, Pointer, Released, Scene, Wheel
from grpo_arcade.games import Game
from grpo_arcade.games.seats import make_for_several

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

SPEEDS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
_CODE_EVERY_S = 0.05
_MOST_DUE = 4
"""Frames that are made up for after a wait; time beyond that is dropped."""
_BETWEEN_S = 2.5
"""From the end of a game to the next one."""
_THINKS_S = 0.35
"""At least, before a program answers in a game that waits, so that its move is seen."""


class Court(Scene):
    """One match.

    Args:
        app: the window.
        game: registry name.
        options: the game's; ``players`` may be left out for two.
        players: a word for each seat, in the order of the game's seats; at most two of them you.
        best_of: games at most.
        changes: whether players change seats after each game.
        rewrites: one of :data:`REWRITES`.
        seed: of the first game; by default a fresh one.

    Raises:
        ValueError: no such game or player, not for several, or not for so many, in one line.
    """

    title = "Versus"
    contexts = ("court",)

    def __init__(
        self,
        app: App,
        game: str,
        options: Mapping[str, Any],
        players: Sequence[str],
        *,
        best_of: int = 1,
        changes: bool = False,
        rewrites: str = REWRITES[0],
        seed: int | None = None,
    ) -> None:
        super().__init__(app)
        self.table = make_for_several(game, options)
        """The game as programs are measured on it; not played here."""
        if len(players) != len(self.table.seats):
            raise ValueError(f"{game} has {len(self.table.seats)} seats ({', '.join(self.table.seats)}), "
                             f"and {len(players)} players were named")  # fmt: skip
        who = [parse_player(word, self.table, app.settings.outputs) for word in players]
        self.sides: list[Side] = sides_of(app, who, self.table, self._changed)
        played = dict(self.table.options)
        if any(isinstance(player, Person) for player in who):
            played |= self.table.person_options
        first = fresh_seed() if seed is None else seed
        self.contest = Contest(app, self.table, played, self.sides, best_of, changes, rewrites, first)
        self.clock = self.holds = self.table.clock_driven
        self.time = RealTime(app.speaker)
        self.speed = 1.0
        self.paused = False
        self.progress = 1.0
        """Of the move that is shown, in a game that waits: 0 as it begins, 1 when it is made."""
        self.flipped = False
        """Whether code lies where the board is, if there is no room beside it."""
        self._code_in = 0.0
        self._away = self._called = False
        self._begin_game(again=True)
        self.view = CourtView(app, self._shown)

    @property
    def round(self) -> Round:
        """The game that is played, and who does what in it."""
        return self.contest.round

    @property
    def game(self) -> Game:
        """The same, as its rules have it."""
        return self.contest.round.game

    @property
    def persons(self) -> list[Side]:
        """Who plays by hand."""
        return [side for side in self.sides if side.hands is not None]

    @property
    def ready(self) -> bool:
        """Whether nobody has to be waited for before it begins."""
        return all(side.rival is None or side.rival.ready for side in self.sides)

    @property
    def running(self) -> bool:
        """Whether it goes on: by the clock not before a person's first press."""
        going = self.ready and not self.paused and not self._away and not self.round.over
        return going and (self.started or not self.persons)

    def at(self, seat: int) -> Side:
        """Who sits there in this game."""
        return self.contest.at(seat)

    # The match, game by game.

    def _begin_game(self, again: bool = False) -> None:
        """Go on to the next game, or back to the first one of a match that begins anew."""
        self.contest.begin_match() if again else self.contest.begin_game()
        self.started, self.paused = not self.clock, False
        self.progress = 1.0
        self._due, self._rest, self._next_in = 0.0, 0.0, 0.0
        self.time.restart()
        self.app.redraw()

    def enter(self) -> None:
        """The players get ready, the first time."""
        self._away = False
        if not self._called:
            self._called = True
            self.contest.call_players()

    def leave(self) -> None:
        """Keep the game. The players wait, with all that their programs remember, and models write on."""
        self.time.rest()
        self.paused = self.paused or self.running
        self._away = True
        self.contest.keep()

    def closed(self) -> None:
        """End the processes, and with them the match."""
        self.contest.dismiss_players()
        if self.contest.best_of > 1 and self.contest.games() and not self.contest.series.decided:
            self.app.say("This match ends here; its games are among your recordings")

    # Questions and answers.

    def _changed(self, rival: Rival) -> None:
        self.contest.ask()
        self._let_play()
        self.view.touch()

    def _let_play(self) -> bool:
        """Make the steps that are due and that everybody has decided on; whether there were any."""
        until, moved = time.perf_counter() + STEP_S, False
        while self.running and not self._resting:
            if self.clock and self._due < 1:
                break
            actions = self.contest.actions()
            if actions is None:
                break
            self._due -= 1
            self._step(actions)
            moved = True
            if time.perf_counter() > until:
                break
        if self.round.over and not self._next_in:
            self._game_over()
            moved = True
        return moved

    @property
    def _resting(self) -> bool:
        """Whether a move is still being shown, in a game that waits."""
        return not self.clock and (self.progress < 1.0 or self._rest > 0)

    def _step(self, actions: Sequence[int]) -> None:
        self.contest.step(actions)
        if not self.clock:
            self.progress = theme.FRAME_S / theme.MOVE_S
            self._rest = _THINKS_S / self.speed if self.at(self.game.to_move).rival is not None else 0.0

    def _game_over(self) -> None:
        self.time.rest()
        self._next_in = _BETWEEN_S
        self.contest.end_game()
        self.app.redraw()

    # What the person does.

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """What each action does."""
        return {
            "court.pause": self._do_pause,
            "court.slower": lambda: self._do_speed(-1),
            "court.faster": lambda: self._do_speed(1),
            "court.restart": self._do_restart,
            "court.new": self._do_new,
            "court.sides": self._do_sides,
            "court.ask": self._do_ask,
            "court.code": self._do_code,
            "court.film": self._do_film,
            "court.replay": self._do_replay,
        }

    def handle(self, event: Event) -> bool:
        """What is held and let go, places that are pointed at, commands."""
        if isinstance(event, Pointer):
            return self._points_at(event)
        if isinstance(event, Wheel):
            return self.view.scroll(event.at, event.steps)
        if isinstance(event, Released):
            if event.id in CONTROLS:
                self._press(*CONTROLS[event.id], down=False)
            return False
        if isinstance(event, Act) and event.id in CONTROLS:
            self._press(*CONTROLS[event.id], down=True)
            return True
        return self.obey(event)

    def _press(self, number: int, control: str, down: bool) -> None:
        if down and not self.persons and self.round.over:
            self._go_on()
            return
        for side in self.persons:
            assert side.hands is not None
            if self.clock:
                if number in side.hands.sets:
                    self._begin_with(down)
                    side.hands.hold(control, down)
                    if not self.running:
                        side.hands.stick.settle()
            elif down and not self.paused and not self.round.over and self.at(self.game.to_move) is side:
                # Whoever's turn it is may use any keys: nobody else has a use for them.
                side.hands.mark(control, self.game)
                self._begin_with(side.hands.choice is not None)
        # Whoever fires in the last moment of a game is to see how it ended.
        if down and control == "fire" and self._next_in < _BETWEEN_S - 0.5:
            self._go_on()
        self._let_play()

    def _begin_with(self, pressed: bool) -> None:
        if pressed and self.ready and not self.started and not self.paused and not self.round.over:
            self.started = True
            self._due = 0.0
            self.time.restart()
            self.view.touch()

    def _points_at(self, event: Pointer) -> bool:
        if self.clock or self.round.over or self.paused:
            return False
        side = self.at(self.game.to_move)
        action = self.view.action_at(event.at)
        if side.hands is None or action is None or action not in self.game.legal_actions():
            return False
        moved, side.hands.marked = side.hands.marked != action, action
        if event.kind == "down":
            side.hands.choose(action)
            self._begin_with(True)
            self._let_play()
        return moved or event.kind == "down"

    def looked_away(self) -> None:
        """A game by the clock does not go on behind somebody's back."""
        if self.clock and self.persons and self.running:
            self._do_pause()
            self.app.redraw()

    def _do_pause(self) -> None:
        if not self.round.over:
            self.paused = not self.paused
            self._due = 0.0
            self.time.restart()
            for side in self.persons:
                assert side.hands is not None
                side.hands.let_go()
        self.view.touch()

    def _do_speed(self, by: int) -> None:
        self.speed = SPEEDS[max(0, min(SPEEDS.index(self.speed) + by, len(SPEEDS) - 1))]
        self.time.restart()
        self.view.touch()

    def _do_restart(self) -> None:
        self.contest.keep()
        self._begin_game(again=True)

    def _do_new(self) -> None:
        self.contest.seed = fresh_seed()
        self._do_restart()

    def _do_sides(self) -> None:
        """Everybody moves on to the next seat, for a match that begins anew."""
        self.contest.shift += 1
        self._do_restart()

    def _go_on(self) -> None:
        if self.round.over and not self.contest.series.decided:
            self._begin_game()

    def _do_ask(self) -> None:
        models = [side.rival for side in self.sides if side.rival is not None and side.rival.writes]
        if not models:
            raise ValueError("no model plays here; a baseline, a file or a champion always plays as it does")
        for rival in models:
            rival.write_again()
        self.view.touch()

    def _do_code(self) -> None:
        if not any(side.rival is not None and side.rival.text for side in self.sides):
            raise ValueError("nobody here has a program to show")
        self.flipped = not self.flipped
        self.app.redraw()

    def _do_film(self) -> None:
        games = self.contest.games()
        if not games:
            raise ValueError("nobody has made a move yet")
        self.app.open(Export(self.app, games, in_turn=True))

    def _do_replay(self) -> None:
        from grpo_arcade.arcade.window.replay.replay import ReplayScene

        games = self.contest.games()
        if not games:
            raise ValueError("nobody has made a move yet")
        self.app.open(ReplayScene(self.app, games, "this match"))

    # Time, and what is seen.

    def update(self, dt: float) -> bool:
        """Let the game go on."""
        slides = self.progress < 1.0
        self.progress = min(1.0, self.progress + dt / theme.MOVE_S)
        self._rest = max(0.0, self._rest - dt)
        if self.clock and self.running:
            self._due = min(self._due + self.time.due(dt, self.game, self.speed), max(1, _MOST_DUE * self.speed))
        moved = self._let_play()
        if self._next_in and not self.contest.series.decided:
            self._next_in = max(1e-9, self._next_in - dt)
            if self._next_in <= 1e-9:
                self._go_on()
        self._code_in -= dt
        if self._code_in <= 0:
            self._code_in = _CODE_EVERY_S
            self.view.show_code()
        return moved or slides or self.view.stale

    def next_update(self) -> float | None:
        """With the next frame; now and then while a model writes or a game is over."""
        if self.view.stale or self.progress < 1.0:
            return 0.0
        if self.clock and self.running:
            return self.time.wait(self.game, self.speed) if self._due < 1 else 0.1  # a late answer wakes the window
        if self._rest > 0 and self.running:
            return self._rest
        if self._next_in and not self.contest.series.decided:
            return self._next_in
        return _CODE_EVERY_S if any(side.rival and side.rival.state == "writing" for side in self.sides) else None

    def _shown(self) -> Shown:
        return shown(self)

    def resized(self) -> None:
        """As large a board as there is room for."""
        self.view.lay_out(self.area, self.compact)

    def draw(self, surface: pygame.Surface) -> Sequence[pygame.Rect] | None:
        """All, or what changed."""
        return self.view.draw(surface, self.whole)

    def keys(self) -> Sequence[str]:
        """By what is most useful now."""
        return useful_keys(self)
