"""What a spec can say about an answer of the server: where a value is, and whether a condition holds. Nothing else.

A term is ``done``, ``reward``, ``return``, ``plies``, ``legal`` or a field of the observation, with ``.name`` and
``[number]`` leading further in, perhaps within ``max()``, ``min()``, ``sum()`` or ``len()``. A condition is a term,
``not`` a term, or a term compared with a JSON value. What is not there makes every condition false.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MISSING = object()
"""What a term gives where the answer has nothing."""

_TERM = re.compile(r"(?:(max|min|sum|len)\()?([A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[-?\d{1,6}\])*)(\))?")
_STEP = re.compile(r"[A-Za-z_]\w*|-?\d+")
_COMPARISON = re.compile(r"([^=!<>]+?)\s*(==|!=|<=|>=|<|>)\s*(.+)")
_OPERATORS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Term:
    """A path into an answer, and what to make of what is there."""

    path: tuple[str | int, ...]
    function: str = ""

    @property
    def root(self) -> str:
        """The first name of the path."""
        return str(self.path[0])

    def of(self, scope: Mapping[str, Any]) -> Any:
        """The value, or :data:`MISSING`."""
        value: Any = scope
        for step in self.path:
            if isinstance(step, str):
                if not isinstance(value, Mapping) or step not in value:
                    return MISSING
                value = value[step]
            else:
                if not isinstance(value, list) or not -len(value) <= step < len(value):
                    return MISSING
                value = value[step]
        return _applied(self.function, value) if self.function else value


def _applied(function: str, value: Any) -> Any:
    if not isinstance(value, list):
        return MISSING
    if function == "len":
        return len(value)
    numbers = list(_numbers(value, 0))
    if function == "sum":
        return sum(numbers)
    if not numbers:
        return MISSING
    return max(numbers) if function == "max" else min(numbers)


def _numbers(value: Any, depth: int) -> Any:
    if isinstance(value, list):
        if depth < _DEEPEST:
            for each in value:
                yield from _numbers(each, depth + 1)
    elif isinstance(value, int | float):
        yield value


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that holds of an answer or does not."""

    term: Term
    comparison: str = ""
    value: Any = None

    def holds(self, scope: Mapping[str, Any]) -> bool:
        """Whether it holds; false where the term is missing or cannot be compared."""
        found = self.term.of(scope)
        if found is MISSING:
            return False
        match self.comparison:
            case "":
                return bool(found)
            case "not":
                return not found
            case "==":
                return bool(found == self.value)
            case "!=":
                return bool(found != self.value)
        if not isinstance(found, int | float) or not isinstance(self.value, int | float):
            return False
        return bool(_OPERATORS[self.comparison](found, self.value))


def parse_term(text: str) -> Term:
    """Read a term. Raises ``ValueError`` with a line that says what one looks like."""
    found = _TERM.fullmatch(text.strip()) if len(text) <= 200 else None
    if not found or bool(found[1]) != bool(found[3]):
        raise ValueError(f"{text[:60]!r} is no term; one looks like reward, max(board), metadata.status or position[0]")
    steps = _STEP.findall(found[2])
    return Term(tuple(int(step) if step.lstrip("-").isdigit() else step for step in steps), found[1] or "")


def parse_condition(text: str) -> Condition:
    """Read a condition. Raises ``ValueError`` with a line that says what one looks like."""
    text = text.strip()
    if len(text) > 300:
        raise ValueError(f"{text[:60]!r}… is too long for a condition")
    compared = _COMPARISON.fullmatch(text)
    if not compared:
        return Condition(parse_term(text[4:]), "not") if text.startswith("not ") else Condition(parse_term(text))
    try:
        value = json.loads(compared[3])
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f'{compared[3][:60]!r} is no value; values are numbers, true, false, null and "text"'
        ) from error
    return Condition(parse_term(compared[1]), compared[2], value)
