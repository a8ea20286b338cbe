"""The wall of an interpreter that has no system to ask: ``pydantic-monty``, on every system.

A worker process of Monty's holds one session a sitting; the session holds a namespace and a random state a game. All
boards of a round go into one call, since a call from outside costs as much as a plain move. Written by the source of
pydantic-monty 1.4.0.

What is not as exact as behind the kernel's wall: time is what Monty has executed by the wall clock, not CPU time; a
loop is ended within one and a half budgets of a move; a worker that dies does not say in which game.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import wire
from .monty_source import for_monty, written_again
from .process import SandboxError, needed

if TYPE_CHECKING:
    import pydantic_monty

TOO_LONG, TOO_MUCH = 251, 250
"""Codes beside those of ``wire``: the move, or all moves of its game, used up their time."""

_DRIVER = """
import random as _random
import time as _time

_spaces = []
_functions = []
_states = []
_spent = []
_answers = []
_watched = [0.0]

def _quiet(*values, **options):
    return None

def _load(toolbox, source, back, seed, draws):
    space = {'__name__': 'strategy', 'print': _quiet, 'seed_of_this_game': seed}
    _spaces.append(space)
    _functions.append(None)
    _states.append(None)
    _spent.append(0.0)
    if draws:
        _random.seed(seed)
    started = _time.perf_counter()
    lent = {}
    if toolbox:
        exec(toolbox, lent)
        for name in lent:
            if name != '__builtins__':
                space[name] = lent[name]
    exec(source, space)
    for name in back:
        space[name] = lent[name]
    _spent[-1] = _time.perf_counter() - started
    if draws:
        _states[-1] = _random.getstate()
    function = space.get('strategy')
    _functions[-1] = function
    # There is no callable() to ask.
    return not (function is None or isinstance(function, (int, float, str, bytes, list, tuple, dict, set)))

def _play(places, boards, start, actions, draws, move_s, game_s):
    if start == 0:
        _answers.clear()
    several = len(_spaces) > 1
    watched = _time.perf_counter()
    for at in range(start, len(places)):
        place = places[at]
        begun = _time.perf_counter()
        if begun - watched > move_s / 4:
            _still_here()
            watched = _time.perf_counter()
            begun = watched
        if draws and several:
            _random.setstate(_states[place])
        answer = _functions[place](boards[at])
        if draws and several:
            _states[place] = _random.getstate()
        code = 254
        if type(answer) is str or type(answer) is int:
            code = actions.get(answer, 254)
        used = _time.perf_counter() - begun
        _spent[place] += used
        if used > move_s:
            code = 251
        elif _spent[place] > game_s:
            code = 250
        _answers.append(code)
        if code == 254:
            answer = _shown(answer)
            return (_answers, answer)
    return (_answers, '')

def _shown(answer):
    if answer is None or type(answer) is str or type(answer) is int or type(answer) is float or type(answer) is bool:
        shown = repr(answer)
        return shown if len(shown) <= 60 else shown[:57] + '...'
    return 'a ' + type(answer).__name__
"""


@dataclass
class Trouble(Exception):
    """What a session's program raised."""

    kind: str
    text: str
    line: int | None
    lost: bool = False
    """The worker is gone."""


_pool: tuple[int, pydantic_monty.Monty] | None = None
_lock = threading.Lock()


def _workers() -> pydantic_monty.Monty:
    """The calling process's pool of workers."""
    global _pool
    with _lock:
        if _pool is None or _pool[0] != os.getpid():
            import pydantic_monty

            with needed("no worker of Monty's"):
                _pool = os.getpid(), pydantic_monty.Monty(min_processes=0, max_processes=64).__enter__()
        return _pool[1]


def close() -> None:
    """End this process's workers; the next session starts others."""
    global _pool
    with _lock:
        if _pool is not None and _pool[0] == os.getpid():
            _pool[1].__exit__(None, None, None)
        _pool = None


