"""Specs and schemas are read as they are meant, and refused in one line where they mean nothing."""

from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grpo_arcade.games import Outcome
from grpo_arcade.games.openenv.answers import ServerError
from grpo_arcade.games.openenv.discovery import from_schema
from grpo_arcade.games.openenv.reading import legal_of, outcome_of, scope_of, seen, shown
from grpo_arcade.games.openenv.spec import SpecError
from grpo_arcade.games.openenv.spec_parser import load, parse, shipped
from grpo_arcade.games.openenv.terms import MISSING, parse_condition, parse_term

LEAST = {"action": {"field": "a", "names": ["up", "down"]}}

words = st.text(max_size=12)


def one_line(error):
    assert str(error).isprintable()
    assert len(str(error)) < 1000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=20,
)
_KEYS = """
title about goal recognise seeds sessions step_cap frame_rate timeout_s reset action see outcome opponent draw like
field send names values legal words names_from shape planes thin grey whole default meaning won lost drawn named
score policy kind cells looks marks rows columns aspect colour text row column look
"""
keys = st.sampled_from(_KEYS.split()) | words
tables = st.recursive(
    json_values
    | st.sampled_from(["board", "rgb", "legal", "reward > 0", "max(x)", "random", "#123456", "ring", "done"]),
    lambda inner: st.dictionaries(keys, inner, max_size=6) | st.lists(inner, max_size=3),
    max_leaves=30,
)


@pytest.mark.parametrize("name", shipped())
def test_our_specs_can_be_read_and_written_as_json(name):
    spec = load(name)
    assert parse(json.loads(json.dumps(spec.mapping)), name) == spec
    assert spec.recognise["server"]
    assert all(field.meaning for field in spec.see) or spec.like


@given(st.dictionaries(keys, tables, max_size=8))
@settings(max_examples=100, deadline=None)
def test_any_table_is_a_spec_or_is_refused_in_one_line(mapping):
    try:
        spec = parse(mapping, "it")
    except SpecError as error:
        one_line(error)
    else:
        assert parse(json.loads(json.dumps(spec.mapping)), "it") == spec


@given(st.fixed_dictionaries({"action": tables, "outcome": tables, "see": tables, "draw": tables}))
@settings(max_examples=60, deadline=None)
def test_parts_that_make_no_sense_are_refused(parts):
    try:
        parse({**LEAST, **parts}, "it")
    except SpecError as error:
        one_line(error)


SPECS = [load(name) for name in shipped() if load(name).complete]


@given(
    st.sampled_from(SPECS),
    st.dictionaries(st.sampled_from(sorted({r for s in SPECS for r in s.roots})), json_values),
    json_values,
    json_values,
)
@settings(max_examples=100, deadline=None)
def test_any_answer_is_read_or_is_a_servers_error(spec, observation, reward, done):
    try:
        scope = scope_of({"observation": observation, "reward": reward, "done": done}, 0.0, 1)
        legal = legal_of(spec, scope)
        outcome = outcome_of(spec, scope)
        seen(spec, scope, legal)
        if spec.draw.kind != "twin":
            shown(spec, scope, legal)
    except ServerError as error:
        one_line(error)
    else:
        assert outcome is None or isinstance(outcome, Outcome)
        assert set(legal) <= set(range(len(spec.names)))


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({}, "action needs names, or values"),
        ({"action": {"names": ["a"]}}, "action.field must say where"),
        ({"action": {"field": "a", "names": ["a", "a"]}}, "action.names has one twice"),
        ({"action": {"field": "a", "names": ["a"], "values": [1, 2]}}, "1 names for 2 values"),
        ({"action": {"field": "a", "values": list(range(251))}}, "250 are the most"),
        ({**LEAST, "stepcap": 5}, "stepcap means nothing; did you mean step_cap?"),
        ({**LEAST, "step_cap": 0}, "step_cap must be 1 to"),
        ({**LEAST, "step_cap": True}, "step_cap must be a whole number, not True"),
        ({**LEAST, "seeds": 1}, "seeds must be true or false"),
        ({**LEAST, "see": {"a b": {"field": "x"}}}, "see.a b must be a name"),
        ({**LEAST, "see": {"x": {}}}, "see.x needs a field or a value"),
        ({**LEAST, "see": {"x": {"field": "__import__('os')"}}}, "is no term"),
        ({**LEAST, "outcome": {"won": ["reward >"]}}, "outcome.won: "),
        ({**LEAST, "outcome": {"won": ["reward > up"]}}, "is no value"),
        ({**LEAST, "opponent": {"policy": "minimax"}}, "opponent.policy must be random or first"),
        ({**LEAST, "opponent": {"policy": "random"}}, "needs action.legal"),
        ({**LEAST, "draw": {"kind": "3d"}}, "draw.kind must be"),
        ({**LEAST, "draw": {"kind": "grid"}}, "draw needs cells, or rows and columns"),
        ({**LEAST, "draw": {"kind": "grid", "cells": "board"}}, "which is no [see]"),
        ({**LEAST, "draw": {"kind": "twin"}}, "twin needs [like]"),
        ({**LEAST, "draw": {"rows": 1, "looks": {"X": {"colour": "red"}}}}, "must look like #2b6cb0"),
        ({**LEAST, "action": {**LEAST["action"], "words": {"W": "left"}}}, "which is no action"),
    ],
)
def test_a_mistake_is_said_where_it_is(mapping, said):
    with pytest.raises(SpecError) as raised:
        parse(mapping, "my.toml")
    assert said in str(raised.value)
    assert str(raised.value).startswith("my.toml: ")


