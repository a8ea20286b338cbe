"""What every check demands with, and what two of them look at."""

from __future__ import annotations

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
    return repr((game.observation(), game.legal_actions(), game.score, str(game.outcome), game.plies, game.wasted))
