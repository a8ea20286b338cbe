"""Atari 2600 games that several play together: ``make("atari/pong", players=2)``.

Every seat has a joystick, acts at every step, and sees the game its own way: where a title says what is where, with the
same words for all, and mirrored where the cartridge puts them on different sides, so that one strategy plays from each.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from grpo_arcade.games.atari import Atari
from grpo_arcade.games.atari import console as consoles
from grpo_arcade.games.atari.baselines import baselines
from grpo_arcade.games.atari.cartridge import Cartridge, Court
from grpo_arcade.games.atari.fields import Field, Objects
from grpo_arcade.games.atari.goals import Goal, Kind
from grpo_arcade.games.atari.roms import FOR_SEVERAL, Rom, together
from grpo_arcade.games.atari.shared_console import INSTALL, PACKAGE, SharedConsole, emulator_version
from grpo_arcade.games.atari.titles import cartridge_of
from grpo_arcade.games.game import Game, Outcome
from grpo_arcade.games.played_again import PlayedAgain

if TYPE_CHECKING:
    from gymnasium.spaces import Dict

SERVED_AFTER = 60
"""Frames that a title whose serves can be seen waits for one; then everybody's button is pressed until it comes."""
_ORDINALS = ("first", "second", "third", "fourth")
_USUAL = Goal(Kind.DUEL, "The score is your points. Who has the most points when the game ends has won.")


def atari(title: str = "", players: int | None = None, **options: Any) -> Game:
    """An Atari 2600 game for so many players, by default one, or two on a cartridge that nobody can play alone.

    All other options are those of :class:`~grpo_arcade.games.atari.Atari`.

    Raises:
        ValueError: no such title, not for so many, or another bad option, in one line.
    """
    if players is None and title in FOR_SEVERAL:
        players = 2
    if players is not None and (type(players) is not int or players < 1):
        raise ValueError(f"players must be a whole number from 1, not {players!r}")
    if players is None or (players == 1 and title not in FOR_SEVERAL):
        return Atari(title, **options)
    counts = together(title).modes_for
    if players not in counts:
        alone = () if title in FOR_SEVERAL else (1,)
        fitting = " or ".join(map(str, (*alone, *counts)))
        raise ValueError(f"atari/{title} is for {fitting} players, not {players}")
    if emulator_version() == "none":
        raise ValueError(f"atari/{title} for {players} players needs {PACKAGE}, which is not installed: {INSTALL}")
    return AtariTogether(title, players, **options)


