"""The champion of a run by self-play: who did better than the champion before it, on seeds of their own.

The best of a group has been lucky as well as good. So it meets the champion on the champion seeds, from both sides, in
whole games, where those of training may be cut short. Who holds its own there meets the baselines of the league that
are still hard, as the champion has on the same seeds: who beats one player and does worse against the rest would lead
the league round in a circle. Who is clearly further ahead in all of that together joins the league and is champion:
here whole leads count, where training pays the first points most.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from grpo_arcade.games import Outcome
from grpo_arcade.recordings.runs.records import Champion
from grpo_arcade.trainer.counting import FAILURES, ahead_by, how_far_ahead, lead
from grpo_arcade.trainer.self_play import court
from grpo_arcade.trainer.self_play.court import HeadToHead, Opponent
from grpo_arcade.trainer.self_play.league import League, contender, meeting_of

if TYPE_CHECKING:
    from grpo_arcade.games import Episode
    from grpo_arcade.games.players import Pool
    from grpo_arcade.recordings.runs.league import Meeting, Member
    from grpo_arcade.trainer.scoring import Rollout

_BEHIND = 0.05
"""By so much, of 1, one may be behind after the first half of the seeds and still play the others."""
_BETTER = 0.1
"""By more than this one must be ahead in all together: the games of four seeds of Pong are uncertain by as much."""
_EASY = 0.1
"""Baselines to whom the model loses a smaller share of its rounds tell no more who is better."""
_MOST_RATED = 6
"""So many of the members that joined last, beside the baselines, a new champion meets on one seed, to be rated."""


class Contest:
    """Holds the champion; a challenger's match runs while the model learns."""

    def __init__(
        self,
        pool: Pool,
        game: str,
        options: Mapping[str, Any],
        seeds: Sequence[int],
        league: League,
        holder: Champion | None,
    ) -> None:
        """``options`` are those of the whole game for two, ``seeds`` the champion seeds."""
        self._pool, self._game, self._options, self._seeds = pool, game, options, list(seeds)
        self.league, self.holder = league, holder
        half = max(1, len(self._seeds) // 2)
        self._heats = [heat for heat in (self._seeds[:half], self._seeds[half:]) if heat]
        self._challenge: tuple[str, int, Opponent, list[Future[HeadToHead]]] | None = None
        self._beaten: set[tuple[str, int]] = set()
        self._against: dict[tuple[str, int], float] = {}

    @property
    def source(self) -> str | None:
        """The strategy to beat; None while there is none."""
        return None if self.holder is None else self.holder.source

    def challenge(self, rollouts: Sequence[Rollout], strategy_ids: Sequence[int]) -> None:
        """Let the best of a step's new strategies play the champion, or the first member while there is none."""
        known = {member.source for member in self.league.members}
        able = [
            ((_earned(rollout.episodes), -place), rollout.source, strategy_id)
            for place, (rollout, strategy_id) in enumerate(zip(rollouts, strategy_ids, strict=True))
            if rollout.source is not None and rollout.source not in known and rollout.outcome not in FAILURES
        ]
        if not able:
            return
        _, source, strategy_id = max(able, key=lambda entry: entry[0])
        assert source is not None
        member = self.league.champion or self.league.members[0]
        if (source, member.id) in self._beaten:
            return
        opponent = Opponent(member.id, contender(member))
        self._challenge = source, strategy_id, opponent, self._matches(source, opponent, self._heats[0])

    def settle(self, step: int) -> Champion | None:
        """Wait for the challenge of this step; the new champion, if there is one."""
        if self._challenge is None:
            return None
        source, strategy_id, opponent, matches = self._challenge
        self._challenge = None
        # That one would be beaten again only saves time: a resumed run comes to the same champions without it.
        self._beaten.add((source, opponent.id))
        episodes = _played(matches)
        if _ahead(episodes) < -_BEHIND:
            return None
        others = [Opponent(member.id, contender(member)) for member in self.league.members if self._is_hard(member)]
        rest = [self._matches(source, opponent, heat) for heat in self._heats[1:]]
        beside = {other: self._matches(source, other, self._seeds) for other in others if other.id != opponent.id}
        episodes += [episode for match in rest for episode in _played(match)]
        if any(episode.outcome is Outcome.DISCONNECTED for episode in episodes):
            return None
        better = _ahead(episodes)
        champion = self.league.champion
        for other, games in beside.items():
            self._against[source, other.id] = _ahead(_played(games))
            if champion is not None:
                better += self._against[source, other.id] - self._against_once(champion.source, other)
        if better <= _BETTER:
            return None
        self.league.join(step, strategy_id, source, self._meet_all(step, source, opponent, episodes))
        scores = tuple(map(lead, episodes))
        mean = sum(scores) / len(scores)
        # By as much as one of the two was ahead the other was behind.
        before = None if self.holder is None else -mean
        self.holder = Champion(step, strategy_id, mean, source, 0, before, scores)
        return self.holder

    def _meet_all(self, step: int, source: str, beaten: Opponent, episodes: Sequence[Episode]) -> list[Meeting]:
        """The new member's games with those it must be rated against, one after another by their numbers."""
        members = [member for member in self.league.members if member.id != beaten.id]
        lasting = {member.id for member in members if member.baseline} | {m.id for m in members[-_MOST_RATED:]}
        others = [Opponent(member.id, contender(member)) for member in members if member.id in lasting]
        matches = [self._play(source, self._seeds[:1], [other]) for other in others]
        number = self.league.next_id
        met = [meeting_of(step, number, beaten.id, episodes)]
        for other, match in zip(others, matches, strict=True):
            met.append(meeting_of(step, number, other.id, match.result().episodes))
        return sorted(met, key=lambda meeting: meeting.opponent)

    def _is_hard(self, member: Member) -> bool:
        return bool(member.baseline) and self.league.hardness(member.id) >= _EASY

    def _against_once(self, source: str, other: Opponent) -> float:
        """How far ahead of a member the champion was on all seeds; played where that is not known."""
        if (source, other.id) not in self._against:
            self._against[source, other.id] = _ahead(_played(self._matches(source, other, self._seeds)))
        return self._against[source, other.id]

    def _matches(self, source: str, opponent: Opponent, seeds: Sequence[int]) -> list[Future[HeadToHead]]:
        """Start to play, on all cores: one match a seed."""
        return [self._play(source, [seed], [opponent]) for seed in seeds]

    def _play(self, source: str, seeds: Sequence[int], opponents: Sequence[Opponent]) -> Future[HeadToHead]:
        return court.play(self._pool, source, "challenger", self._game, self._options, seeds, opponents)


def _played(matches: Sequence[Future[HeadToHead]]) -> list[Episode]:
    return [episode for match in matches for episode in match.result().episodes]


def _ahead(episodes: Sequence[Episode]) -> float:
    """By how much of the longest lead one was ahead in whole games: their last points count as much as their first."""
    return statistics.fmean(map(ahead_by, episodes))


def _earned(episodes: Sequence[Episode]) -> float:
    """What games of training have earned, which may be short."""
    return statistics.fmean(map(how_far_ahead, episodes))
