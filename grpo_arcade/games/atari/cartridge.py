"""What there is to know of one cartridge beside what the emulator says; a module a title in ``titles`` says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from grpo_arcade.games.atari.fields import Account, Memory, Objects, State
from grpo_arcade.games.atari.goals import USUAL, Goal, Kind
from grpo_arcade.games.toolbox import Toolbox


@dataclass(frozen=True)
class Court:
    """A cartridge as so many play it together."""

    seats: tuple[str, ...]
    """Their names, in the order of the console's joysticks."""
    goal: Goal
    """Of each; whether it is a duel makes no difference, who has most points has won."""
    objects: tuple[Objects, ...] = ()
    """What each seat sees, with the same words for all; nothing where it is the console's memory."""
    scripted: Callable[[State], str] | None = None
    """As of :class:`Cartridge`."""
    toolbox: Toolbox | None = None
    """Likewise."""
    account: Account | None = None
    """Likewise, of the states that one seat has seen."""
    zero_sum: bool = False
    """Whether a point for one is always one lost for others. What else the emulator takes is then a penalty of its own,
    for who does not serve within two seconds, and counts for nothing."""
    waits: Callable[[Memory], bool] | None = None
    """Whether the game waits for a serve, which is made for all who have not done so within a second."""


@dataclass(frozen=True)
class Cartridge:
    """One cartridge; whatever is left out is as it is for most."""

    spelled: str = ""
    """The name for prompts, where it is not the title's words."""
    goal: Goal = USUAL
    """In the first mode and difficulty."""
    screen_names: Mapping[str, str] = field(default_factory=dict)
    """The emulator names actions by the joystick. What they do on the screen, where that is something else."""
    objects: Objects | None = None
    """The symbolic observation."""
    scripted: Callable[[State], str] | None = None
    """A player written by hand as a language model is asked to write it: one function of the observation, with helpers
    inside it. It plays well but not perfectly."""
    toolbox: Toolbox | None = None
    """What strategies may be lent."""
    account: Account | None = None
    """What led to the end of a game, for a model that is to play better."""
    courts: Mapping[int, Court] = field(default_factory=dict)
    """By how many play, where it is for several and something is known of that."""

    def aim(self, human_score: float | None) -> Goal:
        """The goal, a record of which nothing else is said being a person's score, where one is known."""
        if self.goal.kind is Kind.RECORD and self.goal.target is None:
            return replace(self.goal, target=human_score)
        return self.goal
