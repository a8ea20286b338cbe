"""Kaboom: hold the buckets under something that falls, and press the button for the next wave."""

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
    shift,
    steer,
    thoughtless,
)
from grpo_arcade.trainer.models.pocket.grammar.choice import pick

GAME = "atari/kaboom"
PLACE, SHARE = 5, 1
WANTED = (0, 60)
_ACTIONS = ("LEFT", "RIGHT", "FIRE", "NOOP")


draw_options = console_options


def draw_program(rng: Random, _options: Mapping[str, Any]) -> str:
    """One program, newline at the end, that defines ``strategy(state)``."""
    return program(thoughtless(rng, _ACTIONS) if rng.random() < 0.12 else _catch(rng))


def _catch(rng: Random) -> list[str]:
    aim = pick(rng, {"bomb_x": 35, "bomber_x": 30, "bomb2_x": 15, "bomb3_x": 10, "bomb_y": 10})
    body = [*noise(rng, _ACTIONS, 0.2), *clock(rng, {"FIRE": 3, "LEFT": 1, "RIGHT": 1}, 0.15)]
    body += ['    me = state["player_x"]', f'    aim = state["{aim}"]']
    if rng.random() < 0.6:
        body += ["    if aim < 0:", answer(pick(rng, {"FIRE": 45, "NOOP": 25, "LEFT": 15, "RIGHT": 15}))]
    if rng.random() < 0.12:
        body += [
            f'    if state["bomb_y"] {rng.choice("<>")} {rng.choice((80, 120, 160))}:',
            f'        aim = state["{rng.choice(("bomb_x", "bomb2_x", "bomber_x"))}"]',
        ]
    body += shift(rng, "aim", (2, 4, 8, 12, 20), 0.55)
    return body + steer(
        rng,
        {"RIGHT": 48, "LEFT": 40, "NOOP": 6, "FIRE": 6},
        {"LEFT": 48, "RIGHT": 40, "NOOP": 6, "FIRE": 6},
        {"NOOP": 45, "FIRE": 35, "LEFT": 10, "RIGHT": 10},
        (0, 2, 4, 6, 8, 12, 16, 24),
    )
