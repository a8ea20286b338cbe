"""Boxing: come near, line up an arm, hit; or walk past, or away."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from grpo_arcade.trainer.models.pocket.grammar.atari.lines import (
    answer,
    clock,
    console_options,
    lead,
    noise,
    program,
    reach,
    shift,
    thoughtless,
)
from grpo_arcade.trainer.models.pocket.grammar.choice import pick

GAME = "atari/boxing"
PLACE, SHARE = 4, 1
WANTED = (-20, 12)
_ACTIONS = ("UP", "DOWN", "LEFT", "RIGHT", "FIRE")


draw_options = console_options


def draw_program(rng: Random, _options: Mapping[str, Any]) -> str:
    """One program, newline at the end, that defines ``strategy(state)``."""
    return program(thoughtless(rng, _ACTIONS) if rng.random() < 0.16 else _approach(rng))


def _approach(rng: Random) -> list[str]:
    body = [*noise(rng, _ACTIONS, 0.55), *clock(rng, {"FIRE": 3, "UP": 1, "DOWN": 1, "LEFT": 1, "RIGHT": 1}, 0.15)]
    axes = ["x", "y"] if rng.random() < 0.5 else ["y", "x"]
    for axis in axes:
        body.append(f'    d{axis} = state["enemy_{axis}"] - state["player_{axis}"]')
        body += lead(rng, f"d{axis}", f"enemy_d{axis}", 0.1, (1, 2, 4))
        body += shift(rng, f"d{axis}", (4, 8, 10, 12, 16), 0.45 if axis == "y" else 0.05)
    for axis in axes:
        less, more = ("LEFT", "RIGHT") if axis == "x" else ("UP", "DOWN")
        body += reach(
            rng,
            f"d{axis}",
            (16, 20, 24, 28, 32, 40) if axis == "x" else (0, 2, 4, 6, 8, 12),
            {more: 74, less: 9, "FIRE": 17},
            {less: 74, more: 9, "FIRE": 17},
        )
    return [*body, answer(pick(rng, {"FIRE": 76, "NOOP": 8, "UP": 4, "DOWN": 4, "LEFT": 4, "RIGHT": 4}), 1)]