def test_a_name_that_is_none_suggests_another(tmp_path):
    with pytest.raises(SpecError, match="did you mean tic_tac_toe"):
        load("tictactoe")
    with pytest.raises(SpecError, match="cannot be read"):
        load(str(tmp_path / "none.toml"))
    broken = tmp_path / "broken.toml"
    broken.write_text("action = [")
    with pytest.raises(SpecError, match="cannot be read"):
        load(str(broken))
    dated = tmp_path / "dated.toml"
    dated.write_text("title = 2026-01-01\n[action]\nfield = 'a'\nnames = ['a']")
    with pytest.raises(SpecError, match="JSON"):
        load(str(dated))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("reward", 2.0), ("board[1]", [3, 4]), ("board[-1][0]", 3), ("max(board)", 4), ("sum(board)", 10)],
        *[
            ("len(board)", 2),
            ("a.b", "x"),
            ("board[2]", MISSING),
            ("nothing", MISSING),
            ("a.b.c", MISSING),
            ("len(a)", MISSING),
        ],
        *[("min(words)", MISSING)],
    ],
)
def test_terms_find_what_they_name(text, value):
    scope = {"reward": 2.0, "board": [[1, 2], [3, 4]], "a": {"b": "x"}, "words": ["x"]}
    assert parse_term(text).of(scope) == value


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        *[("reward > 1", True), ("reward >= 3", False), ("done", False), ("not done", True), ("nothing == 1", False)],
        *[
            ("nothing != 1", False),
            ('word == "x"', True),
            ("word > 1", False),
            ("not nothing", False),
            ("reward == 2", True),
        ],
    ],
)
def test_conditions_hold_or_do_not(text, holds):
    assert parse_condition(text).holds({"reward": 2.0, "done": False, "word": "x"}) is holds


def _schema(properties, observation=(), required=None):
    action = {"type": "object", "properties": {**properties, "metadata": {"type": "object"}}}
    action["required"] = list(properties) if required is None else required
    return {"action": action, "observation": {"properties": {key: {} for key in [*observation, "done", "reward"]}}}


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        (_schema({"a": {"enum": ["up", "down"]}}), ["up", "down"]),
        (_schema({"a": {"type": "integer", "minimum": 1, "maximum": 3}}), [1, 2, 3]),
        (_schema({"a": {"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 4}}), [2, 3]),
        (_schema({"a": {"type": "boolean"}}), [False, True]),
        (_schema({"a": {"anyOf": [{"const": 1}, {"const": 2}, {"type": "null"}]}}), [1, 2]),
        (_schema({"a": {"enum": [1]}, "b": {"type": "boolean"}}), [{"a": 1, "b": False}, {"a": 1, "b": True}]),
        (_schema({"a": {"enum": ["x"]}, "b": {"type": "string"}}, required=["a"]), ["x"]),
    ],
)
def test_actions_are_found_in_a_schema(schema, values):
    spec = parse(from_schema(schema, "it", "here"), "it")
    assert list(spec.values) == values
    assert len(spec.names) == len(values)


def test_an_enum_of_its_own_is_looked_up():
    schema = _schema({"a": {"allOf": [{"$ref": "#/$defs/Move"}]}})
    schema["action"]["$defs"] = {"Move": {"enum": ["UP", "DOWN"]}}
    assert parse(from_schema(schema, "it", "here"), "it").names == ("UP", "DOWN")


def test_a_list_of_legal_actions_is_noticed():
    spec = parse(from_schema(_schema({"a": {"type": "integer"}}, ["board", "legal_actions"]), "it", "here"), "it")
    assert not spec.complete
    assert spec.legal == parse_term("legal_actions")
    assert {field.name for field in spec.see} == {"board", "legal_actions"}


@pytest.mark.parametrize(
    "schema",
    [
        *[{}, {"action": None}, {"action": {"properties": {}}}, _schema({"a": {"type": "string"}})],
        *[_schema({"a": {"type": "integer"}}), _schema({f"a{at}": {"type": "boolean"} for at in range(9)})],
    ],
)
def test_a_schema_that_tells_no_actions_is_refused_in_one_line(schema):
    with pytest.raises(ValueError, match="spec") as raised:
        from_schema(schema, "it", "here")
    assert "\n" not in str(raised.value)


schemas = st.recursive(
    json_values,
    lambda inner: (
        st.dictionaries(
            st.sampled_from(
                [
                    "properties",
                    "required",
                    "enum",
                    "const",
                    "type",
                    "minimum",
                    "maximum",
                    "$ref",
                    "$defs",
                    "anyOf",
                    "allOf",
                    "action",
                    "observation",
                    "x",
                ]
            ),
            inner,
            max_size=5,
        )
        | st.lists(inner, max_size=3)
    ),
    max_leaves=30,
)


@given(st.fixed_dictionaries({"action": schemas, "observation": schemas}))
@settings(max_examples=100, deadline=None)
def test_any_schema_gives_a_spec_or_one_line(schema):
    try:
        parse(from_schema(schema, "it", "here"), "it")
    except ValueError as error:
        one_line(error)


def test_the_example_in_the_documentation_is_a_spec():
    from grpo_arcade.games.openenv import spec

    lines = (
        spec.__doc__.split("::\n\n")[1]
        .split("\n\nA spec may")[0]
        .replace('names = ["A1", "A2", ...]', 'names = ["A1"]')
    )
    lines = lines.replace("values = [0, 1, ...]", "values = [0]").replace('words = {W = "UP"}', 'words = {W = "A1"}')
    lines = lines.replace('field = "info_state"  ', 'field = "info_state"')
    mapping = tomllib.loads(lines)
    mapping["draw"]["looks"]["agent"] = {}
    assert parse(mapping, "example").title == "Tic-tac-toe"
