"""The programs of a search: islands, whom the next program comes from, and which of two is the same as another.

Three ideas of published searches by language models, in their smallest form:

- *Islands* (FunSearch, Romera-Paredes et al., Nature 2024): groups that go their own ways, so that one early success
  does not crowd out all else. Now and then the weakest is founded anew by the best program.
- *A parent by score and novelty* (ShinkaEvolve, Lange et al. 2025): the better its rank the likelier, the likelier too
  the more differently it plays from the others, and the less likely the more often it has been asked about.
- *Sameness by behaviour*: two programs that choose alike on all probe boards are one, however they are written; the
  published ones compare text or its embedding. Quality-diversity by behaviour is MAP-Elites' (Mouret & Clune 2015).

A program's score is the mean of every game it has played in the search. A parent plays each round's seeds beside its
children, so that whoever has only been lucky is found out. Knows nothing of models, prompts or files.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from grpo_arcade.games import Outcome
from grpo_arcade.trainer.counting import FAILURES, counted_score
from grpo_arcade.trainer.scoring import Rollout

HALVES = 0.5
"""A parent's chance against that of the one ranked before it."""
LEAST_NOVELTY = 0.2
"""What counts for novelty of a program that plays as others do, where 1 is one that plays as no other."""
NEIGHBOURS = 3
"""Novelty is the mean distance to so many of the nearest."""
MOST_TRIED = 4
"""Children of a program of which is told what became of them."""
MIGRATION = 5
"""Rounds after which the weakest island is founded anew."""


@dataclass
class Member:
    """One program."""

    strategy_id: int
    source: str
    island: int
    outcome: Outcome
    """Of most of its games."""
    error: str = ""
    """How it failed, where it did."""
    behaviour: str = ""
    """Its choices on the probe boards, one character each; empty where they are not known."""
    scores: list[float] = field(default_factory=list)
    """Of every game it has played in the search."""
    chosen: int = 0
    """How often it was a parent."""
    note: str = ""
    """What its author said of it, in a sentence or two."""
    tried: list[str] = field(default_factory=list)
    """What became of the newest programs that were written from it, in a few words each."""

    def add_games(self, rollout: Rollout) -> None:
        """It has played again."""
        self.scores += (counted_score(episode, rollout.worst) for episode in rollout.episodes)
        self.outcome, self.error = rollout.outcome, rollout.error

    def add_child(self, words: str) -> None:
        """A program was written from it."""
        self.tried = [*self.tried, words][-MOST_TRIED:]

    @property
    def mean(self) -> float:
        """Over its games."""
        return statistics.fmean(self.scores)

    @property
    def works(self) -> bool:
        """Whether it plays by the rules."""
        return self.outcome not in FAILURES


def distance(one: str, other: str) -> float:
    """The share of probe boards on which two programs choose differently; 1 where that is not known."""
    if not one or len(one) != len(other):
        return 1.0
    return sum(a != b for a, b in zip(one, other, strict=True)) / len(one)


class Population:
    """Islands of programs."""

    def __init__(self, islands: int, size: int, shorter: bool = False, members: Sequence[Member] = ()) -> None:
        """``size`` is an island's; with ``shorter`` the shorter of two that score alike ranks first."""
        self.islands, self.size, self._shorter = islands, size, shorter
        self.members = list(members)

    def __len__(self) -> int:
        return len(self.members)

    def on(self, island: int) -> list[Member]:
        """An island's programs, the best first: those that work before those that fail."""
        return sorted((member for member in self.members if member.island == island), key=self._rank)

    def best(self) -> Member | None:
        """The best of all; None where there is none."""
        return min(self.members, key=self._rank, default=None)

    def _rank(self, member: Member) -> tuple[Any, ...]:
        length = len(member.source) if self._shorter else 0
        severity = list(Outcome).index(member.outcome)
        # Of those that are alike the one that came first; ids say only whose games ended first.
        return not member.works, -member.mean, severity, length

    def twin(self, source: str, behaviour: str) -> Member | None:
        """The program there is already that plays the same, or is the same text; None where it is new."""
        for member in self.members:
            if member.source == source or (behaviour and member.behaviour == behaviour):
                return member
        return None

    def add(self, member: Member) -> Member | None:
        """Take a program in; the one it repeats, where it does, which it replaces if that is wanted shorter."""
        twin = self.twin(member.source, member.behaviour)
        if twin is not None:
            if self._shorter and len(member.source) < len(twin.source):
                self.members[self.members.index(twin)] = replace(member, scores=[*twin.scores, *member.scores])
            return twin
        self.members.append(member)
        island = self.on(member.island)
        for last in island[self.size :]:
            self.members.remove(last)
        return None

    def novelty(self, member: Member) -> float:
        """How differently a program plays from those most like it, 0 to 1."""
        others = sorted(distance(member.behaviour, other.behaviour) for other in self.members if other is not member)
        return statistics.fmean(others[:NEIGHBOURS]) if others else 1.0

    def parents(self, island: int, count: int, draw: random.Random) -> list[Member]:
        """Whom the next program of an island comes from: up to ``count``, the one to be improved first.

        One that fails is only chosen where none works: then it is to be mended.
        """
        there = self.on(island) or sorted(self.members, key=self._rank)
        able = [member for member in there if member.works] or there
        found: list[Member] = []
        while able and len(found) < count:
            weights = [
                HALVES**rank * (LEAST_NOVELTY + (1 - LEAST_NOVELTY) * self.novelty(member)) / (1 + member.chosen) ** 0.5
                for rank, member in enumerate(able)
            ]
            found.append(draw.choices(able, weights)[0])
            able = [member for member in able if member is not found[-1]]
        if found:
            found[0].chosen += 1
        return found

    def migrate(self) -> Member | None:
        """Found the weakest island anew by the best program of all, which it is told of; None where nothing moves."""
        best = self.best()
        if best is None or self.islands < 2:
            return None
        tops = {island: next(iter(self.on(island)), None) for island in range(self.islands)}
        nobody = (True, float("inf"))
        weakest = max(tops, key=lambda island: self._rank(top) if (top := tops[island]) else nobody)
        if weakest == best.island:
            return None
        self.members = [member for member in self.members if member.island != weakest]
        self.members.append(replace(best, island=weakest, chosen=0, scores=list(best.scores)))
        return best

    def state(self) -> list[dict[str, Any]]:
        """JSON-able, without the sources, which the run has; :meth:`of` reads it back."""
        return [{name: value for name, value in asdict(each).items() if name != "source"} for each in self.members]

    @classmethod
    def of(
        cls, state: Sequence[Mapping[str, Any]], sources: Mapping[int, str], islands: int, size: int, shorter: bool
    ) -> Population:
        """From :meth:`state`; ``sources`` by strategy id."""
        members = [
            Member(**{**each, "outcome": Outcome(each["outcome"])}, source=sources[each["strategy_id"]])
            for each in state
        ]
        return cls(islands, size, shorter, members)
