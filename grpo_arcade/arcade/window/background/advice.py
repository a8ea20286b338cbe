"""A baseline or a strategy at work beside the window: one hint, or move after move for autoplay.

It never makes a frame wait. A strategy plays in the sandbox, in a process beside this one; it sees the game from the
position on in which it is asked, and nothing of the moves before.
"""

from __future__ import annotations

import queue
import random
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from grpo_arcade.arcade.players.parse import parse_player
from grpo_arcade.arcade.players.player import Baseline, Program
from grpo_arcade.arcade.window.background.jobs import Background, Task
from grpo_arcade.games import Episode, Game
from grpo_arcade.games.replay import play_again
from grpo_arcade.recordings.runs.find import CHAMPION

if TYPE_CHECKING:
    from grpo_arcade.games.players import Limits

_HINT_CPU_S = 3.0
"""For a hint a strategy need not play to the end; what it has done in so much CPU time is enough."""


HintPlayer = Baseline | Program
"""Who may give hints and autoplay."""


def found_hint_player(word: str, game: Game, outputs: str, complain: Callable[[Exception], None]) -> HintPlayer:
    """Whom a word means that was chosen or set once; the strongest baseline where it means nobody in this game."""
    try:
        player = parse_player(word, game, outputs)
        if isinstance(player, Baseline | Program):
            return player
    except ValueError as error:
        # A name without more may be a baseline of another game; a file or a champion that is gone is missed.
        if word.endswith((".py", CHAMPION)):
            complain(error)
    return Baseline(list(game.baselines)[-1])


def advise(episode: Episode, hint_player: HintPlayer) -> int | None:
    """The move that a baseline or strategy would make after the episode; None at its end.

    Raises:
        ValueError: there is no such strategy, or it knows no move that does anything: one line.
        OSError: its file cannot be read.
    """
    game = play_again(episode)
    if game.outcome is not None:
        return None
    if isinstance(hint_player, Baseline):
        return game.baselines[hint_player.name](game, _rng(episode, hint_player))
    from grpo_arcade.games.players import Limits

    moves = play_on(hint_player, episode, Limits(game_cpu_s=_HINT_CPU_S))
    legal = game.legal_actions()
    move = next((move for move in moves if move in legal), None)
    if move is None:
        raise ValueError(f"{hint_player.label} only makes moves here that do nothing")
    return move


def play_on(strategy: Program, episode: Episode, limits: Limits | None = None) -> bytes:
    """The moves of a strategy from an episode's position to the end of the game.

    Raises:
        ValueError: there is no such strategy, or it makes no move at all: one line.
        OSError: its file cannot be read.
    """
    from grpo_arcade.games.players import play_match
    from grpo_arcade.games.players.lending import game_for

    source = strategy.source()
    options = game_for(source, episode.new_game()).options
    result = play_match(source, episode.game, options, [episode.seed], limits=limits, opening=episode.actions)
    (played,) = result.episodes
    moves = played.actions[len(episode.actions) :]
    if not moves:
        raise ValueError(f"{strategy.label} makes no move: {result.error or str(played.outcome).replace('_', ' ')}")
    return moves


class Autoplay:
    """The moves of a baseline or strategy from an episode's position on, worked out ahead of time.

    Args:
        background: where it works.
        episode: the game so far.
        hint_player: who plays on.
        failed: told if it breaks.
    """

    def __init__(
        self, background: Background, episode: Episode, hint_player: HintPlayer, failed: Callable[[Exception], None]
    ) -> None:
        self.name = hint_player.label
        self.ended = False
        """Whether no more moves will come, though the game has not ended."""
        self._failed = failed
        self._ready: queue.Queue[int] = queue.Queue(maxsize=32)
        self._line: deque[int] | None = None
        if isinstance(hint_player, Program):
            self._task = background.process(play_on, hint_player, episode, done=self._take, failed=self._fail)
        else:
            self._task = background.thread(self._work, episode, hint_player, with_task=True, failed=self._fail)

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

    def _work(self, episode: Episode, hint_player: Baseline, task: Task) -> None:
        game = play_again(episode)
        baseline, rng = game.baselines[hint_player.name], _rng(episode, hint_player)
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
        baseline: one of the game's.
    """

    ended = False

    def __init__(self, game: Game, baseline: Baseline) -> None:
        self.name = baseline.name
        self._game = game
        self._baseline = game.baselines[baseline.name]
        self._rng = random.Random(f"{baseline.name} {game.plies}")

    def next(self) -> int:
        """What it would do now."""
        return self._baseline(self._game, self._rng)

    def stop(self) -> None:
        """Nothing goes on that would have to end."""


def _rng(episode: Episode, baseline: Baseline) -> random.Random:
    return random.Random(f"{baseline.name} {episode.seed} {len(episode.actions)}")
