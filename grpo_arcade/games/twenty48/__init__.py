"""The game 2048: slide, merge, reach the target.

``rules`` moves tiles, ``packed`` writes boards for strategies, ``view`` is a position to be seen, ``picture`` draws it,
``prompt`` asks a model for a strategy, ``toolbox`` is what it may call, ``baselines`` play, ``account`` tells of an
episode.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Self

from grpo_arcade.games.game import Baseline, Game, Outcome, Picture
from grpo_arcade.games.played_again import PlayedAgain
from grpo_arcade.games.seeds import check_seed
from grpo_arcade.games.twenty48 import rules
from grpo_arcade.games.twenty48.baselines import BASELINES
from grpo_arcade.games.twenty48.packed import packed_boards
from grpo_arcade.games.twenty48.prompt import prompt
from grpo_arcade.games.twenty48.toolbox import TOOLBOX
from grpo_arcade.games.twenty48.view import Twenty48View

if TYPE_CHECKING:
    from gymnasium.spaces import Box

__all__ = ["Twenty48", "Twenty48View"]

STUCK_AFTER = 32
"""Moves in a row that change nothing, after which the episode ends as ``stuck``."""
_MANY = 16
"""Games from which on it is quicker to slide the boards of all at once, in a match whose program thinks in between."""


class Twenty48(Game):
    """2048 on a square board.

    Args:
        size: rows and columns, 2 to 8.
        target: the tile that wins and ends the game, a power of two from 8 to 131072. A small board may be unable to
            hold it (a 2×2 board never gets past 32); such a game is played for the score.
        probability_fours: share of new tiles that are a 4 instead of a 2, 0 to 1.

    Actions are 0 = W (up), 1 = D (right), 2 = S (down), 3 = A (left); "W", "D", "S", "A", "0" to "3" and 0 to 3 are
    accepted. A move that changes nothing is legal to ask: it takes a ply, adds to :attr:`wasted`, and no tile appears;
    32 of them in a row end the episode as ``stuck``.

    The two tiles of the start come from draws 0 and 1 of the seed (:func:`.rules.draws`, :func:`.rules.spawn`), the
    tile after the n-th decision (from 1, wasted ones counted) from draw n + 1. So a tile is a function of the seed, the
    ply and which cells are empty then, and of nothing else.
    """

    name = "2048"
    rules_version = 1
    actions = ("W", "D", "S", "A")
    aliases: Mapping[str | int, int] = {
        **{"W": 0, "D": 1, "S": 2, "A": 3},
        **{"0": 0, "1": 1, "2": 2, "3": 3},
        **{0: 0, 1: 1, 2: 2, 3: 3},
    }
    frame_rate = 8.0
    palettes = ("classic", "colour-blind")
    baselines: Mapping[str, Baseline] = BASELINES
    toolbox = TOOLBOX

    def __init__(self, size: int = 4, target: int = 2048, probability_fours: float = 0.1) -> None:
        if not _is_int(size) or not 2 <= size <= 8:
            raise ValueError(f"size must be a whole number from 2 to 8, not {size!r}")
        if not _is_int(target) or not 8 <= target <= 131072 or target & (target - 1):
            raise ValueError(f"target must be a power of two from 8 to 131072, not {target!r}")
        if (
            not isinstance(probability_fours, int | float)
            or isinstance(probability_fours, bool)
            or not 0 <= probability_fours <= 1
        ):
            raise ValueError(f"probability_fours must be a number from 0 to 1, not {probability_fours!r}")
        self.size = size
        self.target = target
        self.probability_fours = float(probability_fours)
        self.options = {"size": size, "target": target, "probability_fours": self.probability_fours}
        self.step_cap = 2 * most_moves(size, target)
        self._grid = rules.grid(size)
        self._shifts = self._grid.shifts
        self._target_tile = target.bit_length() - 1
        self._fours = round(self.probability_fours * 2**32)
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Start the episode that belongs to ``seed``, 0 to 2**63 - 1, with two tiles on the board."""
        check_seed(seed)
        self._seed = seed
        self._draws: list[int] = []
        self._blocks = 0
        board = rules.spawn(bytes(self.size**2), self._next_draw(), self._fours)
        board = rules.spawn(board, self._next_draw(), self._fours)
        self._board = self._before = board
        self._action = 0
        self._idle = 0
        self.outcome = None
        self.plies = 0
        self.wasted = 0

    def step(self, action: int) -> None:
        """Take one action id, 0 to 3. Raises ``ValueError`` for another one, and after the end."""
        if self.outcome is not None:
            raise ValueError(f"the episode has ended ({self.outcome}); reset() starts another")
        if not 0 <= action < 4:
            raise ValueError(f"action must be 0 (up), 1 (right), 2 (down) or 3 (left), not {action!r}")
        self._go_on(action, self._shifts[action](self._board))

    def _go_on(self, action: int, shifted: bytes) -> None:
        """Take an action of which it is known how it shifts the board."""
        before = self._before = self._board
        self._action = action
        self.plies = plies = self.plies + 1
        draw = self._draws.pop() if self._draws else self._next_draw()
        if shifted == before:
            self.wasted += 1
            self._idle += 1
            if self._idle == STUCK_AFTER:
                self.outcome = Outcome.STUCK
                return
        else:
            self._idle = 0
            board = self._board = rules.spawn(shifted, draw, self._fours)
            if self._target_tile in board:
                self.outcome = Outcome.WON
                return
            if 0 not in board and not self._grid.can_move(board):
                self.outcome = Outcome.LOST
                return
        if plies >= self.step_cap:
            self.outcome = Outcome.CAPPED

    @classmethod
    def step_together(cls, games: Sequence[Self], actions: bytes) -> bool:
        """As :class:`~grpo_arcade.games.game.Game` says, by one slide of all their boards."""
        if len(games) < _MANY:
            return super().step_together(games, actions)
        if {game.outcome for game in games} != {None}:
            raise ValueError("an episode among them has ended; reset() starts another")
        if max(actions) > 3:
            raise ValueError(f"actions must be 0 (up), 1 (right), 2 (down) or 3 (left), not {max(actions)}")
        shifted = games[0]._grid.shift_together([game._board for game in games], actions)
        for game, action, after in zip(games, actions, shifted, strict=True):
            game._go_on(action, after)
        return {game.outcome for game in games} != {None}

    def _next_draw(self) -> int:
        if not self._draws:
            self._draws = [*_last_first(self._seed, self._blocks)]
            self._blocks += 1
        return self._draws.pop()

    @property
    def score(self) -> int:  # type: ignore[override]
        """The sum of all tiles made by merging. Worked out when asked, so that a step pays nothing for it."""
        return self._grid.score(self._board, 2 + self.plies - self.wasted)

    def legal_actions(self) -> tuple[int, ...]:
        """The actions that change the board, ascending; empty after the end."""
        return self._grid.legal(self._board) if self.outcome is None else ()

    def observation(self) -> list[list[int]]:
        """The board as a list of rows of tile values, top row first; 0 is empty."""
        return self._grid.tiles(self._board)

    @classmethod
    def packed_observations(cls, games: Sequence[Self]) -> bytes:
        """As :class:`~grpo_arcade.games.game.Game` says."""
        return packed_boards(games[0].size).pack([game._board for game in games])

    def observation_space(self) -> Box:
        """The observation as Gymnasium describes it: tile values as ``int32`` of shape (size, size)."""
        import numpy as np
        from gymnasium.spaces import Box

        return Box(0, self.target, (self.size, self.size), np.int32)

    def view(self) -> Twenty48View:
        """The position and the transition into it, worked out now: a step pays nothing for it."""
        grid = self._grid
        cells = _frozen(grid.tiles(self._board))
        if self._board is self._before:
            before = cells
            slides = tuple(
                (r, c, r, c, tile, False) for r, row in enumerate(cells) for c, tile in enumerate(row) if tile
            )
            spawn = None
        else:
            before = _frozen(grid.tiles(self._before))
            slides = grid.slides(self._before, self._action)
            shifted = grid.shift(self._before, self._action)
            cell = next(i for i, (old, new) in enumerate(zip(shifted, self._board, strict=True)) if old != new)
            r, c = divmod(cell, self.size)
            spawn = r, c, cells[r][c]
        return Twenty48View(
            size=self.size,
            target=self.target,
            cells=cells,
            before=before,
            slides=slides,
            spawn=spawn,
            score=self.score,
            outcome=self.outcome,
            plies=self.plies,
        )

    def picture(self, palette: str = "classic") -> Picture:
        """The picture of a board of this size, in one of :attr:`palettes`."""
        if palette not in self.palettes:
            raise ValueError(f"palette must be one of {', '.join(self.palettes)}, not {palette!r}")
        from grpo_arcade.games.twenty48.picture import Twenty48Picture

        return Twenty48Picture(self.size, palette)

    def prompt(self) -> str:
        """The user message that asks for a strategy for this size, target and share of fours."""
        return prompt(self.size, self.target, self.probability_fours, self.lent)

    def describe(self, replay: PlayedAgain) -> str:
        """What was reached, where the large tiles lay, and the last boards."""
        from grpo_arcade.games.twenty48.account import account

        return account(self, replay)

    def baseline_scores(self) -> Mapping[str, Any] | None:
        """Stored results of the baselines for exactly these options, or None."""
        for entry in _stored_scores():
            if entry["options"] == self.rules_options:
                return entry["baselines"]
        return None


@lru_cache(1024)
def _last_first(seed: int, block: int) -> tuple[int, ...]:
    """The draws of a block so that ``pop()`` takes them in order, kept since one program after another plays a seed."""
    return tuple(rules.draws(seed, block)[::-1])


def most_moves(size: int, target: int) -> int:
    """An upper bound on the moves that change the board in one game, reached by no game.

    Each adds a tile of at least 2 to the board's sum. Until the target is there, no cell holds more than half of it,
    so the sum stays below ``size² · target / 2``; and ``n`` cells hold at most 2^(n+1), 2^n, … 4, together less
    than 2^(n+2).
    """
    cells = size * size
    return min(cells * target // 2, 2 ** (cells + 2)) // 2


def _frozen(tiles: list[list[int]]) -> tuple[tuple[int, ...], ...]:
    return tuple(map(tuple, tiles))


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@cache
def _stored_scores() -> list[dict[str, Any]]:
    return json.loads(files(__package__).joinpath("baseline_scores.json").read_text())["games"]
