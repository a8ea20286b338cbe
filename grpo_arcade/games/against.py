"""One seat of a game of several as a game for one: the other seats are played by somebody, within each step.

What can be done with a game for one (serve it, train on it elsewhere, wrap it) can so be done with a seat against any
opponent: a program behind its walls, or a baseline. An opponent that fails has lost, at no cost to who plays here.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from grpo_arcade.games.game import Game, Outcome, Picture
from grpo_arcade.games.players import Contender, StrategyError, StrategyPolicy
from grpo_arcade.games.players.lending import game_for
from grpo_arcade.games.seats import at_seat


class Against(Game):
    """A seat of ``game``.

    Args:
        game: of several seats, for this object alone.
        seat: the number of the seat that is played here.
        opponent: who plays at all the others.

    Raises:
        ValueError: the opponent is no baseline of the game, or its program may not be played.
    """

    baselines: Mapping[str, Any] = {}

    def __init__(self, game: Game, seat: int, opponent: Contender) -> None:
        if opponent.baseline and opponent.baseline not in game.baselines:
            known = ", ".join(game.baselines)
            raise ValueError(f"{game.name} has no baseline {opponent.baseline!r}; it has {known}")
        self.game, self.seat, self.opponent = game, seat, opponent
        self._others = [number for number in range(len(game.seats)) if number != seat]
        self._policies: dict[int, StrategyPolicy] = {}
        if opponent.source:
            try:
                lent = game_for(opponent.source, game)
                self._policies = {number: StrategyPolicy(opponent.source, lent) for number in self._others}
            except StrategyError as error:
                raise ValueError(f"{opponent.name} cannot be played: {error}") from error
        self.name, self.rules_version = game.name, game.rules_version
        self.actions, self.aliases = game.actions, game.aliases
        self.options = {**game.options, "seat": game.seats[seat], "opponent": opponent.name}
        self.frame_rate, self.step_cap, self.clock_driven = game.frame_rate, game.step_cap, game.clock_driven
        self.controls, self.palettes, self.failure_score = game.controls, game.palettes, game.failure_score
        self.toolbox = game.toolbox
        self.failed: Outcome | None = None
        """How the opponent has failed in this episode; None as long as it has not."""
        self.failed_seat = seat
        """Where it sat that failed; only then of meaning."""
        self.played = bytearray()
        """The actions of all seats so far, as :attr:`.Episode.actions` has them."""
        self.score, self.outcome, self.plies, self.wasted = 0.0, None, 0, 0

    @property
    def versions(self) -> dict[str, str]:
        """Those of the game."""
        return self.game.versions

    def reset(self, seed: int) -> None:
        """Start the episode that belongs to ``seed``; the opponent moves first where it is its turn."""
        self.game.reset(seed)
        for policy in self._policies.values():
            policy.reset()
        name = self.opponent.baseline
        self._randomness = {number: random.Random(f"{name} {seed} {number}") for number in self._others}
        self.failed, self.plies = None, 0
        self.played.clear()
        self._others_move()

    def step(self, action: int) -> None:
        """Take an action id of this seat, and let the others act until it acts again."""
        if self.outcome is not None:
            raise ValueError(f"the episode has ended ({self.outcome}); reset() starts another")
        if not 0 <= action < len(self.actions):
            raise ValueError(f"action must be from 0 to {len(self.actions) - 1}, not {action!r}")
        self.plies += 1
        self._take({self.seat: action})
        self._others_move()

    def _others_move(self) -> None:
        """Up to where this seat acts, or the end."""
        while self._going_on() and self.seat not in self.game.acting():
            self._take({})
        self._books()

    def _going_on(self) -> bool:
        return self.failed is None and self.game.outcome is None

    def _take(self, actions: dict[int, int]) -> None:
        """One step of the game, with an answer of each other seat that acts."""
        acting = self.game.acting()
        for number in acting:
            if number != self.seat:
                try:
                    actions[number] = self._answer(number)
                except StrategyError as error:
                    self.failed, self.failed_seat, self.trouble = error.outcome, number, str(error)
                    return
        chosen = [actions[number] for number in acting]
        self.played += bytes(chosen)
        self.game.step_seats(chosen)

    def _answer(self, number: int) -> int:
        if self._policies:
            return self._policies[number](self.game.seat_observation(number))
        baseline = self.game.baselines[self.opponent.baseline]
        return baseline(at_seat(self.game, number), self._randomness[number])

    def _books(self) -> None:
        game, seat = self.game, self.seat
        self.score, self.wasted = game.seat_score(seat), game.seat_wasted(seat)
        self.outcome = game.seat_outcome(seat) or (None if self.failed is None else Outcome.WON)
        if self.outcome is not None:
            for policy in self._policies.values():
                policy.close()

    def legal_actions(self) -> tuple[int, ...]:
        """Of this seat."""
        return () if self.outcome is not None else self.game.seat_legal_actions(self.seat)

    def observation(self) -> Any:
        """What this seat sees."""
        return self.game.seat_observation(self.seat)

    def view(self) -> Any:
        """The game's."""
        return self.game.view()

    def picture(self, palette: str = "classic") -> Picture:
        """The game's."""
        return self.game.picture(palette)

    def sound(self) -> tuple[int, bytes]:
        """The game's."""
        return self.game.sound()

    def prompt(self) -> str:
        """The game's, which is the same for every seat."""
        return self.game.prompt()

    def baseline_scores(self) -> None:
        """What a baseline scores depends on the opponent."""
        return None
