"""What an episode counts for: its score, or its game's worst where the program failed, and one outcome for several."""

from __future__ import annotations

import json
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from grpo_arcade.games import Episode, Outcome, make

FAILURES = frozenset(
    (Outcome.ILLEGAL, Outcome.TIMEOUT, Outcome.CRASHED, Outcome.FORBIDDEN, Outcome.NO_CODE, Outcome.SYNTAX_ERROR)
)
"""Outcomes that are the program's fault. They stay in every mean, with the game's ``failure_score``."""
_GIVEN_UP = -0.1
"""What a game is worth that was given up before anybody had made a point, where points are made."""
_EVEN = 1e-9
"""Two games in which as much was lost as won come to this by rounding."""
REFUSALS = frozenset((Outcome.FORBIDDEN, Outcome.NO_CODE, Outcome.SYNTAX_ERROR))
"""Outcomes of a program that was never called."""

# When a strategy's games end in different ways, the worse of two equally frequent outcomes names it.
_WORST_FIRST = (
    *(Outcome.FORBIDDEN, Outcome.CRASHED, Outcome.TIMEOUT, Outcome.ILLEGAL, Outcome.STUCK),
    *(Outcome.DISCONNECTED, Outcome.CAPPED, Outcome.LOST, Outcome.DRAWN, Outcome.WON),
)


def counted_score(episode: Episode, worst: float = 0.0) -> float:
    """The score an episode counts for: the game's ``failure_score`` where the program failed, whatever it had reached.

    Never more than it had reached, so that no program gains by failing; nor more than ``worst``, the lowest score of
    those who played (:func:`worst_played`), since a game on somebody's server seldom says how bad it can get. In a game
    whose scores go below zero, moving costs: there a game that was given up because of impossible moves has failed as
    well, or not to move at all would be the best that one can do.
    """
    if episode.outcome not in FAILURES and not _gave_up(episode):
        return float(episode.score)
    lowest = min(rules_of(episode).failure_score, worst)
    if episode.outcome not in FAILURES and lowest >= 0:
        return float(episode.score)
    return min(lowest, float(episode.score))


def worst_played(episodes: Iterable[Episode], baselines: Mapping[str, float] | None = None) -> float:
    """The lowest score among games that were played, and among the means of baselines; 0 where none is below it."""
    played = (e.score for e in episodes if e.outcome.by_the_rules and not _gave_up(e))
    return float(min((0.0, *played, *(baselines or {}).values())))


def _gave_up(episode: Episode) -> bool:
    """Whether little went on because the program made moves that are not possible."""
    if episode.outcome is Outcome.CAPPED:
        return 2 * episode.wasted > len(episode.actions)
    return episode.outcome is Outcome.STUCK and episode.wasted > 0


def lead(episode: Episode) -> float:
    """By how much a strategy was ahead, in a game against others of which ``episode`` is its own side's."""
    own = (episode.outcome, episode.score, episode.source_sha256)
    sides = [(result.outcome, result.score, result.source_sha256) for result in episode.seats]
    others = [score for seat, (_, score, _) in enumerate(sides) if seat != sides.index(own)]
    return episode.score - max(others, default=0.0)


def points(episode: Episode) -> float:
    """What a game against others counts for: 1 for a win, 0 for a loss or a failure, else by who was ahead.

    A draw, and a game given up with nobody ahead, is one half.
    """
    if episode.outcome is Outcome.WON:
        return 1.0
    if episode.outcome is Outcome.LOST or episode.outcome in FAILURES:
        return 0.0
    ahead = 0.0 if episode.outcome is Outcome.DRAWN else lead(episode)
    return 0.5 if ahead == 0 else float(ahead > 0)


def is_stall(episode: Episode) -> bool:
    """Whether a game was given up before anybody had made a point: all kept it from going anywhere."""
    sides = episode.seats or (episode,)
    given_up = all(side.outcome in (Outcome.STUCK, Outcome.CAPPED) for side in sides)
    return given_up and not any(side.score for side in sides)


def ahead_by(episode: Episode) -> float:
    """How a game against others went, from -1 to 1; 0 where nobody was ahead.

    That is the lead's share of the longest there is, from the game's ``failure_score`` to its opposite. A failure is
    -1. In a game without such a score a win is 1, a draw 0, a loss -1, and half a loss for all where nothing happened.
    """
    longest = _longest_lead(episode)
    if episode.outcome in FAILURES or not longest:
        return -0.5 if is_stall(episode) else 2 * points(episode) - 1
    ahead = longest if any(side.outcome in FAILURES for side in episode.seats) else lead(episode)
    if ahead == 0:
        return 2 * points(episode) - 1
    return max(-1.0, min(1.0, ahead / longest))


def how_far_ahead(episode: Episode) -> float:
    """The same by the root of that share, so that the first points count most.

    A short game is no toss of a coin then, and a rally without end, in which it is given up, takes nothing from who
    cannot be beaten. Only where nobody has made a point it is a little worse than a draw for all.
    """
    ahead = ahead_by(episode)
    if not _longest_lead(episode):
        return ahead
    if is_stall(episode):
        return _GIVEN_UP
    return math.copysign(math.sqrt(abs(ahead)), ahead)


def _longest_lead(episode: Episode) -> float:
    """The longest that there is; 0 in a game without points."""
    return 2 * abs(rules_of(episode).failure_score)


def rounds(episodes: Sequence[Episode]) -> list[float]:
    """What the games of each two episodes, one seed from both sides, come to: 1 won, 0.5 drawn, 0 lost.

    Who is ahead in both together has won: on one side of a court it may be much easier than on the other.
    """
    pairs = zip(episodes[::2], episodes[1::2], strict=True)
    sums = [sum(0.0 if is_stall(game) else how_far_ahead(game) for game in pair) for pair in pairs]
    return [0.5 if abs(both) < _EVEN else float(both > 0) for both in sums]


@dataclass(frozen=True)
class Rules:
    """What a reward must know of a game beside what happened in it."""

    failure_score: float
    step_cap: int


def rules_of(episode: Episode) -> Rules:
    """Of the game an episode was played on."""
    return _rules(episode.game, json.dumps(dict(episode.options), sort_keys=True))


@cache
def _rules(game: str, options: str) -> Rules:
    made = make(game, **json.loads(options))
    return Rules(made.failure_score, made.step_cap)


def mean_score(episodes: Sequence[Episode], worst: float = 0.0) -> float:
    """Mean of :func:`counted_score`."""
    return statistics.fmean(counted_score(episode, worst) for episode in episodes)


def common_outcome(episodes: Sequence[Episode]) -> Outcome:
    """The outcome of most episodes; of two equally frequent ones the worse."""
    counts = Counter(episode.outcome for episode in episodes)
    rank = {outcome: place for place, outcome in enumerate(_WORST_FIRST)}
    return max(counts, key=lambda outcome: (counts[outcome], -rank.get(outcome, -1)))
