"""What strategies for Connect Four may be lent: where a stone lands and whether it wins, mostly got wrong anew."""

from __future__ import annotations

from grpo_arcade.games.toolbox import Toolbox


def open_columns(board: list[list[int]]) -> list[int]:
    """Returns the columns that take another stone, as a list of integers from the left."""
    return [column for column in range(7) if board[0][column] == 0]


def drop(board: list[list[int]], column: int, player: int) -> list[list[int]]:
    """Returns the board after a stone of `player`, 1 or -1, has fallen into an open column; `board` itself stays as it
    is.
    """
    after = [list(row) for row in board]
    for row in reversed(after):
        if row[column] == 0:
            row[column] = player
            return after
    raise ValueError(f"column {column} is full")


def lines(board: list[list[int]]) -> list[list[int]]:
    """Returns the four cells of every one of the 69 lines that can win, as lists of 1, -1 and 0."""
    found = []
    for row in range(6):
        for column in range(7):
            for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
                if row + 3 * down < 6 and 0 <= column + 3 * right < 7:
                    found.append([board[row + i * down][column + i * right] for i in range(4)])
    return found


def wins(board: list[list[int]], player: int) -> bool:
    """Returns whether `player`, 1 or -1, has four in a row."""
    return [player] * 4 in lines(board)


EXAMPLE = """
def strategy(board):
    columns = open_columns(board)
    for column in columns:
        if wins(drop(board, column, 1), 1):
            return column
    return columns[len(columns) // 2]
"""

TOOLBOX = Toolbox(version=1, functions=(open_columns, drop, lines, wins), example=EXAMPLE)
