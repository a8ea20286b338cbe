"""What happened in an episode of Connect Four: the columns chosen, what was overlooked, and the board at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from grpo_arcade.games.connect_four.toolbox import drop, open_columns, wins

if TYPE_CHECKING:
    from grpo_arcade.games.game import Game
    from grpo_arcade.games.played_again import PlayedAgain

Board = list[list[int]]
_STONES = {0: ".", 1: "X", -1: "O"}
_MOST_MOVES = 21


def account(game: Game, replay: PlayedAgain, seat: int) -> str:
    """What led to the end of the episode that ``replay`` plays on ``game``, as a seat has it: X is its own stone."""
    if not replay.length:
        return ""
    own: list[tuple[Board, int]] = []
    while True:
        mover, board = game.to_move, game.observation()
        if not replay.step():
            break
        if mover == seat:
            own.append((board, replay.actions[replay.ply - 1]))
    chosen = [game.actions[column] for _, column in own]
    columns = " ".join(chosen[-_MOST_MOVES:]) or "none"
    which = "Your last columns" if len(chosen) > _MOST_MOVES else "Your columns"
    # The board is told as the seat to move has it.
    mine = 1 if game.to_move == seat else -1
    board = [[mine * cell for cell in row] for row in game.observation()]
    rows = " / ".join("".join(map(_STONES.__getitem__, row)) for row in board)
    told = f"{which}: {columns}. {overlooked(own)}".strip()
    return f"{told} The board at the end, top row first, X yours, O theirs: {rows}."


def overlooked(own: Sequence[tuple[Board, int]]) -> str:
    """What the moves of one seat, each with the board it saw, left undone: wins not taken, and threats not met."""
    told = []
    for number, (board, column) in enumerate(own, 1):
        if column not in open_columns(board):
            continue
        missed = [each for each in open_columns(board) if each != column and wins(drop(board, each, 1), 1)]
        if missed and not wins(drop(board, column, 1), 1):
            told.append(f"At your move {number} column {missed[0]} would have won, and you chose {column}.")
            break
    if not own:
        return ""
    board, column = own[-1]
    if column not in open_columns(board):
        told.append(f"Your last answers were column {column}, which is full.")
        return " ".join(told)
    after = drop(board, column, 1)
    if wins(after, 1):
        return " ".join(told)
    threats = [each for each in open_columns(board) if wins(drop(board, each, -1), -1)]
    lost = [each for each in open_columns(after) if wins(drop(after, each, -1), -1)]
    if len(threats) == 1 and threats[0] in lost:
        told.append(f"At your last move they threatened column {threats[0]}, and you chose {column}.")
    elif len(threats) > 1:
        told.append(f"At your last move they threatened columns {' and '.join(map(str, threats))} at once.")
    elif lost:
        told.append(f"Your last stone, in column {column}, made it possible for them to win in column {lost[0]}.")
    return " ".join(told)