atexit.register(close)


class MontyWorker:
    """A program in a worker of Monty's, with a namespace a game; a context manager.

    Args:
        source: the program.
        toolbox: the game's functions, defined before it.
        actions: the code of each answer that is an action.
        move_s: seconds for one move, and for loading the source once.
        game_s: seconds for all moves of one game.
        memory_bytes: what the session's objects may take together.
    """

    def __init__(
        self,
        source: str,
        toolbox: str,
        actions: Mapping[str | int, int],
        move_s: float,
        game_s: float,
        memory_bytes: int,
    ) -> None:
        self._back = written_again(source, toolbox)
        self._source, self._toolbox, self._actions = for_monty(source), toolbox, dict(actions)
        self._move_s, self._game_s = move_s, game_s
        self._draws = "random" in source
        limits: pydantic_monty.ResourceLimits = {
            "max_turn_duration_secs": 1.5 * move_s,
            "max_memory": memory_bytes,
            "max_recursion_depth": 1000,
            "max_suspensions": 1_000_000_000,
        }
        self._session = _workers().checkout(limits=limits, os_policy={"sleep": "zero", "random_start": {"seed": 0}})
        self.used_s = 0.0

    def __enter__(self) -> MontyWorker:
        import pydantic_monty

        try:
            self._session.__enter__()
            self._session.feed_run(_DRIVER)
        except (pydantic_monty.MontyError, OSError, TimeoutError) as error:
            raise SandboxError(f"strategies cannot be run here: no worker of Monty's: {error}") from error
        return self

    def __exit__(self, *what: Any) -> None:
        self._session.__exit__(*what)

    def load(self, seed: int) -> bool:
        """Run the program for one more game; whether it defines a strategy. Raises :class:`Trouble`."""
        inputs = {"toolbox_": self._toolbox, "source_": self._source, "back_": self._back, "seed_": seed}
        return bool(self._feed(f"_load(toolbox_, source_, back_, seed_, {self._draws})", inputs))

    def play(self, places: Sequence[int], observations: Sequence[Any], start: int) -> tuple[list[int], str]:
        """Codes of the answers at ``places`` from ``start`` on, to the first wrong one, and that one's picture."""
        inputs = {"places_": list(places), "boards_": list(observations), "actions_": self._actions}
        call = f"_play(places_, boards_, {start}, actions_, {self._draws}, {self._move_s!r}, {self._game_s!r})"
        answers, shown = self._feed(call, inputs)
        return _codes(answers), str(shown)

    def broken_off(self) -> list[int] | None:
        """A round's answers up to the one at which it broke off, which counts as crashed; None if that is lost."""
        try:
            return _codes(self._feed(f"_answers.append({wire.CRASHED})\n_answers", {}))
        except (Trouble, TypeError):
            return None

    def _feed(self, code: str, inputs: dict[str, Any]) -> Any:
        import pydantic_monty

        started = time.perf_counter()
        silence = pydantic_monty.CollectString(1 << 16)
        try:
            return self._session.feed_run(
                code, inputs=inputs, print_callback=silence, external_lookup={"_still_here": _nothing}
            )
        except pydantic_monty.MontyRuntimeError as error:
            lines = [frame.line for frame in error.traceback() if frame.filename == "<string>"]
            kind, _, text = error.display("type-msg").partition(": ")
            raise Trouble(kind, text, lines[-1] if lines else None) from error
        except pydantic_monty.MontySyntaxError as error:
            raise Trouble("SyntaxError", str(error), None) from error
        except (pydantic_monty.MontyError, ValueError) as error:
            raise Trouble(type(error).__name__, str(error), None, lost=True) from error
        finally:
            self.used_s += time.perf_counter() - started


def _nothing() -> None:
    return None


def _codes(answers: Any) -> list[int]:
    return [code if type(code) is int and 0 <= code < 256 else wire.ILLEGAL for code in answers]
