"""What the columns of a run's database hold, whoever wrote it: numbers where numbers belong, JSON of the right shape.

SQLite keeps any value in any column, and people send each other run folders. So whatever is read passes through here
once, and nobody behind has to ask again whether a score is one.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from grpo_arcade.foreign_data import ForeignDataError, parsed_json
from grpo_arcade.foreign_text import one_line
from grpo_arcade.recordings.runs import schema

MOST_VALUES = 1 << 18
"""JSON values of one column; an evaluation of 1,000 strategies on 100 seeds has 100,000 scores."""
_LONGEST_NAME = 200
_LARGEST_INTEGER = 1 << 53
_OPTIONAL = frozenset({"source", "sha256"})
"""Missing where a strategy has no source, though no row of theirs is without."""
_ANY_SIZE = frozenset({"seed"})
_EXTREME = re.compile(r"(?i)(?:min|max)\((\w+)\)")
"""How SQLite names the column of the smallest or largest value, which is of the same kind, or none."""

Shape = Callable[[Any], bool]


def check(rows: Sequence[sqlite3.Row]) -> int:
    """Refuse rows whose columns, by their names, hold what the tables say they do not; their text and blobs in bytes.

    Raises:
        ForeignDataError: they do.
    """
    kinds, size = _kinds(), 0
    for name, values in zip(rows[0].keys(), zip(*rows, strict=True), strict=True):
        found = set(map(type, values))
        if str in found or bytes in found:
            size += sum(len(value) for value in values if isinstance(value, str | bytes))
        own = _EXTREME.sub(r"\1", name)
        if (kind := kinds.get(own)) is None:
            continue
        allowed, column = kind
        if not found <= allowed and (own == name or found != {type(None)}):
            raise ForeignDataError(f"column {name} holds what is no {column}")
        if column in ("REAL", "INTEGER") and name not in _ANY_SIZE:
            most = math.inf if column == "REAL" else _LARGEST_INTEGER
            if any(abs(value) >= most for value in values if value is not None):
                raise ForeignDataError(f"column {name} holds too large a number")
    return size


def decoded(name: str, text: str | None) -> Any:
    """The value of a JSON column, ``name`` being the table's and the column's; None stays.

    Raises:
        ForeignDataError: it is no JSON, or has not the shape that such a column has.
    """
    if text is None:
        return None
    try:
        value = parsed_json(text, most_values=MOST_VALUES)
    except ForeignDataError as error:
        raise ForeignDataError(f"{name} {error}") from error
    if not SHAPES[name](value):
        raise ForeignDataError(f"{name} holds something else than it should")
    return {_name(key): inner for key, inner in value.items()} if isinstance(value, dict) else value


def fact(key: str, text: str) -> Any:
    """The value of a row of the table ``run``.

    Raises:
        ForeignDataError: it is no JSON, or not what such a fact is.
    """
    value = parsed_json(text, most_values=MOST_VALUES)
    if not FACTS.get(key, _anything)(value):
        raise ForeignDataError(f"the fact {key} is something else than it should be")
    return _name(value) if isinstance(value, str) else value


def _name(word: str) -> str:
    """A name as it can be shown: of a reward, an outcome, a game, a model."""
    return word if word.isprintable() and len(word) <= _LONGEST_NAME else one_line(word, _LONGEST_NAME)


@cache
def _kinds() -> dict[str, tuple[frozenset[type], str]]:
    """The types a column of each name may hold, and its type in SQL. No name means two things."""
    python: dict[str, set[type]] = {"INTEGER": {int}, "REAL": {float, int}, "TEXT": {str}, "BLOB": {bytes}}
    found: dict[str, tuple[frozenset[type], str]] = {}
    connection = sqlite3.connect(":memory:")
    connection.executescript(schema.TABLES)
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        for _, name, kind, required, _, key in connection.execute(f"PRAGMA table_info({table})"):
            missing = set() if (required or key) and name not in _OPTIONAL else {type(None)}
            allowed = python[kind] | missing | set(found.get(name, (set(),))[0])
            found[name] = frozenset(allowed), kind
    connection.close()
    return found


def _anything(value: Any) -> bool:
    return True


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) < 1e300


def _number_or_none(value: Any) -> bool:
    return value is None or _number(value)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and abs(value) < _LARGEST_INTEGER


def _seed(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value < 2**63


def _of(inner: Shape) -> Shape:
    return lambda value: isinstance(value, dict) and all(map(inner, value.values()))


def _list(inner: Shape) -> Shape:
    return lambda value: isinstance(value, list) and all(map(inner, value))


def _split(value: Any) -> bool:
    """The mean and the spread of a reward in a step."""
    return isinstance(value, dict) and value.keys() >= {"mean", "std"} and all(map(_number_or_none, value.values()))


def _baseline(value: Any) -> bool:
    """A baseline's results: its mean, and where they are known, the share of games won and each score."""
    return (
        isinstance(value, dict)
        and _number(value.get("mean"))
        and _number_or_none(value.get("won"))
        and _list(_number_or_none)(value.get("scores", []))
    )


SHAPES: Mapping[str, Shape] = {
    "steps.outcomes": _of(_whole),
    "steps.rewards": _of(_split),
    "steps.metrics": _of(_anything),
    "groups.options": _of(_anything),
    "groups.seeds": _list(_seed),
    "strategies.rewards": _of(_number_or_none),
    "completions.reasons": _of(_text),
    "sittings.seats": _list(_list(_anything)),
    "evaluations.options": _of(_anything),
    "evaluations.seeds": _list(_seed),
    "evaluations.outcomes": _of(_whole),
    "evaluations.histogram": _of(_number),
    "evaluations.scores": _list(_list(_number_or_none)),
    "evaluations.baselines": _of(_baseline),
    "champions.scores": _list(_number),
    "events.data": _of(_anything),
}
FACTS: Mapping[str, Shape] = {
    **dict.fromkeys(("status", "game", "model", "run_key"), _text),
    **dict.fromkeys(("step", "max_steps", "processes"), _whole),
    **dict.fromkeys(("started", "updated"), _number),
    "episode_versions": _of(_text),
    "evaluating": _list(_whole),
    "baselines": _of(_of(_number)),
    "reward_weights": _of(_number),
    "reward_descriptions": _of(_text),
}
