"""From a server's answer to what a strategy sees and what is drawn, as a spec says. Everything is bounded and checked.

Knows specs and answers, not connections.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grpo_arcade.games.game import Outcome
from grpo_arcade.games.openenv.answers import ServerError
from grpo_arcade.games.openenv.spec import Field, Mark, Spec
from grpo_arcade.games.openenv.terms import MISSING, Term

MOST_CELLS = 40_000
"""Cells of a drawn grid, 200 × 200."""
_MOST_PIXELS = 4 << 20
_LINES, _LINE = 40, 120


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of cells, and marks on them."""

    rows: tuple[tuple[str, ...], ...]
    """Each cell as text."""
    marks: tuple[tuple[int, int, str], ...]
    """Row, column, and the name of a look; later ones lie above."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """An RGB picture."""

    width: int
    height: int
    rgb: bytes
    """3 bytes a pixel, row by row."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Text."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoteView:
    """What is to be seen now; a server does not say how it came about."""

    shown: Grid | Pixels | Lines
    score: float
    outcome: Outcome | None
    plies: int


def scope_of(answer: Mapping[str, Any], total: float, plies: int) -> dict[str, Any]:
    """What terms are looked up in: the observation's fields, and what stands beside them.

    Raises:
        ServerError: the answer is none.
    """
    observation, reward, done = answer.get("observation"), answer.get("reward"), answer.get("done", False)
    if not isinstance(observation, dict):
        raise ServerError("the server's answer holds no observation")
    if not isinstance(done, bool) or not (reward is None or isinstance(reward, int | float)):
        raise ServerError(
            "the server's answer has a reward that is no number, or a done that is neither true nor false"
        )
    reward = _finite(reward)
    scope = {"metadata": answer.get("metadata") or {}, **observation}
    return scope | {"reward": reward, "done": done, "return": total + reward, "plies": plies}


def _finite(value: Any) -> float:
    try:
        number = float(value or 0.0)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ServerError("the server's answer holds a number that is none")
    return number


def number_of(term: Term, scope: Mapping[str, Any]) -> float:
    """A term as a finite number."""
    value = term.of(scope)
    if value is not MISSING and not isinstance(value, int | float):
        raise ServerError(f"{'.'.join(map(str, term.path))} in the server's answer is no number")
    return _finite(0.0 if value is MISSING else value)


def outcome_of(spec: Spec, scope: Mapping[str, Any]) -> Outcome | None:
    """How the episode has ended, or None while it goes on."""
    if spec.named is not None:
        word = spec.named.of(scope)
        if isinstance(word, str) and word in set(Outcome):
            return Outcome(word)
    for outcome, conditions in spec.outcome:
        if all(condition.holds(scope) for condition in conditions):
            return outcome
    if not scope["done"]:
        return None
    if not spec.outcome and spec.named is None and scope["reward"] > 0:
        # Nobody said what winning means: an episode that ends on a reward is the best guess there is.
        return Outcome.WON
    return Outcome.LOST


def legal_of(spec: Spec, scope: Mapping[str, Any]) -> tuple[int, ...]:
    """The action ids that are legal now, ascending."""
    if spec.legal is None:
        return tuple(range(len(spec.names)))
    offered = spec.legal.of(scope)
    if offered is MISSING or offered is None:
        return tuple(range(len(spec.names)))
    if not isinstance(offered, list):
        raise ServerError("the legal actions in the server's answer are no list")
    # A list holds what cannot be hashed too.
    return tuple(place for place, value in enumerate(spec.values) if value in offered)


def seen(spec: Spec, scope: Mapping[str, Any], legal: Sequence[int]) -> Any:
    """What the strategy gets: the one thing it sees, or a dict of all of them."""
    found = {each.name: field_value(spec, each, scope, legal) for each in spec.see}
    return next(iter(found.values())) if len(found) == 1 else found


