"""Atari 2600 games, played on the emulator of the Arcade Learning Environment (ale-py).

``roms`` says what can be played, ``console`` emulates, ``picture`` draws the screen, ``prompt`` asks a model for a
strategy, ``baselines`` play. ``together`` is the same for several players, on ``shared_console``. ``titles`` has a
module for each title of which more is known: what is where in the console's memory (``fields``), who has won
(``goals``), a hand-written player, what a strategy may call (``toolbox``).
"""

from __future__ import annotations

import json
import math
import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from grpo_arcade.games.atari import console as consoles
from grpo_arcade.games.atari.baselines import baselines
from grpo_arcade.games.atari.controls import controls_of
from grpo_arcade.games.atari.fields import Objects, Reading
from grpo_arcade.games.atari.packed import PackedMemory
from grpo_arcade.games.atari.picture import AtariView, luminance
from grpo_arcade.games.atari.prompt import memory_prompt, symbolic_prompt
from grpo_arcade.games.atari.roms import Rom, UnknownRomError, playable_titles, rom
from grpo_arcade.games.atari.titles import cartridge_of
from grpo_arcade.games.game import Game, Outcome, Picture
from grpo_arcade.games.played_again import PlayedAgain
from grpo_arcade.games.seeds import check_seed

if TYPE_CHECKING:
    from gymnasium.spaces import Dict

__all__ = ["Atari", "AtariView", "UnknownRomError", "playable_titles"]

MOST_FRAME_SKIP = 60
GRID = 10
"""Pixels along the side of the squares that the brightness of the screen is given in."""


