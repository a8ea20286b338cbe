"""Bowling: stand somewhere, throw, and steer the ball some of the way."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from grpo_arcade.trainer.models.pocket.grammar.atari.lines import answer, console_options, noise, program, thoughtless
from grpo_arcade.trainer.models.pocket.grammar.choice import pick

GAME = "atari/bowling"
PLACE, SHARE = 8, 1
WANTED = (0, 60)
_ACTIONS = ("UP", "DOWN", "FIRE", "NOOP")


draw_options = console_options


def draw_program(rng: Random, _options: Mapping[str, Any]) -> str:
    """One program, newline at the end, that defines ``strategy(state)``."""
    return program(thoughtless(rng, _ACTIONS) if rng.random() < 0.15 else _throw(rng))


def _throw(rng: Random) -> list[str]:
    body = noise(rng, _ACTIONS, 0.2)
    body.append(f'    if state["ball_x"] < {rng.choice((20, 30, 40))}:')
    if rng.random() < 0.6:
        body += [
            f'        if state["player_y"] {rng.choice("<>")} {rng.choice((90, 100, 110, 120, 130, 140))}:',
            answer(rng.choice(("UP", "DOWN")), 3),
        ]
    if rng.random() < 0.3:
        body += [f'        if state["step"] % {rng.choice((2, 4, 8, 16))} == 0:', answer(rng.choice(_ACTIONS), 3)]
    body.append(answer(pick(rng, {"FIRE": 50, "NOOP": 20, "UP": 15, "DOWN": 15})))
    for _ in range(pick(rng, {0: 25, 1: 50, 2: 25})):
        what = pick(
            rng,
            {
                f'state["ball_x"] > {rng.choice((50, 60, 70, 80, 90, 100))}': 60,
                f'state["ball_y"] {rng.choice("<>")} {rng.choice((110, 120, 130, 140, 150))}': 20,
                f'state["pins"] < {rng.choice((3, 6, 10))}': 20,
            },
        )
        body += [f"    if {what}:", answer(rng.choice(("UP", "DOWN", "NOOP")))]
    return [*body, answer(pick(rng, {"NOOP": 50, "UP": 20, "DOWN": 20, "FIRE": 10}), 1)]
