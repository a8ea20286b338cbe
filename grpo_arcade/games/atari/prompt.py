"""What a language model is asked for an Atari game. The pocket model was trained on exactly these
sentences, without toolbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from grpo_arcade.games.atari.fields import COMMON, Field, Objects
from grpo_arcade.games.toolbox import Toolbox


def symbolic_prompt(
    name: str,
    objects: Objects,
    actions: Sequence[str],
    meaning: str,
    frame_skip: int,
    repeat_action_probability: float,
    toolbox: Toolbox | None = None,
) -> str:
    """The user message for a game that says what is where: what the function gets and may return, and one example."""
    first, second = _two_ways(actions)
    rules = f"""{_task(name, frame_skip)}. Positions are in pixels, x from 0 (left) to 159, \
y from 0 (top) to 209, and mean the middle of a thing; -1 means that it is not there.
{_listed(objects.all_fields())}

{_returned(actions, meaning, repeat_action_probability)}"""
    if toolbox is not None:
        return f"{rules}\n\n{toolbox.told()}\n\n{toolbox.asked()}"
    return f"""{rules}

{_PLAIN}

```python
def strategy(state):
    return "{first}" if state["step"] % 2 else "{second}"
```"""


def memory_prompt(
    name: str,
    actions: Sequence[str],
    meaning: str,
    frame_skip: int,
    repeat_action_probability: float,
    rows: int,
    columns: int,
) -> str:
    """The user message for a game that shows its memory and a coarse picture instead."""
    first, second = _two_ways(actions)
    return f"""{_task(name, frame_skip)}:
- "ram": the console's memory, a list of 128 integers from 0 to 255; what they mean is not documented
- "screen": how bright the screen is, {rows} rows of {columns} integers from 0 (black) to 9 (white), top row first; \
each is the middle pixel of a square of 10 x 10 pixels
- "step": decisions so far, "score": points so far, "lives": lives left, 0 in a game without lives

{_returned(actions, meaning, repeat_action_probability)}

{_PLAIN}

```python
def strategy(state):
    return "{first}" if state["step"] % 2 else "{second}"
```"""


def _task(name: str, frame_skip: int) -> str:
    frames = "every frame" if frame_skip == 1 else f"every {frame_skip} frames"
    return f"""Write a Python strategy that plays {name} on the Atari 2600 for a high score.

`strategy(state)` is called {frames}, at 60 frames a second. `state` is a dict"""


_PLAIN = """Use only plain Python and pure modules of its standard library; keep helpers inside the function. Answer \
with one short code block like this:"""


def _returned(actions: Sequence[str], meaning: str, repeat_action_probability: float) -> str:
    names = ", ".join(f'"{action}"' for action in actions)
    sticks = ""
    if repeat_action_probability > 0:
        sticks = (
            f", but each frame goes on with what the frame before did with probability {repeat_action_probability:g}"
        )
    return f"Return one of {names}; it is held until the next call{sticks}. {meaning}"


def _two_ways(actions: Sequence[str]) -> tuple[str, str]:
    """Two actions for the example, which shows how to read and what to return, not how to play."""
    for pair in (("LEFT", "RIGHT"), ("UP", "DOWN")):
        if set(pair) <= set(actions):
            return pair
    return actions[-1], actions[0]


def _listed(fields: Sequence[Field]) -> str:
    """One line for neighbours that mean the same thing."""
    own = [entry for entry in fields if entry not in COMMON]
    lines = [_line(list(group), meaning) for meaning, group in groupby(own, key=lambda entry: entry.meaning)]
    common = ", ".join(f'"{entry.name}": {entry.meaning}' for entry in COMMON)
    return "\n".join([*lines, f"- {common}"])


def _line(fields: Sequence[Field], meaning: str) -> str:
    names = ", ".join(f'"{entry.name}" ({_range(entry)})' for entry in fields)
    return f"- {names}: {meaning}"


def _range(entry: Field) -> str:
    absent = " or -1" if entry.absent else ""
    if not entry.length:
        return f"{entry.low} to {entry.high}{absent}"
    lists = " lists of ".join(map(str, entry.length))
    return f"{'' if len(entry.length) > 1 else 'list of '}{lists}, {entry.low} to {entry.high}{absent}"
