"""Learning to improve programs: part of the groups of a step are shown an earlier program and how its games went.

The program is the run's champion or one from its hall of fame; it plays the seeds of the group that is asked about it.
The words are those of ``arcade improve``. torch is not imported here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grpo_arcade.games import make
from grpo_arcade.recordings.runs.records import Champion
from grpo_arcade.trainer.evaluate import derived_seed
from grpo_arcade.trainer.improvement.feedback import Shown, Wish, wordings

if TYPE_CHECKING:
    from grpo_arcade.games.players import Pool
    from grpo_arcade.trainer.scoring import Assignment

CHAMPION_SHARE = 0.5
"""How often the program that is shown is the champion, and not any of the hall of fame."""
MOST_TOKENS = 1024
"""Tokens by which a prompt with feedback may be longer than the plain one."""


@dataclass(frozen=True)
class Asked:
    """What one group is asked."""

    wordings: tuple[str, ...]
    """The fullest first; the last is the plain prompt."""
    parent: int | None = None
    """The strategy that is shown; None where none is."""


class Feedback:
    """Decides, on rank 0, which groups are shown which program."""

    def __init__(self, share: float, seed: int, pool: Pool, champions: Sequence[Champion]) -> None:
        """``share`` is of the groups; ``champions`` is the hall of fame, oldest first, to which others are added."""
        self._share, self._seed, self._pool, self._champions = share, seed, pool, champions

    def asked(
        self, step: int, stage: int, plain: str, groups: Sequence[Assignment], baselines: Mapping[str, float]
    ) -> list[Asked]:
        """What each group of a step is asked; ``plain`` without feedback."""
        hall = [champion for champion in self._champions if champion.stage == stage]
        draw = random.Random(derived_seed(self._seed, "feedback", step))
        chosen: list[Champion | None] = []
        for _ in groups:
            shows, crowned = draw.random() < self._share, draw.random() < CHAMPION_SHARE
            pick = draw.randrange(max(1, len(hall)))
            chosen.append((hall[-1] if crowned else hall[pick]) if shows and hall else None)
        played = [
            None
            if parent is None
            else self._pool.submit(parent.source, group.game, group.options, list(group.seeds), player="parent")
            for parent, group in zip(chosen, groups, strict=True)
        ]
        found = []
        for parent, match, group in zip(chosen, played, groups, strict=True):
            if parent is None or match is None:
                found.append(Asked((plain,)))
                continue
            result = match.result()
            shown = Shown(parent.source, result.episodes, parent.score, result.error)
            lent = make(group.game, **group.options).lent
            found.append(Asked(wordings(plain, [shown], baselines, Wish(), lent=lent), parent.strategy_id))
        return found


def fullest(wordings: Sequence[str], tokens: Callable[[str], int], room: int | None) -> str:
    """The fullest wording for which there is room; the last is the plain prompt.

    Args:
        wordings: the fullest first.
        tokens: counts those of a prompt.
        room: for a prompt, in tokens; None where nobody knows.
    """
    if len(wordings) == 1:
        return wordings[0]
    most = min(tokens(wordings[-1]) + MOST_TOKENS, 2**30 if room is None else room)
    return next((words for words in wordings if tokens(words) <= most), wordings[-1])


def lineage_rows(
    ids: Sequence[int], size: int, asked: Sequence[Asked], plain: str, author: str, rollouts: Sequence[Any]
) -> list[dict[str, Any]]:
    """Rows of the table ``lineage`` for the groups that were shown a program; ``size`` is a group's."""
    return [
        {
            "strategy_id": strategy_id,
            "parent_id": group.parent,
            "twin_id": None,
            "island": 0,
            "author": author,
            "asked": group.wordings[0][len(plain) :].strip(),
            "note": "",
            "tokens_in": 0,
            "tokens_out": len(rollout.tokens),
        }
        for place, (strategy_id, rollout) in enumerate(zip(ids, rollouts, strict=True))
        if (group := asked[place // size]).parent is not None
    ]
