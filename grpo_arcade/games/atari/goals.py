"""What it means to win, to lose and to draw each game, since the emulator only gives points.

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

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from grpo_arcade.games.atari.roms import rom
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
    """Points with which a task or a record game is won."""
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


@cache
def goal(title: str) -> Goal:
    """The goal of a playable cartridge in its first mode and difficulty."""
    usual = "It ends when the console says so, in most games with the last life."
    return _GOALS.get(title) or Goal(Kind.RECORD, usual, rom(title).human_score)


_DUEL, _TASK, _RECORD = Kind
_GOALS: Mapping[str, Goal] = MappingProxyType(
    {
        # Duels
        "pong": Goal(
            _DUEL,
            "The score is your points minus the opponent's. The first to 21 points wins.",
            worst=-21,
            patience=0.3,
        ),
        "boxing": Goal(
            _DUEL,
            "The score is your punches minus the opponent's. A bout lasts two minutes; 100 punches are a knock-out.",
            worst=-100,
        ),
        "tennis": Goal(
            _DUEL,
            "The score is your points minus the opponent's. One set is played; you and the opponent change ends.",
            worst=-24,
            patience=0.2,
        ),
        "ice_hockey": Goal(_DUEL, "The score is your goals minus the opponent's, in three minutes.", worst=-36),
        "double_dunk": Goal(_DUEL, "The score is your points minus the opponent's. The first to 24 wins.", worst=-26),
        "fishing_derby": Goal(
            _DUEL, "The score is your pounds of fish minus the opponent's. The first to 99 wins.", worst=-99
        ),
        "surround": Goal(_DUEL, "The score is your points minus the opponent's. The first to 10 wins.", worst=-10),
        "backgammon": Goal(_DUEL, "Bearing off first gives 1 point; the opponent doing so takes 1.", worst=-1),
        "blackjack": Goal(
            _DUEL, "The score is what you won or lost of 200 chips. It ends when they are gone or 1,000.", worst=-200
        ),
        "casino": Goal(
            _DUEL, "The score is what you won or lost of 1,000 chips; it ends when they are gone.", worst=-1000
        ),
        "hangman": Goal(_DUEL, "Guessing the word gives 1 point; failing takes 1, and either ends it.", worst=-1),
        "othello": Goal(_DUEL, "The score is your pieces minus the opponent's.", worst=-64),
        "tic_tac_toe_3d": Goal(_DUEL, "Four in a row give 1 point; the opponent's four take 1.", worst=-1),
        "video_checkers": Goal(
            _DUEL, "Taking the opponent's last piece gives 1 point; losing yours takes 1.", worst=-1
        ),
        "video_chess": Goal(_DUEL, "Mate gives 1 point; being mated takes 1.", worst=-1),
        # Tasks
        "adventure": Goal(_TASK, "Bringing the chalice home gives 1 point; being eaten ends the game.", 1),
        "earthworld": Goal(_TASK, "Each clue found gives 1 point; there are 10.", 10),
        "haunted_house": Goal(
            _TASK, "Leaving with the whole urn gives 100 points; each match struck takes 1.", 1, worst=-99
        ),
        "human_cannonball": Goal(_TASK, "Each hit gives 1 point; it ends with 7 hits or 7 misses.", 7),
        "space_war": Goal(_TASK, "Each hit gives 1 point; it ends with 10, or after ten minutes.", 10),
        "superman": Goal(_TASK, "Entering the Daily Bugle as Clark Kent gives the seconds left of 99:59.", 1),
        "video_cube": Goal(_TASK, "Each of the cube's 6 faces in one colour gives 1 point.", 6, worst=-1),
        "word_zapper": Goal(_TASK, "Each of 3 words completed in time gives 1 point.", 3),
        # Records whose points are not simply counted upwards, or that can be left hanging
        "basic_math": Goal(_RECORD, "Each right answer to 10 questions gives 1 point.", 10),
        "bowling": Goal(_RECORD, "A game of ten frames, counted as in bowling.", rom("bowling").human_score),
        "breakout": Goal(
            _RECORD,
            "Bricks give 1, 4 or 7 points. It ends with the fifth ball lost.",
            rom("breakout").human_score,
            patience=0.1,
        ),
        "freeway": Goal(
            _RECORD, "Each crossing gives 1 point. It ends after 2 minutes and 16 seconds.", rom("freeway").human_score
        ),
        "kaboom": Goal(_RECORD, "Each bomb caught gives points; a bomb missed takes a bucket, of three.", patience=0.1),
        "skiing": Goal(
            _RECORD,
            "The score is minus the hundredths of a second it takes to the finish; a gate missed costs 5 seconds.",
            rom("skiing").human_score,
            # Of 20 gates, all missed; and the clock.
            worst=-10_000,
            worst_per_s=-100,
        ),
        "journey_escape": Goal(
            _RECORD, "The score is what you win or lose of 50,000 dollars before time runs out.", worst=-50_000
        ),
        "miniature_golf": Goal(_RECORD, "The score is par minus your strokes, over nine holes.", 0, worst=-900),
        "pitfall": Goal(
            _RECORD,
            "The score is what you find and lose of 2,000 points; 20 minutes.",
            rom("pitfall").human_score,
            worst=-2000,
        ),
        "pitfall2": Goal(_RECORD, "The score is what you find and lose of 4,000 points.", worst=-4000),
        "private_eye": Goal(
            _RECORD, "The score is what you find and lose of 1,000 points.", rom("private_eye").human_score, worst=-1000
        ),
    }
)