class AtariTogether(Atari):
    """An Atari 2600 game with a joystick for each of several players.

    Args:
        title: one of :func:`~grpo_arcade.games.atari.roms.titles_for_several`.
        players: how many play, 2 or 4.
        options: those of :class:`~grpo_arcade.games.atari.Atari`; with sticky actions, each joystick sticks by itself.

    A seat's score is what the cartridge has given it. When the console ends the game, or the step cap does, who has the
    most points has won, and all have drawn who have the same; a game that the cap ends at a draw is capped.
    Where a title can be seen to wait for a serve it is served after a second, as by the cartridge for a single player.
    """

    rules_version = 1
    simultaneous = True

    def __init__(self, title: str, players: int, **options: Any) -> None:
        self._players = players
        super().__init__(title, **options)
        self.options = {"players": players, **self.options}
        court = _court(cartridge_of(title), players)
        self.seats = court.seats
        self._goal, self._court = court.goal, court
        self._objects = court.objects[0] if court.objects else None
        self.toolbox = court.toolbox
        self.baselines = baselines(Cartridge(scripted=court.scripted))
        seconds = self.options["max_num_frames_per_episode"] / consoles.FRAMES_PER_SECOND
        self.failure_score = float(court.goal.worst + court.goal.worst_per_s * seconds)
        self._patience = math.ceil(court.goal.patience * self.step_cap) or 2**62
        self._serves = [consoles.ACTION_IDS[_serving(name, self._rom.actions)] for name in self._rom.actions]
        self._scores = [0] * players
        self._apart = 1
        self._waited = 0
        self._now: bytes | None = None
        self._earlier: bytes | None = None

    def _facts_of(self, title: str) -> Rom:
        return together(title).rom(self._players)

    @property
    def versions(self) -> dict[str, str]:
        """With ``multi-agent-ale-py``, which decides what the console does with the cartridge that ``ale-py`` has."""
        return {**super().versions, PACKAGE: emulator_version()}

    def _switch_on(self, audible: bool) -> None:
        watched = self._console is not None and self._console.watched
        self._returned()
        key = self.title, self.options["mode"], self.options["difficulty"], self._players
        self._console = consoles.borrow(key, SharedConsole)
        self._console.watched = watched
        self._returned = weakref.finalize(self, consoles.give_back, self._console)

    def _shared(self) -> SharedConsole:
        console = self._running()
        assert isinstance(console, SharedConsole)
        return console

    def _begin(self) -> None:
        super()._begin()
        self._scores = [0] * self._players
        self._now = self._earlier = None
        self._waited = 0
        self._all_lives = self._shared().all_lives()

    def _catch_up(self) -> None:
        console, count = self._shared(), self._players
        console.start(self._seed, self._stickiness)
        self._waited = 0
        for at in range(0, len(self._pressed), count):
            self._press(console, self._pressed[at : at + count])

    def step(self, action: int) -> None:
        """Refused: all seats act at each step."""
        raise ValueError(f"{self.name} takes {self._players} actions a step, one a seat: step_seats()")

    def step_seats(self, actions: Sequence[int]) -> None:
        """Hold an action of each seat for ``frame_skip`` frames. Raises ``ValueError`` as :meth:`step` of others."""
        if self.outcome is not None:
            raise ValueError(f"the episode has ended ({self.outcome}); reset() starts another")
        if len(actions) != self._players:
            raise ValueError(f"a step of {self.name} takes {self._players} actions, not {len(actions)}")
        ids = self._ids
        if not all(0 <= action < len(ids) for action in actions):
            raise ValueError(f"actions must be from 0 to {len(ids) - 1}, not {list(actions)!r}")
        console = self._shared()
        if self._objects is not None:
            if self.plies % self._apart == 0:
                self._earlier = self._now or console.memory()
            self._now = None
        points = self._press(console, actions)
        self._pressed += bytes(actions)
        plies = self.plies = self.plies + 1
        if any(points) and not (self._court.zero_sum and sum(points) != 0):
            self._scores = [score + gained for score, gained in zip(self._scores, points, strict=True)]
            self.score = self._scores[0]
            self._last_event = plies
        if console.over():
            self.outcome = self._result(0)
        elif plies >= self.step_cap:
            self.outcome = Outcome.CAPPED if min(self._scores) == max(self._scores) else self._result(0)
        elif plies - self._last_event >= self._patience:
            self._last_event = plies if self._lost_a_life() else self._last_event
            if plies - self._last_event >= self._patience:
                self.outcome = Outcome.STUCK

    def _press(self, console: SharedConsole, actions: Sequence[int]) -> list[int]:
        """Hold these actions, and serve for who lets the others wait; the points of each seat."""
        ids: Sequence[int] = self._ids
        if self._court.waits is not None:
            self._waited = self._waited + self._frame_skip if self._court.waits(console.memory()) else 0
            if self._waited > SERVED_AFTER:
                ids = self._serves
        return console.press_together([ids[action] for action in actions], self._frame_skip)

    def decide_every(self, steps: int) -> None:
        """As :class:`~grpo_arcade.games.game.Game` says: speeds and the number of the step are by so many steps."""
        self._apart = steps

    def _lost_a_life(self) -> bool:
        before, self._all_lives = self._all_lives, self._shared().all_lives()
        return before != self._all_lives

    def _result(self, seat: int) -> Outcome:
        """By the points there are now."""
        most = max(self._scores)
        if min(self._scores) == most:
            return Outcome.DRAWN
        # In doubles, partners have the same points.
        return Outcome.WON if self._scores[seat] == most else Outcome.LOST

    def seat_score(self, seat: int) -> float:
        """The points the cartridge has given that seat."""
        return self._scores[seat]

    def seat_outcome(self, seat: int) -> Outcome | None:
        """Won with the most points; stuck and capped for all."""
        if self.outcome in (None, Outcome.STUCK, Outcome.CAPPED):
            return self.outcome
        return self._result(seat)

    def seat_legal_actions(self, seat: int) -> tuple[int, ...]:
        """All actions; none after the end."""
        return self.legal_actions()

    def observation(self) -> dict[str, Any]:
        """What the first seat sees."""
        return self.seat_observation(0)

    def seat_observation(self, seat: int) -> dict[str, Any]:
        """What is where as that seat has it; else the memory, how bright the screen is, and the seat's number."""
        console = self._shared()
        lives = console.all_lives()[seat]
        if self._objects is None:
            return {
                "seat": seat,
                "ram": list(console.memory()),
                "screen": self._brightness().tolist(),
                "step": self.plies // self._apart,
                "score": self._scores[seat],
                "lives": lives,
            }
        if self._now is None:
            self._now = console.memory()
        objects: Objects = self._court.objects[seat]
        before = None if self._earlier is None else objects.read(self._earlier)
        step = self.plies // self._apart
        return objects.observe(objects.read(self._now), before, step, self._scores[seat], lives)

    @classmethod
    def packed_observations(cls, games: Sequence[Any]) -> bytes:
        """As :class:`~grpo_arcade.games.game.Game` says."""
        return cls.packed_seat_observations(games, [0] * len(games))

    def observation_space(self) -> Dict:
        """The observation of a seat as Gymnasium describes it."""
        from grpo_arcade.games.atari.spaces import memory_space, symbolic_space

        if self._objects is not None:
            return symbolic_space(self._objects)
        return memory_space(self._brightness().shape, (Field("seat", 0, self._players - 1, "which seat this is"),))

    def sound(self) -> tuple[int, bytes]:
        """None: this emulator has no sound to give."""
        return 0, b""

    def prompt(self) -> str:
        """The user message that asks for a strategy for any seat of this game."""
        if self._objects is not None:
            return super().prompt()
        return super().prompt().replace('- "ram":', f'- "seat": {self._said_of_seats()}\n- "ram":', 1)

    def _said_of_seats(self) -> str:
        """What the number of a seat means."""
        names = ", ".join(f"{number} for {name}" for number, name in enumerate(self.seats))
        return f"which of the {self._players} players you are, {names}"

    def describe(self, replay: PlayedAgain) -> str:
        """As the first seat has it."""
        return self.describe_seat(replay, 0)

    def describe_seat(self, replay: PlayedAgain, seat: int) -> str:
        """The points of all, when they came, what that seat pressed, and what the title's own module knows to tell."""
        from grpo_arcade.games.atari.account import account_of_seat

        return account_of_seat(self, replay, seat, self._court.account)

    def baseline_scores(self) -> Mapping[str, Any] | None:
        """None: what a baseline scores depends on who sits at the other seats."""
        return None


def _court(cartridge: Cartridge, players: int) -> Court:
    return cartridge.courts.get(players) or Court(_ORDINALS[:players], _USUAL)


def _serving(name: str, names: Sequence[str]) -> str:
    """The same action with the button pressed, where there is one."""
    fired = "FIRE" if name == "NOOP" else f"{name}FIRE"
    return fired if fired in names else name
