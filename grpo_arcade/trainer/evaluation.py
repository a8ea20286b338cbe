"""What a player did on the held-out seeds: scores, their interval, outcomes. Knows nothing of who plays or how."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.games.replay import play_again
from grpo_arcade.trainer.counting import counted_score
from grpo_arcade.trainer.scoring import Rollout


@dataclass(frozen=True)
class Evaluation:
    """What one player did on the held-out seeds."""

    player: str
    game: str
    options: Mapping[str, Any]
    seeds: tuple[int, ...]
    rollouts: tuple[Rollout, ...]
    """One a strategy, each with one episode a seed; a baseline counts as one strategy without source."""
    baselines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By name, weakest first: mean, won (share of games), scores (one of each seed)."""

    @property
    def scores(self) -> list[list[float]]:
        """Counted scores, strategies × seeds."""
        return [[counted_score(episode, rollout.worst) for episode in rollout.episodes] for rollout in self.rollouts]

    @property
    def mean(self) -> float:
        """Mean over strategies and seeds."""
        return statistics.fmean(score for row in self.scores for score in row)

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the mean, by the normal approximation.

        Over strategies where there are several (for these seeds), over seeds where there is one.
        """
        scores = self.scores
        values = scores[0] if len(scores) == 1 else [statistics.fmean(row) for row in scores]
        if len(values) < 2:
            return self.mean, self.mean
        half = 1.96 * statistics.stdev(values) / math.sqrt(len(values))
        return self.mean - half, self.mean + half

    @property
    def compiled(self) -> float:
        """Share of the strategies that could be called."""
        return statistics.fmean(rollout.refusal is None for rollout in self.rollouts)

    @property
    def won(self) -> float:
        """Share of the games that were won."""
        return statistics.fmean(
            episode.outcome is Outcome.WON for rollout in self.rollouts for episode in rollout.episodes
        )

    @property
    def outcomes(self) -> dict[str, int]:
        """Games by outcome, the most frequent first."""
        return dict(
            Counter(episode.outcome.value for rollout in self.rollouts for episode in rollout.episodes).most_common()
        )

    @property
    def distinct_share(self) -> float:
        """Distinct sources over strategies; 1 for a baseline."""
        sources = [rollout.source for rollout in self.rollouts if rollout.source is not None]
        return len(set(sources)) / len(sources) if sources else 1.0

    @property
    def walls(self) -> tuple[str, ...]:
        """What its programs were played behind; empty for a baseline, which is the arcade's own."""
        return tuple(sorted({rollout.wall for rollout in self.rollouts if rollout.wall}))

    def histogram(self) -> dict[str, int]:
        """Games by the largest number they reached, found by re-playing; empty for games without cells of numbers."""
        if not hasattr(make(self.game, **self.options).view(), "cells"):
            return {}
        reached = Counter(_reached(episode) for rollout in self.rollouts for episode in rollout.episodes)
        return {str(tile): reached[tile] for tile in sorted(reached)}

    def to_dict(self) -> dict[str, Any]:
        """JSON-able, as ``arcade eval --json`` prints it."""
        low, high = self.interval
        return {
            "player": self.player,
            "game": self.game,
            "options": dict(self.options),
            "seeds": list(self.seeds),
            "strategies": len(self.rollouts),
            "mean": self.mean,
            "low": low,
            "high": high,
            "compiled": self.compiled,
            "won": self.won,
            "distinct_share": self.distinct_share,
            "outcomes": self.outcomes,
            "walls": list(self.walls),
            "histogram": self.histogram(),
            "scores": self.scores,
            "baselines": {name: dict(kept) for name, kept in self.baselines.items()},
        }


def _reached(episode: Episode) -> int:
    return max(map(max, play_again(episode).view().cells))
