"""Specs found by name, by file or in a recording, and checked: :class:`~.spec.Spec` says how one is written."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from grpo_arcade.foreign_data import ForeignDataError
from grpo_arcade.games.game import Outcome
from grpo_arcade.games.openenv.spec import SHAPES, Draw, Field, Look, Mark, Spec, SpecError
from grpo_arcade.games.openenv.spec_table import Table, shortened
from grpo_arcade.games.openenv.terms import Condition, Term, parse_condition, parse_term
from grpo_arcade.text_file import read_toml

MOST_ACTIONS = 250
_KINDS = ("board", "grid", "rgb", "text", "twin")
_POLICIES = ("random", "first")
_OUTCOMES = (Outcome.WON, Outcome.DRAWN, Outcome.LOST)


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
        return _parse(Table(mapping, ""))
    except SpecError as error:
        line = "".join(each if each.isprintable() else " " for each in str(error)[:500])
        raise SpecError(f"{where}: {line}") from error


def _parse(table: Table) -> Spec:
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
            raise SpecError(f"action.words.{word} is {shortened(name)}, which is no action")
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


def _actions(action: Table) -> tuple[tuple[str, ...], tuple[Any, ...], Term | None, str]:
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


def _field(name: str, table: Table) -> Field:
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


def _conditions(table: Table, outcome: Outcome) -> tuple[Outcome, tuple[Condition, ...]]:
    try:
        return outcome, tuple(parse_condition(text) for text in table.words(outcome.value))
    except ValueError as error:
        raise SpecError(f"outcome.{outcome}: {error}") from error


def _draw(table: Table, see: Sequence[Field]) -> Draw:
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
        entry = Table(mark, f"draw.marks[{place}]")
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


def _place(table: Table, key: str) -> Term | int:
    value = table.get(key, (int, str))
    if value is None:
        raise SpecError(f"{table.place} needs {key}")
    if isinstance(value, str):
        return table.term(key) or 0
    return value


def _look(table: Table) -> Look:
    shape, colour = table.get("shape", str, "square"), table.get("colour", str, "#8a8f98")
    if shape not in SHAPES:
        raise SpecError(f"{table.place}.shape must be one of {', '.join(SHAPES)}, not {shape!r}")
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise SpecError(f"{table.place}.colour must look like #2b6cb0, not {colour!r}")
    look = Look(shape, int(colour[1:], 16), table.get("text", str, ""))
    table.done()
    return look
