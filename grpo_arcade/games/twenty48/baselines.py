"""Trusted players of 2048, to measure strategies against: random, greedy, and a fast expectimax."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cache
from itertools import pairwise

from grpo_arcade.games.game import Baseline, Game
from grpo_arcade.games.twenty48.rules import Grid, RowTable, board_of, grid, slide_left


def random_move(game: Game, rng: random.Random) -> int:
    """Any move that changes the board, all equally likely."""
    return rng.choice(game.legal_actions())


def greedy_move(game: Game, rng: random.Random) -> int:
    """The move that gains the most score now; ties are broken at random."""
    board = board_of(game.observation())
    moves = grid(game.options["size"])
    gains = {action: moves.gain(board, moves.shift(board, action)) for action in game.legal_actions()}
    best = max(gains.values())
    return rng.choice([action for action, gain in gains.items() if gain == best])


def expectimax_move(game: Game, rng: random.Random) -> int:
    """The move with the best expected value two moves ahead, three on a nearly full board, one on a nearly empty one.

    Needs no randomness: ties go to the lower action id.
    """
    board = board_of(game.observation())
    return _expectimax(game.options["size"], game.options["probability_fours"]).best(board, game.options["target"])


BASELINES: Mapping[str, Baseline] = {"random": random_move, "greedy": greedy_move, "expectimax": expectimax_move}


def _row_value(row: bytes) -> int:
    """How good a row or a column is, in thousandths of an empty cell.

    Empty cells and pairs that can merge are good; tiles that are not in order of size, and many middling tiles instead
    of few large ones, are bad, the more so the larger they are. These are the terms of Robert Xiao's answer to
    "What is the optimal algorithm for the game 2048?" (Stack Overflow question 22342854), with weights rounded.
    Whole numbers, so that every machine and every Python adds them up to the same game.
    """
    neighbours = list(pairwise(row))
    pairs = sum(a == b > 0 for a, b in neighbours)
    rises = sum(max(0, b**4 - a**4) for a, b in neighbours)
    falls = sum(max(0, a**4 - b**4) for a, b in neighbours)
    return 1000 * row.count(0) + 2500 * pairs - 170 * min(rises, falls) - sum(round(40 * tile**3.5) for tile in row)


_slid = RowTable(slide_left).__getitem__
_value_of = RowTable(_row_value).__getitem__

_DEAD = -1e9
"""The value of a board without a move: far below any other, so that a chance of it is avoided first of all."""


class _Expectimax:
    """Looks ahead on boards turned any way round: a position's value is the same from all four sides."""

    def __init__(self, moves: Grid, probability_fours: float) -> None:
        self._moves = moves
        self._padding = bytes(256 - moves.size**2)
        tiles = ((b"\1", 1 - probability_fours), (b"\2", probability_fours))
        self._all_tiles = [(tile, share) for tile, share in tiles if share > 0]
        # With room on the board a rare tile does not change which move is best, and leaving it out halves the work.
        self._common_tiles = [(tile, share) for tile, share in self._all_tiles if share > 0.2]
        self._seen: dict[tuple[bytes, int], float] = {}

    def best(self, board: bytes, target: int) -> int:
        self._seen.clear()
        empty = board.count(0)
        depth = 3 if empty <= 2 else 2 if empty <= 8 else 1
        goal = target.bit_length() - 1
        best_action, best_value = 0, float("-inf")
        for action in range(4):
            shifted = self._moves.shift(board, action)
            if shifted == board:
                continue
            if goal in shifted:
                return action
            value = self._after_move(shifted, depth)
            if value > best_value:
                best_action, best_value = action, value
        return best_action

    def _after_move(self, board: bytes, depth: int) -> float:
        """The value of a board to which a tile is yet to come."""
        rows = self._moves.rows
        if depth == 1:
            columns = self._moves.turns[0].translate(board + self._padding)
            return sum(map(_value_of, rows(board))) + sum(map(_value_of, rows(columns)))
        key = board, depth
        value = self._seen.get(key)
        if value is None:
            tiles = self._all_tiles if board.count(0) <= 4 else self._common_tiles
            total = weight = 0.0
            cell = board.find(0)
            while cell >= 0:
                head, tail = board[:cell], board[cell + 1 :]
                for tile, share in tiles:
                    total += share * self._to_move(head + tile + tail, depth - 1)
                    weight += share
                cell = board.find(0, cell + 1)
            value = self._seen[key] = total / weight
        return value

    def _to_move(self, board: bytes, depth: int) -> float:
        """The value of a board whose player moves next."""
        rows = self._moves.rows
        best = _DEAD
        padded = board + self._padding
        for turn in self._moves.turns:
            turned = turn.translate(padded)
            # The turned board is as good as the board, so nothing is turned back.
            moved = b"".join(map(_slid, rows(turned)))
            if moved != turned:
                value = self._after_move(moved, depth)
                if value > best:
                    best = value
        return best


@cache
def _expectimax(size: int, probability_fours: float) -> _Expectimax:
    return _Expectimax(grid(size), probability_fours)
