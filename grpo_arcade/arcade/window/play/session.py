"""A person's sitting at one game: moves made and taken back, the last minutes of play, and what must not be lost.

Knows no window: everything here works without one.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from grpo_arcade.arcade.window.draw.words import PERSON
from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.games.replay import Replay, play_again

_LONGEST_CLIP_S = 600.0


def fresh_seed() -> int:
    """A seed for a person's game: short enough to be read out, and none of those evaluations use."""
    return random.SystemRandom().randrange(1_000, 1_000_000)


class Session:
    """One game being played, and those before it.

    Args:
        name: the game's registry name.
        options: its options.
        seed: of the first game.
        clock: seconds; only differences count.
    """

    def __init__(
        self, name: str, options: Mapping[str, Any], seed: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.game = make(name, **options)
        self._clock = clock
        self._past: deque[tuple[Episode, list[float]]] = deque()
        self.start(seed)

    def start(self, seed: int) -> None:
        """Begin the game of a seed; the one before stays in the ring of the last minutes."""
        if getattr(self, "actions", b""):
            self._past.append((self.episode(), self._times))
        while self._past and self._clock() - self._past[0][1][-1] > _LONGEST_CLIP_S:
            self._past.popleft()
        self.seed = seed
        self.actions = bytearray()
        self._times: list[float] = []
        self.players: set[str] = set()
        """Who made the moves."""
        self.took_back = False
        """Whether a move was taken back in this game."""
        self.game.reset(seed)

    def resume(self, episode: Episode) -> None:
        """Go on with an unfinished episode of the same game and options, which has been verified."""
        for _ in self.resuming(episode):
            pass

    def resuming(self, episode: Episode) -> Iterator[int]:
        """The same, move by move, giving how many have been made: of a long game not all fit between two frames."""
        self.start(episode.seed)
        self.players.add(PERSON)
        long_ago = self._clock() - _LONGEST_CLIP_S
        for ply in Replay(episode, self.game).plies():
            if ply:
                self.actions.append(episode.actions[ply - 1])
                self._times.append(long_ago)
            yield ply

    def move(self, action: int, player: str) -> bool:
        """Make a move; False if it did nothing, in which case it is not part of the game."""
        if self.game.outcome is not None or action not in self.game.legal_actions():
            return False
        self.game.step(action)
        self.actions.append(action)
        self._times.append(self._clock())
        self.players.add(player)
        return True

    def undo(self) -> bool:
        """Take the last move back; False if there is none, or the game would not play itself again."""
        if not self.actions or not self.game.replayable:
            return False
        self.actions.pop()
        self._times.pop()
        self.took_back = True
        self.game.reset(self.seed)
        play_again(self.episode(), self.game)
        return True

    def episode(self) -> Episode:
        """The present game as far as it has come."""
        return Episode(
            game=self.game.name,
            options=self.game.options,
            seed=self.seed,
            actions=bytes(self.actions),
            outcome=self.game.outcome or Outcome.UNFINISHED,
            score=self.game.score,
            wasted=self.game.wasted,
            player=" and ".join(sorted(self.players)),
            versions=self.game.versions,
            observations=self.game.kept(),
        )

    def last_seconds(self, seconds: float) -> list[tuple[Episode, int]]:
        """The play of the last ``seconds`` before the last move: episodes, each with the first move that belongs to it.

        Empty if nothing was played.
        """
        ring = [*self._past, *([(self.episode(), self._times)] if self.actions else [])]
        if not ring:
            return []
        since = ring[-1][1][-1] - seconds
        parts = []
        for episode, times in ring:
            first = sum(moment < since for moment in times)
            if first < len(times):
                parts.append((episode, first))
        return parts
