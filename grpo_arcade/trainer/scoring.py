"""From completions to played games: each completion is played once, and every reward reads that one result.

Completions are submitted as they are finished, so that playing overlaps with generating. All completions of a group
play the same seeds. Nothing here knows about models or about the run folder.
"""

from __future__ import annotations

import hashlib
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.games.episode import seat_results
from grpo_arcade.trainer.alarms import uses_random
from grpo_arcade.trainer.counting import common_outcome, mean_score, worst_played
from grpo_arcade.trainer.processes import ALONE, Processes
from grpo_arcade.trainer.self_play import court
from grpo_arcade.trainer.self_play.court import Opponent

if TYPE_CHECKING:
    from grpo_arcade.games.players import Extraction, MatchResult, Pool


@dataclass(frozen=True)
class Rollout:
    """What one completion did."""

    completion: str
    """The model's text."""
    source: str | None
    """The strategy in it, byte for byte; None where there is none."""
    episodes: tuple[Episode, ...]
    """One per seed of the group, in order."""
    error: str = ""
    """Why it was refused or how it crashed."""
    refusal: Outcome | None = None
    """Set when it was never called: forbidden, no_code, syntax_error."""
    cpu_s: float = 0.0
    """CPU seconds the match took in the sandbox."""
    baselines: Mapping[str, float] | None = None
    """Mean held-out score of each baseline for these options, weakest first."""
    human_score: float | None = None
    """A published score of a person, where the game has one."""
    champion: tuple[Episode, ...] = ()
    """The run's best strategy so far on the same seeds; empty until there is one."""
    tokens: tuple[int, ...] = ()
    """Ids of the completion's tokens, where a model wrote it."""
    token_count: int | None = None
    """How many tokens the completion has, where only that is known."""
    truncated: bool = False
    """Whether the completion was cut off."""
    sat: tuple[int, ...] = ()
    """Of each episode of a game of several seats: the strategy's own, whose side the episode is told from."""
    met: tuple[int, ...] = ()
    """Of each such episode: the opponent, by its number in the league."""
    wall: str = ""
    """What it was played behind, as ``games/players/sandbox/walls.py`` names it; empty if it was not played."""
    worst: float = 0.0
    """The lowest score of those who played beside it, if below 0: no more is counted for a game that failed."""

    @property
    def score(self) -> float:
        """Mean counted score over the seeds."""
        return mean_score(self.episodes, self.worst)

    @property
    def broken_off(self) -> bool:
        """Whether a server broke off one of its games, so that nothing can be said of it."""
        return any(episode.outcome is Outcome.DISCONNECTED for episode in self.episodes)

    @property
    def outcome(self) -> Outcome:
        """The outcome of most of its games."""
        return common_outcome(self.episodes)


@dataclass(frozen=True)
class Assignment:
    """What the completions of one group are played on."""

    game: str
    options: Mapping[str, Any]
    seeds: tuple[int, ...]
    baselines: Mapping[str, float] | None = None
    human_score: float | None = None
    champion: str | None = None
    """Source of the strategy to beat."""
    opponents: tuple[Opponent, ...] = ()
    """Whom each strategy meets on every seed, from both sides; nobody where the game is played alone."""

    @property
    def games(self) -> list[int]:
        """The seed of each game that a strategy plays, in the order of its episodes."""
        if not self.opponents:
            return list(self.seeds)
        return [seed for _ in self.opponents for seed in self.seeds for _ in range(2)]


