"""Strategies for the servers of ``environments.py``, written by hand."""

from __future__ import annotations

from dataclasses import replace

from grpo_arcade.games import Episode

SPEC_OF = {
    "tic_tac_toe": "tic_tac_toe",
    "catch": "catch",
    "2048": "openspiel_2048",
    "connect4": "connect4",
    "grid_world": "grid_world",
    "maze": "maze",
    "snake": "snake",
}

STRATEGIES = {
    "tic_tac_toe": """
def strategy(board):
    for name in ("B2", "A1", "C3", "C1", "A3", "B1", "A2", "C2", "B3"):
        if board[int(name[1]) - 1]["ABC".index(name[0])] == ".":
            return name
""",
    "catch": """
def strategy(screen):
    paddle = screen[9].index(1)
    ball = next((row.index(1) for row in screen[:9] if 1 in row), paddle)
    return "LEFT" if ball < paddle else "RIGHT" if ball > paddle else "STAY"
""",
    # A possible move whenever there is one: the server draws another game each time, and none may end before it began.
    "2048": """
def moves(line):
    return any(b and a in (0, b) for a, b in zip(line, line[1:]))

def strategy(board):
    columns = list(zip(*board))
    ways = {"W": columns, "D": [row[::-1] for row in board], "S": [column[::-1] for column in columns], "A": board}
    return next(way for way, lines in ways.items() if any(map(moves, lines)))
""",
    "connect4": """
def strategy(board):
    height = [sum(row[column] != 0 for row in board) for column in range(7)]
    return str(min((column for column in range(7) if height[column] < 6), key=lambda column: abs(3 - column)))
""",
    "grid_world": """
def strategy(state):
    return "DOWN" if state["x"] < 4 else "RIGHT"
""",
    "maze": """
from collections import deque
def strategy(state):
    maze, goal, queue = state["maze"], tuple(state["exit"]), deque([(tuple(state["position"]), "")])
    seen = set()
    while queue:
        (column, row), first = queue.popleft()
        if (column, row) == goal:
            return first
        for name, right, down in (("UP", 0, -1), ("DOWN", 0, 1), ("LEFT", -1, 0), ("RIGHT", 1, 0)):
            c, r = column + right, row + down
            if 0 <= c < 8 and 0 <= r < 8 and not maze[r][c] and (c, r) not in seen:
                seen.add((c, r))
                queue.append(((c, r), first or name))
""",
    "snake": """
def strategy(grid):
    return "STRAIGHT"
""",
    "atari": """
def strategy(state):
    return "RIGHT" if any(state["screen"][33][:16]) else "LEFT"
""",
}
WINS = {"catch", "grid_world", "maze"}
"""Where the strategy above wins every game."""


def elsewhere(episode: Episode) -> Episode:
    """The episode as if it had been played where nobody answers."""
    return replace(episode, game="openenv:ws://127.0.0.1:9")
