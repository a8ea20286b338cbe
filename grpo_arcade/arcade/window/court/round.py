"""One game on a court: the game, what each seat has done, how it ended for each, and the episode that remains of it.

Knows no window: everything here works without one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.games.episode import seat_results


class Round:
    """One game of a match.

    Args:
        game: registry name.
        options: of a game of several seats.
        seed: of the game.
        rate: decisions a second of a program in a game by the clock; persons decide at each step.
    """

    def __init__(self, game: str, options: Mapping[str, Any], seed: int, rate: float) -> None:
        self.game = make(game, **options)
        self.seed = seed
        self.every = max(1, round(self.game.frame_rate / rate)) if self.game.clock_driven else 1
        self.actions = bytearray()
        self.failed: dict[int, Outcome] = {}
        """Seats whose program failed, which ends the game, and how."""
        self.game.decide_every(self.every)
        self.game.reset(seed)
        self._gained = [0.0] * len(self.game.seats)
        self._sources: list[dict[object, str]] = [{} for _ in self.game.seats]

    @property
    def over(self) -> bool:
        """Whether the game has ended, or somebody has failed in it."""
        return self.game.outcome is not None or bool(self.failed)

    @property
    def begun(self) -> bool:
        """Whether anything has been done."""
        return bool(self.actions)

    @property
    def asks(self) -> bool:
        """Whether programs decide in this position."""
        return not self.over and self.game.plies % self.every == 0

    def step(self, actions: Sequence[int]) -> list[float]:
        """An action of each seat of ``game.acting()``; by how much the score of each seat has changed."""
        game = self.game
        before = self._scores()
        game.step_seats(actions)
        self.actions.extend(actions)
        changes = [after - earlier for after, earlier in zip(self._scores(), before, strict=True)]
        self._gained = [gained + max(0.0, change) for gained, change in zip(self._gained, changes, strict=True)]
        return changes

    def _scores(self) -> list[float]:
        return [float(self.game.seat_score(seat)) for seat in range(len(self.game.seats))]

    def fail(self, seat: int, outcome: Outcome) -> None:
        """The program at a seat has failed: it has lost."""
        self.failed.setdefault(seat, outcome)

    def points(self, seat: int) -> float:
        """What a scoreboard shows: where a point for one is lost by another, only those that a seat has won."""
        scores = self._scores()
        return self._gained[seat] if sum(scores) == 0 else scores[seat]

    def outcome(self, seat: int) -> Outcome | None:
        """How it has ended for a seat; None while it goes on."""
        if not self.over:
            return None
        return self.failed.get(seat) or self.game.seat_outcome(seat) or Outcome.WON

    def winners(self) -> list[int]:
        """The seats that have won, once it is over."""
        return [seat for seat in range(len(self.game.seats)) if self.outcome(seat) is Outcome.WON]

    def asks_first(self, seat: int, who: object, source: str) -> bool:
        """Whether ``who``, with a program or an empty source, has not been asked at a seat before; now it is."""
        first = who not in self._sources[seat]
        self._sources[seat][who] = source
        return first

    def episode(self, names: Sequence[str]) -> Episode:
        """The game as far as it has come, with who sits at each seat."""
        game = self.game
        # Of two programs that shared a game there is no digest.
        programs = [set(sources.values()) for sources in self._sources]
        digests = [_digest(*sources) if len(sources) == 1 else "" for sources in programs]
        failed = next(iter(self.failed.values()), Outcome.UNFINISHED)
        return Episode(
            game=game.name,
            options=dict(game.options),
            seed=self.seed,
            actions=bytes(self.actions),
            outcome=game.outcome or failed,
            score=float(game.score),
            wasted=game.wasted,
            player=" against ".join(names),
            versions=game.versions,
            observations=game.kept(),
            per_step=game.per_step,
            seats=seat_results(game, names, self.failed, digests),
        )


def _digest(source: str) -> str:
    if not source:
        return ""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
