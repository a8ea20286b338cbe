"""Demon Attack: under a demon, shooting; out of the way of a bomb now and then."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from grpo_arcade.trainer.models.pocket.grammar.atari.lines import (
    clock,
    console_options,
    dodge,
    lead,
    noise,
    program,
    shift,
    steer,
    thoughtless,
)
from grpo_arcade.trainer.models.pocket.grammar.choice import pick

GAME = "atari/demon_attack"
PLACE, SHARE = 12, 1
WANTED = (0, 350)
_ACTIONS = ("LEFT", "RIGHT", "FIRE", "NOOP")
_DEMONS = ("low", "middle", "high")


draw_options = console_options


def draw_program(rng: Random, _options: Mapping[str, Any]) -> str:
    """One program, newline at the end, that defines ``strategy(state)``."""
    return program(thoughtless(rng, _ACTIONS) if rng.random() < 0.12 else _shoot(rng))


def _shoot(rng: Random) -> list[str]:
    aim = pick(rng, {"low": 35, "middle": 25, "high": 20, "bomb": 20})
    body = [*noise(rng, _ACTIONS, 0.2), *clock(rng, {"FIRE": 3, "NOOP": 2, "LEFT": 1, "RIGHT": 1}, 0.15)]
    body += ['    me = state["player_x"]', f'    aim = state["{aim}_x"]']
    for _ in range(pick(rng, {0: 40, 1: 40, 2: 20})):
        other = pick(rng, {f'state["{rng.choice(_DEMONS)}_x"]': 70, "80": 30})
        body += ["    if aim < 0:", f"        aim = {other}"]
    body += lead(rng, "aim", f"{rng.choice(_DEMONS) if aim == 'bomb' else aim}_dx", 0.4)
    body += shift(rng, "aim", (4, 8, 16, 24), 0.3)
    body += dodge(rng)
    return body + steer(
        rng,
        {"RIGHT": 26, "RIGHTFIRE": 24, "LEFT": 20, "LEFTFIRE": 20, "FIRE": 10},
        {"LEFT": 26, "LEFTFIRE": 24, "RIGHT": 20, "RIGHTFIRE": 20, "FIRE": 10},
        {"FIRE": 50, "NOOP": 30, "LEFT": 10, "RIGHT": 10},
        (0, 2, 4, 6, 8, 12),
    )
