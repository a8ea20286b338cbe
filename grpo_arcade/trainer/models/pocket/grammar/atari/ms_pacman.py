"""Ms. Pac-Man: give every direction a value, from where the ghosts are and where to go, and take the best."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from grpo_arcade.trainer.models.pocket.grammar.atari.lines import console_options, noise, program, thoughtless
from grpo_arcade.trainer.models.pocket.grammar.choice import pick

GAME = "atari/ms_pacman"
PLACE, SHARE = 10, 1
WANTED = (0, 400)
_ACTIONS = ("UP", "DOWN", "LEFT", "RIGHT")


draw_options = console_options


def draw_program(rng: Random, _options: Mapping[str, Any]) -> str:
    """One program, newline at the end, that defines ``strategy(state)``."""
    return program(thoughtless(rng, _ACTIONS) if rng.random() < 0.2 else _look_around(rng))


def _look_around(rng: Random) -> list[str]:
    step = rng.choice((4, 8, 16))
    body = [*noise(rng, _ACTIONS, 0.25), "    def score(d):"]
    body += [
        f'        x = state["player_x"] + {step} * ((d == "RIGHT") - (d == "LEFT"))',
        f'        y = state["player_y"] + {step} * ((d == "DOWN") - (d == "UP"))',
        "        s = 0",
    ]
    for _ in range(pick(rng, {1: 40, 2: 40, 3: 20})):
        body += pick(rng, {_ghosts: 45, _place: 25, _habit: 30})(rng)
    order = ", ".join(f'"{action}"' for action in rng.sample(_ACTIONS, 4))
    return [*body, "        return s", f"    return {pick(rng, {'max': 85, 'min': 15})}(({order}), key=score)"]


def _ghosts(rng: Random) -> list[str]:
    near = rng.choice((20, 40, 60, 100))
    sign = pick(rng, {"+=": 75, "-=": 25})
    return [
        '        for g in ("sue", "inky", "pinky", "blinky"):',
        f'            s {sign} {_weight(rng)}min({near}, abs(state[g + "_x"] - x) + abs(state[g + "_y"] - y))',
    ]


def _place(rng: Random) -> list[str]:
    place = rng.choice(("x - 80", "y - 100", "x - 20", "x - 140", "y - 30", "y - 160"))
    return [f"        s {rng.choice(('+=', '-='))} {_weight(rng)}abs({place})"]


def _habit(rng: Random) -> list[str]:
    period = rng.choice((8, 16, 32, 64))
    term = pick(
        rng,
        {
            f'(d == "{rng.choice(_ACTIONS)}")': 40,
            "random.randrange(8)": 30,
            f'(d == ("UP", "LEFT", "DOWN", "RIGHT")[state["step"] // {period} % 4])': 20,
            '(d == ("UP", "RIGHT", "DOWN", "LEFT")[state["direction"]])': 10,
        },
    )
    return [f"        s += {_weight(rng)}{term}"]


def _weight(rng: Random) -> str:
    weight = pick(rng, {1: 40, 2: 15, 5: 15, 10: 15, 50: 15})
    return f"{weight} * " if weight > 1 else ""
