"""Pong: follow something up and down, most often the wrong thing or the wrong way; or wait where the ball comes to.

What beats the cartridge has four parts: where the ball lands, which pays first; the middle while it flies away and the
button while it is slow, which pay with it; and a dead zone so wide that the paddle's edge meets the ball. Each is in so
many programs that learning can find them together; hardly any program has all of them.
"""

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
_PLACES = (142, 142, 142, 142, 142, 136, 148, 120)
"""Where along the court the ball is waited for: mostly at the paddle."""
_MARGINS = (0, 2, 4, 6, 8, 8, 10, 10, 11, 12, 12, 14, 16)
"""A paddle that is let go glides on for some 17 pixels: in a narrow zone it swings to and fro."""


draw_options = console_options


def draw_program(rng: Random, _options: Mapping[str, Any]) -> str:
    """One program, newline at the end, that defines ``strategy(state)``."""
    return program(thoughtless(rng, _ACTIONS) if rng.random() < 0.12 else _follow(rng))


def _follow(rng: Random) -> list[str]:
    aim = pick(rng, {"ball_y": 64, "enemy_y": 19, "ball_x": 17})
    body = [*noise(rng, _ACTIONS), *clock(rng, {"FIRE": 2, "UP": 1, "DOWN": 1})]
    body += [f'    me = state["{pick(rng, {"player_y": 90, "enemy_y": 10})}"]']
    body += lead(rng, "me", "player_dy", 0.1, (1, 2))
    body += [f'    aim = state["{aim}"]']
    if rng.random() < 0.2:
        body += ["    if aim < 0:", answer(pick(rng, {"NOOP": 4, "UP": 1, "DOWN": 1, "FIRE": 1}))]
    lands = rng.random() < 0.35
    if lands:
        body += [*landing(rng, "y", "x", _PLACES, 34, 194, 0.3), *_meanwhile(rng, "    else:", 0.6)]
    else:
        body += lead(rng, "aim", pick(rng, {"ball_dy": 80, "ball_dx": 20}))
        body += _meanwhile(rng, f'    if state["ball_dx"] {rng.choice("<>")} 0:', 0.25)
    body += shift(rng, "aim", (4, 8, 12, 20), 0.3)
    slow = _when_slow(rng)
    return body + steer(
        rng,
        {"DOWN": 56, "UP": 38, "NOOP": 6},
        {"UP": 56, "DOWN": 38, "NOOP": 6},
        {"NOOP": 42, "FIRE": 4, "UP": 7, "DOWN": 7, slow: 40}
        if lands
        else {"NOOP": 70, "FIRE": 5, "UP": 7, "DOWN": 7, slow: 11},
        _MARGINS,
    )


def _meanwhile(rng: Random, condition: str, share: float) -> list[str]:
    """With probability ``share``: what else to do while the ball is not coming."""
    if rng.random() >= share:
        return []
    return [condition, rng.choice(("        aim = 112", "        aim = 112", "        aim = 96", answer("NOOP")))]


def _when_slow(rng: Random) -> str:
    """The button by how fast the ball comes."""
    return f'"FIRE" if state["ball_dx"] {pick(rng, {"<": 80, ">": 20})} {rng.choice((3, 5, 5, 9))} else "NOOP"'
