"""What a language model is asked for a game of which only a spec is known."""

from __future__ import annotations

import json

from grpo_arcade.games.openenv.discovery import twin_of
from grpo_arcade.games.openenv.spec import Spec


def prompt(spec: Spec, stuck_after: int) -> str:
    """The user message: what the function gets, what it may return, how the game ends, one example."""
    if spec.like:
        return twin_of(spec.like).prompt()
    alone = len(spec.see) == 1
    argument = spec.see[0].name if alone else "state"
    what = f"Write a Python strategy that plays {spec.title} and {spec.goal}.\n\n"
    what += f"{spec.about} " if spec.about else ""
    what += f"`strategy({argument})` is called before every move. "
    if alone:
        what += f"`{argument}` is {spec.see[0].meaning or 'what the game shows'}. "
    else:
        entries = (f'`state["{each.name}"]`: {each.meaning or "as the game shows it"}' for each in spec.see)
        what += "`state` is a dictionary. " + "; ".join(entries) + ". "
    listed = [json.dumps(name, ensure_ascii=False) for name in spec.names]
    words = ", ".join(listed[:40]) + (f" … {listed[-1]} ({len(listed)} in all)" if len(listed) > 40 else "")
    what += f"Return one of {words}. "
    if spec.legal is not None:
        what += (
            f"A move that is not possible does nothing; the game is given up after {stuck_after} such moves in a row. "
        )
    return (
        what.rstrip()
        + f"""

Use only plain Python and pure modules of its standard library; keep helpers inside the function. Answer with one \
short code block like this:

```python
def strategy({argument}):
    return {listed[0]}
```"""
    )
