"""What a game lends a strategy beside Python, so that a model need not write the game's rules again to plan with them.

A toolbox is a few pure functions. Where a game is built with the option ``toolbox``, its prompt tells of them and the
sandbox defines them for every strategy; scores made so carry the option, so that they say which. This module knows no
game, and must stay cheap to import.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

OPTION = "toolbox"
"""The option of :func:`~grpo_arcade.games.registry.make`: a toolbox's version, or True for the present one."""


@dataclass(frozen=True)
class Toolbox:
    """Pure functions a strategy may call, and a plain player that does."""

    version: int
    """Raised whenever a function would answer otherwise; a score carries it as the option ``toolbox``."""
    functions: tuple[Callable[..., Any], ...]
    """Plain functions of plain values that use built-ins and one another and nothing else, each with a docstring that
    says in one paragraph what a model must know. They must not change their arguments."""
    example: str
    """A whole program that uses them: what a prompt shows. Half of what a weak model writes repeats it, so it plays."""
    idea: str = ""
    """How another program might be better than the example, for the prompt; a model told none mostly repeats it."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the functions are called."""
        return tuple(function.__name__ for function in self.functions)

    @cached_property
    def source(self) -> str:
        """The functions as one program, which the sandbox runs before the strategy's."""
        return "\n\n".join(textwrap.dedent(inspect.getsource(function)) for function in self.functions)

    def without_lent(self, source: str) -> str:
        """A program without what it wrote again of the functions that are lent: theirs take its place anyway.

        As it is where it is not valid Python.
        """
        counts = {function.__name__: function.__code__.co_argcount for function in self.functions}
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return source
        lines, left_out = source.split("\n"), set[int]()
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef) or node.decorator_list or node.args.posonlyargs:
                continue
            if counts.get(node.name) == len(node.args.args):
                left_out.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        if not left_out:
            return source
        kept = "\n".join(line for number, line in enumerate(lines, 1) if number not in left_out)
        return kept.strip() + "\n"

    def told(self) -> str:
        """For a prompt: one line a function, and that they are there already."""
        lines = []
        for function in self.functions:
            arguments = ", ".join(inspect.signature(function).parameters)
            lines.append(f"- `{function.__name__}({arguments})`: {' '.join(str(inspect.getdoc(function)).split())}")
        return "\n".join(["These functions are defined already; call them, and do not write them again:", *lines])

    def asked(self) -> str:
        """For a prompt: its last sentences, and the example."""
        return f"""Use only plain Python and pure modules of its standard library. Answer with one short code block \
that defines `strategy`. This one plays already. Write a better one{f", which may {self.idea}" if self.idea else ""}:

```python
{self.example.strip()}
```"""
