"""Which spec a server needs: one of ours if it names itself, else what its schema tells. Our own servers tell all."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from grpo_arcade.games.game import Game
from grpo_arcade.games.openenv.answers import ServerError
from grpo_arcade.games.openenv.client import Address, Session, get_json
from grpo_arcade.games.openenv.spec import Spec
from grpo_arcade.games.openenv.spec_parser import MOST_ACTIONS, load, parse, shipped
from grpo_arcade.games.registry import make

_TIMEOUT_S = 10.0


def discover(address: Address) -> str | Mapping[str, Any]:
    """The name of one of our specs, or a spec made from the server's schema.

    Raises:
        ServerError: the server cannot be asked.
        ValueError: nothing fits; the line says what would.
    """
    name = _name(address)
    fitting = [spec for spec in shipped() if name in load(spec).recognise.get("server", ())]
    for spec in fitting:
        wanted = load(spec).recognise.get("state", {})
        if not wanted:
            return spec
    if fitting:
        state = _state(address, reset=True)
        for spec in fitting:
            wanted = load(spec).recognise.get("state", {})
            if all(state.get(key) == value for key, value in wanted.items()):
                return spec
    schema = get_json(address, "/schema", _TIMEOUT_S)
    if not isinstance(schema, Mapping):
        raise ServerError(f"{address}/schema is no table")
    if {"game", "options", "versions", "action_names"} <= set(_names(schema.get("state"))):
        return _ours(_state(address, reset=False))
    return from_schema(schema, name or "a game", address)


def completed(spec: Spec, address: Address) -> Spec:
    """The spec with the actions that the server itself has to say; itself where it needs none.

    Raises:
        ServerError: the server cannot be asked, or does not say.
    """
    if spec.complete:
        return spec
    from grpo_arcade.games.openenv.reading import scope_of

    session = Session(address, spec.timeout_s)
    try:
        scope = scope_of(session.request("reset", dict(spec.reset)), 0.0, 0)
    finally:
        session.close()
    legal = spec.legal.of(scope) if spec.legal else None
    names = spec.names_from.of(scope) if spec.names_from else None
    values: list[Any]
    if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
        # Python's enums call themselves Action.UP.
        words = [re.sub(r"[^\x21-\x7e]", "_", name.rpartition(".")[2])[:100] for name in names]
        values = list(range(len(words)))
    elif isinstance(legal, list) and legal and all(type(value) is int for value in legal):
        # Those that are legal later are mostly those in between.
        low, high = min(0, *legal), max(legal)
        values = list(range(low, min(high, low + MOST_ACTIONS) + 1))
        words = [str(value) for value in values]
    elif isinstance(legal, list) and legal and all(isinstance(value, str) for value in legal):
        values = words = [value[:100] for value in legal]
    else:
        raise ServerError(f"{address} does not say what its actions are; name them in a spec: action.names")
    if len(set(words)) != len(words) or len(words) > MOST_ACTIONS:
        raise ServerError(f"{address} has {len(words)} actions, not all different; name them in a spec: action.names")
    action = {**spec.mapping["action"], "names": words, "values": values}
    action.pop("names_from", None)
    return parse({**spec.mapping, "action": action}, "the spec")


def from_schema(schema: Mapping[str, Any], title: str, address: object) -> dict[str, Any]:
    """A spec from the JSON schemas of actions and observations.

    Actions are found where each field that must be given has an enum, a constant, true or false, or whole numbers with
    bounds; or where one is a whole number or a text and the observation lists those that are legal.

    Raises:
        ValueError: they are not; the line says what to do.
    """
    action, observation = schema.get("action"), schema.get("observation")
    if not isinstance(action, Mapping) or not isinstance(action.get("properties"), Mapping):
        raise ValueError(f"the server at {address} has no schema of its actions; write a spec for it")
    legal = _legal_field(observation)
    fields = dict(_fields(action))
    table: dict[str, Any] = {}
    choices = {name: _choices(part, action) for name, part in fields.items()}
    if not fields:
        raise ValueError(f"the server at {address} has actions without fields; write a spec for it")
    listed = [found for found in choices.values() if found is not None]
    if len(listed) == len(fields):
        combined = list(
            itertools.islice(itertools.product(*(found or () for found in choices.values())), MOST_ACTIONS + 1)
        )
        if not 0 < len(combined) <= MOST_ACTIONS:
            raise ValueError(
                f"the server at {address} has more than {MOST_ACTIONS} actions; choose some of them in a spec"
            )
        if len(fields) == 1:
            table = {"field": next(iter(fields)), "values": [values[0] for values in combined]}
        else:
            table = {"values": [dict(zip(fields, values, strict=True)) for values in combined]}
        if legal and len(fields) == 1:
            table["legal"] = legal
    elif len(fields) == 1 and legal:
        table = {"field": next(iter(fields)), "legal": legal}
    else:
        name = next(name for name, found in choices.items() if found is None)
        raise ValueError(
            f"the server at {address} takes anything as {name[:60]!r}; a spec has to say what there is to choose from"
        )
    names = [name for name in _names(observation) if name.isidentifier() and name not in ("metadata", "done", "reward")]
    see = {name: {"field": name, "default": None} for name in names}
    return {"title": title, "goal": "ends with a reward", "action": table, "see": see, "draw": {"kind": "text"}}


def _name(address: Address) -> str:
    """What the server calls itself; empty if it does not say."""
    metadata = get_json(address, "/metadata", _TIMEOUT_S)
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return name[:100] if isinstance(name, str) else ""


def _ours(state: Mapping[str, Any]) -> dict[str, Any]:
    """The spec for one of our own servers, which tells everything; the same game here draws it, if there is one."""
    names, title = state.get("action_names"), str(state.get("game"))[:100]
    table = {"field": "action", "names": names, "values": names, "legal": "legal_actions"}
    spec = {
        **{"title": title, "seeds": True, "seed_bits": 63, "action": table, "see": {"position": {"field": "position"}}},
        **{"outcome": {"named": "outcome", "score": "score"}, "draw": {"kind": "text"}},
    }
    like = {"game": title, "options": state.get("options")}
    try:
        twin = twin_of(like)
    except (ValueError, TypeError):
        return spec  # a game that only the server has
    if twin.actions != tuple(names or ()):
        return spec
    words = {word: twin.actions[place] for word, place in twin.aliases.items() if isinstance(word, str)}
    table["words"] = {word: name for word, name in words.items() if word not in twin.actions}
    same = all(
        state.get("versions", {}).get(what) == said for what, said in twin.versions.items() if what != "grpo-arcade"
    )
    drawn = {"draw": {"kind": "twin"}} if same else {}
    return spec | {"like": like, "step_cap": twin.step_cap, "frame_rate": twin.frame_rate} | drawn


def twin_of(like: Mapping[str, Any]) -> Game:
    """The game of ours that a server's game is like. Raises ``ValueError`` or ``TypeError`` if there is none."""
    name, options = like.get("game"), like.get("options", {})
    if not isinstance(name, str) or name.startswith("openenv:") or not isinstance(options, Mapping):
        raise ValueError(f"{str(name)[:60]!r} is no game of ours")
    return make(name, **options)


