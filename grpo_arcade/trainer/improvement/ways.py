"""Which way of asking is worth its tokens: each is tried, and those that find good programs are used more.

Whether a model gains from seeing an earlier program is a matter of the model: a weak one gives it back with another
comment, at twice the tokens of a question that shows none. So nothing is taken for granted. A way *pays* when its
program is new in its play and among the best tenth of all answers so far; the next way is drawn by Thompson sampling
(Thompson 1933; Russo et al. 2018) from what each has paid, divided by what it costs. ShinkaEvolve (Lange
et al. 2025) chooses between models by a bandit; here it is between questions. Knows no model, prompt or file.
"""

from __future__ import annotations

import ast
import bisect
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from grpo_arcade.games.players.policy import parse

BEST_SHARE = 0.1
"""Of all answers so far: whoever is among them paid."""
FEWEST = 8
"""Answers before anything is known of what is good; until then one that plays is worth half."""
REMEMBERED = 512
"""The last answers, whose scores a new one is compared with."""
_TUNABLE = 2
"""Numbers a program must have for a question that is about them."""


class Way(StrEnum):
    """How a program is asked for."""

    FRESH = "fresh"
    """By the game's own words, without any earlier program."""
    BETTER = "better"
    """One change of an earlier program, of which is told how its games went."""
    NUMBERS = "numbers"
    """An earlier program with other numbers."""
    OTHERWISE = "otherwise"
    """Another idea than that of the earlier programs that are shown."""


@dataclass
class Tally:
    """What one way has come to."""

    asked: int = 0
    paid: float = 0.0
    tokens: int = 0

    @property
    def cost(self) -> float:
        """Tokens an answer; 0 where none came yet."""
        return self.tokens / self.asked if self.asked else 0.0

    def drawn(self, draw: random.Random) -> float:
        """How often it might pay, by what is known of it."""
        return draw.betavariate(1 + self.paid, 1 + self.asked - self.paid)


@dataclass
class Ways:
    """What each way of asking one author has come to."""

    tallies: dict[Way, Tally] = field(default_factory=lambda: {way: Tally() for way in Way})
    scores: list[float] = field(default_factory=list)
    """Of the last answers, in the order in which they came; one that failed, or was no new one, has the lowest."""

    def draw(self, allowed: Sequence[Way], draw: random.Random) -> Way:
        """The way to ask next, of those that can be used: first whether an earlier program is shown, then how."""
        plain = self.tallies[Way.FRESH]
        shown = [way for way in allowed if way is not Way.FRESH]
        if Way.FRESH in allowed:
            # All that was shown counts together, so that a model that gains nothing by it is soon known.
            together = [self.tallies[way] for way in Way if way is not Way.FRESH]
            whole = Tally(*(sum(getattr(each, name) for each in together) for name in ("asked", "paid", "tokens")))
            dear = whole.cost / plain.cost if whole.cost and plain.cost else 1.0
            if not shown or whole.drawn(draw) / dear < plain.drawn(draw):
                return Way.FRESH
        return max(shown, key=lambda way: self.tallies[way].drawn(draw))

    def learn(self, answers: Sequence[tuple[Way, float | None, int]]) -> None:
        """Take a round in: of each answer how it was asked for, its score (None: it failed or plays as an earlier one
        does), and its tokens.
        """
        known = sorted(self.scores)
        for way, score, tokens in answers:
            tally = self.tallies[way]
            tally.asked += 1
            tally.tokens += tokens
            if score is not None:
                better = 1 - bisect.bisect_right(known, score) / len(known) if known else 0.0
                tally.paid += 0.5 if len(known) < FEWEST else float(better <= BEST_SHARE)
        lowest = min([0.0, *known, *(score for _, score, _ in answers if score is not None)])
        self.scores = [*self.scores, *(lowest if score is None else score for _, score, _ in answers)][-REMEMBERED:]

    def state(self) -> dict[str, Any]:
        """JSON-able; :meth:`of` reads it back."""
        return asdict(self)

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Ways:
        """From :meth:`state`."""
        ways = cls(scores=list(state["scores"]))
        ways.tallies |= {Way(name): Tally(**tally) for name, tally in state["tallies"].items()}
        return ways


def tunable(source: str) -> bool:
    """Whether a program has numbers that could be others, beside those that every program has."""
    tree = parse(source)
    if not isinstance(tree, ast.Module):
        return False
    found = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value not in (0, 1, 2)
    }
    return len(found) >= _TUNABLE
