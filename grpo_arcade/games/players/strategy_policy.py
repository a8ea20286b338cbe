"""A strategy as a policy: asked for one action at a time, by a loop that is somebody else's, Gymnasium's for instance.

It plays in the sandbox like any match, behind the same walls and with the same budgets: what it plays on there is a
game that waits for the caller to say what is seen next.
"""

from __future__ import annotations

import queue
import threading
import weakref
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from grpo_arcade.games.game import Game, Outcome, Picture
from grpo_arcade.games.players.limits import LONGEST_S, Limits
from grpo_arcade.games.players.match import play_table
from grpo_arcade.games.players.policy import Refusal, check_source
from grpo_arcade.games.players.sandbox.process import SandboxError
from grpo_arcade.games.players.sitting import Table
from grpo_arcade.games.registry import make


class StrategyError(RuntimeError):
    """A strategy gave no action: it crashed, took too long, or answered with something that is none."""

    def __init__(self, outcome: Outcome, text: str) -> None:
        super().__init__(text)
        self.outcome = outcome
        """How a game would have ended: crashed, timeout, illegal, forbidden, no_code or syntax_error."""


class StrategyPolicy:
    """Calls a strategy in the sandbox: ``policy(observation)`` is an action id of the game.

    A context manager; one thread at a time may use it. ::

        with StrategyPolicy(source, "2048") as policy:
            observation, info = env.reset(seed=7)
            policy.reset()
            while not done:
                observation, reward, terminated, truncated, info = env.step(policy(observation))
                done = terminated or truncated

    Args:
        source: a program that defines ``strategy``.
        game: whose actions it answers with: a registered name, or a game with its options and toolbox.
        limits: budgets, of which ``game_cpu_s`` and ``match_cpu_s`` hold from one :meth:`reset` to the next.

    Raises:
        ValueError: no such game.
        StrategyError: the source is no program that may be played.
    """

    def __init__(self, source: str, game: str | Game = "2048", limits: Limits | None = None) -> None:
        refusal: Refusal | None = check_source(source)
        if refusal is not None:
            raise StrategyError(refusal.outcome, refusal.reason)
        self._source, self._game = source, make(game) if isinstance(game, str) else game
        # The caller may think between two moves for as long as it likes, which no strategy is charged for.
        self._limits = replace(limits or Limits(), match_wall_s=LONGEST_S)
        self._asked: _Asked | None = None

    def __call__(self, observation: Any) -> int:
        """The action id for an observation, 0 .. ``len(game.actions) - 1``.

        Args:
            observation: as the game or its Gymnasium environment gives it; arrays become lists.

        Raises:
            StrategyError: it gave none; it can only be :meth:`reset` then.
            SandboxError: this machine cannot confine it, or ended its process.
        """
        if self._asked is None:
            self._asked = _Asked(self._game, self._source, self._limits)
            weakref.finalize(self, self._asked.end)
        return self._asked.ask(_plain(observation))

    def reset(self) -> None:
        """Begin an episode: what the program kept from the last one is gone, as for every game of a match."""
        if self._asked is not None:
            self._asked.end()
        self._asked = None

    def close(self) -> None:
        """End its process; a later call starts another."""
        self.reset()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _plain(value: Any) -> Any:
    """An observation without arrays, as strategies get it."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_plain, value))
    return value


class _Asked(Game):
    """The game that the strategy plays in a thread of its own: each of its moves waits for the next observation."""

    rules_version = 0
    frame_rate = 1.0
    step_cap = 2**31
    baselines: Mapping[str, Any] = {}

    def __init__(self, game: Game, source: str, limits: Limits) -> None:
        self.name, self.actions, self.aliases = game.name, game.actions, game.aliases
        self.options, self.toolbox = game.options, game.toolbox
        self.score, self.outcome, self.plies, self.wasted = 0.0, None, 0, 0
        self._seen: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._said: queue.SimpleQueue[int | Exception] = queue.SimpleQueue()
        self._observation: Any = None
        self._failed: Exception | None = None
        self._thread = threading.Thread(target=self._play, args=(source, limits), name="strategy policy", daemon=True)

    def ask(self, observation: Any) -> int:
        """The answer to an observation."""
        if self._failed is not None:
            raise self._failed
        if self._thread.ident is None:
            self._observation = observation
            self._thread.start()
        else:
            self._seen.put(observation)
        answer = self._said.get()
        if isinstance(answer, Exception):
            self._failed = answer
            raise answer
        return answer

    def end(self) -> None:
        """Let the thread and the process end."""
        self._seen.put(_END)
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _play(self, source: str, limits: Limits) -> None:
        table = Table(0, 0, self)
        try:
            error = play_table(source, table, limits)
        except Exception as raised:
            self._said.put(raised)
        else:
            outcome = table.outcome or Outcome.CRASHED
            self._said.put(StrategyError(outcome, error or f"the strategy gave no action: {outcome}"))

    def observation(self) -> Any:
        """What was seen last."""
        return self._observation

    def step(self, action: int) -> None:
        """Hand the answer over and wait for what is seen next."""
        self.plies += 1
        self._said.put(action)
        self._observation = self._seen.get()
        if self._observation is _END:
            self._observation, self.outcome = None, Outcome.UNFINISHED

    def reset(self, seed: int) -> None:
        """Nothing to do at the start; later the loop that asks cannot be taken back."""
        if self.plies:
            raise SandboxError("the strategy's process was ended from outside in the middle of an episode")

    def legal_actions(self) -> tuple[int, ...]:
        """All of them: what is legal only the caller knows."""
        return tuple(range(len(self.actions)))

    def view(self) -> Any:
        """There is nothing to be seen."""
        return None

    def picture(self, palette: str = "classic") -> Picture:
        """There is none."""
        raise ValueError("this game is somewhere else")

    def prompt(self) -> str:
        """There is none."""
        return ""

    def baseline_scores(self) -> None:
        """There are none."""
        return None


_END = object()
"""In place of an observation: there will be no other."""