def field_value(spec: Spec, field: Field, scope: Mapping[str, Any], legal: Sequence[int]) -> Any:
    """One thing a strategy sees."""
    if field.term is None:
        return _copied(field.value)
    value: Any
    if field.term.path == ("legal",):
        value = [spec.names[place] for place in legal]
    else:
        value = field.term.of(scope)
    if value is MISSING or value is None:
        if not field.has_default:
            raise ServerError(f"the server's answer has no {'.'.join(map(str, field.term.path))}")
        return _copied(field.default)
    if field.shape is not None:
        value = shaped(value, _shape(field.shape, scope), field)
    elif field.whole or field.names:
        value = _each(value, field)
    else:
        value = _copied(value)
    if field.planes:
        value = _plane_names(value, field)
    return value


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    if isinstance(value, list):
        flat = {dict, list}.isdisjoint(map(type, value))
        return value[:] if flat else [_copied(each) for each in value]
    return value


def _shape(shape: tuple[int, ...] | Term, scope: Mapping[str, Any]) -> tuple[int, ...]:
    if not isinstance(shape, Term):
        return shape
    found = shape.of(scope)
    if (
        not isinstance(found, list)
        or not 1 <= len(found) <= 3
        or not all(type(n) is int and 0 < n < 4097 for n in found)
    ):
        raise ServerError("the server's answer says no shape of one to three whole numbers")
    return tuple(found)


def shaped(value: Any, shape: tuple[int, ...], field: Field) -> Any:
    """A flat list as nested ones, thinned out, and made grey, whole or names where the field says so."""
    if not isinstance(value, list) or len(value) != math.prod(shape):
        raise ServerError(f"{field.name} in the server's answer is no list of {' × '.join(map(str, shape))} numbers")
    if len(shape) == 1:
        return _each(value, field)
    rows_step, columns_step = field.thin if not field.planes else (1, 1)
    if len(shape) == 2:
        rows, columns = shape
        lines = [value[at * columns : (at + 1) * columns : columns_step] for at in range(0, rows, rows_step)]
        return [_each(line, field) for line in lines]
    first, second, third = shape
    if field.planes:
        return [
            shaped(value[at * second * third : (at + 1) * second * third], (second, third), field)
            for at in range(first)
        ]
    found = []
    for row in range(0, first, rows_step):
        starts = range(row * second * third, (row + 1) * second * third, columns_step * third)
        cells = [value[start : start + third] for start in starts]
        found.append(
            [_grey(cell) for cell in cells] if field.grey and third == 3 else [_each(cell, field) for cell in cells]
        )
    return found


def _grey(cell: list[Any]) -> int:
    try:
        # ITU-R BT.601, in whole numbers.
        return (299 * cell[0] + 587 * cell[1] + 114 * cell[2]) // 1000
    except TypeError as error:
        raise ServerError("the server's picture holds something that is no number") from error


def _each(value: Any, field: Field, depth: int = 0) -> Any:
    """Single values by name or as whole numbers, however deep they lie."""
    if isinstance(value, list):
        if depth > 4:
            raise ServerError(f"{field.name} in the server's answer is nested too deeply")
        return [_each(each, field, depth + 1) for each in value]
    if field.whole and isinstance(value, float) and value.is_integer():
        value = int(value)
    if field.names and (name := field.names.get(cell_text(value))) is not None:
        return name
    return value


def _plane_names(planes: Any, field: Field) -> Any:
    if not isinstance(planes, list) or len(planes) != len(field.planes):
        raise ServerError(f"{field.name} in the server's answer is no list of {len(field.planes)} planes")
    first = planes[0]
    if isinstance(first, list):
        if not all(isinstance(plane, list) and len(plane) == len(first) for plane in planes):
            raise ServerError(f"{field.name} in the server's answer has planes of different sizes")
        return [_plane_names(list(cells), field) for cells in zip(*planes, strict=True)]
    return field.planes[next((at for at, value in enumerate(planes) if value), 0)]