class Scorer:
    """Plays the completions of one batch; calls ``on_rollout(place, rollout)``, in this thread, as each is known."""

    def __init__(
        self,
        pool: Pool,
        assignments: Sequence[Assignment],
        *,
        player: str = "",
        on_rollout: Callable[[int, Rollout], None] | None = None,
        processes: Processes = ALONE,
    ) -> None:
        """``assignments[i]`` is what completion ``i`` plays; ``processes`` play the other completions of the batch."""
        self._pool = pool
        self._processes = processes
        self._assignments = assignments
        self._player = player
        self._on_rollout = on_rollout
        self._written: dict[int, tuple[str, str, tuple[int, ...], bool, int | None]] = {}
        self._waiting: dict[Future[MatchResult], list[int]] = {}
        # The same source on the same seeds plays the same games: a collapsed group costs one match, not 32.
        self._known: dict[tuple[Any, ...], Future[MatchResult]] = {}
        self._rollouts: dict[int, Rollout] = {}
        self._champions: dict[tuple[str, tuple[int, ...]], Future[MatchResult]] = {}
        for assignment in assignments:
            if (
                assignment.champion is not None
                and (key := (assignment.champion, assignment.seeds)) not in self._champions
            ):
                self._champions[key] = self._submit(assignment.champion, assignment, "champion")

    def _submit(self, source: str, assignment: Assignment, player: str) -> Future[Any]:
        if assignment.opponents:
            game, options, seeds = assignment.game, assignment.options, assignment.seeds
            return court.play(self._pool, source, player, game, options, seeds, assignment.opponents)
        return self._pool.submit(source, assignment.game, assignment.options, list(assignment.seeds), player=player)

    def submit(
        self,
        place: int,
        completion: str,
        tokens: Sequence[int] = (),
        truncated: bool = False,
        token_count: int | None = None,
    ) -> None:
        """Start playing completion ``place``, and take in what has finished meanwhile."""
        from grpo_arcade.games.players import extract_source

        found = extract_source(completion)
        assignment = self._assignments[place]
        if found.source is None or found.refusal is not None:
            self._take(0)
            rollout = refused(completion, found, assignment, self._player)
            self._keep(place, replace(rollout, tokens=tuple(tokens), truncated=truncated, token_count=token_count))
            return
        key = found.source, assignment.seeds, assignment.opponents
        if key not in self._known:
            self._known[key] = self._submit(found.source, assignment, self._player)
        self._written[place] = completion, found.source, tuple(tokens), truncated, token_count
        self._waiting.setdefault(self._known[key], []).append(place)
        self._take(0)

    @property
    def plays(self) -> bool:
        """Whether something that was submitted is still being played; takes in what is not."""
        self._take(0)
        return bool(self._waiting)

    def collect(self) -> list[Rollout]:
        """Wait for all that was submitted; the rollouts in order of their places, each with the worst that was played.

        All of a batch play the same game, and a failure counts for the same in whichever process it was played.
        """
        while self._waiting:
            self._take(None)
        rollouts = [self._rollouts[place] for place in sorted(self._rollouts)]
        every = (episode for rollout in rollouts for episode in rollout.episodes)
        baselines = self._assignments[0].baselines if self._assignments else None
        worst = self._processes.least(worst_played(every, baselines))
        return [replace(rollout, worst=worst) for rollout in rollouts]

    def _take(self, timeout: float | None) -> None:
        if not self._waiting:
            return
        done, _ = wait(self._waiting, timeout, FIRST_COMPLETED)
        for future in done:
            result = future.result()
            for place in self._waiting.pop(future):
                completion, source, tokens, truncated, token_count = self._written[place]
                assignment = self._assignments[place]
                champion: tuple[Episode, ...] = ()
                if assignment.champion is not None:
                    champion = self._champions[assignment.champion, assignment.seeds].result().episodes
                self._keep(
                    place,
                    Rollout(
                        completion,
                        source,
                        result.episodes,
                        result.error,
                        result.refusal,
                        result.cpu_s,
                        assignment.baselines,
                        assignment.human_score,
                        champion,
                        tokens,
                        token_count,
                        truncated,
                        *_seats(result),
                        result.wall,
                    ),
                )

    def _keep(self, place: int, rollout: Rollout) -> None:
        self._rollouts[place] = rollout
        if self._on_rollout is not None:
            self._on_rollout(place, rollout)


def _seats(result: MatchResult) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return (result.sat, result.met) if isinstance(result, court.HeadToHead) else ((), ())


def refused(completion: str, found: Extraction, assignment: Assignment, player: str) -> Rollout:
    """The rollout of a completion whose program may not be called: on each seed an episode without a move."""
    outcome = found.refusal or Outcome.NO_CODE
    if assignment.opponents:
        game, options, seeds = assignment.game, assignment.options, assignment.seeds
        lost = court.unplayed(game, options, seeds, assignment.opponents, outcome, player, found.source)
        return Rollout(
            completion, found.source, lost.episodes, found.reason, outcome, sat=lost.sat, met=lost.met,
            baselines=assignment.baselines,
        )  # fmt: skip
    digest = "" if found.source is None else hashlib.sha256(found.source.encode("utf-8", "surrogatepass")).hexdigest()
    table = make(assignment.game, **assignment.options)
    each = range(len(table.seats))
    seats = seat_results(table, [player for _ in each], dict.fromkeys(each, outcome), [digest for _ in each])
    episodes = tuple(
        Episode(
            game=assignment.game,
            options=assignment.options,
            seed=seed,
            actions=b"",
            outcome=outcome,
            score=0.0,
            player=player,
            source_sha256=digest,
            versions=table.versions,
            per_step=table.per_step,
            seats=seats,
        )
        for seed in assignment.seeds
    )
    return Rollout(
        completion, found.source, episodes, found.reason, outcome, 0.0, assignment.baselines, assignment.human_score
    )


def step_facts(groups: Sequence[Sequence[Rollout]]) -> dict[str, Any]:
    """What a step's row says of its completions, by groups: mean score, outcomes, and shares of all."""
    copies = 0
    for group in groups:
        counts = Counter(each.source for each in group if each.source is not None)
        copies += sum(count for count in counts.values() if count > 1)
    rollouts = [rollout for group in groups for rollout in group]
    return {
        "score": statistics.fmean(rollout.score for rollout in rollouts),
        "outcomes": dict(Counter(rollout.outcome.value for rollout in rollouts)),
        "identical_share": copies / len(rollouts),
        "random_share": statistics.fmean(uses_random(rollout.source) for rollout in rollouts),
        "broken_off_share": statistics.fmean(rollout.broken_off for rollout in rollouts),
        "clipped_ratio": statistics.fmean(rollout.truncated for rollout in rollouts),
    }
