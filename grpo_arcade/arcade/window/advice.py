"""A baseline at work beside the window: one hint, or move after move for autoplay. It never makes a frame wait."""

from __future__ import annotations

import queue
import random
from collections.abc import Callable

from grpo_arcade.arcade.window.background import Background, Task
from grpo_arcade.games import Baseline, Episode, Game


def advise(episode: Episode, name: str) -> int | None:
    """The move a baseline would make after the episode; None at its end."""
    game = _after(episode)
    return None if game.outcome is not None else _baseline(game, name)(game, _rng(episode, name))


class Autoplay:
    """The moves of a baseline from an episode's position on, worked out ahead of time in a thread.

    Args:
        background: where it works.
        episode: the game so far.
        name: of the baseline.
        failed: told if it breaks.
    """

    def __init__(
        self, background: Background, episode: Episode, name: str, failed: Callable[[Exception], None]
    ) -> None:
        self.name = name
        self._ready: queue.Queue[int] = queue.Queue(maxsize=32)
        self._task = background.thread(self._work, episode, with_task=True, failed=failed)

    def next(self) -> int | None:
        """The next move if it is ready."""
        try:
            return self._ready.get_nowait()
        except queue.Empty:
            return None

    def stop(self) -> None:
        """Work no further ahead."""
        self._task.cancel()

    def _work(self, episode: Episode, task: Task) -> None:
        game = _after(episode)
        baseline, rng = _baseline(game, self.name), _rng(episode, self.name)
        while game.outcome is None:
            action = baseline(game, rng)
            game.step(action)
            while True:
                task.check()
                try:
                    self._ready.put(action, timeout=0.25)
                    break
                except queue.Full:
                    continue


def _after(episode: Episode) -> Game:
    game = episode.new_game()
    for action in episode.actions:
        game.step(action)
    return game


def _baseline(game: Game, name: str) -> Baseline:
    if name not in game.baselines:
        raise ValueError(f"{game.name} has no baseline {name!r}; there are {', '.join(game.baselines)}")
    return game.baselines[name]


def _rng(episode: Episode, name: str) -> random.Random:
    return random.Random(f"{name} {episode.seed} {len(episode.actions)}")