def cell_text(value: Any) -> str:
    """A single value as specs name it: 2.0 is 2."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str):
        return value[:40]
    return str(value)[:40] if value is None or isinstance(value, bool | int | float) else "?"


def shown(spec: Spec, scope: Mapping[str, Any], legal: Sequence[int]) -> Grid | Pixels | Lines:
    """What is drawn."""
    draw = spec.draw
    if draw.kind == "rgb":
        return _pixels(spec, scope)
    if draw.kind == "text":
        return Lines(_lines(scope))
    rows: tuple[tuple[str, ...], ...]
    if draw.cells:
        field = next(each for each in spec.see if each.name == draw.cells)
        value = field_value(spec, field, scope, legal)
        if not isinstance(value, list) or not value:
            raise ServerError(f"{draw.cells} in the server's answer is no list of rows")
        if not all(isinstance(row, list) for row in value):
            value = [value]
        if sum(map(len, value)) > MOST_CELLS:
            raise ServerError(f"{draw.cells} in the server's answer has more than {MOST_CELLS} cells")
        wide = max(map(len, value))
        rows = tuple(tuple(map(cell_text, row)) + ("",) * (wide - len(row)) for row in value)
    else:
        rows = (("",) * draw.columns,) * draw.rows
    return Grid(rows, tuple(placed for mark in draw.marks if (placed := _placed(mark, scope, rows))))


def _placed(mark: Mark, scope: Mapping[str, Any], rows: tuple[tuple[str, ...], ...]) -> tuple[int, int, str] | None:
    row, column = (place if isinstance(place, int) else place.of(scope) for place in (mark.row, mark.column))
    if type(row) is not int or type(column) is not int:
        return None  # what is not there is not drawn
    inside = 0 <= row < len(rows) and 0 <= column < len(rows[0])
    return (row, column, mark.look) if inside else None


def _pixels(spec: Spec, scope: Mapping[str, Any]) -> Pixels:
    draw = spec.draw
    assert draw.pixels is not None
    value = draw.pixels.of(scope)
    if not isinstance(value, list) or not value:
        raise ServerError("the server's answer has no picture")
    if draw.shape is not None:
        shape = _shape(draw.shape, scope)
    else:
        first = value[0]
        deep = isinstance(first, list) and bool(first) and isinstance(first[0], list)
        shape = (len(value), len(first) if isinstance(first, list) else 1, *((len(first[0]),) if deep else ()))
    if math.prod(shape) > _MOST_PIXELS:
        raise ServerError("the server's picture is too large")
    try:
        data = _bytes(value, 0)
    except (TypeError, ValueError) as error:
        raise ServerError("the server's picture holds something else than whole numbers from 0 to 255") from error
    if len(data) != math.prod(shape):
        raise ServerError(f"the server's picture has {len(data)} values where {' × '.join(map(str, shape))} were said")
    if len(shape) == 3 and shape[2] == 3:
        return Pixels(shape[1], shape[0], data)
    # Grey, or the bytes of a memory: three times the same is grey.
    wide, tall = (shape[1], shape[0]) if len(shape) == 2 else (math.ceil(math.sqrt(len(data))),) * 2
    grey = data.ljust(wide * tall, b"\0")
    return Pixels(wide, tall, bytes(grey[at // 3] for at in range(3 * wide * tall)))


def _bytes(value: list[Any], depth: int) -> bytes:
    if depth > 3:
        raise ValueError
    if value and isinstance(value[0], list):
        return b"".join(_bytes(each, depth + 1) for each in value)
    return bytes(value)


def _lines(scope: Mapping[str, Any]) -> tuple[str, ...]:
    """The observation's fields as lines of text, the words before the numbers."""
    lines: list[str] = []
    hidden = {"metadata", "done", "reward", "return", "plies", "legal"}
    for name, value in scope.items():
        if name in hidden or len(lines) >= _LINES:
            continue
        if isinstance(value, str):
            text = value.split("\n")[:_LINES]
            lines += [f"{name}: {text[0]}"] if len(text) == 1 else [f"{name}:", *text]
        elif isinstance(value, list) and value and all(isinstance(row, list) for row in value):
            lines.append(f"{name}:")
            lines += [" ".join(cell_text(cell) for cell in row[:_LINE]) for row in value[:_LINES]]
        elif isinstance(value, list):
            lines.append(f"{name}: " + " ".join(cell_text(cell) for cell in value[:_LINE]))
        elif isinstance(value, Mapping):
            lines.append(f"{name}: " + ", ".join(f"{key} {cell_text(each)}" for key, each in list(value.items())[:20]))
        else:
            lines.append(f"{name}: {cell_text(value)}")
    return tuple(line[:_LINE] for line in lines[:_LINES])
