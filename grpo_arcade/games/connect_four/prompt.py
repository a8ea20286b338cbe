"""What a language model is asked for Connect Four. The pocket model was trained on exactly these sentences, without
toolbox; they name no opponent, because a strategy is to play against any.
"""

from __future__ import annotations

from grpo_arcade.games.toolbox import Toolbox

_RULES = """Write a Python strategy that plays Connect Four and wins.

`strategy(board)` is called whenever it is your turn. `board` is a list of 6 rows of 7 integers, top row first: 1 is a \
stone of yours, -1 one of the other player, 0 an empty cell. Return the column your stone falls into, from the left \
"0", "1", "2", "3", "4", "5" or "6", as a string or an integer; it comes to rest on the lowest empty cell. Who first \
has four stones in a row, level, upright or along a diagonal, wins; a full board is a draw. A column is full when its \
cell in the top row is not 0: a stone for it changes nothing and is asked for again, and the eighth in a row loses the \
game. Either player may begin, and a few stones may lie there already."""


def prompt(toolbox: Toolbox | None = None) -> str:
    """The user message: what the function gets, what it may return, how the game ends, one example."""
    if toolbox is not None:
        return f"{_RULES}\n\n{toolbox.told()}\n\n{toolbox.asked()}"
    return f"""{_RULES}

Use only plain Python and pure modules of its standard library; keep helpers inside the function. Answer with one \
short code block like this:

```python
def strategy(board):
    return max(range(7), key=lambda c: board[0][c] == 0)
```"""
