"""Breakout: bring the paddle under something, and launch the ball by luck or on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from grpo_arcade.trainer.models.pocket.grammar.atari.lines import (
    answer,
    clock,
    console_options,
    landing,
    lead,
    noise,
    program,
    shift,
    steer,
    thoughtless,
)
from grpo_arcade.trainer.models.pocket.grammar.choice import pick

GAME = "atari/breakout"
PLACE, SHARE = 2, 1
WANTED = (0, 8)
_ACTIONS = ("LEFT", "RIGHT", "FIRE", "NOOP")


draw_options = console_options


def draw_program(rng: Random, _options: Mapping[str, Any]) -> str:
    """One program, newline at the end, that defines ``strategy(state)``."""
    return program(thoughtless(rng, _ACTIONS) if rng.random() < 0.12 else _follow(rng))


def _follow(rng: Random) -> list[str]:
    body = [*noise(rng, _ACTIONS), *clock(rng, {"FIRE": 3, "LEFT": 1, "RIGHT": 1}, 0.15)]
    body += ['    me = state["player_x"]', f'    aim = state["{pick(rng, {"ball_x": 75, "ball_y": 25})}"]']
    if rng.random() < 0.6:
        body += ["    if aim < 0:", answer(pick(rng, {"FIRE": 50, "NOOP": 20, "LEFT": 15, "RIGHT": 15}))]
    if rng.random() < 0.1:
        body += landing(rng, "x", "y", (190, 160, 210), 8, 151)
    else:
        body += lead(rng, "aim", pick(rng, {"ball_dx": 75, "ball_dy": 25}))
    body += shift(rng, "aim", (4, 8, 12, 20), 0.4)
    if rng.random() < 0.2:
        body += [f'    if state["ball_dy"] {rng.choice("<>")} 0:', rng.choice(("        aim = 80", answer("NOOP")))]
    return body + steer(
        rng,
        {"RIGHT": 56, "LEFT": 34, "NOOP": 5, "FIRE": 5},
        {"LEFT": 56, "RIGHT": 34, "NOOP": 5, "FIRE": 5},
        {"NOOP": 50, "FIRE": 30, "LEFT": 10, "RIGHT": 10},
        (0, 2, 4, 6, 8, 10, 12, 16, 24),
    )
