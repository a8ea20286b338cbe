"""A match on one seed: a person and models, or models among themselves, side by side.

Turn by turn, each of the others makes a move when the person has made one. In real time they play at their own pace
from the person's first move on, or, where no person plays, as soon as all are ready. A model's strategy is watched
while it is being written.

A game that goes by the clock is always played in real time, every console at the same speed, from the person's first
press on. The person's hands decide in every frame and are obeyed at once, as people play; strategies decide every
fourth frame, on a console as stubborn as where they are measured. Seed, goal and points are the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pygame

from grpo_arcade.arcade.players.player import YOU
from grpo_arcade.arcade.window.draw import theme
from grpo_arcade.arcade.window.draw.code_view import highlighted
from grpo_arcade.arcade.window.draw.words import PERSON
from grpo_arcade.arcade.window.play.realtime import RealTime
from grpo_arcade.arcade.window.play.session import fresh_seed
from grpo_arcade.arcade.window.replay.export import Export
from grpo_arcade.arcade.window.replay.playback import Playback, replay_of
from grpo_arcade.arcade.window.shell.scene import Act, Event, Pointer, Released, Scene, Wheel
from grpo_arcade.arcade.window.versus.contestants import Contestant
from grpo_arcade.arcade.window.versus.going import SPEEDS, Going, Pace
from grpo_arcade.arcade.window.versus.keeper import Keeper
from grpo_arcade.arcade.window.versus.seat import Seat, onward, verdict
from grpo_arcade.arcade.window.versus.view import CODE_EVERY_S, MatchView, Shown
from grpo_arcade.games import make
from grpo_arcade.games.names import shown_name

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

MOVES = {"versus.up": "W", "versus.right": "D", "versus.down": "S", "versus.left": "A"}
CONTROLS = {f"versus.{name}": name for name in ("up", "right", "down", "left", "fire")}


class Match(Scene):
    """Two to six players on one seed.

    Args:
        app: the window.
        game: registry name.
        options: the game's.
        players: words, at most one of them :data:`YOU`.
        pace: who waits for whom.
        seed: by default a fresh one.
    """

    title = "Versus"
    contexts = ("versus",)

    def __init__(
        self,
        app: App,
        game: str,
        options: Mapping[str, Any],
        players: Sequence[str],
        pace: Pace = "turn by turn",
        seed: int | None = None,
    ) -> None:
        super().__init__(app)
        if not 2 <= len(players) <= 6 or players.count(YOU) > 1:
            raise ValueError("a match has two to six players, at most one of them you")
        self.table = make(game, **options)
        self.seed = fresh_seed() if seed is None else seed
        self.clock = self.holds = self.table.clock_driven
        self.pace: Pace = pace if YOU in players and not self.clock else "real time"
        self.time = RealTime(app.speaker)
        self.speed = 1.0
        self.paused = self.started = False
        self.seats = [Seat.of(word, self.table, self.seed, app, self._changed) for word in players]
        self.selected = next((place for place, seat in enumerate(self.seats) if seat.contestant), 0)
        self.verdict = ""
        """Who has won, once everybody is out."""
        self.view = MatchView(app, self.table, self._shown)
        self._keeper = Keeper(app, self.table)

    @property
    def person(self) -> Seat | None:
        """The person's place, if one plays."""
        return next((seat for seat in self.seats if seat.session), None)

    @property
    def ready(self) -> bool:
        """Whether nobody has to be waited for."""
        return all(seat.ready for seat in self.seats)

    # What must not be lost, and what must not go on.

    def enter(self) -> None:
        """The players begin to think, or go on."""
        self.app.background.thread(highlighted, "def strategy(board): ...")  # the first source takes longest
        if self.clock and self.person and self.person.session and not self.person.session.actions:
            self.time.begin(self.person.session.game)
        for seat in self.seats:
            if seat.contestant and seat.contestant.state not in ("ready", "failed"):
                self._let_begin(seat.contestant)

    def leave(self) -> None:
        """Keep the person's game, and end the processes."""
        self.time.rest()
        try:
            self._keep_persons_game()
        finally:
            for seat in self.seats:
                if seat.contestant:
                    seat.contestant.stop()

    def _keep_persons_game(self, *, begun: bool = False) -> None:
        if self.person is not None:
            self._keeper.keep(self.person, self.seed, begun=begun)

    def _let_begin(self, contestant: Contestant) -> None:
        contestant.begin(self.app.background, self.table.name, self.table.options, self.seed)

    def _changed(self, contestant: Contestant) -> None:
        place = next(i for i, seat in enumerate(self.seats) if seat.contestant is contestant)
        seat = self.seats[place]
        if contestant.state == "writing":
            self.view.mark(("foot", place))
            return  # the text itself is shown at a pace that can be read, see update()
        if contestant.performance is not None:
            seat.playback = Playback(replay_of(contestant.performance.episode, self.app.studio))
            seat.flipped = False
        self.view.show_code(place)
        self.view.mark_seat(place)
        self.view.mark(("side", 0), ("heading", 0))

    # What the person does.

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """What each action does."""
        return {
            "versus.pause": self._do_pause,
            "versus.step": self._do_step,
            "versus.slower": self._do_slower,
            "versus.faster": self._do_faster,
            "versus.restart": self._do_restart,
            "versus.new": self._do_new,
            "versus.ask": self._do_ask,
            "versus.code": self._do_code,
            "versus.next": self._do_next,
            "versus.save": self._do_save,
            "versus.film": self._do_film,
        }

    def handle(self, event: Event) -> bool:
        """Moves and commands."""
        if isinstance(event, Pointer):
            return event.kind == "down" and self._select_at(event.at)
        if isinstance(event, Wheel):
            return self.view.scroll(event.at, event.steps)
        if isinstance(event, Released) and event.id in CONTROLS:
            self.time.stick.release(CONTROLS[event.id])
            self._settle()
            return False
        if not isinstance(event, Act) or not event.id.startswith("versus."):
            return False
        if self.clock and event.id in CONTROLS:
            self._person_presses(CONTROLS[event.id])
        elif event.id == "versus.fire":
            return False
        elif event.id in MOVES:
            self._person_moves(MOVES[event.id])
        elif not self.obey(event):
            return False
        self.view.mark(("heading", 0))
        return True

    def _person_moves(self, alias: str) -> None:
        person = self.person
        if person is None or person.session is None or self.paused:
            return
        if person.session.move(self.table.aliases[alias], PERSON):
            person.progress = theme.FRAME_S / theme.MOVE_S
            self.started = True
            place = self.seats.index(person)
            self.view.mark(("board", place), ("head", place))

    def _person_presses(self, control: str) -> None:
        if self.person is not None and not self.person.out:
            if not self.paused and not self.started:
                self.started = True
                self.time.restart()
            self.time.stick.press(control)
            self._settle()

    def _settle(self) -> None:
        # While no frames go by, what is held counts and not how it came to be.
        if not self._running:
            self.time.stick.settle()

    def looked_away(self) -> None:
        """A game by the clock does not go on behind somebody's back."""
        if self.clock and self.person is not None and not self.person.out and self._running:
            self.paused = True
            self.time.rest()
            self.view.mark(("heading", 0))
            self.app.redraw()

    def _select_at(self, at: tuple[int, int]) -> bool:
        place = self.view.place_at(at)
        if place is None or self.seats[place].contestant is None:
            return False
        if self.selected == place:
            self._do_code()
        else:
            self._select(place)
        return True

    def _select(self, place: int) -> None:
        before, self.selected = self.selected, place
        self.view.selection_moved(before)

    def _do_pause(self) -> None:
        self.paused = not self.paused
        self.time.restart()

    def _do_step(self) -> None:
        if self.person is not None and not self.person.out and self.pace == "turn by turn":
            raise ValueError("turn by turn the others move when you do")
        if not self.paused:
            self.paused = self.started = True
        person = self.person
        if self.clock and person is not None and person.session is not None and not person.out:
            # One decision of the others is as long as several frames of the person.
            frames = round(person.session.game.frame_rate / self.table.frame_rate)
            self.time.play(person.session, frames, 0.0)
            self.view.mark(("board", self.seats.index(person)), ("head", self.seats.index(person)))
        for place, seat in enumerate(self.seats):
            if seat.playback:
                seat.playback.step()
                self.view.mark(("board", place), ("head", place), ("foot", place))

    def _do_slower(self) -> None:
        self.speed = SPEEDS[max(0, SPEEDS.index(self.speed) - 1)]
        self.time.restart()

    def _do_faster(self) -> None:
        self.speed = SPEEDS[min(len(SPEEDS) - 1, SPEEDS.index(self.speed) + 1)]
        self.time.restart()

    def _do_restart(self) -> None:
        self._keep_persons_game(begun=True)
        self.started = self.paused = False
        self.verdict = ""
        for seat in self.seats:
            if seat.session:
                seat.session.start(self.seed)
                seat.progress = 1.0
                if self.clock:
                    self.time.begin(seat.session.game)
            elif seat.playback:
                seat.playback = Playback(replay_of(seat.playback.episode, self.app.studio))
        self.view.mark_all()

    def _do_new(self) -> None:
        self._keep_persons_game(begun=True)
        self.seed = fresh_seed()
        for seat in self.seats:
            seat.playback = None
            if seat.contestant:
                self._let_begin(seat.contestant)
        self._do_restart()

    def _do_ask(self) -> None:
        models = [i for i, s in enumerate(self.seats) if s.contestant and s.contestant.writes]
        if not models:
            raise ValueError("no model plays here; a baseline, a file or a champion always plays as it does")
        place = self.selected if self.selected in models else models[0]
        seat = self.seats[place]
        assert seat.contestant is not None
        seat.playback, seat.flipped = None, False
        self.verdict = ""
        seat.contestant.ask_again(self.app.background, self.table.name, self.table.options, self.seed)
        self.view.show_code(place)
        self._select(place)

    def _do_code(self) -> None:
        seat = self.seats[self.selected]
        if seat.contestant is None or not seat.contestant.text:
            raise ValueError(f"{seat.name} has no source to show")
        seat.flipped = not seat.flipped
        self.view.mark_seat(self.selected)
        self.view.mark(("side", 0))  # it is never shown twice

    def _do_next(self) -> None:
        others = [place for place, seat in enumerate(self.seats) if seat.contestant]
        self._select(next((place for place in others if place > self.selected), others[0]))

    def _do_save(self) -> None:
        saved = self._keeper.save_all(self.seats, self.seed)
        self.app.say(f"{saved} recording{'s' if saved > 1 else ''} saved in {self.app.files.folder('recordings')}")

    def _do_film(self) -> None:
        """One film of all boards, up to the present move."""
        shown = [game for seat in self.seats if (game := seat.so_far()) is not None]
        if not shown:
            raise ValueError("nobody has made a move yet")
        self.paused = True
        self.time.rest()
        self.app.open(Export(self.app, [episode for episode, _ in shown], moves=[moves for _, moves in shown]))

    # Time.

    @property
    def _running(self) -> bool:
        if self.paused or not self.ready:
            return False
        return self.started or self.person is None

    def update(self, dt: float) -> bool:
        """Let the others catch up with the person, or play."""
        person = self.person
        if person and person.progress < 1.0:
            person.progress = min(1.0, person.progress + dt / theme.MOVE_S)
            self.view.mark(("board", self.seats.index(person)))
        if self.clock and person and person.session and self._running and not person.out:
            due = self.time.due(dt, person.session.game, self.speed)
            if self.time.play(person.session, due, self.speed):
                place = self.seats.index(person)
                self.view.mark(("board", place), ("head", place))
                if person.out:
                    self.time.rest()
        going = self._going()
        for place, seat in enumerate(self.seats):
            if seat.playback and going.advance(seat.playback, dt):
                self.view.mark(("board", place), ("head", place))
                if seat.playback.ended:
                    self.view.mark(("seat", place))
        self.view.go_on(dt)
        if not self.verdict and all(seat.out for seat in self.seats):
            self.verdict = verdict(self.seats)
            self._keep_persons_game()
            self.view.mark_all()
        return self.view.stale

    def _going(self) -> Going:
        person = self.person
        follows = person is not None and person.session is not None and not person.out and self.pace == "turn by turn"
        moves = len(person.session.actions) if follows and person and person.session else None
        return Going(self._running, self.paused, moves, self.speed * self.table.frame_rate)

    def next_update(self) -> float | None:
        """At once while something moves, now and then while a model writes or points are to be told."""
        person = self.person
        if self.unfinished or (person and person.progress < 1.0):
            return 0.0
        if self.clock and person and not person.out and self._running:
            return 0.0
        wait = self._going().wait(seat.playback for seat in self.seats)
        if wait is None and (self.view.points_behind or any(seat.writing for seat in self.seats)):
            return CODE_EVERY_S
        return wait

    # What is seen.

    def _shown(self) -> Shown:
        words = self.verdict or f"{shown_name(self.table.name)} · versus"
        return Shown(self.seats, self.selected, self.seed, words, self._note())

    def _note(self) -> str:
        if self.verdict:
            return onward(self.app.bindings)
        parts = [f"seed {self.seed}"]
        alone = self.person is None or self.person.out
        parts.append(f"{self.speed:g}×" if self.pace == "real time" or alone else "turn by turn")
        if self.paused:
            parts.append("paused")
        elif not self.ready:
            parts.append("a player is still thinking")
        elif self.person is not None and not self.started:
            parts.append("it begins with your first press" if self.clock else "it begins with your first move")
        return " · ".join(parts)

    def resized(self) -> None:
        """As large boards as there is room for."""
        self.view.lay_out(self.area, self.compact)

    @property
    def unfinished(self) -> bool:
        """Whether something is still to be painted."""
        return self.view.stale

    def draw(self, surface: pygame.Surface) -> Sequence[pygame.Rect] | None:
        """All, or what changed."""
        return self.view.draw(surface, self.whole)

    def keys(self) -> Sequence[str]:
        """What can be done."""
        return (
            *("versus.ask", "versus.code", "versus.next", "versus.restart", "versus.new", "versus.pause"),
            *("versus.slower", "versus.faster", "versus.step", "versus.film", "versus.save", "app.back"),
        )
