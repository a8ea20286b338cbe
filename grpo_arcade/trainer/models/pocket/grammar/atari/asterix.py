"""Asterix: give every lane in reach a value, go to the best, and run for what is there."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from grpo_arcade.trainer.models.pocket.grammar.atari.lines import answer, console_options, noise, program, thoughtless
from grpo_arcade.trainer.models.pocket.grammar.choice import pick

GAME = "atari/asterix"
PLACE, SHARE = 11, 1
WANTED = (0, 500)
_ACTIONS = ("UP", "DOWN", "LEFT", "RIGHT")


draw_options = console_options


def draw_program(rng: Random, _options: Mapping[str, Any]) -> str:
    """One program, newline at the end, that defines ``strategy(state)``."""
    return program(thoughtless(rng, _ACTIONS) if rng.random() < 0.15 else _choose(rng))


def _choose(rng: Random) -> list[str]:
    body = [*noise(rng, _ACTIONS, 0.2), '    lane = state["lane"]', '    me = state["player_x"]']
    body += ["    def score(k):", "        s = 0"]
    for _ in range(pick(rng, {1: 25, 2: 40, 3: 25, 4: 10})):
        body.append(_term(rng))
    lanes = pick(rng, {"range(8)": 50, "range(max(0, lane - 1), min(8, lane + 2))": 50})
    body += ["        return s", f"    best = {pick(rng, {'max': 90, 'min': 10})}({lanes}, key=score)"]
    body += ["    if best < lane:", answer(pick(rng, {"UP": 70, "DOWN": 20, "LEFT": 5, "RIGHT": 5}))]
    body += ["    if best > lane:", answer(pick(rng, {"DOWN": 70, "UP": 20, "LEFT": 5, "RIGHT": 5}))]
    chase = pick(rng, {'state["item_x"][lane] > me': 45, 'state["enemy_x"][lane] > me': 20, "me < 80": 35})
    right, left = pick(rng, {("RIGHT", "LEFT"): 70, ("LEFT", "RIGHT"): 20, ("NOOP", "LEFT"): 10})
    return [*body, f"    if {chase}:", answer(right), answer(left, 1)]


def _term(rng: Random) -> str:
    near = rng.choice((20, 30, 40, 60))
    term, wanted = pick(
        rng,
        {
            ('(state["item_x"][k] >= 0)', "+="): 20,
            ('(state["enemy_x"][k] >= 0)', "-="): 16,
            ("abs(k - lane)", "-="): 16,
            (f'(abs(state["enemy_x"][k] - me) < {near})', "-="): 16,
            (f'(abs(state["item_x"][k] - me) < {near})', "+="): 12,
            ('((state["enemy_x"][k] - me) * state["enemy_dx"][k] < 0)', "-="): 10,
            ("abs(k - 4)", "-="): 5,
            ("(k == lane)", "+="): 5,
        },
    )
    sign = wanted if rng.random() < 0.8 else {"+=": "-=", "-=": "+="}[wanted]
    weight = pick(rng, {1: 40, 2: 15, 5: 15, 10: 15, 50: 15})
    return f"        s {sign} {f'{weight} * ' if weight > 1 else ''}{term}"
