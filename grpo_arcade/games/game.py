"""The contract every game meets.

A game is rules and nothing else: it is reset with a seed, takes action ids, and says what the score and the
outcome are. It never sees the program that plays it, and a program never sees the game: what travels to the
program is :meth:`Game.observation`, what comes back is one of :attr:`Game.aliases`' keys.

A game has one or more seats. Most have one, and then nothing below that speaks of seats matters to them. With several,
the seats take turns (a board game: :attr:`Game.to_move` says whose it is) or all act at each step (``simultaneous``:
two paddles on one court). Score and outcome of the game are those of its first seat.
"""

from __future__ import annotations

import marshal
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

from grpo_arcade import __version__
from grpo_arcade.games.played_again import PlayedAgain
from grpo_arcade.games.toolbox import OPTION as TOOLBOX
from grpo_arcade.games.toolbox import Toolbox

if TYPE_CHECKING:
    import numpy as np
    import pygame


class Outcome(StrEnum):
    """How an episode ended. Always a name, never a number; every one stays in every denominator.

    In the order of every bar and legend: from what one hopes for to what one does not.
    """

    WON = "won"
    """The game's goal was reached."""
    DRAWN = "drawn"
    """Nobody won, in a game that knows draws."""
    LOST = "lost"
    """The game ended without its goal being reached."""
    CAPPED = "capped"
    """The step cap ended a game that was still going on."""
    STUCK = "stuck"
    """The player asked too often in a row for moves that change nothing."""
    ILLEGAL = "illegal"
    """The player answered with something that is no action, or is forbidden at that point."""
    TIMEOUT = "timeout"
    """The player used up its CPU time for a move, a game or a match."""
    CRASHED = "crashed"
    """The player's program raised an exception or died."""
    FORBIDDEN = "forbidden"
    """The program asks for something no strategy may have; it was not run, or the kernel ended it."""
    NO_CODE = "no_code"
    """The completion holds no program that defines the function asked for."""
    SYNTAX_ERROR = "syntax_error"
    """The program is not valid Python."""
    DISCONNECTED = "disconnected"
    """The server that runs the game failed: it went away, was too slow, or could not be understood. Nobody's fault who
    plays, so it counts for nothing, but stays in every denominator."""
    UNFINISHED = "unfinished"
    """A person stopped playing before the end."""

    @property
    def by_the_rules(self) -> bool:
        """Whether the game itself says this, so that a replay must say it again."""
        return self in _BY_THE_RULES


_BY_THE_RULES = frozenset({Outcome.WON, Outcome.LOST, Outcome.DRAWN, Outcome.CAPPED, Outcome.STUCK})

_ACROSS = {Outcome.WON: Outcome.LOST, Outcome.LOST: Outcome.WON}
"""What the end of a game for two is to the other one; all else is the same for both."""


class Picture(Protocol):
    """Draws one game. The window, GIFs and MP4s all use the same picture; none needs a display."""

    aspect: float
    """Width over height."""
    natural_size: tuple[int, int]
    """Width and height in pixels at which the picture is drawn for a GIF unless somebody asks otherwise."""

    def draw(self, surface: pygame.Surface, view: Any, progress: float = 1.0) -> None:
        """Fill ``surface`` (any size) with ``view``, a value of :meth:`Game.view`.

        ``progress`` in 0..1 is how far the last transition has come: 0 shows the moment before the move, 1 the
        position after it. The same arguments give the same pixels on every machine.
        """
        ...


@runtime_checkable
class PixelPicture(Picture, Protocol):
    """A picture that is a console's own screen: few colours, given by number, and pixels that mean exactly themselves.

    Films show it at whole multiples of its natural size, and a GIF stores its numbers without a detour through 24 bits.
    Nothing moves between two positions, so that ``progress`` makes no difference to :meth:`draw`.
    """

    colours: Sequence[int]
    """0xRRGGBB by colour number."""
    blinks: bool
    """Whether the game shows some things in every other frame only, so that a film of single frames would lose them."""

    def indices(self, view: Any, flicker_safe: bool = False) -> np.ndarray:
        """The colour number of each pixel, as uint8 (rows, columns), of the natural size; not to be written to.

        With ``flicker_safe`` each pixel is the brighter one of this frame and the one the console showed just before.
        """
        ...


