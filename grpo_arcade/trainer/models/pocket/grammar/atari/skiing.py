"""Skiing: steer for the middle of the gate, or for a tree, and turn back in time or too late."""

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
    shift,
    steer,
    thoughtless,
)
from grpo_arcade.trainer.models.pocket.grammar.choice import pick

GAME = "atari/skiing"
PLACE, SHARE = 6, 1
WANTED = (-21_000, -11_000)
_ACTIONS = ("LEFT", "RIGHT", "NOOP")


draw_options = console_options


def draw_program(rng: Random, _options: Mapping[str, Any]) -> str:
    """One program, newline at the end, that defines ``strategy(state)``."""
    return program(thoughtless(rng, _ACTIONS) if rng.random() < 0.12 else _steer(rng))


def _steer(rng: Random) -> list[str]:
    aim = pick(rng, {"gate_x": 60, "gate2_x": 25, "tree_x": 15})
    body = [*noise(rng, _ACTIONS, 0.35), *clock(rng, {"LEFT": 1, "RIGHT": 1, "NOOP": 1})]
    body += ['    me = state["player_x"]', f'    aim = state["{aim}"]']
    if rng.random() < 0.5:
        lost = rng.choice((answer("NOOP"), "        aim = 80", "        aim = 80", answer("LEFT"), answer("RIGHT")))
        body += ["    if aim < 0:", lost]
    if rng.random() < 0.5:
        factor = rng.choice((1, 2, 3, 4, 6))
        sign = pick(rng, {"+=": 80, "-=": 20})
        body.append(f'    me {sign} {f"{factor} * " if factor > 1 else ""}state["heading"]')
    else:
        body += lead(rng, "me", "player_dx", 0.3)
    body += shift(rng, "aim", (4, 8, 16, 30), 0.35)
    if rng.random() < 0.6:
        body += _straighten(rng)
    return body + steer(
        rng,
        {"RIGHT": 85, "LEFT": 8, "NOOP": 7},
        {"LEFT": 85, "RIGHT": 8, "NOOP": 7},
        {"NOOP": 84, "LEFT": 8, "RIGHT": 8},
        (0, 2, 4, 6, 8, 12, 16, 24),
    )


def _straighten(rng: Random) -> list[str]:
    """Turn back before the skis lie across the slope, where a skier stops and stays."""
    lines, most = [], rng.choice((1, 2, 3, 4, 5, 6))
    for beyond, right, wrong in rng.sample([("> ", "LEFT", "RIGHT"), ("< -", "RIGHT", "LEFT")], 2):
        if rng.random() < 0.93:
            way = pick(rng, {right: 88, wrong: 6, "NOOP": 6})
            lines += [f'    if state["heading"] {beyond}{most}:', answer(way)]
    return lines
