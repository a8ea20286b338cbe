"""What a server cannot tell about its game: a small TOML file, checked here, and found for a server that names itself.

::

    title = "Tic-tac-toe"                 # all in all; only [action] and [outcome] are needed
    about = "You play X and move first."  # for the prompt
    goal = "wins"                         # for the prompt: "Write a strategy that plays Tic-tac-toe and wins."
    recognise = {server = ["OpenSpielEnvironment"], state = {game_name = "tic_tac_toe"}}
    seeds = false                         # whether the server honours reset(seed)
    seed_bits = 31                        # how many bits of a seed it can take
    deterministic = false                 # whether nothing is random; without this or seeds no episode is replayable
    sessions = 8                          # games it plays at once; without it, as many as are asked for
    step_cap = 64                         # decisions, then the episode ends as capped
    frame_rate = 2.0                      # decisions a second, for people
    timeout_s = 10.0                      # the longest an answer may take
    failure_score = -1.0                  # what an episode counts for whose program fails: as bad as it can go

    [reset]                               # arguments of every reset beside the seed
    [action]
    field = "action_id"                   # where the action's value goes
    send = {game_name = "tic_tac_toe"}    # what goes with it every time
    names = ["A1", "A2", ...]             # the actions
    values = [0, 1, ...]                  # what is sent for each; without them 0, 1, 2 ... or, as text, the names
    legal = "legal_actions"               # where the observation lists the values that are legal now
    words = {W = "UP"}                    # more names for actions

    [see.board]                           # what a strategy gets, by name; if this is all, it gets it as such
    field = "info_state"                  # a path into the observation; or value = ..., or field = "legal" for names
    shape = [3, 3, 3]                     # of a flat list; or the path of a field that says it
    planes = [".", "O", "X"]              # the last step of a list of planes: which one is set, by name
    names = {0 = "."}                     # other names for single values
    whole = true                          # 2.0 is 2
    thin = [6, 5]                         # every sixth row and fifth column
    grey = true                           # of red, green and blue the luminance
    default = []                          # for servers that leave the field out
    meaning = "3 rows of 3 cells"         # for the prompt

    [outcome]                             # looked at in this order; each is a list of conditions that must all hold
    won = ["done", "reward > 0"]          # on done, reward, return (rewards so far), plies and observation fields;
    drawn = ["done", "reward == 0"]       # also max(board), min(), sum(), len(), a.b, a[0], not a
    lost = ["done"]                       # done without any of them is lost
    named = "outcome"                     # or: the field that holds the outcome's name
    score = "return"

    [opponent]
    policy = "random"                     # or first: we make the other side's moves; its rewards count negative

    [draw]
    kind = "board"                        # board, grid, rgb, text or twin
    cells = "board"                       # which [see] to draw; for rgb a path, with shape as above
    looks = {X = {shape = "cross", colour = "#2b6cb0"}}
    marks = [{row = "x", column = "y", look = "agent"}]   # things that lie on the cells
    rows = 5                              # where there are only marks
    columns = 5
    aspect = 1.3                          # width over height of the picture

    [like]                                # a game of ours that is the same: its prompt is used; with draw.kind = "twin"
    game = "2048"                         # it plays along to be drawn, for servers with the same seeds
    options = {size = 4}

A spec may come with a recording from anywhere, so it can express nothing but looking things up and comparing.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from grpo_arcade.foreign_data import ForeignDataError
from grpo_arcade.games.game import Outcome
from grpo_arcade.games.openenv.terms import Condition, Term, parse_condition, parse_term
from grpo_arcade.text_file import read_toml

MOST_ACTIONS = 250
_KINDS = ("board", "grid", "rgb", "text", "twin")
SHAPES = ("square", "disc", "ring", "cross", "number", "text", "none")
_POLICIES = ("random", "first")
_OUTCOMES = (Outcome.WON, Outcome.DRAWN, Outcome.LOST)


class SpecError(ValueError):
    """A spec makes no sense, in one line that says where."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a strategy sees."""

    name: str
    term: Term | None
    """Where it is in the observation; None for a constant."""
    value: Any = None
    shape: tuple[int, ...] | Term | None = None
    planes: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False
    thin: tuple[int, int] = (1, 1)
    grey: bool = False
    default: Any = None
    has_default: bool = False
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell or a mark is drawn."""

    shape: str
    colour: int
    """0xRRGGBB."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that lies on a cell."""

    row: Term | int
    column: Term | int
    look: str


