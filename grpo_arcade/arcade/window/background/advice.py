"""A baseline or a strategy at work beside the window: one hint, or move after move for autoplay.

It never makes a frame wait. A strategy plays in the sandbox, in a process beside this one; it sees the game from the
position on in which it is asked, and nothing of the moves before.
"""

from __future__ import annotations

import queue
import random
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from grpo_arcade.arcade.window.background.jobs import Background, Task
from grpo_arcade.games import Baseline, Episode, Game
from grpo_arcade.games.replay import play_again

if TYPE_CHECKING:
    from grpo_arcade.games.players import Limits

_HINT_CPU_S = 3.0
"""For a hint a strategy need not play to the end; what it has done in so much CPU time is enough."""


def is_strategy(word: str) -> bool:
    """Whether a player's word means a program that plays: a file or a run's champion."""
    return word.endswith((".py", ":champion"))


def name_of(word: str) -> str:
    """What is shown for a player's word: a file's stem, the run of a champion, anything else as it is."""
    if word.endswith(":champion"):
        return f"champion of {Path(word.removesuffix(':champion')).name}"
    return Path(word).stem if word.endswith(".py") else word


def advise(episode: Episode, name: str) -> int | None:
    """The move that a baseline or strategy would make after the episode; None at its end.

    Raises:
        ValueError: no such baseline or strategy, or it knows no move that does anything: one line.
    """
    game = play_again(episode)
    if game.outcome is not None:
        return None
    if not is_strategy(name):
        return _baseline(game, name)(game, _rng(episode, name))
    from grpo_arcade.games.players import Limits

    moves = play_on(name, episode, Limits(game_cpu_s=_HINT_CPU_S))
    legal = game.legal_actions()
    move = next((move for move in moves if move in legal), None)
    if move is None:
        raise ValueError(f"{name_of(name)} only makes moves here that do nothing")
    return move


def play_on(name: str, episode: Episode, limits: Limits | None = None) -> bytes:
    """The moves of a strategy from an episode's position to the end of the game.

    Raises:
        ValueError: there is no such strategy, or it makes no move at all: one line.
        OSError: its file cannot be read.
    """
    from grpo_arcade.games.players import play_match
    from grpo_arcade.games.players.lending import game_for
    from grpo_arcade.trainer.evaluate import source_of

    source = source_of(name)
    assert source is not None
    options = game_for(source, episode.new_game()).options
    result = play_match(source, episode.game, options, [episode.seed], limits=limits, opening=episode.actions)
    (played,) = result.episodes
    moves = played.actions[len(episode.actions) :]
    if not moves:
        raise ValueError(f"{name_of(name)} makes no move: {result.error or str(played.outcome).replace('_', ' ')}")
    return moves


class Autoplay:
    """The moves of a baseline or strategy from an episode's position on, worked out ahead of time.

    Args:
        background: where it works.
        episode: the game so far.
        word: a baseline's name or the word of a strategy.
        failed: told if it breaks.
    """

    def __init__(
        self, background: Background, episode: Episode, word: str, failed: Callable[[Exception], None]
    ) -> None:
        self.name = name_of(word)
        self.ended = False
        """Whether no more moves will come, though the game has not ended."""
        self._failed = failed
        self._ready: queue.Queue[int] = queue.Queue(maxsize=32)
        self._line: deque[int] | None = None
        if is_strategy(word):
            self._task = background.process(play_on, word, episode, done=self._take, failed=self._fail)
        else:
            self._task = background.thread(self._work, episode, with_task=True, failed=self._fail)

    def next(self) -> int | None:
        """The next move if it is ready."""
        if self._line is not None:
            if self._line:
                return self._line.popleft()
            self._fail(ValueError(f"{self.name} knows no further move"))
            return None
        try:
            return self._ready.get_nowait()
        except queue.Empty:
            return None

    def stop(self) -> None:
        """Work no further ahead."""
        self._task.cancel()

    def _take(self, moves: bytes) -> None:
        self._line = deque(moves)

    def _fail(self, error: Exception) -> None:
        self.ended = True
        self._failed(error)

    def _work(self, episode: Episode, task: Task) -> None:
        game = play_again(episode)
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


class InStep:
    """A baseline that is asked for each move when it is due: for games whose baselines answer at once.

    Args:
        game: the one that is being played; only looked at.
        name: of the baseline.
    """

    ended = False

    def __init__(self, game: Game, name: str) -> None:
        self.name = name
        self._game = game
        self._baseline = _baseline(game, name)
        self._rng = random.Random(f"{name} {game.plies}")

    def next(self) -> int:
        """What it would do now."""
        return self._baseline(self._game, self._rng)

    def stop(self) -> None:
        """Nothing goes on that would have to end."""


def _baseline(game: Game, name: str) -> Baseline:
    if name not in game.baselines:
        raise ValueError(f"{game.name} has no baseline {name!r}; there are {', '.join(game.baselines)}")
    return game.baselines[name]


def _rng(episode: Episode, name: str) -> random.Random:
    return random.Random(f"{name} {episode.seed} {len(episode.actions)}")