def _state(address: Address, *, reset: bool) -> Mapping[str, Any]:
    session = Session(address, _TIMEOUT_S)
    try:
        if reset:
            session.request("reset", {})
        return session.request("state")
    finally:
        session.close()


def _names(observation: Any) -> list[str]:
    properties = observation.get("properties") if isinstance(observation, Mapping) else None
    return [str(name) for name in properties][:64] if isinstance(properties, Mapping) else []


def _legal_field(observation: Any) -> str:
    return next((name for name in ("legal_actions", "legal_moves", "valid_actions") if name in _names(observation)), "")


def _fields(action: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The fields an action must have, or, if it needs none, its only one."""
    properties = {name: part for name, part in action["properties"].items() if name != "metadata"}
    required = action.get("required")
    needed = [name for name in properties if isinstance(required, list) and name in required]
    for name in needed or list(properties)[:1]:
        if isinstance(properties[name], Mapping):
            yield name, properties[name]


def _choices(part: Any, schema: Mapping[str, Any], depth: int = 0) -> list[Any] | None:
    """The values a part of a JSON schema allows, or None where they cannot be listed."""
    if not isinstance(part, Mapping) or depth > 4:
        return None
    if isinstance(part.get("enum"), list):
        return [value for value in part["enum"] if isinstance(value, str | int | float | bool)][
            : MOST_ACTIONS + 1
        ] or None
    if isinstance(part.get("const"), str | int | float | bool):
        return [part["const"]]
    if part.get("type") == "boolean":
        return [False, True]
    if part.get("type") == "integer":
        low = part.get("minimum", _next(part.get("exclusiveMinimum"), 1))
        high = part.get("maximum", _next(part.get("exclusiveMaximum"), -1))
        if type(low) is int and type(high) is int and low <= high:
            return list(range(low, min(high, low + MOST_ACTIONS) + 1))
    if isinstance(reference := part.get("$ref"), str):
        definitions = schema.get("$defs")
        name = reference.removeprefix("#/$defs/")
        return _choices(definitions.get(name), schema, depth + 1) if isinstance(definitions, Mapping) else None
    for several in ("allOf", "anyOf", "oneOf"):
        if isinstance(part.get(several), list):
            found = [_choices(each, schema, depth + 1) for each in part[several][:8] if each != {"type": "null"}]
            if len(found) == 1 or (several != "allOf" and found and all(each is not None for each in found)):
                return [value for each in found for value in each or ()] or None
    return None


def _next(bound: Any, by: int) -> Any:
    return bound + by if type(bound) is int else None
