"""Freeway: go when no car is near, which needs somebody who goes at all."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from grpo_arcade.trainer.models.pocket.grammar.atari.lines import (
    answer,
    clock,
    console_options,
    noise,
    program,
    thoughtless,
)
from grpo_arcade.trainer.models.pocket.grammar.choice import pick

GAME = "atari/freeway"
PLACE, SHARE = 3, 1
WANTED = (0, 8)
_ACTIONS = ("UP", "DOWN", "NOOP")


draw_options = console_options


def draw_program(rng: Random, _options: Mapping[str, Any]) -> str:
    """One program, newline at the end, that defines ``strategy(state)``."""
    return program(thoughtless(rng, _ACTIONS) if rng.random() < 0.1 else _watch(rng))


def _watch(rng: Random) -> list[str]:
    body = [*noise(rng, _ACTIONS), *clock(rng, {"UP": 1, "DOWN": 2, "NOOP": 2})]
    for _ in range(pick(rng, {1: 75, 2: 25})):
        car = rng.choice(("this_car", "next_car"))
        body.append(f'    gap = state["{car}_x"] - 47')
        if rng.random() < 0.6:
            factor = rng.choice((1, 2, 4, 6, 8))
            sign = pick(rng, {"+=": 70, "-=": 30})
            body.append(f'    gap {sign} {f"{factor} * " if factor > 1 else ""}state["{car}_dx"]')
        low, high = rng.choice((4, 8, 12, 16, 24, 40)), rng.choice((4, 8, 12, 16, 24, 40))
        body += [f"    if gap > -{low} and gap < {high}:", answer(pick(rng, {"NOOP": 45, "DOWN": 35, "UP": 20}))]
    return [*body, answer(pick(rng, {"UP": 18, "DOWN": 42, "NOOP": 40}), 1)]
