"""What strategies for 2048 may be lent: the sliding of tiles, which a model that writes it anew mostly gets wrong."""

from __future__ import annotations

from grpo_arcade.games.toolbox import Toolbox


def slide(board: list[list[int]], move: str) -> tuple[list[list[int]], int]:
    """Returns the pair (new_board, points): the board after sliding to "W", "D", "S" or "A", before a new tile comes,
    and the points this scores. `new_board == board` when the move changes nothing; `board` itself stays as it is.
    """
    lines = [list(line) for line in (zip(*board, strict=True) if move in ("W", "S") else board)]
    points = 0
    for line in lines:
        if move in ("D", "S"):
            line.reverse()
        tiles = [tile for tile in line if tile]
        at = 0
        while at + 1 < len(tiles):
            if tiles[at] == tiles[at + 1]:
                tiles[at] += tiles.pop(at + 1)
                points += tiles[at]
            at += 1
        line[:] = tiles + [0] * (len(line) - len(tiles))
        if move in ("D", "S"):
            line.reverse()
    return [list(row) for row in zip(*lines, strict=True)] if move in ("W", "S") else lines, points


def legal_moves(board: list[list[int]]) -> list[str]:
    """Returns those of "W", "D", "S", "A" that change the board, as a list."""
    return [move for move in ("W", "D", "S", "A") if slide(board, move)[0] != board]


def empty_cells(board: list[list[int]]) -> int:
    """Returns how many cells are 0."""
    return sum(row.count(0) for row in board)


EXAMPLE = """
def strategy(board):
    best_move, best_value = "W", float("-inf")
    for move in legal_moves(board):
        new_board, points = slide(board, move)
        value = points
        if value > best_value:
            best_move, best_value = move, value
    return best_move
"""

TOOLBOX = Toolbox(
    version=1,
    functions=(slide, legal_moves, empty_cells),
    example=EXAMPLE,
    idea="look one more move ahead with `slide` and value more than points",
)
