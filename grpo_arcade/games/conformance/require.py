"""What every check demands with, and what two of them look at."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from grpo_arcade.games.game import Game


class ConformanceError(AssertionError):
    """The game does not meet the contract; the message says which sentence of it and what was seen."""


def require(condition: object, message: str) -> None:
    """Raise with the message unless the condition holds."""
    if not condition:
        raise ConformanceError(message)


def refuses(call: Callable[[Any], object], argument: object) -> bool:
    """Whether a call raises ``ValueError``, which has to be of one line."""
    try:
        call(argument)
    except ValueError as error:
        require("\n" not in str(error) and str(error), f"a refusal must be one line, not {str(error)!r}")
        return True
    return False


def state(game: Game) -> str:
    """All that can be asked of a game in its position but its view."""
    seen = game.observation(), game.legal_actions(), game.score, str(game.outcome), game.plies, game.wasted
    if len(game.seats) == 1:
        return repr(seen)
    return repr((seen, game.acting(), [seat_state(game, seat) for seat in range(len(game.seats))]))


def seat_state(game: Game, seat: int) -> tuple[object, ...]:
    """All that can be asked of one seat of several."""
    found = game.seat_legal_actions(seat), game.seat_score(seat), str(game.seat_outcome(seat)), game.seat_wasted(seat)
    return (game.seat_observation(seat), *found) if seat in game.acting() else found


def step_at_random(game: Game, rng: random.Random) -> None:
    """One legal action of each seat that acts."""
    game.step_seats([rng.choice(game.seat_legal_actions(seat)) for seat in game.acting()])
