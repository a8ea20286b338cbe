"""The best strategy of a run so far, chosen on seeds of its own.

The best of a group has been lucky as well as good. So whoever beats the champion on the group's seeds meets it again
on the champion seeds, which derive from the run's key and are used for nothing else; the better mean there wins.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grpo_arcade.games.seeds import training_seeds
from grpo_arcade.trainer.scoring import FAILURES, Play, counted_score, mean_score

if TYPE_CHECKING:
    from grpo_arcade.games.players import MatchPool, MatchResult

CHAMPION_SEEDS = 16
"""Games in which champion and challenger are compared."""


@dataclass(frozen=True)
class Crowned:
    """A champion."""

    source: str
    strategy_id: int
    scores: tuple[float, ...]
    """One of each champion seed."""

    @property
    def score(self) -> float:
        """The mean."""
        return sum(self.scores) / len(self.scores)


def champion_seeds(run_key: bytes) -> list[int]:
    """The seeds champions are chosen on."""
    return training_seeds(hmac.digest(run_key, b"champion", hashlib.sha256), 0, CHAMPION_SEEDS)


class Throne:
    """Holds the champion of one stage; a challenger's match runs while the model learns."""

    def __init__(self, pool: MatchPool, game: str, options: Mapping[str, Any], run_key: bytes) -> None:
        """An empty throne."""
        self._pool = pool
        self._game = game
        self._options = options
        self.seeds = champion_seeds(run_key)
        self.holder: Crowned | None = None
        self._challenge: tuple[str, int, Future[MatchResult]] | None = None
        self._beaten: set[str] = set()

    def challenge(self, plays: Sequence[Play], strategy_ids: Sequence[int]) -> None:
        """Let the best of a step's strategies, if it did better than the champion, play the champion seeds."""
        able = [
            (play.score, -place, play, strategy_id)
            for place, (play, strategy_id) in enumerate(zip(plays, strategy_ids, strict=True))
            if play.source is not None and play.outcome not in FAILURES
        ]
        if not able:
            return
        score, _, play, strategy_id = max(able, key=lambda entry: entry[:2])
        assert play.source is not None
        if self.holder is not None and (
            play.source == self.holder.source or (play.champion and score <= mean_score(play.champion))
        ):
            return
        if play.source in self._beaten:
            return
        match = self._pool.submit(play.source, self._game, self._options, self.seeds, player="challenger")
        self._challenge = play.source, strategy_id, match

    def settle(self) -> tuple[Crowned, Crowned | None] | None:
        """Wait for the challenge of this step; the new champion and the one before, if there is a new one."""
        if self._challenge is None:
            return None
        source, strategy_id, match = self._challenge
        self._challenge = None
        scores = tuple(counted_score(episode) for episode in match.result().episodes)
        challenger = Crowned(source, strategy_id, scores)
        if self.holder is not None and challenger.score <= self.holder.score:
            # It would be beaten again, on the same seeds. This only saves time: a resumed run, which has forgotten
            # it, comes to the same champions.
            self._beaten.add(source)
            return None
        before, self.holder = self.holder, challenger
        return challenger, before
