"""Tennis: run after the ball, its shadow, or the other player, and swing."""

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

GAME = "atari/tennis"
PLACE, SHARE = 7, 1
WANTED = (-24, -10)
_ACTIONS = ("UP", "DOWN", "LEFT", "RIGHT", "FIRE")


draw_options = console_options


def draw_program(rng: Random, _options: Mapping[str, Any]) -> str:
    """One program, newline at the end, that defines ``strategy(state)``."""
    return program(thoughtless(rng, _ACTIONS) if rng.random() < 0.12 else _chase(rng))


def _chase(rng: Random) -> list[str]:
    body = [*noise(rng, _ACTIONS, 0.2), *clock(rng, {"FIRE": 3, "UP": 1, "DOWN": 1}, 0.15)]
    x, y = pick(rng, {"ball_x": 70, "enemy_x": 30}), pick(rng, {"shadow_y": 40, "ball_y": 35, "enemy_y": 25})
    axes = pick(rng, {"xy": 45, "yx": 25, "x": 30})
    for axis in axes:
        body.append(f'    d{axis} = state["{x if axis == "x" else y}"] - state["player_{axis}"]')
        body += lead(rng, f"d{axis}", "ball_dx" if axis == "x" else "ball_dy", 0.25)
        body += shift(rng, f"d{axis}", (4, 8, 16, 24), 0.3)
    for axis in axes:
        less, more = ("LEFT", "RIGHT") if axis == "x" else ("UP", "DOWN")
        body += reach(
            rng,
            f"d{axis}",
            (0, 2, 4, 8, 12, 16),
            {more: 25, f"{more}FIRE": 25, less: 20, f"{less}FIRE": 20, "FIRE": 10},
            {less: 25, f"{less}FIRE": 25, more: 20, f"{more}FIRE": 20, "FIRE": 10},
        )
    return [*body, answer(pick(rng, {"FIRE": 50, "NOOP": 26, "UP": 12, "DOWN": 12}), 1)]
