"""Two tiny games of several seats: one whose seats take turns, and one whose seats act together."""

from __future__ import annotations

import random
from types import MappingProxyType

from grpo_arcade.games.game import Game, Outcome


class _Plain:
    """Fills its surface with one colour a position."""

    aspect, natural_size = 1.0, (64, 64)

    def draw(self, surface, view, progress=1.0):
        surface.fill((view[0] * 7 % 256, view[1] * 13 % 256, 90))


class _Small(Game):
    rules_version = 1
    frame_rate = 4.0
    step_cap = 40

    def __init__(self):
        self.options = {}
        self.reset(0)

    def reset(self, seed):
        if type(seed) is not int or not 0 <= seed < 2**63:
            raise ValueError(f"seed must be a whole number from 0 to 2**63 - 1, not {seed!r}")
        self.score, self.outcome, self.plies, self.wasted = 0, None, 0, 0
        self.to_move = 0
        self._start(random.Random(seed))

    def legal_actions(self):
        return self.seat_legal_actions(self.acting()[0])

    def picture(self, palette="classic"):
        if palette != "classic":
            raise ValueError(f"palette must be classic, not {palette!r}")
        return _Plain()

    def baseline_scores(self):
        return None

    def _refuse(self, actions):
        if self.outcome is not None or any(not 0 <= action < len(self.actions) for action in actions):
            raise ValueError("there is no such action, or the game has ended")


class Sticks(_Small):
    """A heap of sticks: in turn each takes one, two or three, and who takes the last has won."""

    name = "sticks"
    seats = ("first", "second")
    actions = ("ONE", "TWO", "THREE")
    aliases = MappingProxyType({"ONE": 0, "TWO": 1, "THREE": 2})
    baselines = MappingProxyType({"random": lambda game, rng: rng.choice(game.legal_actions())})

    def _start(self, rng):
        self.left = rng.randrange(15, 25)
        self._wasted = [0, 0]

    def step(self, action):
        self._refuse([action])
        seat, self.plies = self.to_move, self.plies + 1
        if action not in self.legal_actions():
            self._wasted[seat] += 1
            self.wasted += 1
        self.left = max(0, self.left - action - 1)
        self.to_move = 1 - seat
        if not self.left:
            self.score = 1 if seat == 0 else -1
            self.outcome = Outcome.WON if seat == 0 else Outcome.LOST
        elif self.plies >= self.step_cap:
            self.outcome = Outcome.CAPPED

    def seat_legal_actions(self, seat):
        return tuple(range(min(3, self.left))) if seat == self.to_move and self.outcome is None else ()

    def seat_wasted(self, seat):
        return self._wasted[seat]

    def observation(self):
        return {"left": self.left}

    def view(self):
        return self.left, self.plies

    def prompt(self):
        return 'Write strategy(state); return "ONE", "TWO" or "THREE".'


class Coins(_Small):
    """Each shows a side of a coin: the same side is a point for the left, another one for the right; ten are played."""

    name = "coins"
    seats = ("left", "right")
    simultaneous = True
    actions = ("HEADS", "TAILS")
    aliases = MappingProxyType({"HEADS": 0, "TAILS": 1})
    baselines = MappingProxyType({"random": lambda game, rng: rng.choice(game.legal_actions())})

    def _start(self, rng):
        self.shown = (rng.randrange(2), rng.randrange(2))

    def step(self, action):
        raise ValueError("both act at each step: step_seats()")

    def step_seats(self, actions):
        if len(actions) != 2:
            raise ValueError(f"a step takes two actions, not {len(actions)}")
        self._refuse(actions)
        self.shown = tuple(actions)
        self.score += 1 if actions[0] == actions[1] else -1
        self.plies += 1
        if self.plies == 10:
            self.outcome = Outcome.WON if self.score > 0 else Outcome.LOST if self.score else Outcome.DRAWN
        elif self.plies >= self.step_cap:
            self.outcome = Outcome.CAPPED

    def seat_legal_actions(self, seat):
        return (0, 1) if self.outcome is None else ()

    def observation(self):
        return self.seat_observation(0)

    def seat_observation(self, seat):
        return {"mine": self.shown[seat], "theirs": self.shown[1 - seat], "ahead": self.seat_score(seat)}

    def view(self):
        return self.score + 10, self.plies

    def prompt(self):
        return 'Write strategy(state); return "HEADS" or "TAILS".'
