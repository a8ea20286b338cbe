"""The best strategy of a run so far, chosen on seeds of its own.

The best of a group has been lucky as well as good. So whoever is not beaten by the champion on the group's seeds meets
it again on the champion seeds, which derive from the run's key and are used for nothing else; the better mean there
wins. They are played in heats, and a challenger who is clearly behind after one is spared the rest: by more than the
standard error of the difference, since whoever became champion was lucky in the first games too.
"""

from __future__ import annotations

import hashlib
import hmac
import statistics
from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from grpo_arcade.games import Game, Outcome
from grpo_arcade.games.seeds import training_seeds
from grpo_arcade.recordings.runs.records import Champion
from grpo_arcade.trainer.counting import FAILURES, counted_score, mean_score
from grpo_arcade.trainer.scoring import Rollout

if TYPE_CHECKING:
    from grpo_arcade.games.players import MatchResult, Pool

HEATS = (0.25, 0.5, 1.0)
"""After which shares of the champion seeds a challenger who is clearly behind has lost."""


def champion_seeds(run_key: bytes, count: int) -> list[int]:
    """The seeds champions are chosen on."""
    return training_seeds(hmac.digest(run_key, b"champion", hashlib.sha256), 0, count)


class ChampionKeeper:
    """Holds the champion of one stage; a challenger's match runs while the model learns."""

    def __init__(
        self, pool: Pool, game: Game, stage: int, seeds: Sequence[int], holder: Champion | None = None
    ) -> None:
        """``seeds`` are the champion seeds; ``holder`` is the champion so far."""
        self._pool, self._game, self._stage = pool, game, stage
        self.seeds = list(seeds)
        # Of a few seeds, two heats may be the same.
        self._heats = sorted({max(1, round(share * len(seeds))) for share in HEATS})
        self.holder = holder
        self._challenge: tuple[str, int, float] | None = None
        self._heat: list[Future[MatchResult]] = []
        self._beaten: set[tuple[str, float]] = set()

    @property
    def source(self) -> str | None:
        """The strategy to beat; None while there is none."""
        return None if self.holder is None else self.holder.source

    def challenge(self, rollouts: Sequence[Rollout], strategy_ids: Sequence[int]) -> None:
        """Let the best of a step's other strategies, unless the champion did better, play the champion seeds."""
        able = [
            (rollout.score, -place, rollout, strategy_id)
            for place, (rollout, strategy_id) in enumerate(zip(rollouts, strategy_ids, strict=True))
            if rollout.source is not None
            and not rollout.broken_off
            and rollout.outcome not in FAILURES
            and (self.holder is None or rollout.source != self.holder.source)
        ]
        if not able:
            return
        score, _, rollout, strategy_id = max(able, key=lambda entry: entry[:2])
        assert rollout.source is not None
        # A training game that is short may not tell two apart, so an equal score is enough for a challenge.
        if rollout.champion and score < mean_score(rollout.champion, rollout.worst):
            return
        if (rollout.source, rollout.worst) in self._beaten:
            return
        self._challenge = rollout.source, strategy_id, rollout.worst
        self._heat = self._play(rollout.source, 0)

    def settle(self, step: int) -> Champion | None:
        """Wait for the challenge of this step; the new champion, if there is one."""
        if self._challenge is None:
            return None
        source, strategy_id, worst = self._challenge
        self._challenge = None
        scores: tuple[float, ...] = ()
        for number in range(len(self._heats)):
            matches = self._heat if number == 0 else self._play(source, number)
            episodes = [episode for match in matches for episode in match.result().episodes]
            if any(episode.outcome is Outcome.DISCONNECTED for episode in episodes):
                return None  # a game that its server broke off decides nothing
            scores += tuple(counted_score(episode, worst) for episode in episodes)
            if self.holder is not None and _behind(scores, self.holder.scores):
                # It would be beaten again, on the same seeds. This only saves time: a resumed run, which has forgotten
                # it, comes to the same champions.
                self._beaten.add((source, worst))
                return None
        before = None if self.holder is None else self.holder.score
        mean = sum(scores) / len(scores)
        self.holder = Champion(step, strategy_id, mean, source, self._stage, before, scores)
        return self.holder

    def _play(self, source: str, heat: int) -> list[Future[MatchResult]]:
        """Start a heat, on all cores: one match a game."""
        first = self._heats[heat - 1] if heat else 0
        return [
            self._pool.submit(source, self._game.name, self._game.options, [seed], player="challenger")
            for seed in self.seeds[first : self._heats[heat]]
        ]


def _behind(scores: Sequence[float], champions: Sequence[float]) -> bool:
    """Whether a challenger has lost by the games so far; after the last one, whoever has not scored more has."""
    apart = [own - other for own, other in zip(scores, champions, strict=False)]
    mean = statistics.fmean(apart)
    if len(scores) == len(champions) or len(apart) < 2:
        return mean <= 0
    return mean <= 0 and mean + statistics.stdev(apart) / len(apart) ** 0.5 <= 0
