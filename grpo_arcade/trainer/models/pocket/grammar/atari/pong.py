"""Pong: follow something up and down, most often the wrong thing or the wrong way."""

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

GAME = "atari/pong"
PLACE, SHARE = 1, 1
WANTED = (-21, -18)
_ACTIONS = ("UP", "DOWN", "NOOP")


draw_options = console_options


def draw_program(rng: Random, _options: Mapping[str, Any]) -> str:
    """One program, newline at the end, that defines ``strategy(state)``."""
    return program(thoughtless(rng, _ACTIONS) if rng.random() < 0.12 else _follow(rng))


def _follow(rng: Random) -> list[str]:
    aim = pick(rng, {"ball_y": 72, "enemy_y": 16, "ball_x": 12})
    body = [*noise(rng, _ACTIONS), *clock(rng, {"FIRE": 2, "UP": 1, "DOWN": 1})]
    body += [f'    me = state["{pick(rng, {"player_y": 92, "enemy_y": 8})}"]', f'    aim = state["{aim}"]']
    if rng.random() < 0.25:
        body += ["    if aim < 0:", answer(pick(rng, {"NOOP": 4, "UP": 1, "DOWN": 1, "FIRE": 1}))]
    if rng.random() < 0.06:
        body += landing(rng, "y", "x", (142, 160, 100), 34, 194)
    else:
        body += lead(rng, "aim", pick(rng, {"ball_dy": 80, "ball_dx": 20}))
    body += shift(rng, "aim", (4, 8, 12, 20), 0.4)
    if rng.random() < 0.25:
        body += [f'    if state["ball_dx"] {rng.choice("<>")} 0:', rng.choice(("        aim = 112", answer("NOOP")))]
    return body + steer(
        rng,
        {"DOWN": 60, "UP": 32, "NOOP": 8},
        {"UP": 60, "DOWN": 32, "NOOP": 8},
        {"NOOP": 60, "FIRE": 16, "UP": 12, "DOWN": 12},
        (0, 2, 4, 6, 8, 10, 12, 16, 24),
    )
