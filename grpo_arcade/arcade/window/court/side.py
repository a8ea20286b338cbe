"""Who takes part in a match on a court: a person with their keys, or a rival."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grpo_arcade.arcade.players.player import Person, Player
from grpo_arcade.arcade.window.court.hands import SETS, Hands
from grpo_arcade.arcade.window.court.rival import Rival
from grpo_arcade.arcade.window.draw.words import PERSON
from grpo_arcade.games import Game

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

MOST_PERSONS = len(SETS)


@dataclass(frozen=True)
class Side:
    """One player of a match; either of the last two is there."""

    name: str
    kept: str
    """The name in recordings."""
    hands: Hands | None
    rival: Rival | None


def sides_of(app: App, players: Sequence[Player], game: Game, changed: Callable[[Rival], None]) -> list[Side]:
    """The players of a match, in the order of the seats they begin at.

    Args:
        app: the window.
        players: who they are.
        game: as programs are measured on it.
        changed: hears of rivals.

    Raises:
        ValueError: more persons than there are keys for.
    """
    persons = [seat for seat, player in enumerate(players) if isinstance(player, Person)]
    if len(persons) > MOST_PERSONS:
        raise ValueError(f"{MOST_PERSONS} persons can play here, one with W A S D and one with the arrows; the others "
                         "must be programs")  # fmt: skip
    # Arrows lie on the right.
    persons.sort(key=lambda seat: game.seats[seat].startswith("right"))
    sides = []
    for seat, player in enumerate(players):
        if not isinstance(player, Person):
            rival = Rival(app, player, game, changed)
            sides.append(Side(rival.name, rival.name, None, rival))
        elif len(persons) == 1:
            sides.append(Side("You", PERSON, Hands(tuple(range(len(SETS)))), None))
        else:
            number = persons.index(seat)
            sides.append(Side(f"You, {SETS[number]}", f"{PERSON}, {SETS[number]}", Hands((number,)), None))
    return sides
