"""Skiing: steer for the middle of the gate, or for a tree, and most often too late to go straight again."""

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
_ACTIONS = ("LEFT", "RIGHT", "NOOP")


draw_options = console_options


def draw_program(rng: Random, _options: Mapping[str, Any]) -> str:
    """One program, newline at the end, that defines ``strategy(state)``."""
    return program(thoughtless(rng, _ACTIONS) if rng.random() < 0.15 else _steer(rng))


def _steer(rng: Random) -> list[str]:
    aim = pick(rng, {"gate_x": 58, "gate2_x": 22, "tree_x": 20})
    body = [*noise(rng, _ACTIONS, 0.35), *clock(rng, {"LEFT": 1, "RIGHT": 1, "NOOP": 1})]
    body += ['    me = state["player_x"]', f'    aim = state["{aim}"]']
    if rng.random() < 0.4:
        body += ["    if aim < 0:", rng.choice((answer("NOOP"), "        aim = 80", answer("LEFT"), answer("RIGHT")))]
    if rng.random() < 0.5:
        factor = rng.choice((1, 2, 3, 4, 6))
        sign = pick(rng, {"+=": 60, "-=": 40})
        body.append(f'    me {sign} {f"{factor} * " if factor > 1 else ""}state["heading"]')
    else:
        body += lead(rng, "me", "player_dx", 0.3)
    body += shift(rng, "aim", (4, 8, 16, 30), 0.35)
    if rng.random() < 0.12:
        body += [
            f'    if state["heading"] {pick(rng, {"> ": 1, "< -": 1})}{rng.choice((1, 2, 4))}:',
            answer(rng.choice(_ACTIONS)),
        ]
    return body + steer(
        rng,
        {"RIGHT": 68, "LEFT": 20, "NOOP": 12},
        {"LEFT": 68, "RIGHT": 20, "NOOP": 12},
        {"NOOP": 76, "LEFT": 12, "RIGHT": 12},
        (0, 2, 4, 6, 8, 12, 16, 24),
    )
