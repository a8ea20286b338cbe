"""Opens the scene in which a person plays: move by move or by the clock, as the game goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grpo_arcade.arcade.window.play.clock import ClockPlay
from grpo_arcade.arcade.window.play.turns import TurnPlay
from grpo_arcade.games import make

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.play.play import Play
    from grpo_arcade.arcade.window.shell.app import App


def play(app: App, game: str = "2048", options: dict[str, Any] | None = None) -> Play:
    """The scene in which a person plays a game by hand."""
    return (ClockPlay if make(game).clock_driven else TurnPlay)(app, game, options)
