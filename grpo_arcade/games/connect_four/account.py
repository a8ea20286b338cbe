"""What happened in an episode of Connect Four: the columns both chose, and the board at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grpo_arcade.games.game import Game
    from grpo_arcade.games.played_again import PlayedAgain

_STONES = {0: ".", 1: "X", -1: "O"}
_MOST_MOVES = 21


def account(game: Game, replay: PlayedAgain) -> str:
    """What led to the end of the episode that ``replay`` plays on ``game``; X is the strategy's, O the opponent's."""
    if not replay.length:
        return ""
    while replay.step():
        pass
    columns = " ".join(game.actions[action] for action in replay.actions[-_MOST_MOVES:])
    board = " / ".join("".join(_STONES.get(cell, "?") for cell in row) for row in game.observation())
    return f"Your columns, the last ones: {columns}. The board at the end, top row first, X yours, O theirs: {board}."
