"""What it means to win, to lose and to draw, since the emulator only gives points; each title says which goal it has.

Three kinds of goal:

- In a **duel** the score is the player's points minus the opponent's (or chips won minus chips lost). When the console
  ends the game, who is ahead has won, and level is drawn.
- A **task** is won with the points that the emulator gives for solving it.
- A **record** game is about points. It is won with at least the mean score of the professional tester in
  :data:`~grpo_arcade.games.atari.roms.HUMAN_SCORES`, and never where nobody published one.

Whatever is not won when the console ends it is lost. A game that the step cap ends is ``capped``, unless its task was
solved or its record beaten by then. A few games can be left hanging for ever, by not serving or by an endless rally;
they end as ``stuck`` when for long (a tenth to a third of the step cap) nothing was scored and no life was lost.

Sources: the points that each game gives, their ranges and when the console ends it are those of ale-py's
``src/ale/games/supported``; the rest is in the games' manuals.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from grpo_arcade.games.episode import score_text
from grpo_arcade.games.game import Outcome


class Kind(StrEnum):
    """How the end of a game is judged."""

    DUEL = "duel"
    TASK = "task"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Goal:
    """What a game is about."""

    kind: Kind
    meaning: str
    """For prompts: what gives points, where that is not obvious, and how the game ends."""
    target: float | None = None
    """Points with which a task or a record game is won; None for a record: a person's score, if one is known."""
    worst: float = 0.0
    """As low as the score can go; where nothing bounds it (goals in ice hockey, strokes in golf, matches struck), lower
    than even bad play brings it."""
    worst_per_s: float = 0.0
    """What comes to that for each second until the step cap."""
    patience: float = 0.0
    """The share of the step cap that may pass without a point or a lost life before the game is stuck; 0 for all."""

    def at_the_end(self, score: float) -> Outcome:
        """The outcome of a game that the console has ended."""
        if self.kind is Kind.DUEL and score == 0:
            return Outcome.DRAWN
        target = 1.0 if self.kind is Kind.DUEL else self.target
        return Outcome.WON if target is not None and score >= target else Outcome.LOST

    def at_the_cap(self, score: float) -> Outcome:
        """The outcome of a game that was still going on when it was stopped."""
        # A target below 0 is a limit of time, which is kept at the start of every game.
        reached = self.kind is not Kind.DUEL and self.target is not None and 0 < self.target <= score
        return Outcome.WON if reached else Outcome.CAPPED

    @property
    def endings(self) -> dict[Outcome, tuple[str, str]]:
        """As :attr:`.Game.endings`: who is after points has neither won nor lost, but more or less than a person."""
        if self.kind is not Kind.RECORD:
            return {}
        if self.target is None:
            return {Outcome.LOST: ("over", "")}
        points = f"the {score_text(self.target)} of a human player"
        return {
            Outcome.WON: ("over", f", with at least {points}"),
            Outcome.LOST: ("over", f", with less than {points}"),
        }


USUAL = Goal(Kind.RECORD, "It ends when the console says so, in most games with the last life.")
"""The goal of a cartridge of which nothing else is known."""
