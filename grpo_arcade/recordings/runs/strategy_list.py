"""Which strategies are listed, and in which order: a person's words become SQL, and SQL gives the ids.

Ids alone of 100,000 strategies take under a megabyte; the rows on screen are fetched by id when they are drawn.
"""

from __future__ import annotations

import difflib
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from grpo_arcade.games import Outcome
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.reader import RunReader

COLUMNS = {
    "step": "s.step", "group": "s.number", "outcome": "s.outcome", "score": "s.score", "reward": "s.reward",
    "advantage": "s.advantage", "tokens": "s.tokens", "copies": "copies", "cpu": "s.cpu_s", "purpose": "s.purpose",
    "id": "s.id",
}  # fmt: skip
"""What strategies of a training can be sorted and filtered by, beside the reward functions, and where that is kept."""
_WORDS = ("outcome", "purpose")
_OUTCOMES = frozenset(outcome.value for outcome in Outcome)
_COPIES = "coalesce(c.copies, 1)"
_TERM = re.compile(r"([A-Za-z_][\w.:]*)(<=|>=|!=|<|>|=|:)(\S+)")


def columns(kind: RunKind) -> list[str]:
    """What strategies of such a run can be sorted and filtered by, beside its reward functions; its steps first."""
    return [kind.step if name == "step" else name for name in COLUMNS]


class FilterError(ValueError):
    """A filter that cannot be read; one line says what would work."""


@dataclass(frozen=True)
class Order:
    """A sort key and a filter."""

    by: str = "id"
    """One of :func:`columns`, or a reward function of the run."""
    descending: bool = True
    words: str = ""
    """The filter, as typed: ``won step=100-200 score>2000 progress<0.5 copies>1 text``."""
    kind: RunKind = RunKind.TRAINING
    """By whose words: a search has rounds where a training has steps."""


def listed(reader: RunReader, order: Order, rewards: Sequence[str] = ()) -> array[int]:
    """The ids of the strategies the order lists.

    Raises:
        FilterError: the filter speaks of something unknown.
    """
    where, values = condition(order, rewards)
    key = _sql_of(order.by, order.kind, rewards)
    copies = ""
    if "copies" in where or "copies" in key:
        copies = (
            "LEFT JOIN (SELECT source_id, count(*) AS copies FROM strategies WHERE source_id IS NOT NULL "
            "GROUP BY source_id HAVING count(*) > 1) c ON c.source_id = s.source_id "
        )
    way = "DESC" if order.descending else "ASC"
    nulls = "" if order.by == "id" else f"{key} IS NULL, "
    sort = f"{nulls}{key} {way}" + ("" if order.by == "id" else ", s.id DESC")
    # One text instead of 100,000 rows: a tenth of the time. SQLite keeps a subquery's order for this function.
    ids = f"SELECT s.id FROM strategies s {copies}WHERE {where} ORDER BY {sort}"
    text = reader.query(f"SELECT group_concat(id) FROM ({ids})", values)[0][0]
    return array("q", map(int, text.split(","))) if text else array("q")


def condition(order: Order, rewards: Sequence[str] = ()) -> tuple[str, list[object]]:
    """The order's filter as SQL over ``strategies s`` and its values.

    Raises:
        FilterError: it speaks of something unknown.
    """
    parts, values = ["1"], list[object]()
    for word in order.words.split():
        term = _TERM.fullmatch(word)
        if term is None:
            # Who types "crashed" means the outcome; who looks for the word in programs finds them too.
            outcome = "s.outcome = ? OR " if word in _OUTCOMES else ""
            parts.append(f"({outcome}s.source_id IN (SELECT id FROM sources WHERE instr(source, ?)))")
            values += [word, word] if outcome else [word]
            continue
        name, sign, value = term.groups()
        column = _sql_of(name, order.kind, rewards)
        if name in _WORDS:
            if sign not in ("=", ":", "!="):
                raise FilterError(f"{word}: {name} is a word; write {name}=lost or {name}!=lost")
            parts.append(f"{column} {'!=' if sign == '!=' else '='} ?")
            values.append(value)
        elif sign in ("=", ":") and (ends := re.fullmatch(r"(-?[\d.]+)-(-?[\d.]+)", value)):
            parts.append(f"{column} BETWEEN ? AND ?")
            values += [_number(end, word) for end in ends.groups()]
        else:
            parts.append(f"{column} {'=' if sign == ':' else sign} ?")
            values.append(_number(value, word))
    return " AND ".join(parts), values


def _sql_of(name: str, kind: RunKind, rewards: Sequence[str]) -> str:
    known = columns(kind)
    if name == "copies":
        return _COPIES
    if name in known:
        return COLUMNS["step" if name == kind.step else name]
    if name in rewards and not set(name) & set("\"'\\"):
        return f"json_extract(s.rewards, '$.\"{name}\"')"
    near = difflib.get_close_matches(name, [*known, *rewards], n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join([*known, *rewards])}"
    raise FilterError(f"nothing is called {name}; {hint}")


def _number(text: str, word: str) -> float:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        raise FilterError(f"{word}: {text} is no number") from None


def rows_of(reader: RunReader, ids: Sequence[int]) -> dict[int, dict[str, object]]:
    """What a line of the table shows, by id; copies are counted up to 1,000."""
    marks = ", ".join("?" * len(ids))
    rows = reader.query(
        "SELECT s.id, s.step, s.purpose, s.number, s.outcome, s.score, s.reward, s.advantage, s.tokens, s.truncated, "
        "s.cpu_s, s.source_id, (SELECT count(*) FROM (SELECT 1 FROM strategies o WHERE o.source_id = s.source_id "
        f"LIMIT 1000)) AS copies FROM strategies s WHERE s.id IN ({marks})",
        list(ids),
    )
    return {row["id"]: dict(row) for row in rows}
