"""The one wrapper of the emulator: a console with a cartridge, started again exactly, pressed and looked at.

An episode is a pure function of the cartridge, its switches, the seed and what is pressed. The emulator's own
randomness is off; its "sticky actions" (Machado et al., "Revisiting the Arcade Learning Environment", JAIR 61, 2018)
are done here, from draws that depend on the seed and the frame alone. So nothing of the emulator's random state has to
be kept, and an episode can start from a snapshot, where loading the cartridge anew takes 0.1 s and more.

Resetting the emulator leaves traces of what was played before in some cartridges, and its snapshots leave out some of
the hardware's state in others. A reset followed by the snapshot of the freshly loaded cartridge leaves neither: tests
compare it with a fresh process, frame by frame, for every cartridge.

Knows nothing of goals, options or episodes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from grpo_arcade.games.atari.roms import rom

if TYPE_CHECKING:
    from ale_py import ALEInterface

WIDTH = 160
FRAMES_PER_SECOND = 60
SAMPLES_PER_FRAME = 512
MOST_NOOPS = 30
"""Frames without a press with which an episode without sticky actions starts, at most."""
INSTALL = 'pip install "ale-py>=0.12,<0.13"'

_IDLE_CONSOLES = 64
"""Consoles that are kept, switched on, for the next game; each takes about 1 MB."""
_BLOCK = 1024
"""Draws worked out at a time."""
_GAMMA = 0x9E3779B97F4A7C15
_64_BITS = 2**64 - 1


_ACTIONS = (
    *("NOOP", "FIRE", "UP", "RIGHT", "LEFT", "DOWN", "UPRIGHT", "UPLEFT", "DOWNRIGHT", "DOWNLEFT"),
    *("UPFIRE", "RIGHTFIRE", "LEFTFIRE", "DOWNFIRE"),
    *("UPRIGHTFIRE", "UPLEFTFIRE", "DOWNRIGHTFIRE", "DOWNLEFTFIRE"),
)
ACTION_IDS: Mapping[str, int] = {name: action for action, name in enumerate(_ACTIONS)}
"""The emulator's number of each of its actions."""

Key = tuple[str, int, int, bool]
"""A playable cartridge, one of its modes, one of its difficulties, and whether the console is to be heard."""
_AnyConsole = TypeVar("_AnyConsole", bound="Console")

_idle: deque[Console] = deque()
_idle_lock = Lock()


def borrow(key: Any, kind: type[_AnyConsole]) -> _AnyConsole:
    """A console of a kind that is switched on and nobody uses; hand it to :func:`give_back` after use."""
    with _idle_lock:
        for console in _idle:
            if console.key == key and type(console) is kind:
                _idle.remove(console)
                return console
    return kind(key)


def give_back(console: Console) -> None:
    """Keep the console for the next who wants such a one; the one that lay about longest goes if there are many."""
    console.watched = False
    with _idle_lock:
        _idle.appendleft(console)
        if len(_idle) > _IDLE_CONSOLES:
            _idle.pop()


