"""The champion of a run by self-play: the strongest of those who have beaten a champion, on seeds of their own.

The best of a group has been lucky as well as good. So it meets the champion on the champion seeds, from both sides, in
whole games, where those of training may be cut short, and joins the league when it takes more than :data:`MARGIN` of
the rounds. Then it meets all the others, and is champion if it is rated highest: who beats one player and loses to the
rest would lead the league round in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from grpo_arcade.games import Outcome
from grpo_arcade.recordings.runs.records import Champion
from grpo_arcade.trainer.counting import FAILURES, how_far_ahead, lead, rounds
from grpo_arcade.trainer.self_play import court
from grpo_arcade.trainer.self_play.court import HeadToHead, Opponent
from grpo_arcade.trainer.self_play.league import League, contender, meeting_of

if TYPE_CHECKING:
    from grpo_arcade.games import Episode
    from grpo_arcade.games.players import Pool
    from grpo_arcade.recordings.runs.league import Meeting
    from grpo_arcade.trainer.scoring import Rollout

MARGIN = 0.55
"""Share of the rounds against the champion with which one joins; by chance it is one half every other time."""
_RATED_SHARE = 3
"""On one of so many seeds a new champion meets each other member."""
_MOST_RATED = 8
"""And so many of the members that joined last, beside the baselines."""


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

    @property
    def source(self) -> str | None:
        """The strategy to beat; None while there is none."""
        return None if self.holder is None else self.holder.source

    def challenge(self, rollouts: Sequence[Rollout], strategy_ids: Sequence[int]) -> None:
        """Let the best of a step's new strategies play the champion, or the first member while there is none."""
        known = {member.source for member in self.league.members}
        able = [
            ((sum(map(how_far_ahead, rollout.episodes)), -place), rollout.source, strategy_id)
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
        self._challenge = source, strategy_id, opponent, self._heat(source, 0, opponent)

    def settle(self, step: int) -> Champion | None:
        """Wait for the challenge of this step; the new champion, if there is one."""
        if self._challenge is None:
            return None
        source, strategy_id, opponent, matches = self._challenge
        self._challenge = None
        episodes: list[Episode] = []
        for number in range(len(self._heats)):
            played = matches if number == 0 else self._heat(source, number, opponent)
            episodes += [episode for match in played for episode in match.result().episodes]
            if any(episode.outcome is Outcome.DISCONNECTED for episode in episodes):
                return None
            # Who is behind after the first half of the seeds is spared the other.
            wanted = MARGIN if number + 1 == len(self._heats) else 0.5
            results = rounds(episodes)
            if sum(results) < wanted * len(results):
                # It would be beaten again. This only saves time: a resumed run comes to the same champions without it.
                self._beaten.add((source, opponent.id))
                return None
        number = self.league.next_id
        self.league.join(step, strategy_id, source, self._meet_all(step, source, opponent, episodes))
        champion = self.league.champion
        if champion is None or champion.id != number:
            return None
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
        seeds = self._seeds[: max(1, len(self._seeds) // _RATED_SHARE)]
        matches = [self._play(source, seeds, [other]) for other in others]
        number = self.league.next_id
        met = [meeting_of(step, number, beaten.id, episodes)]
        for other, match in zip(others, matches, strict=True):
            met.append(meeting_of(step, number, other.id, match.result().episodes))
        return sorted(met, key=lambda meeting: meeting.opponent)

    def _heat(self, source: str, number: int, opponent: Opponent) -> list[Future[HeadToHead]]:
        """Start a heat, on all cores: one match a seed."""
        return [self._play(source, [seed], [opponent]) for seed in self._heats[number]]

    def _play(self, source: str, seeds: Sequence[int], opponents: Sequence[Opponent]) -> Future[HeadToHead]:
        return court.play(self._pool, source, "challenger", self._game, self._options, seeds, opponents)
