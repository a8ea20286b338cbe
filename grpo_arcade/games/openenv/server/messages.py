"""The types that travel for one game: its action, its observation, its state, with schemas that name what is in them.

The values inside are plain already, so building and dumping them costs a dict, not a validation; what a client sends is
checked here, in words that say what would work.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from openenv.core.env_server.types import Action, Observation, State
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import override

from grpo_arcade.games.game import Game

T = TypeVar("T", bound=BaseModel)

_LOOKED_AT = 64
"""Positions that are looked at to say what a game's observations are made of."""


SMALLEST, LARGEST = 16, 1024
"""Widths of a picture that may be asked for, in pixels."""
PICTURE = f"Ask for a picture: true for its natural size, or its width in pixels, {SMALLEST} to {LARGEST}."


class PlayError(ValueError):
    """The client asked for something that cannot be; the message is for it, in one line."""


class GameAction(Action):
    """One move."""

    action: Any = Field(default=None, description="What to play: one of the names, or another spelling of one.")
    picture: Any = Field(default=False, description=PICTURE)

    @classmethod
    @override
    def model_validate(cls, obj: Any, **_: Any) -> GameAction:
        """The action in a step message.

        Raises:
            PlayError: a field that is none, or of the wrong kind. Whether it is a move is the game's to say.
        """
        if not isinstance(obj, Mapping) or not obj.keys() <= _ACTION_FIELDS:
            raise PlayError(f'a step needs {{"action": NAME}} and may have "picture": true, not {short(obj)}')
        picture = checked_picture(obj.get("picture", False))
        return made(cls, action=obj.get("action"), picture=picture, metadata=obj.get("metadata") or {})


def made(kind: type[T], **values: Any) -> T:
    """A model of all its fields, which are right already.

    What ``model_construct`` does, without its looking for aliases and defaults, which takes longer than a move of 2048.
    """
    model = kind.__new__(kind)
    for name, value in (
        ("__dict__", values),
        ("__pydantic_fields_set__", set(values)),
        ("__pydantic_extra__", None),
        ("__pydantic_private__", None),
    ):
        object.__setattr__(model, name, value)
    return model


def checked_picture(picture: Any) -> bool | int:
    """Whether a picture is asked for, and how wide.

    Raises:
        PlayError: it is neither yes, no nor a width that can be.
    """
    if type(picture) is bool or (type(picture) is int and SMALLEST <= picture <= LARGEST):
        return picture
    raise PlayError(f"picture must be true, false or a width from {SMALLEST} to {LARGEST}, not {short(picture)}")


_ACTION_FIELDS = frozenset({"action", "picture", "metadata"})


class GameObservation(Observation):
    """What a player sees after a reset or a move. ``reward`` is the score gained by it."""

    position: Any = Field(description="The symbolic position: exactly what a strategy function is called with.")
    legal_actions: list[str] = Field(description="Names of the actions that do something now; empty after the end.")
    score: float = Field(description="The score so far.")
    outcome: str | None = Field(description="How the episode ended (won, lost, drawn, capped, stuck); null before.")
    plies: int = Field(description="Moves so far.")
    picture: str | None = Field(description="A PNG of the position in base64, if it was asked for.")

    @override
    def model_dump(self, **how: Any) -> dict[str, Any]:
        """As every model's, but without looking into values that are plain already."""
        if how.keys() == {"exclude"}:
            return {name: value for name, value in self.__dict__.items() if name not in how["exclude"]}
        return super().model_dump(**how)


