"""An episode is a seed and a list of actions; everything else is derived, and says so.

A match yields episodes, so the type lives here; files, verification and films of episodes are the recordings room's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grpo_arcade.games.game import Game, Outcome
from grpo_arcade.games.registry import make_recorded


@dataclass(frozen=True, slots=True)
class Episode:
    """One game played once."""

    game: str
    """The registry name."""
    options: Mapping[str, Any]
    """The game's resolved options."""
    seed: int
    actions: bytes
    """One action id a byte, in order."""
    outcome: Outcome
    score: float
    """As the game said; :func:`grpo_arcade.recordings.verify` re-plays to check it."""
    wasted: int = 0
    """Actions that were not legal when they were asked for."""
    player: str = ""
    """Who played, for people: ``"expectimax"``, ``"pocket step 40"``."""
    source_sha256: str = ""
    """Hex digest of the strategy's source, byte for byte; empty for a person or a baseline."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """At least ``grpo-arcade`` and ``rules``."""
    observations: bytes = b""
    """:meth:`.Game.kept`: what was seen, for games that a seed and actions are not enough for."""

    def new_game(self) -> Game:
        """The game this episode was played on, at its start."""
        game = make_recorded(self.game, self.options)
        game.recall(self.observations)
        game.reset(self.seed)
        return game


def score_text(score: float) -> str:
    """A score for people: whole above a hundred and where it is whole, else with one decimal."""
    return f"{score:,.0f}" if abs(score) >= 100 or float(score).is_integer() else f"{score:,.1f}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an episode is what it says."""

    genuine: bool | None
    """True where the replay agrees with it, False where it does not, None where a replay here proves nothing."""
    problem: str = ""
    """Why it is not genuine, in one line."""
