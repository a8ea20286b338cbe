"""The page at ``/web``: a person plays the served game in the browser, in a session of their own, and sees it.

One HTML file that speaks the same WebSocket protocol as every other client and asks for pictures. Needs no
``openenv``.
"""

from __future__ import annotations

import html
import json
from importlib.resources import files
from string import Template
from typing import Any

from grpo_arcade.games.game import Game

_ARROWS = {"ArrowUp": ("UP", "W"), "ArrowRight": ("RIGHT", "D"), "ArrowDown": ("DOWN", "S"), "ArrowLeft": ("LEFT", "A")}
_HELD = {"ArrowUp": "up", "ArrowRight": "right", "ArrowDown": "down", "ArrowLeft": "left", " ": "fire"}


def page(game: Game) -> str:
    """The page for ``game``."""
    template = Template(files(__package__).joinpath("page.html").read_text("utf-8"))
    facts = json.dumps(_facts(game)).replace("<", "\\u003c")
    return template.substitute(title=html.escape(game.name), facts=facts)


def _facts(game: Game) -> dict[str, Any]:
    spelt = {alias.upper(): game.actions[action] for alias, action in game.aliases.items() if isinstance(alias, str)}
    keys = {}
    for key, words in _ARROWS.items():
        meant = [spelt[word] for word in words if word in spelt]
        if meant:
            keys[key] = meant[0]
    keys |= {spelling.lower(): name for spelling, name in spelt.items() if len(spelling) == 1}
    held = {"+".join(sorted(combination)): game.actions[action] for combination, action in game.controls.items()}
    return {
        "name": game.name,
        "actions": list(game.actions),
        "keys": keys,
        "held": held if game.clock_driven else None,
        "holds": _HELD,
        "frame_ms": 1000.0 / game.frame_rate,
        "aspect": game.picture(game.palettes[0]).aspect,
    }
