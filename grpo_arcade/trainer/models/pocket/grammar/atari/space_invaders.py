"""Space Invaders: under a column of aliens, shooting; out of the way of a bomb now and then."""

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

GAME = "atari/space_invaders"
PLACE, SHARE = 9, 1
WANTED = (0, 250)
_ACTIONS = ("LEFT", "RIGHT", "FIRE", "NOOP")


draw_options = console_options


def draw_program(rng: Random, _options: Mapping[str, Any]) -> str:
    """One program, newline at the end, that defines ``strategy(state)``."""
    return program(thoughtless(rng, _ACTIONS) if rng.random() < 0.12 else _shoot(rng))


def _shoot(rng: Random) -> list[str]:
    aim = pick(
        rng,
        {
            'max(state["column_x"])': 16,
            'min(state["column_x"])': 10,
            'min(state["column_x"], key=lambda x: abs(x - me))': 12,
            'state["block_x"]': 18,
            'state["bomb_x"]': 16,
            'state["bomb2_x"]': 12,
            f'state["column_x"][{rng.randrange(6)}]': 16,
        },
    )
    body = [*noise(rng, _ACTIONS, 0.2), *clock(rng, {"FIRE": 3, "LEFT": 1, "RIGHT": 1}, 0.15)]
    body += ['    me = state["player_x"]', f"    aim = {aim}"]
    body += lead(rng, "aim", "block_dx", 0.4, (2, 4, 8, 8, 12))
    body += shift(rng, "aim", (4, 8, 16, 24), 0.25)
    body += dodge(rng, 0.5)
    return body + steer(
        rng,
        {"RIGHT": 26, "RIGHTFIRE": 24, "LEFT": 20, "LEFTFIRE": 20, "FIRE": 10},
        {"LEFT": 26, "LEFTFIRE": 24, "RIGHT": 20, "RIGHTFIRE": 20, "FIRE": 10},
        {"FIRE": 50, "NOOP": 30, "LEFT": 10, "RIGHT": 10},
        (0, 2, 4, 6, 8, 12),
    )
