"""A console that several play at: the emulator of multi-agent-ale-py, which takes an action from each at every frame.

It is another emulator than the one for a single player, on the cartridges of which it plays the modes for two and four;
the cartridges themselves are those that come with ale-py. Started, watched and kept as its like is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import numpy as np

from grpo_arcade.games.atari.console import WIDTH, Console, cartridge_file
from grpo_arcade.games.atari.roms import joysticks, together

PACKAGE = "multi-agent-ale-py"
INSTALL = 'pip install "grpo-arcade[two]"'

SharedKey = tuple[str, int, int, int]
"""A cartridge, one of its modes, one of its difficulties, and how many play."""


@cache
def emulator_version() -> str:
    """Of the package; ``none`` where it is not installed."""
    if find_spec("multi_agent_ale_py") is None:
        return "none"
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return "none"


class SharedConsole(Console):
    """A switched-on console with several joysticks; get one with :func:`~grpo_arcade.games.atari.console.borrow`."""

    def __init__(self, key: SharedKey) -> None:
        self.key: Any = key
        self.audible = False
        self._players = joysticks(key[0], key[1], key[3])
        self._seats = key[3]
        self._have_room(together(key[0]).height)
        self._held_by: list[int] = []
        self._fresh = True
        self._ale: Any
        self._switch_on()

    def _switch_on(self) -> None:
        title, mode, difficulty, _ = self.key
        self._ale = ale = new_shared_emulator(title)
        ale.setDifficulty(difficulty)
        ale.setMode(mode)
        ale.reset_game()
        self._power_on = ale.cloneSystemState()
        self._first_screen = ale.getScreen().tobytes()
        self._first_memory = ale.getRAM().tobytes()
        self._first_all_lives = tuple(map(int, ale.allLives()))
        # The package's own methods build arrays at every call, which takes a tenth of what a frame does.
        library = type(ale).act.__globals__["ale_lib"]
        self._pressed = np.zeros(self._players, np.intc)
        self._points = np.zeros(self._players, np.intc)
        self._arguments = ale.obj, self._pressed.ctypes.data, self._points.ctypes.data
        self._act_together, self._get_memory = library.actMulti, library.getRAM
        self._memory_place = self._memory.ctypes.data
        self.over = ale.game_over

    def start(self, seed: int, stickiness: int) -> None:
        """As :class:`Console`; draw ``n * players + seat`` decides for the seat's joystick at frame ``n``."""
        self._held_by = [0] * self._players
        super().start(seed, stickiness)

    def _let_pass(self, frames: int) -> None:
        self.press_together([0] * self._players, frames)

    def press_together(self, actions: Sequence[int], frames: int) -> list[int]:
        """Emulate ``frames`` frames with the emulator's action of each pressed; the points that gave each.

        Who holds several joysticks does the same with all of them.
        """
        actions = (*actions, *actions) if len(actions) < self._players else actions
        pressed, points, held = self._pressed, self._points, self._held_by
        sum_of = [0] * self._players
        pressed[:] = held
        settled = False
        for frame in range(frames):
            if not settled:
                settled = True
                for seat, action in enumerate(actions):
                    if held[seat] == action:
                        continue
                    if self._stickiness and self._sticks((self._frame + frame) * self._players + seat):
                        settled = False
                    else:
                        pressed[seat] = held[seat] = action
            if frame == frames - 1 and self.watched:
                self._ale.getScreen(self._before.reshape(-1))
            self._act_together(*self._arguments)
            if points.any():
                sum_of = [total + int(gained) for total, gained in zip(sum_of, points, strict=True)]
        self._frame += frames
        self._fresh = False
        return sum_of if self._seats == self._players else self._by_seat(sum_of)

    def _by_seat(self, numbers: Sequence[int]) -> list[int]:
        return [sum(numbers[seat :: self._seats]) for seat in range(self._seats)]

    def memory(self) -> bytes:
        """As :class:`Console` says."""
        if self._fresh:
            # After a snapshot has been restored the emulator shows what was there before, until the first frame.
            return self._first_memory
        self._get_memory(self._ale.obj, self._memory_place)
        return self._memory.tobytes()

    def pixels(self) -> np.ndarray:
        """As :class:`Console` says."""
        if self._fresh:
            return super().pixels()
        return self._ale.getScreen().reshape(-1, WIDTH)

    def lives(self) -> int:
        """Of the first player."""
        return self.all_lives()[0]

    def all_lives(self) -> tuple[int, ...]:
        """Lives left to each; 0 in games without."""
        return tuple(self._by_seat(self._first_all_lives if self._fresh else tuple(map(int, self._ale.allLives()))))


def new_shared_emulator(title: str) -> Any:
    """The emulator itself, without any randomness, with a cartridge loaded.

    Raises:
        ImportError: multi-agent-ale-py is not installed; says how to.
    """
    try:
        from multi_agent_ale_py import ALEInterface
    except ImportError as error:
        raise ImportError(f"Atari games for several need {PACKAGE}: {INSTALL}") from error
    ALEInterface.setLoggerMode("error")
    ale = ALEInterface()
    # With 0 the emulator takes the time for a seed, and what is in the memory at the start comes from it.
    ale.setInt("random_seed", 1)
    ale.setFloat("repeat_action_probability", 0.0)
    ale.loadROM(str(cartridge_file(title)))
    return ale
