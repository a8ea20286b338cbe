"""Who descends from whom in a run: the line a strategy comes from, and the family around it.

Only where programs were written from earlier ones is there anything to tell: ``arcade improve``, and training with
feedback. A run made before there was such a thing has none. What is read may come from a stranger, so that a strategy
that descends from itself ends the line instead of going on for ever.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from grpo_arcade.recordings.runs.reader import RunReader

LONGEST_LINE = 64
"""Ancestors that are told, the nearest ones."""
MOST_CHILDREN = 3
"""Children of one strategy that a family shows beside those on the line; the others are counted."""


@dataclass(frozen=True, slots=True)
class Kin:
    """One strategy of a family."""

    id: int
    step: int
    score: float
    outcome: str
    note: str = ""
    """What its author said of it."""


@dataclass(frozen=True, slots=True)
class Line:
    """Where a strategy comes from."""

    kin: tuple[Kin, ...]
    """From the first ancestor to the strategy itself."""
    parent_source: str | None
    """The program it was written from; None where it was written from the game's own words alone."""
    author: str
    island: int
    twin: int | None
    """The earlier strategy that plays just alike, by its id."""

    @property
    def parent(self) -> Kin | None:
        """The strategy it was written from."""
        return self.kin[-2] if len(self.kin) > 1 else None


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of a family tree."""

    kin: Kin
    depth: int
    """Generations below the first ancestor."""
    on_line: bool
    """Whether it is the strategy itself or one it comes from."""
    more: int = 0
    """Children that are not shown."""


_KIN = (
    "SELECT strategies.id, step, score, outcome, coalesce(note, '') AS note, parent_id FROM strategies "
    "LEFT JOIN lineage ON lineage.strategy_id = strategies.id WHERE "
)


def has_lineage(reader: RunReader) -> bool:
    """Whether anything is known of who descends from whom.

    Raises:
        RunFolderError: the run cannot be read.
    """
    made = reader.query("SELECT count(*) AS tables FROM sqlite_master WHERE type = 'table' AND name = 'lineage'")
    return bool(made[0]["tables"]) and bool(reader.query("SELECT 1 FROM lineage LIMIT 1"))


def line_of(reader: RunReader, strategy_id: int) -> Line | None:
    """The line a strategy comes from; None where nothing is known of it.

    Raises:
        RunFolderError: the run cannot be read.
    """
    if not has_lineage(reader):
        return None
    own = reader.query("SELECT author, island, twin_id, parent_id FROM lineage WHERE strategy_id = ?", (strategy_id,))
    if not own:
        return None
    kin: list[Kin] = []
    seen: set[int] = set()
    at: int | None = strategy_id
    while at is not None and at not in seen and len(kin) < LONGEST_LINE:
        seen.add(at)
        rows = reader.query(f"{_KIN}strategies.id = ?", (at,))
        if not rows:
            break
        kin.insert(0, _kin(rows[0]))
        at = rows[0]["parent_id"]
    parent = own[0]["parent_id"]
    sources = reader.query(
        "SELECT source FROM strategies JOIN sources ON sources.id = source_id WHERE strategies.id = ?", (parent,)
    )
    source = sources[0]["source"] if sources else None
    return Line(tuple(kin), source, own[0]["author"], own[0]["island"], own[0]["twin_id"])


def family(reader: RunReader, line: Line) -> list[Branch]:
    """The line with the best other children of each on it, as the lines of a tree, the first ancestor first.

    Raises:
        RunFolderError: the run cannot be read.
    """
    on_line = {kin.id for kin in line.kin}
    children: dict[int, list[Kin]] = defaultdict(list)
    marks = ", ".join("?" * len(on_line))
    for row in reader.query(f"{_KIN}parent_id IN ({marks}) ORDER BY score DESC, strategies.id", sorted(on_line)):
        if row["id"] not in on_line:
            children[row["parent_id"]].append(_kin(row))
    found = []
    for depth, kin in enumerate(line.kin):
        others = children[kin.id]
        found.append(Branch(kin, depth, True, max(0, len(others) - MOST_CHILDREN)))
        found += [Branch(child, depth + 1, False) for child in others[:MOST_CHILDREN]]
    return found


def _kin(row: object) -> Kin:
    values = dict(row)  # type: ignore[call-overload]
    return Kin(values["id"], values["step"], values["score"], values["outcome"], values["note"])
