"""What a program chooses on boards that all programs of a search are asked about: what it is told apart by.

A probe board is where some moves at random lead from a secret seed; the program makes a few moves from there. Programs
that choose alike on all of them are taken for one, however they are written.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from grpo_arcade.games import Episode, Game, Outcome
from grpo_arcade.games.replay import Replay
from grpo_arcade.games.seeds import training_seeds

if TYPE_CHECKING:
    from grpo_arcade.games.players import MatchResult, Pool

OPENINGS = (0, 12, 48)
"""Moves at random before a program takes over."""
BOARDS = 8
"""Boards with each of them."""
MOVES = 2
"""Moves that a program makes on each."""
NO_MOVE = "!"
"""Stands for a move that a program did not come to make."""


class Probes:
    """The probe boards of one search."""

    def __init__(self, pool: Pool, game: Game, run_key: bytes) -> None:
        """``run_key`` is the run's; the boards are its secret too."""
        self._pool, self._game = pool, game
        key = hmac.digest(run_key, b"probes", hashlib.sha256)
        draw = random.Random(key)
        # A game that is another one each time cannot be entered in the middle, and tells no two programs apart.
        lengths = OPENINGS if game.replayable else ()
        self._boards: list[tuple[bytes, list[int]]] = []
        for number, length in enumerate(lengths):
            opening = bytes(draw.randrange(len(game.actions)) for _ in range(length))
            seeds = [seed for seed in training_seeds(key, number, 2 * BOARDS) if self._goes_on(seed, opening)]
            if seeds:
                self._boards.append((opening, seeds[:BOARDS]))

    def _goes_on(self, seed: int, opening: bytes) -> bool:
        """Whether the game is not over after an opening."""
        game = self._game
        replay = Replay(Episode(game.name, game.options, seed, opening, Outcome.UNFINISHED, 0.0))
        replay.seek(len(opening))
        return not replay.broken and replay.game.outcome is None

    def choices(self, sources: Sequence[str]) -> dict[str, str]:
        """What each source chooses, a character a move, by source; empty where nothing can be said."""
        game = self._game
        futures = {
            source: [
                self._pool.submit(source, game.name, game.options, seeds, player="probe", opening=opening, moves=MOVES)
                for opening, seeds in self._boards
            ]
            for source in dict.fromkeys(sources)
        }
        openings = [len(opening) for opening, _ in self._boards]
        found = {
            source: "".join(map(_choices, (future.result() for future in matches), openings))
            for source, matches in futures.items()
        }
        # Programs that fail on every board fail each in its own way.
        return {source: "" if set(choices) == {NO_MOVE} else choices for source, choices in found.items()}


def _choices(match: MatchResult, opening: int) -> str:
    return "".join(
        "".join(chr(48 + action) for action in episode.actions[opening:]).ljust(MOVES, NO_MOVE)[:MOVES]
        for episode in match.episodes
    )
