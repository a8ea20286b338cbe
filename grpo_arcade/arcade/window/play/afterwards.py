"""What comes after a game: how it ended in words, and what is offered next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grpo_arcade.arcade.players.player import POCKET, YOU
from grpo_arcade.arcade.window.draw.words import PERSON
from grpo_arcade.arcade.window.play.session import Session
from grpo_arcade.arcade.window.shell.actions import Bindings
from grpo_arcade.games import Outcome, make

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App
    from grpo_arcade.arcade.window.versus.match import Match

_ENDINGS = {Outcome.WON: "You win", Outcome.LOST: "Game over"}
_NEXT = {
    "play.new": "new game",
    "play.restart": "again",
    "play.versus": "against the model",
    "play.gif": "save a GIF",
}
"""What a game that has ended offers next, by action."""


def ending(session: Session, outcome: Outcome) -> str:
    """How a game ended, and who won it."""
    if outcome is Outcome.WON and session.players != {PERSON}:
        return "Won with help" if PERSON in session.players else f"{max(session.players)} wins"
    return _ENDINGS.get(outcome, str(outcome).replace("_", " ").capitalize())


def offers(bindings: Bindings) -> list[tuple[str, str]]:
    """Keys, and what each of them does next."""
    return [(bindings.key_label(id), words) for id, words in _NEXT.items() if bindings.bindings(id)]


def against_the_model(app: App, session: Session) -> Match:
    """A match with the built-in model on the seed of a game."""
    from grpo_arcade.arcade.window.versus.match import Match

    # All play by the rules that strategies are measured by, and only the person as people do.
    game = session.game
    measured = make(game.name).options
    options = {**game.options, **{name: measured[name] for name in game.person_options}}
    return Match(app, game.name, options, [YOU, POCKET], seed=session.seed)