MOST_RETURNS = 3
"""How often an episode that ended as ``disconnected`` is played again, where :meth:`Game.comes_back` allows it."""

Baseline = Callable[["Game", random.Random], int]
"""Trusted code that plays: from a game (which it must not change) and its own randomness to an action id.

Where seats take turns it plays the one to move; where they act together it is given the game
:func:`~grpo_arcade.games.seats.at_seat`."""


class Game(ABC):
    """One game with its options fixed at construction; :meth:`reset` starts an episode.

    Subclasses set the class attributes and accept their options as keyword arguments, refusing a bad one with a
    ``ValueError`` of one line that says what would work.
    """

    name: str
    """The name :func:`~grpo_arcade.games.registry.make` knows it by."""
    rules_version: int
    """Raised whenever the same seed and actions would give another episode; recordings carry it."""
    actions: tuple[str, ...]
    """Action names; an action's id is its index here. At most 250."""
    aliases: Mapping[str | int, int]
    """Everything a strategy may return, to the action id. Keys are ``str`` and ``int`` only (never ``bool``)."""
    options: Mapping[str, Any]
    """The resolved options, JSON-able: ``make(game.name, **game.options)`` builds the same game."""
    frame_rate: float
    """Decisions a second at which a person likes to watch it."""
    step_cap: int
    """Decisions after which an episode ends as ``capped``; who wants fewer lowers it before :meth:`reset`."""
    clock_driven: bool = False
    """Whether the game goes on by itself: :attr:`frame_rate` decisions a second, by whatever the player holds down."""
    controls: Mapping[frozenset[str], int] = {}
    """For a clock-driven game, the action id of what is held of ``up``, ``right``, ``down``, ``left`` and ``fire``.

    Every combination a player can hold has an entry, nothing held too.
    """
    person_options: Mapping[str, Any] = {}
    """Options with which a person plays by hand, where they are not the defaults that strategies play with."""
    seats: tuple[str, ...] = ("player",)
    """Names of the seats, in order: where one sits (``left``, ``right``) or what one plays (``red``, ``yellow``)."""
    simultaneous: bool = False
    """Whether all seats act at each step; otherwise the seat :attr:`to_move` does."""
    to_move: int = 0
    """Where seats take turns: the seat that acts next. A game of several sets it at every step."""
    failure_score: float = 0.0
    """What an episode counts for whose program failed: as bad as the game can go, so that failing never pays."""
    replayable: bool = True
    """Whether the same seed and actions give the same episode again. If not, moves cannot be taken back."""
    most_at_once: int | None = None
    """How many of these games can be played at once, where something outside limits it."""
    toolbox: Toolbox | None = None
    """Functions that can be lent to strategies; they are where the option ``toolbox`` asks for it (:attr:`lent`)."""
    human_score: float | None = None
    """A published score of a person for the default options, or None; the 1 of the scale on which random play is 0."""

    endings: Mapping[Outcome, tuple[str, str]] = {}
    """Words for :meth:`describe`, before and after how long it was, where won and lost would say something else."""
    score: float
    """The score so far."""
    outcome: Outcome | None
    """None while the episode runs."""
    plies: int
    """Decisions taken so far."""
    wasted: int
    """Decisions so far that were not among the legal actions of their moment."""
    trouble: str = ""
    """Why the episode ended as ``disconnected``, in one line."""

    @property
    def versions(self) -> dict[str, str]:
        """Everything whose version decides what a seed and actions give; recordings carry it, and refuse another.

        A subclass adds the libraries that its rules live in.
        """
        return {"grpo-arcade": __version__, "rules": str(self.rules_version)}

    def other_version(self, recorded: Mapping[str, str]) -> tuple[str, str, str] | None:
        """What was another when an episode with versions ``recorded`` was played: its name, its version, the one here.

        None where a replay means something. The package itself may move on: what decides has a version of its own.
        """
        for what, here in self.versions.items():
            then = str(recorded.get(what, "unknown"))
            if what != "grpo-arcade" and then != here:
                return f"the rules of {self.name}" if what == "rules" else what, then, here
        return None

    def lend(self, version: int | bool) -> None:
        """Lend strategies the toolbox: the option ``toolbox`` of :func:`~grpo_arcade.games.registry.make`.

        Args:
            version: of the toolbox; True for the one there is.

        Raises:
            ValueError: the game has none, or another version.
        """
        if self.toolbox is None:
            raise ValueError(f"{self.name} has no toolbox")
        here = self.toolbox.version
        if type(version) not in (int, bool) or int(version) < 1:
            raise ValueError(f"toolbox must be true, or the version {here}, not {version!r}")
        self.options = {**self.options, TOOLBOX: here if version is True else version}

    @property
    def lent(self) -> Toolbox | None:
        """The toolbox that strategies of this game have; None where none was asked for.

        Raises:
            ValueError: an episode was made with another version of it, which is here no more.
        """
        version = self.options.get(TOOLBOX)
        if version is None or self.toolbox is None:
            return None
        if version != self.toolbox.version:
            raise ValueError(
                f"{self.name} has version {self.toolbox.version} of its toolbox, not {version}; games played with "
                "that one can be shown, but no strategy can go on from them"
            )
        return self.toolbox

    @property
    def rules_options(self) -> Mapping[str, Any]:
        """The options without the toolbox, which changes no rule: what baselines' scores depend on."""
        return {name: value for name, value in self.options.items() if name != TOOLBOX}

    @abstractmethod
    def reset(self, seed: int) -> None:
        """Start the episode that belongs to ``seed`` (0 .. 2**63 - 1). All randomness comes from it."""

    def begin(self, action: int) -> None:  # noqa: B027 - most games have nothing to begin
        """Say ahead which action the next :meth:`step` takes, for games that are played elsewhere. Raises nothing.

        Of no effect, but that several games so told, before any of them is stepped, are under way at the same time.
        """

    def comes_back(self, others_went_on: bool = False) -> bool:
        """After ``disconnected``: whether playing the episode again from its seed may end otherwise. May wait for it.

        For games that are played elsewhere: whoever plays them may have been away for a moment. Where others went on
        meanwhile, that is believed only if they are away now.
        """
        return False

    @abstractmethod
    def step(self, action: int) -> None:
        """Take one action id. Raises ``ValueError`` for an id out of range or after the end."""

    @classmethod
    def step_together(cls, games: Sequence[Self], actions: bytes) -> bool:
        """Step each of these games, which differ in nothing but seeds, by its action; whether one of them has ended."""
        if len(games) > 1 and cls.begin is not Game.begin:
            for game, action in zip(games, actions, strict=True):
                game.begin(action)
        for game, action in zip(games, actions, strict=True):
            game.step(action)
        return {game.outcome for game in games} != {None}

    @property
    def per_step(self) -> int:
        """Actions that a step takes: one of each seat where all act, else one."""
        return len(self.seats) if self.simultaneous else 1

    def acting(self) -> tuple[int, ...]:
        """The seats whose actions the next step takes, in the order in which it takes them; ascending."""
        return tuple(range(len(self.seats))) if self.simultaneous else (self.to_move,)

    def step_seats(self, actions: Sequence[int]) -> None:
        """Take one action id of each seat of :meth:`acting`, in that order. Otherwise as :meth:`step`.

        To be overridden by a game whose seats act together, whose :meth:`step` has nothing to do.
        """
        if len(actions) != 1:
            raise ValueError(f"a step of {self.name} takes one action, not {len(actions)}")
        self.step(actions[0])

    def seat_observation(self, seat: int) -> Any:
        """What a strategy at that seat gets, of the kind of :meth:`observation`: the game as this seat sees it.

        The same words for all seats ("me", "the other one"), and the same directions, so that one program plays from
        each. Where seats take turns it is asked of the seat to move only, whose :meth:`observation` it is.
        """
        return self.observation()

    def decide_every(self, steps: int) -> None:  # noqa: B027 - most observations tell of the position alone
        """Let observations from now on be those of who decides at every ``steps``-th step only, the first one included.

        For a person at a finer step beside programs: what moves has then moved as far as they know it to between two of
        their decisions. Changes nothing that is played, and is no option.
        """

    def seat_legal_actions(self, seat: int) -> tuple[int, ...]:
        """As :meth:`legal_actions`, of that seat: none while it is another one's turn."""
        return self.legal_actions() if seat in self.acting() else ()

    def seat_score(self, seat: int) -> float:
        """The score so far of that seat, by default what the other of two seats has lost. Seat 0: :attr:`score`."""
        return self.score if seat == 0 else -self.score

    def seat_outcome(self, seat: int) -> Outcome | None:
        """How the game ended for that seat, by default the opposite of the other of two. Seat 0: :attr:`outcome`."""
        return self.outcome if seat == 0 or self.outcome is None else _ACROSS.get(self.outcome, self.outcome)

    def seat_wasted(self, seat: int) -> int:
        """Of the :attr:`wasted` decisions, those of that seat; to be said by a game of several that may have any."""
        return self.wasted if seat == 0 else 0

    @abstractmethod
    def legal_actions(self) -> tuple[int, ...]:
        """Ids that do something now, ascending; empty after the end.

        Asking for another id is not an error of the caller: the game's rules say what it does.
        """

    @abstractmethod
    def observation(self) -> Any:
        """What the strategy gets: built of None, bool, int, float, str, list, tuple and dict; new at every call."""

    @classmethod
    def packed_observations(cls, games: Sequence[Self]) -> bytes:
        """A list of the observations of these games, which differ in nothing but seeds, as ``marshal`` writes it.

        In its version 2, which writes every object out: no two observations share a list that a strategy could change.
        """
        return marshal.dumps([game.observation() for game in games], 2)

    @classmethod
    def packed_seat_observations(cls, games: Sequence[Self], seats: Sequence[int]) -> bytes:
        """As :meth:`packed_observations`, of one seat of each of these games."""
        return marshal.dumps([game.seat_observation(seat) for game, seat in zip(games, seats, strict=True)], 2)

    @abstractmethod
    def view(self) -> Any:
        """All a :class:`Picture` needs of the present position and the transition into it.

        Immutable and picklable, and cheap enough to be taken at every move of a film.
        """

    @abstractmethod
    def picture(self, palette: str = "classic") -> Picture:
        """The picture for these options, in a palette of :attr:`palettes`."""

    def kept(self) -> bytes:
        """What a recording of the episode so far needs beside seed and actions to be shown again; mostly nothing."""
        return b""

    def recall(self, kept: bytes) -> None:  # noqa: B027 - most games have nothing to recall
        """Before :meth:`reset`: show the episode that gave ``kept``, which the same actions lead through again.

        Without effect on games that a seed and actions are enough for.
        """

    palettes: tuple[str, ...] = ("classic",)
    """Names :meth:`picture` accepts; the first is the default."""

    def sound(self) -> tuple[int, bytes]:
        """What the last step sounded like: samples a second, and unsigned 8-bit mono samples; none by default."""
        return 0, b""

    @abstractmethod
    def prompt(self) -> str:
        """The user message that asks a language model for a strategy, for these options."""

    def describe(self, replay: PlayedAgain) -> str:
        """What happened in an episode of this game, in a few hundred characters: for a model that is to play better.

        What led to the end, what was missed; how it ended is said already, and the seed never is. ``replay`` is at its
        start, with this game. Empty, the default, for what can be said of any: :mod:`grpo_arcade.games.describing`.
        """
        return ""

    def describe_seat(self, replay: PlayedAgain, seat: int) -> str:
        """As :meth:`describe`, of a game of several seats: what happened as that seat has it, which is called you."""
        return ""

    baselines: Mapping[str, Baseline]
    """Trusted players by name, weakest first; ``random`` is always there."""

    @abstractmethod
    def baseline_scores(self) -> Mapping[str, Any] | None:
        """Stored results of the baselines over the evaluation seeds for exactly these options, or None.

        A mapping from baseline name to ``{"scores": [float, ...], "outcomes": [str, ...]}``, entry *i* being
        evaluation seed *i*; ``python -m grpo_arcade.games.baseline_scores`` regenerates it.
        """
