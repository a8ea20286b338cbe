"""What happened in an episode of 2048, in words: what was reached, where the large tiles lay, the last boards."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grpo_arcade.games.game import Game
    from grpo_arcade.games.played_again import PlayedAgain

_LAST = 2
"""Boards before the last that are told."""
_ROOM = 4
"""Empty cells from which on a board is not crowded."""


def account(game: Game, replay: PlayedAgain) -> str:
    """What led to the end of the episode that ``replay`` plays on ``game``."""
    if not replay.length:
        return ""
    boards, useful, in_corner, roomy, largest, reached = [], "", 0, 0, 0, 0
    while True:
        board = game.observation()
        boards.append(board)
        # None is legal once the game has ended.
        useful = ", ".join(game.actions[action] for action in game.legal_actions()) or useful
        top = max(map(max, board))
        if top > largest:
            largest, reached = top, replay.ply
        corners = (board[0][0], board[0][-1], board[-1][0], board[-1][-1])
        in_corner += top in corners
        if sum(row.count(0) for row in board) >= _ROOM:
            roomy = replay.ply
        if not replay.step():
            break
    moves = [game.actions[action] for action in replay.actions[: len(boards) - 1]]
    shares = ", ".join(f"{move} {count / len(moves):.0%}" for move, count in Counter(moves).most_common())
    told = [
        f"Largest tile {largest}, made at move {reached:,}; it lay in a corner on {in_corner / len(boards):.0%} of the "
        f"boards. Moves: {shares}.",
    ]
    if idle := _idle_end(boards):
        told.append(
            f"The last {idle} answers, {moves[-1]} at the end, changed nothing on {_written(boards[-1])}, where "
            f"{useful} would have."
        )
        return " ".join(told)
    if len(boards) - 1 - roomy > _ROOM:
        told.append(f"From move {roomy + 1:,} on there were never {_ROOM} empty cells again.")
    steps = range(max(0, len(moves) - _LAST), len(moves))
    last = "; ".join(f"{_written(boards[at])} → {moves[at]}" for at in steps)
    told.append(f"The last boards: {last}; {_written(boards[-1])}.")
    return " ".join(told)


def _idle_end(boards: list[list[list[int]]]) -> int:
    """So many of the last moves changed nothing; 0 where there were too few to be the reason."""
    count = 0
    for board in reversed(boards[:-1]):
        if board != boards[-1]:
            break
        count += 1
    return count if count > 1 else 0


def _written(board: list[list[int]]) -> str:
    return "[" + ", ".join("[" + ",".join(map(str, row)) + "]" for row in board) + "]"
