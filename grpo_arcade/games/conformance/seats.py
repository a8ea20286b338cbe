"""What a game of several seats says of them in a position: who acts, and that the books of all seats add up."""

from __future__ import annotations

import marshal
import math

from grpo_arcade.games.conformance.require import require
from grpo_arcade.games.game import Game, Outcome


def check_names(game: Game) -> None:
    """The names of the seats."""
    names = game.seats
    require(
        isinstance(names, tuple) and names and all(isinstance(name, str) and name for name in names),
        f"seats must be a tuple of one or more non-empty names, not {names!r}",
    )
    require(
        len(set(names)) == len(names) and not any(name.isdecimal() for name in names),
        f"seats must have distinct names that are no numbers, not {names!r}",
    )
    require(not game.simultaneous or len(names) > 1, "a game of one seat cannot be simultaneous")


def check_seats(game: Game) -> None:
    """One position of a game of several seats."""
    seats = range(len(game.seats))
    acting = game.acting()
    require(
        acting == (tuple(seats) if game.simultaneous else (game.to_move,)) and set(acting) <= set(seats),
        f"acting() must be all seats where they act together, else the one of to_move, not {acting!r}",
    )
    for seat in seats:
        score, outcome = game.seat_score(seat), game.seat_outcome(seat)
        require(
            type(score) in (int, float) and math.isfinite(score),
            f"seat_score({seat}) must be a finite int or float, not {score!r}",
        )
        require(
            (outcome is None) == (game.outcome is None)
            and (outcome is None or (isinstance(outcome, Outcome) and outcome.by_the_rules)),
            f"seat_outcome({seat}) must be None as long as the game runs and then one by its rules, not {outcome!r}",
        )
        if seat not in acting:
            require(not game.seat_legal_actions(seat), f"seat_legal_actions({seat}) must be empty while others act")
    first = game.seat_score(0), game.seat_outcome(0)
    require(
        first == (game.score, game.outcome), f"score and outcome must be those of seat 0: {first!r}, not {game.score!r}"
    )
    wasted = sum(map(game.seat_wasted, seats))
    require(wasted == game.wasted, f"wasted must be what all seats have wasted, {wasted}, not {game.wasted}")
    one = acting[0]
    same = game.observation() == game.seat_observation(one), game.legal_actions() == game.seat_legal_actions(one)
    require(all(same), "observation() and legal_actions() must be those of the first seat that acts")
    seen = [game.seat_observation(seat) for seat in acting]
    packed = type(game).packed_seat_observations([game] * len(acting), acting)
    require(packed == marshal.dumps(seen, 2), "packed_seat_observations() must be a list of the observations")
