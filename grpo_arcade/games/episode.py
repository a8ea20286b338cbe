"""An episode is a seed and a list of actions; everything else is derived, and says so.

A match yields episodes, so the type lives here; files, verification and films of episodes are the recordings room's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grpo_arcade.games.game import Game, Outcome
from grpo_arcade.games.registry import make_recorded


@dataclass(frozen=True, slots=True)
class SeatResult:
    """How one seat of several played, and how it ended for it."""

    player: str
    """Who sat there, for people."""
    outcome: Outcome
    """By the rules; or why this seat's player failed, which ends the game; or ``won``, because another's did."""
    score: float
    """:meth:`.Game.seat_score`."""
    wasted: int = 0
    """:meth:`.Game.seat_wasted`."""
    source_sha256: str = ""
    """As :attr:`Episode.source_sha256`."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One game played once."""

    game: str
    """The registry name."""
    options: Mapping[str, Any]
    """The game's resolved options."""
    seed: int
    actions: bytes
    """One action id a byte, in order; :attr:`per_step` of them a step, by the order of the seats."""
    outcome: Outcome
    """Of the first seat where there are several; of the one whose player failed, if one did."""
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
    per_step: int = 1
    """Actions of a step: one a seat where all seats act together, else one."""
    seats: tuple[SeatResult, ...] = ()
    """One a seat of a game of several; empty for a game of one."""

    @property
    def moves(self) -> int:
        """Steps that were made: the plies of the game after all of them."""
        # An episode that somebody made up may say 0, which verify then refuses.
        return len(self.actions) // max(1, self.per_step)

    def new_game(self) -> Game:
        """The game this episode was played on, at its start."""
        game = make_recorded(self.game, self.options)
        game.recall(self.observations)
        game.reset(self.seed)
        return game


def seat_results(
    game: Game, players: Sequence[str], failed: Mapping[int, Outcome] | None = None, digests: Sequence[str] = ()
) -> tuple[SeatResult, ...]:
    """What :attr:`Episode.seats` says of a game that is over, or broken off; nothing for a game of one seat.

    Args:
        game: in its last position.
        players: who sat at each seat.
        failed: seats whose players failed, and how. The others have won by that. Where none did and the game goes on,
            it is unfinished for all.
        digests: the SHA-256 of each seat's source; empty where there is none.
    """
    if len(game.seats) == 1:
        return ()
    failed = failed or {}
    otherwise = Outcome.WON if failed else Outcome.UNFINISHED
    return tuple(
        SeatResult(
            player=players[seat],
            outcome=game.seat_outcome(seat) or failed.get(seat, otherwise),
            score=float(game.seat_score(seat)),
            wasted=game.seat_wasted(seat),
            source_sha256=digests[seat] if digests else "",
        )
        for seat in range(len(game.seats))
    )


def score_text(score: float) -> str:
    """A score for people: whole above a hundred and where it is whole, else with one decimal."""
    return f"{score:,.0f}" if abs(score) >= 100 or float(score).is_integer() else f"{score:,.1f}"


def ending_text(episode: Episode) -> str:
    """How a game of several ended, by the names of its players: who won, or who failed and how; else its outcome."""
    failed = [seat for seat in episode.seats if not seat.outcome.by_the_rules]
    if failed and failed[0].outcome not in (Outcome.UNFINISHED, Outcome.DISCONNECTED):
        return " and ".join(f"{seat.player} {str(seat.outcome).replace('_', ' ')}" for seat in failed)
    won = [seat.player for seat in episode.seats if seat.outcome is Outcome.WON]
    return f"{' and '.join(dict.fromkeys(won))} won" if won else str(episode.outcome).replace("_", " ")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an episode is what it says."""

    genuine: bool | None
    """True where the replay agrees with it, False where it does not, None where a replay here proves nothing."""
    problem: str = ""
    """Why it is not genuine, in one line."""
