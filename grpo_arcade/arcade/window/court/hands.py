"""What a person's hands do on a court: a stick where the game goes by the clock, a choice of places where it waits."""

from __future__ import annotations

from grpo_arcade.arcade.window.play.stick import Stick
from grpo_arcade.games import Game

_WAYS = ("up", "right", "down", "left", "fire")
CONTROLS = {f"court.{prefix}{way}": (number, way) for number, prefix in enumerate(("", "second-")) for way in _WAYS}
"""By action: which set of keys, or which gamepad, and what it holds. The first set is W, A, S, D."""
SETS = ("W A S D", "arrows")


class Hands:
    """Of one person.

    Args:
        sets: of :data:`SETS` that are theirs.
    """

    def __init__(self, sets: tuple[int, ...]) -> None:
        self.sets = sets
        self.stick = Stick()
        self.choice: int | None = None
        """The action that was chosen for this turn."""
        self.marked: int | None = None
        """The one that the keys point at."""

    def hold(self, control: str, down: bool) -> None:
        """Something goes down or up, in a game that goes by the clock."""
        (self.stick.press if down else self.stick.release)(control)

    def mark(self, control: str, game: Game) -> None:
        """In a game that waits: left and right point at an action, all else chooses it."""
        legal = game.legal_actions()
        if not legal:
            return
        if control not in ("left", "right"):
            self.choose(self.pointed(game))
        elif control == "right":
            self.marked = min((action for action in legal if action > self.pointed(game)), default=legal[-1])
        else:
            self.marked = max((action for action in legal if action < self.pointed(game)), default=legal[0])

    def pointed(self, game: Game) -> int:
        """The action that is marked, or the legal one nearest to it; in the middle before anybody has marked one."""
        legal = game.legal_actions()
        wanted = len(game.actions) // 2 if self.marked is None else self.marked
        return min(legal, key=lambda action: abs(action - wanted))

    def choose(self, action: int) -> None:
        """Take an action, where it is this person's turn."""
        self.choice = action

    def taken(self, game: Game) -> int | None:
        """What is done now: what is held, or was chosen and may be; None while there is nothing."""
        if game.clock_driven:
            return game.controls[self.stick.frame()]
        choice, self.choice = self.choice, None
        return choice if choice in game.legal_actions() else None

    def let_go(self) -> None:
        """Nothing is held, nothing chosen."""
        self.stick.let_go()
        self.choice = None
