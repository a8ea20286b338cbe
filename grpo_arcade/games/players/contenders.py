"""Who meets in a match of several, who sits where, and what came of it. Knows not how it is played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from grpo_arcade.games.episode import Episode, SeatResult
from grpo_arcade.games.game import Outcome


@dataclass(frozen=True, slots=True)
class Contender:
    """Who plays: a program, or a baseline of the game."""

    name: str
    """For people."""
    source: str = ""
    """A program that defines ``strategy``; empty for a baseline."""
    baseline: str = ""
    """The name of one of the game's baselines; empty for a program."""


@dataclass(frozen=True, slots=True)
class SeatsResult:
    """What a match of several gave."""

    episodes: tuple[Episode, ...]
    """Every seed in turn, each once for every seating."""
    seatings: tuple[tuple[int, ...], ...]
    """Of each episode: which contender sat at each of its seats."""
    errors: tuple[str, ...]
    """Of each contender: what went wrong first with its program; empty if nothing did."""
    cpu_s: tuple[float, ...]
    """Of each contender: CPU seconds its processes used."""
    refusals: tuple[Outcome | None, ...]
    """Of each contender: set if its program was not played at all."""
    walls: tuple[str, ...]
    """Of each contender: what its program was played behind; empty if none was played."""

    def results(self, contender: int) -> list[Outcome]:
        """How the games ended for a contender, by episodes, and by seats where it sat at several."""
        return [
            result.outcome
            for episode, seating in zip(self.episodes, self.seatings, strict=True)
            for result, sitting in zip(episode.seats, seating, strict=True)
            if sitting == contender
        ]

    def points(self, contender: int) -> float:
        """Mean over its results: 1 for won, 0.5 for drawn, 0 for lost and for every failure.

        A game that was capped or stuck is won by who was ahead in it, and drawn if nobody was.
        """
        return fmean(
            _points(episode.seats, seat)
            for episode, seating in zip(self.episodes, self.seatings, strict=True)
            for seat, sitting in enumerate(seating)
            if sitting == contender
        )


def _points(seats: Sequence[SeatResult], seat: int) -> float:
    own = seats[seat]
    if own.outcome in (Outcome.CAPPED, Outcome.STUCK):
        ahead = own.score - max(other.score for number, other in enumerate(seats) if number != seat)
        return 0.5 if ahead == 0 else float(ahead > 0)
    return {Outcome.WON: 1.0, Outcome.DRAWN: 0.5}.get(own.outcome, 0.0)


def rotations(contenders: int, seats: int) -> list[tuple[int, ...]]:
    """The seatings in which each contender has each seat once, one contender a seat: for two, both sides."""
    return [tuple((seat + shift) % contenders for seat in range(seats)) for shift in range(contenders)]