@dataclass(frozen=True, slots=True)
class Draw:
    """How a position is drawn."""

    kind: str
    cells: str = ""
    """The :class:`Field` whose rows are the cells; empty if there is none."""
    pixels: Term | None = None
    shape: tuple[int, ...] | Term | None = None
    looks: Mapping[str, Look] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    rows: int = 0
    columns: int = 0
    aspect: float = 0.0
    """Width over height; 0 leaves it to rows and columns."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A checked spec."""

    title: str
    about: str
    goal: str
    seeds: bool
    seed_bits: int
    deterministic: bool
    sessions: int | None
    step_cap: int
    frame_rate: float
    timeout_s: float
    failure_score: float
    reset: Mapping[str, Any]
    field: str
    send: Mapping[str, Any]
    names: tuple[str, ...]
    values: tuple[Any, ...]
    """One an action: what goes into ``field``, or, where that is empty, the fields themselves."""
    names_from: Term | None
    """Where a server says its actions' names; they are then not known until it was asked."""
    legal: Term | None
    words: Mapping[str, str]
    see: tuple[Field, ...]
    outcome: tuple[tuple[Outcome, tuple[Condition, ...]], ...]
    named: Term | None
    score: Term
    opponent: str | None
    draw: Draw
    like: Mapping[str, Any]
    recognise: Mapping[str, Any]
    mapping: Mapping[str, Any]
    """What it was made from; :func:`parse` gives the same spec again."""

    @property
    def complete(self) -> bool:
        """Whether the actions are known without asking the server."""
        return bool(self.names)

    @property
    def roots(self) -> frozenset[str]:
        """The observation's fields that anything here looks at; empty if it looks at all of them."""
        terms: list[Any] = [self.legal, self.named, self.score, self.draw.pixels, self.draw.shape]
        terms += [each for seen in self.see for each in (seen.term, seen.shape)]
        terms += [condition.term for _, conditions in self.outcome for condition in conditions]
        terms += [place for mark in self.draw.marks for place in (mark.row, mark.column)]
        return frozenset() if self.draw.kind == "text" else frozenset(t.root for t in terms if isinstance(t, Term))


def shipped() -> list[str]:
    """The names of the specs that come with this package."""
    return sorted(entry.name.removesuffix(".toml") for entry in files(__package__).joinpath("specs").iterdir())


def load(spec: str | Mapping[str, Any]) -> Spec:
    """A spec by its name, by the path of a TOML file, or from what such a file holds.

    Raises:
        SpecError: there is none, or it makes no sense.
    """
    if isinstance(spec, Mapping):
        return parse(spec, "the spec")
    if not isinstance(spec, str):
        raise SpecError(f"spec must be a name, the path of a .toml file, or what one holds, not {spec!r}")
    if spec in shipped():
        return _shipped(spec)
    if not spec.endswith(".toml"):
        near = difflib.get_close_matches(spec, shipped(), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(shipped())}, or the path of a .toml file"
        raise SpecError(f"no spec is called {spec!r}; {hint}")
    try:
        return parse(read_toml(spec), spec)
    except (OSError, ForeignDataError) as error:
        raise SpecError(f"the spec cannot be read: {error}") from error


@cache
def _shipped(name: str) -> Spec:
    return parse(tomllib.loads(files(__package__).joinpath("specs", f"{name}.toml").read_text("utf-8")), name)


