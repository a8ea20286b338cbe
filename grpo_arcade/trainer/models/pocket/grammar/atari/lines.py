"""The lines that programs for Atari games share.

A program reads a few fields of ``state`` into locals, corrects them, compares, and answers. ``me`` is where the player
is and ``aim`` where it wants to be, in every game: a small model binds a name it has always seen. Each function draws
some lines of a body, right ones and wrong ones, independently of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from grpo_arcade.trainer.models.pocket.grammar.choice import pick


def console_options(rng: Random) -> dict[str, Any]:
    """Options of the console the prompt asks for: the defaults mostly; what people play with and others beside them."""
    if rng.random() < 0.85:
        return {}
    frame_skip = pick(rng, {1: 50, 2: 15, 3: 10, 4: 10, 5: 5, 8: 10})
    return {"frame_skip": frame_skip, "repeat_action_probability": pick(rng, {0.0: 70, 0.25: 30})}


def program(body: Sequence[str]) -> str:
    """The source of ``strategy(state)`` with this body, newline at the end."""
    head = ["import random"] if any("random." in line for line in body) else []
    return "\n".join([*head, "def strategy(state):", *body]) + "\n"


def answer(action: str, depth: int = 2) -> str:
    """The line that answers, ``depth`` levels deep, with an action or with an expression that quotes some."""
    quoted = action if '"' in action else f'"{action}"'
    return "    " * depth + f"return {quoted}"


def any_of(actions: Sequence[str], depth: int = 1) -> str:
    """The line that answers with any of the actions."""
    listed = ", ".join(f'"{action}"' for action in actions)
    return f"{'    ' * depth}return random.choice([{listed}])"


def thoughtless(rng: Random, actions: Sequence[str]) -> list[str]:
    """Any action, always the same one, or one after another."""
    one, other = rng.choice(actions), rng.choice(actions)
    kind = pick(rng, {"any": 5, "always": 2, "turns": 3})
    if kind == "any":
        return [any_of(actions)]
    if kind == "always":
        return [answer(one, 1)]
    period = rng.choice((8, 16, 32, 64))
    return [f'    if state["step"] % {2 * period} < {period}:', answer(one), answer(other, 1)]


def noise(rng: Random, actions: Sequence[str], share: float = 0.12) -> list[str]:
    """With probability ``share``: some answers are thrown like dice."""
    if rng.random() >= share:
        return []
    return [f"    if random.random() < 0.{rng.choice('12357')}:", any_of(actions, 2)]


def clock(rng: Random, actions: Mapping[str, float], share: float = 0.1) -> list[str]:
    """With probability ``share``: every so many decisions, another action."""
    if rng.random() >= share:
        return []
    return [f'    if state["step"] % {rng.choice((2, 3, 4, 8, 16))} == 0:', answer(pick(rng, actions))]


def lead(rng: Random, name: str, velocity: str, share: float = 0.55, times: Sequence[int] = (1, 2, 4, 8)) -> list[str]:
    """With probability ``share``: where it will be so many decisions later; now and then where it was."""
    if rng.random() >= share:
        return []
    factor = rng.choice(times)
    sign = pick(rng, {"+=": 75, "-=": 25})
    return [f'    {name} {sign} {f"{factor} * " if factor > 1 else ""}state["{velocity}"]']


def landing(
    rng: Random, along: str, towards: str, places: Sequence[int], low: int, high: int, walls: float = 0.5
) -> list[str]:
    """Where the ball comes to along one axis when it gets to one of ``places`` of the other.

    With probability ``walls`` thrown back by those at ``low`` and ``high``.
    """
    lines = [
        f'    if state["ball_d{towards}"] > 0:',
        f'        aim += state["ball_d{along}"] * ({rng.choice(places)} - state["ball_{towards}"]) '
        f'// state["ball_d{towards}"]',
    ]
    if rng.random() < walls:
        lines += [f"        aim = abs(aim - {low}) + {low}", f"        aim = {high} - abs(aim - {high})"]
    return lines


def shift(rng: Random, name: str, offsets: Sequence[int], share: float = 0.5) -> list[str]:
    """With probability ``share``: a little to one side."""
    if rng.random() >= share:
        return []
    return [f"    {name} {rng.choice(('+=', '-='))} {rng.choice(offsets)}"]


def steer(
    rng: Random,
    more: Mapping[str, float],
    less: Mapping[str, float],
    rest: Mapping[str, float],
    margins: Sequence[int],
) -> list[str]:
    """Compare ``me`` with ``aim`` and answer: ``more`` where ``aim`` is larger, ``less`` where it is smaller."""
    upper = [f"    if me < aim - {rng.choice(margins)}:", answer(pick(rng, more))]
    lower = [f"    if me > aim + {rng.choice(margins)}:", answer(pick(rng, less))]
    parts = [upper, lower] if rng.random() < 0.5 else [lower, upper]
    return [*parts[0], *parts[1], answer(pick(rng, rest), 1)]


def reach(
    rng: Random, name: str, margins: Sequence[int], more: Mapping[str, float], less: Mapping[str, float]
) -> list[str]:
    """Compare a distance with a margin to both sides: ``more`` where it is larger, ``less`` where it is smaller."""
    parts = [
        [f"    if {name} > {rng.choice(margins)}:", answer(pick(rng, more))],
        [f"    if {name} < -{rng.choice(margins)}:", answer(pick(rng, less))],
    ]
    rng.shuffle(parts)
    return [*parts[0], *parts[1]]


def dodge(rng: Random, share: float = 0.4) -> list[str]:
    """With probability ``share``: to one side when a bomb is near."""
    if rng.random() >= share:
        return []
    away = rng.choice((8, 16, 24, 32))
    step = pick(
        rng,
        {
            f'aim = me + {away} if state["bomb_x"] < me else me - {away}': 25,
            f'aim = me - {away} if state["bomb_x"] < me else me + {away}': 20,
            f"aim = me + {away}": 15,
            f"aim = me - {away}": 15,
            'aim = state["bomb_x"]': 25,
        },
    )
    return [
        f'    if state["bomb_y"] > {rng.choice((60, 100, 120, 140, 160))} '
        f'and abs(state["bomb_x"] - me) < {rng.choice((4, 8, 12, 16, 24))}:',
        f"        {step}",
    ]
