"""The prompt of a made-up game on somebody's server: made by the code that asks for real ones."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from grpo_arcade.games.openenv.prompt import prompt
from grpo_arcade.games.openenv.spec_parser import parse
from grpo_arcade.trainer.models.pocket.grammar.made_up import questions, words

_STUCK_AFTER = 32


def asked_by_a_server(rng: Random, seen: Sequence[tuple[str, str]], actions: Sequence[str], legal: bool = False) -> str:
    """The prompt for what is ``seen``, by name and meaning; a game that says which moves are ``legal`` says so."""
    action = {"field": "action", "names": list(actions)}
    if legal or rng.random() < 0.3:
        action["legal"] = "legal"
    spec = {
        "title": questions.title(rng),
        "about": words.sentences(rng),
        "goal": words.goal(rng),
        "action": action,
        "see": {name: {"value": 0, "meaning": meaning} for name, meaning in seen},
        "outcome": {"won": ["done"]},
        "draw": {"kind": "text"},
    }
    return prompt(parse(spec, "made-up"), _STUCK_AFTER)
