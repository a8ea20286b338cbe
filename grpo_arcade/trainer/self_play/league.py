"""The members of a run's league, and whom a group meets: the champion, and others drawn by how hard they are.

How hard somebody is, is the share of points that the model's strategies have lost to it lately. Where that is open,
near one half, games tell strategies apart best, so such members are met most (the prioritised fictitious self-play of
AlphaStar, Vinyals et al., Nature 575, 2019, with its weights for a curriculum). Who is beaten always, or never, is met
seldom, but not never, so that what was learnt against it is not forgotten unseen.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from grpo_arcade.games.players import Contender
from grpo_arcade.recordings.runs.league import MODEL, Meeting, Member
from grpo_arcade.trainer.counting import is_stall, rounds
from grpo_arcade.trainer.self_play.court import Opponent
from grpo_arcade.trainer.self_play.ratings import newcomer, rated

if TYPE_CHECKING:
    from grpo_arcade.games import Episode
    from grpo_arcade.trainer.recorder import Recorder
    from grpo_arcade.trainer.scoring import Rollout

_LEAST = 0.05
"""The weight of who is always or never beaten; that of an equal is 1."""
_FORGETS = 0.8
"""What an earlier step counts for beside the one after it."""


class League:
    """Whom strategies of this run play against."""

    def __init__(self, run_key: bytes, baselines: Sequence[str], recorder: Recorder) -> None:
        """Take up the league that ``recorder`` knows; a new one has these baselines of the game."""
        self._key = hmac.digest(run_key, b"league", hashlib.sha256)
        self._recorder = recorder
        self.members = list(recorder.history.league)
        if not self.members:
            joined = [newcomer(Member(0, name, 0, baseline=name)) for name in baselines]
            self._join(0, joined, [])
        self._hardness: dict[int, float] = {}
        for meeting in recorder.history.meetings:
            self._learn(meeting)

    @property
    def champion(self) -> Member | None:
        """The strategy that joined last: each has done better than the one before it."""
        return next((member for member in reversed(self.members) if member.strategy_id is not None), None)

    def opponents(self, step: int, group: int, count: int) -> tuple[Opponent, ...]:
        """Whom a group of a step meets: the champion where there is one, and others, nobody twice.

        Where it meets only one, that is the champion every other time.
        """
        rng = random.Random(hmac.digest(self._key, b"group %d %d" % (step, group), hashlib.sha256))
        champion = self.champion
        chosen = [] if champion is None or (count == 1 and rng.random() < 0.5) else [champion]
        left = [member for member in self.members if member != champion]
        while left and len(chosen) < count:
            hard = [self.hardness(member.id) for member in left]
            weights = [max(_LEAST, 4 * lost * (1 - lost)) for lost in hard]
            chosen.append(left.pop(rng.choices(range(len(left)), weights)[0]))
        return tuple(Opponent(member.id, contender(member)) for member in chosen)

    def hardness(self, member: int) -> float:
        """Share of the points that the model has lost to a member lately, 0 to 1; one half before they have met."""
        return self._hardness.get(member, 0.5)

    def played(self, step: int, rollouts: Sequence[Rollout]) -> None:
        """Take in a step's games: those of all its strategies together are the model's."""
        games: dict[int, list[Episode]] = {}
        for rollout in rollouts:
            for episode, opponent in zip(rollout.episodes, rollout.met, strict=True):
                games.setdefault(opponent, []).append(episode)
        found = [meeting_of(step, MODEL, opponent, episodes) for opponent, episodes in sorted(games.items())]
        for meeting in found:
            self._learn(meeting)
        self._recorder.league(step, (), found, ())

    def join(self, step: int, strategy_id: int, source: str, met: Sequence[Meeting]) -> None:
        """A strategy joins; ``met`` are its games with members, in which it has the number :attr:`next_id`."""
        name = f"strategy of step {step}"
        self._join(step, [newcomer(Member(0, name, step, strategy_id=strategy_id, source=source))], met)

    @property
    def next_id(self) -> int:
        """The number of who joins next."""
        return 1 + max((member.id for member in self.members), default=MODEL)

    def _join(self, step: int, joined: Sequence[Member], met: Sequence[Meeting]) -> None:
        from dataclasses import replace

        first = self.next_id
        numbered = [replace(member, id=first + place) for place, member in enumerate(joined)]
        self.members = rated([*self.members, *numbered], met) if met else [*self.members, *numbered]
        self._recorder.league(step, numbered, met, self.members)

    def _learn(self, meeting: Meeting) -> None:
        if meeting.member == MODEL:
            lost, before = 1 - meeting.points, self._hardness.get(meeting.opponent)
            fresh = lost if before is None else _FORGETS * before + (1 - _FORGETS) * lost
            self._hardness[meeting.opponent] = fresh


def contender(member: Member) -> Contender:
    """A member as it plays."""
    return Contender(member.name, source=member.source, baseline=member.baseline)


def meeting_of(step: int, member: int, opponent: int, episodes: Sequence[Episode]) -> Meeting:
    """What came of a member's games, each as its own side has it: won and lost are rounds, a seed from both sides."""
    counts = Counter(rounds(episodes))
    stalls = sum(map(is_stall, episodes)) // 2
    return Meeting(step, member, opponent, counts[1.0], counts[0.5], counts[0.0], stalls)
