"""What happened in an episode of Connect Four: the columns both chose, and the board at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grpo_arcade.games.game import Game
    from grpo_arcade.games.played_again import PlayedAgain

_STONES = {0: ".", 1: "X", -1: "O"}
_MOST_MOVES = 21


def account(game: Game, replay: PlayedAgain, seat: int) -> str:
    """What led to the end of the episode that ``replay`` plays on ``game``, as a seat has it: X is its own stone."""
    if not replay.length:
        return ""
    own = []
    while True:
        mover = game.to_move
        if not replay.step():
            break
        if mover == seat:
            own.append(replay.actions[replay.ply - 1])
    columns = " ".join(game.actions[action] for action in own[-_MOST_MOVES:]) or "none"
    # The board is told as the seat to move has it.
    mine = 1 if game.to_move == seat else -1
    board = " / ".join("".join(_STONES.get(mine * cell, "?") for cell in row) for row in game.observation())
    return f"Your columns, the last ones: {columns}. The board at the end, top row first, X yours, O theirs: {board}."