class Atari(Game):
    """An Atari 2600 game: ``make("atari/pong")``.

    Args:
        title: one of :func:`playable_titles`.
        frame_skip: frames that an action is held for, 1 to 60.
        repeat_action_probability: how likely each frame goes on with what was pressed in the frame before ("sticky
            actions"), from 0 to below 1. At 0 nothing of the console is random; the seed then chooses how many frames
            pass without a press before the first decision, 0 to 30.
        mode: a mode of the cartridge; None for the one the console starts in.
        difficulty: a difficulty of the cartridge; None for the one the console starts with.
        max_num_frames_per_episode: frames after which the episode is capped, 60 a second. The default of 18,000 is five
            minutes, as in Mnih et al. 2015; other papers let half an hour pass (108,000).

    Actions are those that do something in the game, named by what they do on the screen; these names, the emulator's
    and the numbers from 0 are accepted. All are legal as long as the game runs. Observations are those of
    :data:`~grpo_arcade.games.atari.titles.SYMBOLIC`, and for other games the memory and how bright the screen is. Who
    wins is said in :mod:`~grpo_arcade.games.atari.goals`.
    """

    rules_version = 1
    score = 0
    clock_driven = True
    person_options: Mapping[str, Any] = {
        "frame_skip": 1,
        "repeat_action_probability": 0.0,
        "max_num_frames_per_episode": 108_000,
    }

    def __init__(
        self,
        title: str = "",
        frame_skip: int = 4,
        repeat_action_probability: float = 0.25,
        mode: int | None = None,
        difficulty: int | None = None,
        max_num_frames_per_episode: int = 18_000,
    ) -> None:
        facts = self._rom = self._facts_of(title)
        cartridge = cartridge_of(title)
        mode = facts.modes[0] if mode is None else mode
        difficulty = facts.difficulties[0] if difficulty is None else difficulty
        _check_int("frame_skip", frame_skip, 1, MOST_FRAME_SKIP)
        _check_int("max_num_frames_per_episode", max_num_frames_per_episode, 1, 2**31 - 1)
        _check_switch(title, "mode", mode, facts.modes)
        _check_switch(title, "difficulty", difficulty, facts.difficulties)
        if (
            not isinstance(repeat_action_probability, int | float)
            or isinstance(repeat_action_probability, bool)
            or not 0 <= repeat_action_probability < 1
        ):
            raise ValueError(
                f"repeat_action_probability must be a number from 0 and below 1, not {repeat_action_probability!r}"
            )
        self.name = f"atari/{title}"
        self.title = title
        self._spelled = cartridge.spelled or title.replace("_", " ").title()
        self.options = {
            "frame_skip": frame_skip,
            "repeat_action_probability": float(repeat_action_probability),
            "mode": mode,
            "difficulty": difficulty,
            "max_num_frames_per_episode": max_num_frames_per_episode,
        }
        self.actions = tuple(cartridge.screen_names.get(name, name) for name in facts.actions)
        self.aliases = {
            **{name: action for action, name in enumerate(facts.actions)},
            **{name: action for action, name in enumerate(self.actions)},
            **{action: action for action in range(len(self.actions))},
        }
        self.controls = controls_of(self.actions)
        self.frame_rate = consoles.FRAMES_PER_SECOND / frame_skip
        self.step_cap = math.ceil(max_num_frames_per_episode / frame_skip)
        self.baselines = baselines(cartridge)
        self.toolbox = cartridge.toolbox
        as_published = (mode, difficulty) == (facts.modes[0], facts.difficulties[0])
        # In another mode nobody knows what a person would score.
        self.human_score = facts.human_score if as_published else None
        aim = self._goal = cartridge.aim(self.human_score)
        self.endings = aim.endings
        seconds = max_num_frames_per_episode / consoles.FRAMES_PER_SECOND
        self.failure_score = float(aim.worst + aim.worst_per_s * seconds)
        self._patience = math.ceil(aim.patience * self.step_cap) or 2**62
        self._objects = cartridge.objects
        self._moving_lists = _moving_lists(self._objects) if self._objects else ()
        self._frame_skip = frame_skip
        self._stickiness = round(repeat_action_probability * 2**32)
        self._ids = tuple(consoles.ACTION_IDS[name] for name in facts.actions)
        self._all = tuple(range(len(self.actions)))
        self._console: consoles.Console | None = None
        self._returned: Callable[[], object] = lambda: None
        self._reading: Reading | None = None
        self._before: Reading | bytes | None = None
        self._lives = self._last_event = 0
        self.outcome = None
        self.plies = self.wasted = 0

    def _facts_of(self, title: str) -> Rom:
        return rom(title)

    @property
    def versions(self) -> dict[str, str]:
        """With ``ale-py``, which decides what the console does."""
        return {**super().versions, "ale-py": _emulator_version()}

    def reset(self, seed: int) -> None:
        """Start the episode that belongs to ``seed``, 0 to 2**63 - 1."""
        check_seed(seed)
        if self._console is None:
            self._switch_on(audible=False)
        self._seed = seed
        self._pressed = bytearray()
        self._begin()

    def step(self, action: int) -> None:
        """Hold an action for ``frame_skip`` frames. Raises ``ValueError`` for an unknown one, and after the end."""
        if self.outcome is not None:
            raise ValueError(f"the episode has ended ({self.outcome}); reset() starts another")
        if not 0 <= action < len(self._ids):
            raise ValueError(f"action must be from 0 to {len(self._ids) - 1}, not {action!r}")
        console = self._console or self._running()
        if self._objects is not None:
            # What was there before, for velocities; as bytes if nobody has looked, which costs the least.
            self._before = self._reading or console.memory()
            self._reading = None
        points = console.press(self._ids[action], self._frame_skip)
        self._pressed.append(action)
        plies = self.plies = self.plies + 1
        self.score += points
        if console.over():
            self.outcome = self._goal.at_the_end(self.score)
            return
        if points or console.lives() != self._lives:
            self._lives = console.lives()
            self._last_event = plies
        if plies >= self.step_cap:
            self.outcome = self._goal.at_the_cap(self.score)
        elif plies - self._last_event >= self._patience:
            self.outcome = Outcome.STUCK

    def _begin(self) -> None:
        console = self._running()
        console.start(self._seed, self._stickiness)
        self.outcome = None
        self.score = 0
        self.plies = self.wasted = 0
        self._lives = console.lives()
        self._last_event = 0
        self._reading = self._before = None

    def _running(self) -> consoles.Console:
        if self._console is None:
            # A new game that nobody has reset yet: as any other game, it shows the start of some episode.
            self.reset(0)
        return self._console  # type: ignore[return-value]

    def _switch_on(self, audible: bool) -> None:
        watched = self._console is not None and self._console.watched
        self._returned()
        options = self.options
        key = self.title, options["mode"], options["difficulty"], audible
        self._console = consoles.borrow(key, consoles.Console)
        self._console.watched = watched
        self._returned = weakref.finalize(self, consoles.give_back, self._console)

    def _catch_up(self) -> None:
        """Bring the console, which does not know this episode, to where the game is."""
        console = self._running()
        console.start(self._seed, self._stickiness)
        for action in self._pressed:
            console.press(self._ids[action], self._frame_skip)

    def legal_actions(self) -> tuple[int, ...]:
        """All actions; none after the end."""
        return self._all if self.outcome is None else ()

    def observation(self) -> dict[str, Any]:
        """What is where, for the games with a symbolic observation; else the memory and how bright the screen is."""
        console = self._running()
        objects = self._objects
        if objects is None:
            return {
                "ram": list(console.memory()),
                "screen": self._brightness().tolist(),
                "step": self.plies,
                "score": self.score,
                "lives": console.lives(),
            }
        now = objects.read(console.memory())
        before = self._before
        if isinstance(before, bytes):
            before = self._before = objects.read(before)
        if self._reading is None:
            # The player gets ``now``, and may change it.
            kept = self._reading = now.copy()
            for name in self._moving_lists:
                kept[name] = kept[name].copy()
        return objects.observe(now, before, self.plies, self.score, console.lives())

    @classmethod
    def packed_observations(cls, games: Sequence[Self]) -> bytes:
        """As :class:`~grpo_arcade.games.game.Game` says."""
        cartridge = games[0]._rom
        if games[0]._objects is not None:
            return super().packed_observations(games)
        running = [game._running() for game in games]
        memories = b"".join([console.memory() for console in running])
        screens = b"".join([game._middles().tobytes() for game in games]).translate(_tenths(cartridge.palette))
        counts = [(game.plies, game.score, console.lives()) for game, console in zip(games, running, strict=True)]
        return _packed_memory(*_grid(cartridge.height))(memories, screens, counts)

    def _middles(self) -> np.ndarray:
        """Colour numbers of the pixels in the middle of the squares of the screen, uint8 (rows, columns)."""
        return self._running().pixels()[GRID // 2 :: GRID, GRID // 2 :: GRID]

    def _brightness(self) -> np.ndarray:
        middles = self._middles()
        # Bytes translate faster than an array takes from a table.
        return np.frombuffer(middles.tobytes().translate(_tenths(self._rom.palette)), np.uint8).reshape(middles.shape)

    def observation_space(self) -> Dict:
        """The observation as Gymnasium describes it."""
        from grpo_arcade.games.atari.spaces import memory_space, symbolic_space

        if self._objects is None:
            return memory_space(self._brightness().shape)
        return symbolic_space(self._objects)

    def view(self) -> AtariView:
        """The screen, and the frame before it."""
        console = self._running()
        if not console.watched:
            # That frame is not kept until somebody looks, since most games are played unseen.
            console.watched = True
            self._catch_up()
        return AtariView(
            screen=console.screen(),
            previous=console.screen_before(),
            width=consoles.WIDTH,
            height=self._rom.height,
            palette=self._rom.palette,
            score=self.score,
            lives=console.lives(),
            outcome=self.outcome,
            plies=self.plies,
        )

    def picture(self, palette: str = "classic") -> Picture:
        """The picture of this game's screen; :attr:`palettes` has the console's own colours only."""
        if palette not in self.palettes:
            raise ValueError(f"palette must be one of {', '.join(self.palettes)}, not {palette!r}")
        from grpo_arcade.games.atari.picture import AtariPicture

        return AtariPicture(consoles.WIDTH, self._rom.height, self._rom.palette, self._rom.blinks)

    def sound(self) -> tuple[int, bytes]:
        """What the frames of the last step sounded like, as 8-bit samples, and 30,720 of them a second."""
        console = self._running()
        if not console.audible:
            # Sound takes time, so a console makes none until somebody listens.
            self._switch_on(audible=True)
            self._catch_up()
            console = self._running()
        return consoles.SAMPLES_PER_FRAME * consoles.FRAMES_PER_SECOND, console.heard()

    def prompt(self) -> str:
        """The user message that asks for a strategy for this game."""
        sticky = self.options["repeat_action_probability"]
        if self._objects is not None:
            rules = self._spelled, self._objects, self.actions, self._goal.meaning, self._frame_skip, sticky
            return symbolic_prompt(*rules, toolbox=self.lent)
        grid = _grid(self._rom.height)
        return memory_prompt(self._spelled, self.actions, self._goal.meaning, self._frame_skip, sticky, *grid)

    def describe(self, replay: PlayedAgain) -> str:
        """Points, lives and buttons, and what the title's own module knows to tell."""
        from grpo_arcade.games.atari.account import account

        return account(self, replay, cartridge_of(self.title).account)

    def baseline_scores(self) -> Mapping[str, Any] | None:
        """Stored results of the baselines for exactly these options and this emulator, or None."""
        for entry in _stored_scores():
            if (entry["game"], entry["options"]) == (self.name, self.rules_options):
                return entry["baselines"] if entry["versions"].items() <= self.versions.items() else None
        return None


def _moving_lists(objects: Objects) -> tuple[str, ...]:
    """Names of the lists in a reading that velocities are worked out from."""
    moving = {f"{thing}_{axis}" for thing in objects.moving for axis in "xy"}
    return tuple(field.name for field in objects.fields if field.name in moving and field.length)


def _check_int(name: str, value: object, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"{name} must be a whole number from {low} to {high}, not {value!r}")


def _check_switch(title: str, name: str, value: object, known: tuple[int, ...]) -> None:
    if type(value) is not int or value not in known:
        choice = f"one of {', '.join(map(str, known))}" if len(known) > 1 else f"{known[0]}, its only one"
        raise ValueError(f"{name} of atari/{title} must be {choice}, not {value!r}")


def _grid(height: int) -> tuple[int, int]:
    """Rows and columns of squares on a screen of this height."""
    return len(range(GRID // 2, height, GRID)), len(range(GRID // 2, consoles.WIDTH, GRID))


_packed_memory = cache(PackedMemory)


@cache
def _tenths(palette: str) -> bytes:
    """How bright each of the 256 colours is, 0 (black) to 9 (white)."""
    return (luminance(palette) // 26).tobytes()


@cache
def _emulator_version() -> str:
    try:
        return version("ale-py")
    except PackageNotFoundError:
        return "none"


@cache
def _stored_scores() -> list[dict[str, Any]]:
    stored = files(__package__).joinpath("baseline_scores.json")
    return json.loads(stored.read_text())["games"] if stored.is_file() else []
