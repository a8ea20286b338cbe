"""What a language model is asked for 2048. The pocket model was trained on exactly these sentences, without toolbox."""

from __future__ import annotations

from grpo_arcade.games.toolbox import Toolbox

_NUMBER_WORDS = {0.0: "a 2", 0.1: "a 2 (one time in ten a 4)", 1.0: "a 4"}


def prompt(size: int, target: int, probability_fours: float, toolbox: Toolbox | None = None) -> str:
    """The user message: what the function gets, what it may return, how the game ends, one example."""
    spawn = _NUMBER_WORDS.get(probability_fours, f"a 2 (with probability {probability_fours:g} a 4)")
    rules = f"""Write a Python strategy that plays 2048 on a {size}x{size} board and reaches {target}.

`strategy(board)` is called before every move. `board` is a list of {size} rows of {size} integers, top row first; \
0 is an empty cell. Return "W" (up), "D" (right), "S" (down) or "A" (left). All tiles slide that way; two equal tiles \
that meet merge into their sum, once a move, and the sum is added to the score. After a move that changes the board, \
{spawn} appears on a random empty cell. The game is lost when no move changes the board, and given up after 32 moves \
in a row that change nothing."""
    if toolbox is not None:
        return f"{rules}\n\n{toolbox.told()}\n\n{toolbox.asked()}"
    return f"""{rules}

Use only plain Python and pure modules of its standard library; keep helpers inside the function. Answer with one \
short code block like this:

```python
def strategy(board):
    return "W"
```"""