class Console:
    """A switched-on Atari 2600; get one with :func:`borrow`."""

    watched: bool
    """Whether the frame before the last one is kept, which takes two microseconds a press."""
    over: Callable[[], bool]
    """Whether the game has ended; further presses do nothing."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.audible = key[3]
        self._have_room(rom(key[0]).height)
        self._switch_on()

    def _have_room(self, height: int) -> None:
        self._heard: list[bytes] = []
        self._memory = np.zeros(128, np.uint8)
        self._before = np.zeros((height, WIDTH), np.uint8)
        self._used = False
        self.watched = False

    def _switch_on(self) -> None:
        title, mode, difficulty, audible = self.key
        self._ale = ale = new_emulator(title, audible)
        cartridge = rom(title)
        if (mode, difficulty) != (cartridge.modes[0], cartridge.difficulties[0]):
            ale.setMode(mode)
            ale.setDifficulty(difficulty)
            ale.reset_game()
        self._power_on = ale.cloneSystemState()
        self._first_screen = ale.getScreen().tobytes()
        self._first_lives = ale.lives()
        self._act = self._act_and_listen if audible else ale.act
        self.over = ale.game_over

    def start(self, seed: int, stickiness: int) -> None:
        """Begin the episode that belongs to ``seed``.

        ``stickiness``/2**32 is the probability that a frame goes on with what was pressed in the frame before, whatever
        is pressed now; draw ``n`` of :func:`draws` decides for frame ``n`` of the episode. Where it is 0, the seed
        chooses instead how many frames pass without a press before the episode begins, 0 to 30: draw 0 times 31.
        """
        if self.audible and self._used:
            # The sound chip's counters are no part of the state that is restored, so an episode would sound otherwise.
            self._switch_on()
        self._used = True
        ale = self._ale
        ale.reset_game()
        ale.restoreSystemState(self._power_on)
        self._stickiness = stickiness
        self._seed = seed
        self._frame = 0
        self._held = 0
        self._holds, self._block = b"", -1
        self._fresh = True
        if not stickiness:
            noops = int(draws(seed, 0, 1)[0]) * (MOST_NOOPS + 1) >> 32
            if noops:
                self._let_pass(noops)
                self._heard.clear()

    def _let_pass(self, frames: int) -> None:
        """Emulate so many frames without a press."""
        self.press(0, frames)

    def press(self, action: int, frames: int) -> int:
        """Emulate ``frames`` frames with the emulator's action ``action`` pressed; the points they gave."""
        act, points = self._act, 0
        if self.audible:
            self._heard.clear()
        if self._stickiness:
            frame = self._frame
            self._frame = end = frame + frames
            if action != self._held:
                # Once the new action has come through, it is also the one that sticks.
                while self._sticks(frame):
                    if frame == end - 1:
                        action = self._held
                        break
                    points += act(self._held)
                    frame += 1
                self._held = action
                frames = end - frame
        while frames > 1:
            points += act(action)
            frames -= 1
        if self.watched:
            self._ale.getScreen(self._before)
        self._fresh = False
        return points + act(action)

    def _sticks(self, frame: int) -> int:
        block, place = divmod(frame, _BLOCK)
        if block != self._block:
            self._block = block
            self._holds = (draws(self._seed, block * _BLOCK, _BLOCK) < self._stickiness).tobytes()
        return self._holds[place]

    def _act_and_listen(self, action: int) -> int:
        points = self._ale.act(action)
        self._heard.append(self._ale.getAudio().tobytes())
        return points

    def heard(self) -> bytes:
        """The sound of the frames of the last press as unsigned 8-bit samples, 512 a frame."""
        return b"".join(self._heard)

    def memory(self) -> bytes:
        """The console's 128 bytes of RAM."""
        self._ale.getRAM(self._memory)
        return self._memory.tobytes()

    def pixels(self) -> np.ndarray:
        """The last frame as colour numbers, uint8 (rows, columns)."""
        if self._fresh:
            return np.frombuffer(self._first_screen, np.uint8).reshape(self._before.shape)
        # A new array each time: for many consoles in turn it is mostly the same memory, which is then near at hand.
        return self._ale.getScreen()

    def screen(self) -> bytes:
        """The last frame as colour numbers, row by row."""
        return self._first_screen if self._fresh else self.pixels().tobytes()

    def screen_before(self) -> bytes:
        """The frame before the last one, likewise; not kept unless the console was ``watched`` when it came."""
        return self._first_screen if self._fresh else self._before.tobytes()

    def lives(self) -> int:
        """Lives left, 0 in games without."""
        return self._first_lives if self._fresh else self._ale.lives()


def draws(seed: int, first: int, count: int) -> np.ndarray:
    """Draws ``first`` to ``first + count - 1`` of a seed as uint64 (count,), 32 random bits each.

    Draw ``n`` (from 0) is the upper half of output ``n`` of splitmix64 started at ``seed``; in 64-bit unsigned
    arithmetic (all sums and products modulo 2**64)::

        z = seed + (n + 1) * 0x9E3779B97F4A7C15
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB
        z = (z ^ (z >> 31)) >> 32

    Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014, with the constants of
    Vigna's public-domain ``splitmix64.c``.
    """
    start = (seed + (first + 1) * _GAMMA) & _64_BITS
    z = np.arange(count, dtype=np.uint64) * np.uint64(_GAMMA) + np.uint64(start)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))) >> np.uint64(32)


def new_emulator(title: str, audible: bool) -> ALEInterface:
    """The emulator itself, without any randomness, with a cartridge loaded.

    Raises:
        ImportError: ale-py is not installed; says how to.
    """
    ale_py = _ale_py()
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    ale = ale_py.ALEInterface()
    ale.setInt("random_seed", 0)
    ale.setFloat("repeat_action_probability", 0.0)
    ale.setBool("sound_obs", audible)
    ale.loadROM(str(cartridge_file(title)))
    return ale


def installed_titles() -> list[str]:
    """The cartridges that came with ale-py, also those that cannot be played."""
    return sorted(path.stem for path in _folder().glob("*.bin"))


def cartridge_file(title: str) -> Path:
    """Where ale-py keeps a cartridge."""
    return _folder() / f"{title}.bin"


def _folder() -> Path:
    return Path(str(_ale_py().__file__)).parent / "roms"


def _ale_py() -> Any:
    # Here and not above: who plays 2048 needs no emulator.
    try:
        import ale_py
    except ImportError as error:
        raise ImportError(f"Atari games need the Arcade Learning Environment: {INSTALL}") from error
    return ale_py