class GameState(State):
    """The episode a session is in. Game, options, seed and actions are all it takes to play it again."""

    model_config = ConfigDict(extra="forbid")

    game: str = Field(description="The game's name.")
    options: dict[str, Any] = Field(description="Its options.")
    versions: dict[str, str] = Field(description="Versions that decide what a seed and actions give.")
    action_names: list[str] = Field(description="The actions; an action's id is its place here.")
    seed: int | None = Field(default=None, description="The episode's seed; null before the first reset.")
    actions: list[int] = Field(default_factory=list, description="Ids of the moves so far, in order, of all seats.")
    per_step: int = Field(default=1, description="Actions of a step: one a seat where all seats act together, else 1.")
    seats: list[str] = Field(default_factory=list, description="Names of the seats of a game of several; else empty.")
    seat: str | None = Field(default=None, description="The one of them that is served; null where all are.")
    failed: dict[str, str] = Field(default_factory=dict, description="Other seats whose player failed, and how.")
    score: float | None = Field(default=None, description="The score so far.")
    outcome: str | None = Field(default=None, description="How the episode ended; null while it runs.")
    legal_actions: list[str] = Field(default_factory=list, description="Names of the actions that do something now.")
    wasted: int = Field(default=0, description="Moves that the game counts as wasted.")
    refused: int = Field(default=0, description="Moves of this episode that were refused as no action, or not legal.")


class Messages(NamedTuple):
    """The types for one game."""

    action: type[GameAction]
    observation: type[GameObservation]


def messages_for(game: Game) -> Messages:
    """The types whose schemas name ``game``'s actions and the parts of its observations."""
    names = list(game.actions)
    spellings = {str(alias): game.actions[action] for alias, action in game.aliases.items() if alias not in names}
    also = "; also ".join(("one of the names", ", ".join(f"{alias} ({name})" for alias, name in spellings.items())))
    described = f"What to play: {also if spellings else 'one of the names'}."

    def name_actions(schema: dict[str, Any]) -> None:
        schema["properties"]["action"] |= {"type": "string", "enum": names, "description": described}
        schema["properties"]["action"].pop("default", None)
        width = {"type": "integer", "minimum": SMALLEST, "maximum": LARGEST}
        schema["properties"]["picture"] |= {"anyOf": [{"type": "boolean"}, width]}
        schema["required"] = ["action"]

    def name_position(schema: dict[str, Any]) -> None:
        schema["properties"]["position"] |= _shape_of_positions(game)
        schema["properties"]["legal_actions"]["items"] = {"type": "string", "enum": names}

    class ThisAction(GameAction):
        model_config = ConfigDict(title="Action", json_schema_extra=name_actions)

    class ThisObservation(GameObservation):
        model_config = ConfigDict(title="Observation", json_schema_extra=name_position)

    return Messages(ThisAction, ThisObservation)


def _shape_of_positions(game: Game) -> dict[str, Any]:
    """A JSON schema that observations seen in a few random moves agree on."""
    rng = random.Random(0)
    game.reset(0)
    shape = _shape(game.observation())
    for _ in range(_LOOKED_AT):
        if game.outcome is not None:
            break
        game.step(rng.choice(game.legal_actions()))
        shape = _both(shape, _shape(game.observation()))
    return shape


def _shape(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"type": "object", "properties": {str(key): _shape(part) for key, part in value.items()}}
    if isinstance(value, list | tuple):
        items: dict[str, Any] | None = None
        for part in value:
            items = _shape(part) if items is None else _both(items, _shape(part))
        return {"type": "array", "items": items or {}}
    kinds = {type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string"}
    return {"type": kinds[type(value)]}


def _both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """A schema that holds for what either holds for."""
    if one == other:
        return one
    if one.get("type") == other.get("type") == "object":
        parts = {**one["properties"], **other["properties"]}
        both = one["properties"].keys() & other["properties"].keys()
        return {
            "type": "object",
            "properties": {
                key: _both(one["properties"][key], other["properties"][key]) if key in both else part
                for key, part in parts.items()
            },
        }
    if one.get("type") == other.get("type") == "array":
        return {"type": "array", "items": _both(one["items"], other["items"])}
    if {one.get("type"), other.get("type")} == {"integer", "number"}:
        return {"type": "number"}
    return {}


def short(value: Any) -> str:
    """What a client sent, as the message about it shows it."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
