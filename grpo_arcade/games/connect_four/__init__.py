"""The game Connect Four: two players drop stones, and who first has four in a row wins.

``rules`` knows stones on a board, ``view`` is a position to be seen, ``picture`` draws it, ``prompt`` asks a model for
a strategy, ``toolbox`` is what it may call, ``baselines`` play, against strategies too, ``account`` tells what
happened.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from grpo_arcade.games.connect_four import rules
from grpo_arcade.games.connect_four.baselines import BASELINES, CHOICES, Choice
from grpo_arcade.games.connect_four.prompt import prompt
from grpo_arcade.games.connect_four.toolbox import TOOLBOX
from grpo_arcade.games.connect_four.view import ConnectFourView, Stone
from grpo_arcade.games.game import Baseline, Game, Outcome, Picture
from grpo_arcade.games.played_again import PlayedAgain
from grpo_arcade.games.seeds import check_seed

if TYPE_CHECKING:
    from gymnasium.spaces import Box

__all__ = ["ConnectFour", "ConnectFourView"]

STUCK_AFTER = 8
"""Stones in a row for full columns, after which the game is lost."""
OPENINGS = (0, 2, 4, 6)
"""Stones that can be there before play begins; of no more than three a side none has won."""


SEATS = ("red", "yellow")


class ConnectFour(Game):
    """Connect Four on a board of 7 columns and 6 rows.

    Args:
        opponent: who plays yellow, by its name among :attr:`baselines`: ``one-ply`` unless it is said otherwise. It
            answers within the step that it answers to, and its choices come from the seed.
        opening: stones dropped by lot, in turn, before play begins (0, 2, 4 or 6), so that two players who never roll
            dice do not always play the same game.
        players: with 2 there is no opponent and two seats, red and yellow, which take turns.

    Red begins where the seed is even, yellow where it is odd. Actions are the columns, 0 to 6 from the left. A stone
    for a full column is handed back: it takes a ply, adds to :attr:`wasted`, and the same player moves again; the
    eighth in a row loses (``stuck``). The score is 1 for a win, 0 for a draw and while the game goes on, -1 for a loss.
    """

    name = "connect-four"
    rules_version = 1
    actions = tuple(str(column) for column in range(rules.COLUMNS))
    aliases: Mapping[str | int, int] = {
        **{str(column): column for column in range(rules.COLUMNS)},
        **{column: column for column in range(rules.COLUMNS)},
    }
    frame_rate = 2.0
    failure_score = -1.0
    palettes = ("classic", "colour-blind")
    baselines: Mapping[str, Baseline] = BASELINES
    toolbox = TOOLBOX
    person_options: Mapping[str, Any] = {"opening": 0}

    def __init__(self, opponent: str | None = None, opening: int = 2, players: int = 1) -> None:
        if type(players) is not int or players not in (1, 2):
            raise ValueError(f"players must be 1 or 2, not {players!r}")
        if players == 2 and opponent is not None:
            raise ValueError("opponent is for a game of one player; with players=2 the other seat is a player's too")
        opponent = "one-ply" if opponent is None else opponent
        if opponent not in CHOICES:
            raise ValueError(f"opponent must be one of {', '.join(CHOICES)}, not {opponent!r}")
        if type(opening) is not int or opening not in OPENINGS:
            raise ValueError(f"opening must be {', '.join(map(str, OPENINGS[:-1]))} or {OPENINGS[-1]}, not {opening!r}")
        self._choose: Choice | None = None
        if players == 2:
            self.seats = SEATS
            self.options = {"players": 2, "opening": opening}
        else:
            self._choose = CHOICES[opponent]
            self.options = {"opponent": opponent, "opening": opening}
        # Of as many stones as a player can drop, each after seven that were handed back: no game reaches it.
        self.step_cap = rules.COLUMNS * rules.ROWS * STUCK_AFTER * players // 2
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Start the episode that belongs to ``seed``, 0 to 2**63 - 1."""
        check_seed(seed)
        self._rng = random.Random(f"connect four {seed}")
        self._stones = [0, 0]
        self._dropped: list[Stone] = []
        self._turn = seed % 2
        self._idle = [0, 0]
        self._handed_back = [0, 0]
        self._stuck: int | None = None
        self.outcome = None
        self.score = 0
        self.plies = 0
        self.wasted = 0
        for _ in range(self.options["opening"]):
            self._drop(self._rng.choice(rules.open_columns(self._taken)))
        self._answer()
        self._dropped = []
        self._whose_turn()

    def step(self, action: int) -> None:
        """Drop a stone into a column, 0 to 6, and let the opponent answer, where there is one.

        Raises ``ValueError`` for another one, and after the end.
        """
        if self.outcome is not None:
            raise ValueError(f"the episode has ended ({self.outcome}); reset() starts another")
        if not 0 <= action < rules.COLUMNS:
            raise ValueError(f"action must be a column from 0 to {rules.COLUMNS - 1}, not {action!r}")
        self.plies += 1
        self._dropped = []
        mover = self._turn
        if rules.landing(self._taken, action):
            self._idle[mover] = 0
            self._drop(action)
            self._answer()
        else:
            self.wasted += 1
            self._handed_back[mover] += 1
            self._idle[mover] += 1
            if self._idle[mover] == STUCK_AFTER:
                self._stuck = mover
                self.outcome, self.score = (Outcome.STUCK, -1) if mover == 0 else (Outcome.WON, 1)
        if self.outcome is None and self.plies >= self.step_cap:
            self.outcome = Outcome.CAPPED
        self._whose_turn()

    def _whose_turn(self) -> None:
        if self._choose is None:
            self.to_move = self._turn

    def _answer(self) -> None:
        if self._choose is not None and self.outcome is None and self._turn == 1:
            red, yellow = self._stones
            self._drop(self._choose(yellow, red, self._rng))

    def _drop(self, column: int) -> None:
        """A stone of whose turn it is, into an open column."""
        mover = self._turn
        stone = rules.landing(self._taken, column)
        self._stones[mover] |= stone
        row = next(row for row in range(rules.ROWS) if stone == rules.cell(column, row))
        self._dropped.append((column, row, mover))
        self._turn = 1 - mover
        if rules.has_four(self._stones[mover]):
            self.outcome, self.score = (Outcome.WON, 1) if mover == 0 else (Outcome.LOST, -1)
        elif self._taken == rules.FULL:
            self.outcome = Outcome.DRAWN

    @property
    def _taken(self) -> int:
        return self._stones[0] | self._stones[1]

    def sides(self) -> tuple[int, int]:
        """The stones of the seat to move and those of the other, as :mod:`.rules` has them."""
        return self._stones[self.to_move], self._stones[1 - self.to_move]

    def seat_outcome(self, seat: int) -> Outcome | None:
        """How the game ended for that seat: lost with four in a row of the other, stuck with too many full columns.

        Who is stuck has lost: the other seat has won.
        """
        if self._stuck is not None:
            return Outcome.STUCK if self._stuck == seat else Outcome.WON
        return super().seat_outcome(seat)

    def seat_wasted(self, seat: int) -> int:
        """How many stones of that seat were handed back."""
        return self._handed_back[seat]

    def legal_actions(self) -> tuple[int, ...]:
        """The columns that take another stone, ascending; empty after the end."""
        return rules.open_columns(self._taken) if self.outcome is None else ()

    def observation(self) -> list[list[int]]:
        """Rows of the board, top row first: 1 is a stone of the seat to move, -1 one of the other player, 0 empty."""
        return rules.board(*self.sides())

    def observation_space(self) -> Box:
        """The observation as Gymnasium describes it: ``int8`` of shape (6, 7), -1 to 1."""
        import numpy as np
        from gymnasium.spaces import Box

        return Box(-1, 1, (rules.ROWS, rules.COLUMNS), np.int8)

    def view(self) -> ConnectFourView:
        """The position and the stones dropped by the last step."""
        red, yellow = self._stones
        stones = [
            (column, row, 0 if red & bit else 1)
            for column in range(rules.COLUMNS)
            for row in range(rules.ROWS)
            if (bit := rules.cell(column, row)) & self._taken
        ]
        return ConnectFourView(
            stones=tuple(stones),
            dropped=tuple(self._dropped),
            winning=rules.winning_cells(red) | rules.winning_cells(yellow),
            to_move=self._turn if self.outcome is None else None,
            outcome=self.outcome,
            plies=self.plies,
        )

    def picture(self, palette: str = "classic") -> Picture:
        """The picture of the board, in one of :attr:`palettes`."""
        if palette not in self.palettes:
            raise ValueError(f"palette must be one of {', '.join(self.palettes)}, not {palette!r}")
        from grpo_arcade.games.connect_four.picture import ConnectFourPicture

        return ConnectFourPicture(palette)

    def prompt(self) -> str:
        """The user message that asks for a strategy, the same for every opponent."""
        return prompt(self.lent)

    def describe(self, replay: PlayedAgain) -> str:
        """The columns that were chosen, and the board at the end."""
        return self.describe_seat(replay, 0)

    def describe_seat(self, replay: PlayedAgain, seat: int) -> str:
        """The columns that this seat has chosen, and the board at the end as it has it."""
        from grpo_arcade.games.connect_four.account import account

        return account(self, replay, seat)

    def baseline_scores(self) -> Mapping[str, Any] | None:
        """Stored results of the baselines for exactly these options, or None."""
        for entry in _stored_scores():
            if entry["options"] == self.rules_options:
                return entry["baselines"]
        return None


@cache
def _stored_scores() -> list[dict[str, Any]]:
    stored = files(__package__).joinpath("baseline_scores.json")
    return json.loads(stored.read_text())["games"] if stored.is_file() else []
