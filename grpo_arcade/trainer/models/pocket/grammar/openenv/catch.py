"""OpenEnv's catch: find the ball and the paddle on the screen, and go to one from the other."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from grpo_arcade.trainer.models.pocket.grammar.atari.lines import answer, any_of, noise, shift, steer
from grpo_arcade.trainer.models.pocket.grammar.choice import pick

GAME = "openenv:catch"
PLACE, SHARE = 13, 0
_ACTIONS = ("LEFT", "STAY", "RIGHT")


def draw_options(_rng: Random) -> dict[str, Any]:
    """The spec asks one thing."""
    return {}


def draw_program(rng: Random, _options: Mapping[str, Any]) -> str:
    """One program, newline at the end, that defines ``strategy(screen)``."""
    body = _thoughtless(rng) if rng.random() < 0.15 else _follow(rng)
    head = ["import random"] if any("random." in line for line in body) else []
    return "\n".join([*head, "def strategy(screen):", *body]) + "\n"


def _thoughtless(rng: Random) -> list[str]:
    return [any_of(_ACTIONS) if rng.random() < 0.6 else answer(rng.choice(_ACTIONS), 1)]


def _follow(rng: Random) -> list[str]:
    # The ball is in one of the first nine rows; who looks at the tenth too finds the paddle.
    rows = pick(rng, {"screen[:9]": 30, "screen": 25, "screen[:5]": 15, "screen[5:9]": 10, "screen[:2]": 20})
    column = pick(rng, {"row.index(1)": 65, "4 - row.index(1)": 20, "row.index(0)": 15})
    return [
        *noise(rng, _ACTIONS, 0.2),
        f"    me = {pick(rng, {'screen[9].index(1)': 75, '2': 25})}",
        f"    aim = {rng.choice((0, 1, 2, 3, 4))}",
        f"    for row in {rows}:",
        "        if 1 in row:",
        f"            aim = {column}",
        *shift(rng, "aim", (1, 2), 0.4),
        *steer(
            rng,
            {"RIGHT": 52, "LEFT": 38, "STAY": 10},
            {"LEFT": 52, "RIGHT": 38, "STAY": 10},
            {"STAY": 60, "LEFT": 20, "RIGHT": 20},
            (0, 1, 2),
        ),
    ]