def parse(mapping: Mapping[str, Any], where: str) -> Spec:
    """Check a spec. Raises :class:`SpecError` with a line that begins with ``where``."""
    try:
        # As JSON it goes into recordings, so what it cannot say there it cannot say here.
        mapping = json.loads(json.dumps(mapping, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise SpecError(f"{where}: {error}") from error
    try:
        return _parse(_Table(mapping, ""))
    except SpecError as error:
        line = "".join(each if each.isprintable() else " " for each in str(error)[:500])
        raise SpecError(f"{where}: {line}") from error


class _Table:
    """A table of a spec that knows its place, hands out values of the right kind, and minds what nobody asked for."""

    def __init__(self, mapping: Any, place: str) -> None:
        self.place = place
        if not isinstance(mapping, Mapping) or not all(isinstance(key, str) for key in mapping):
            raise SpecError(f"{place or 'it'} must be a table")
        self.mapping = mapping
        self._asked: set[str] = set()

    def _where(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def get(self, key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        self._asked.add(key)
        if key not in self.mapping:
            return default
        value = self.mapping[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            kinds = kind if isinstance(kind, tuple) else (kind,)
            wanted = " or ".join(_KIND_WORDS.get(each, each.__name__) for each in kinds)
            raise SpecError(f"{self._where(key)} must be {wanted}, not {_short(value)}")
        return value

    def any(self, key: str, default: Any = None) -> Any:
        self._asked.add(key)
        return self.mapping.get(key, default)

    def table(self, key: str) -> _Table:
        self._asked.add(key)
        return _Table(self.mapping.get(key, {}), self._where(key))

    def number(self, key: str, default: Any, low: float, high: float, *, whole: bool = False) -> Any:
        value = self.get(key, int if whole else (int, float), default)
        if value is not default and not low <= value <= high:
            raise SpecError(f"{self._where(key)} must be {low:g} to {high:g}, not {value!r}")
        return value

    def words(self, key: str) -> tuple[str, ...]:
        value = self.get(key, (list, tuple), [])
        if not all(isinstance(word, str) and 0 < len(word) <= 100 for word in value):
            raise SpecError(f"{self._where(key)} must be a list of short texts")
        return tuple(value)

    def term(self, key: str) -> Term | None:
        text = self.get(key, str)
        return None if text is None else self._term(key, text)

    def _term(self, key: str, text: str) -> Term:
        try:
            return parse_term(text)
        except ValueError as error:
            raise SpecError(f"{self._where(key)}: {error}") from error

    def shape(self, key: str) -> tuple[int, ...] | Term | None:
        value = self.get(key, (str, list, tuple))
        if value is None:
            return None
        if isinstance(value, str):
            return self._term(key, value)
        if not 1 <= len(value) <= 3 or not all(type(n) is int and 1 <= n <= 4096 for n in value):
            raise SpecError(f"{self._where(key)} must be one to three whole numbers, or the path of a field")
        return tuple(value)

    def done(self) -> None:
        for key in self.mapping:
            if key not in self._asked:
                near = difflib.get_close_matches(key, self._asked, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(self._asked))}"
                raise SpecError(f"{self._where(key)} means nothing; {hint}")


_KIND_WORDS: dict[type, str] = {
    **{str: "a text", int: "a whole number", float: "a number", bool: "true or false"},
    **{list: "a list", Mapping: "a table", dict: "a table"},
}


def _parse(table: _Table) -> Spec:
    title = table.get("title", str, "a game")
    action, outcome, opponent = table.table("action"), table.table("outcome"), table.table("opponent")
    names, values, names_from, send_field = _actions(action)
    see = tuple(_field(name, table.table("see").table(name)) for name in table.get("see", Mapping, {}))
    policy = opponent.get("policy", str)
    if policy is not None and policy not in _POLICIES:
        raise SpecError(f"opponent.policy must be {' or '.join(_POLICIES)}, not {policy!r}")
    words = action.table("words").mapping
    for word, name in words.items():
        if names and name not in names:
            raise SpecError(f"action.words.{word} is {_short(name)}, which is no action")
    like = table.table("like").mapping
    if table.table("draw").get("kind", str) == "twin" and not (like and table.get("seeds", bool)):
        raise SpecError("draw.kind twin needs [like], and seeds = true")
    spec = Spec(
        title=title,
        about=table.get("about", str, ""),
        goal=table.get("goal", str, "wins"),
        seeds=table.get("seeds", bool, False),
        seed_bits=table.number("seed_bits", 31, 8, 63, whole=True),
        deterministic=table.get("deterministic", bool, False),
        sessions=table.number("sessions", None, 1, 100_000, whole=True),
        step_cap=table.number("step_cap", 10_000, 1, 1_000_000, whole=True),
        frame_rate=float(table.number("frame_rate", 4.0, 0.1, 240)),
        failure_score=float(table.number("failure_score", 0.0, -1e12, 1e12)),
        timeout_s=float(table.number("timeout_s", 10.0, 0.05, 600)),
        reset=table.table("reset").mapping,
        field=send_field,
        send=action.table("send").mapping,
        names=names,
        values=values,
        names_from=names_from,
        legal=action.term("legal"),
        words=words,
        see=see,
        outcome=tuple(_conditions(outcome, each) for each in _OUTCOMES if each.value in outcome.mapping),
        named=outcome.term("named"),
        score=outcome.term("score") or parse_term("return"),
        opponent=policy,
        draw=_draw(table.table("draw"), see),
        like=like,
        recognise=table.table("recognise").mapping,
        mapping=table.mapping,
    )
    for part in (table, action, outcome, opponent):
        part.done()
    if policy and spec.legal is None:
        raise SpecError("an opponent needs action.legal, to know its moves")
    return spec


def _actions(action: _Table) -> tuple[tuple[str, ...], tuple[Any, ...], Term | None, str]:
    names, values = action.words("names"), action.get("values", (list, tuple))
    names_from, send_field = action.term("names_from"), action.get("field", str, "")
    if values is not None:
        names = names or tuple(map(_name, values))
    elif names:
        values = list(names) if action.get("text", bool, False) else list(range(len(names)))
    action.get("text", bool)
    if not names and names_from is None and action.term("legal") is None:
        raise SpecError("action needs names, or values, or legal, or names_from")
    values = tuple(values or ())
    if len(names) != len(values):
        raise SpecError(f"action has {len(names)} names for {len(values)} values")
    if len(names) > MOST_ACTIONS:
        raise SpecError(f"action has {len(names)} names; {MOST_ACTIONS} are the most")
    if len(set(names)) != len(names):
        raise SpecError("action.names has one twice")
    if not send_field and not all(isinstance(value, Mapping) for value in values):
        raise SpecError("action.field must say where the value goes")
    return names, values, names_from, send_field


def _name(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{key}={each}" for key, each in value.items())[:100]
    return str(value)[:100]


def _field(name: str, table: _Table) -> Field:
    if not name.isidentifier():
        raise SpecError(f"see.{name} must be a name that Python knows as one")
    if ("field" in table.mapping) == ("value" in table.mapping):
        raise SpecError(f"see.{name} needs a field or a value")
    thin = table.get("thin", (list, tuple), [1, 1])
    if len(thin) != 2 or not all(type(n) is int and 1 <= n <= 4096 for n in thin):
        raise SpecError(f"see.{name}.thin must be two whole numbers from 1 on")
    names = table.table("names").mapping
    if not all(isinstance(each, str) for each in names.values()):
        raise SpecError(f"see.{name}.names must be texts")
    found = Field(
        name=name,
        term=table.term("field"),
        value=table.any("value"),
        shape=table.shape("shape"),
        planes=table.words("planes"),
        names=names,
        whole=table.get("whole", bool, False),
        thin=(thin[0], thin[1]),
        grey=table.get("grey", bool, False),
        default=table.any("default"),
        has_default="default" in table.mapping,
        meaning=table.get("meaning", str, ""),
    )
    table.done()
    return found


def _conditions(table: _Table, outcome: Outcome) -> tuple[Outcome, tuple[Condition, ...]]:
    try:
        return outcome, tuple(parse_condition(text) for text in table.words(outcome.value))
    except ValueError as error:
        raise SpecError(f"outcome.{outcome}: {error}") from error


def _draw(table: _Table, see: Sequence[Field]) -> Draw:
    kind = table.get("kind", str, "text")
    if kind not in _KINDS:
        raise SpecError(f"draw.kind must be {', '.join(_KINDS)}, not {kind!r}")
    cells = table.get("cells", str, "")
    if cells and kind in ("board", "grid") and cells not in {each.name for each in see}:
        raise SpecError(f"draw.cells is {cells!r}, which is no [see]")
    if kind == "rgb" and not cells:
        raise SpecError("draw.cells must be the path of the pixels")
    looks = {name: _look(table.table("looks").table(name)) for name in table.get("looks", Mapping, {})}
    marks = []
    for place, mark in enumerate(table.get("marks", (list, tuple), [])):
        entry = _Table(mark, f"draw.marks[{place}]")
        row, column = (_place(entry, key) for key in ("row", "column"))
        marks.append(Mark(row, column, entry.get("look", str, "")))
        entry.done()
        if marks[-1].look not in looks:
            raise SpecError(f"draw.marks[{place}].look is {marks[-1].look!r}, which is none of draw.looks")
    found = Draw(
        kind=kind,
        cells=cells,
        pixels=table.term("cells") if kind == "rgb" else None,
        shape=table.shape("shape"),
        looks=looks,
        marks=tuple(marks),
        rows=table.number("rows", 0, 1, 200, whole=True),
        columns=table.number("columns", 0, 1, 200, whole=True),
        aspect=float(table.number("aspect", 0.0, 0.25, 4.0)),
    )
    table.done()
    if kind in ("board", "grid") and not cells and not (found.rows and found.columns):
        raise SpecError("draw needs cells, or rows and columns")
    return found


def _place(table: _Table, key: str) -> Term | int:
    value = table.get(key, (int, str))
    if value is None:
        raise SpecError(f"{table.place} needs {key}")
    if isinstance(value, str):
        return table.term(key) or 0
    return value


def _look(table: _Table) -> Look:
    shape, colour = table.get("shape", str, "square"), table.get("colour", str, "#8a8f98")
    if shape not in SHAPES:
        raise SpecError(f"{table.place}.shape must be one of {', '.join(SHAPES)}, not {shape!r}")
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise SpecError(f"{table.place}.colour must look like #2b6cb0, not {colour!r}")
    look = Look(shape, int(colour[1:], 16), table.get("text", str, ""))
    table.done()
    return look


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
