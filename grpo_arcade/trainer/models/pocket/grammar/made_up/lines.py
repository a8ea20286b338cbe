"""The lines that programs for made-up games share."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from grpo_arcade.trainer.models.pocket.grammar.choice import pick
from grpo_arcade.trainer.models.pocket.grammar.made_up.questions import Question, quoted


def program(question: Question, body: list[str]) -> str:
    """The source of ``strategy`` with this body, newline at the end; what it remembers stands before it."""
    text = "\n".join(body)
    if question.alone:
        # What is seen gets a name that is always the same, so that a strange one is copied once. Programs for boards,
        # which have another ``v``, get the line too: it does nothing there, as lines of mediocre programs do.
        for short in "vt":
            if f" {short}[" in text or f" {short}:" in text or f" {short} " in text or f"({short})" in text:
                body = [f"    {short} = {question.argument}", *body]
                break
    head = ["import random"] if "random." in text else []
    head += ["count = [0]"] if "count[0]" in text else []
    head += ["last = [None]"] if "last[0]" in text else []
    head += ["been = {}"] if "been[" in text else []
    return "\n".join([*head, f"def strategy({question.argument}):", *body]) + "\n"


def answer(action: str, depth: int) -> str:
    """The line that answers, ``depth`` levels deep."""
    return f"{'    ' * depth}return {quoted(action)}"


def any_of(actions: Sequence[str], depth: int = 1) -> str:
    """The line that answers with any of the actions."""
    return f"{'    ' * depth}return random.choice([{', '.join(map(quoted, actions))}])"


def noise(rng: Random, question: Question, share: float = 0.1) -> list[str]:
    """With probability ``share``: some answers are thrown like dice."""
    if rng.random() >= share:
        return []
    return [f"    if random.random() < 0.{rng.choice('12357')}:", any_of(question.actions[:6], 2)]


def counting(rng: Random, question: Question) -> list[str]:
    """A count of the calls, and something else every so often."""
    every = rng.choice((2, 3, 4, 5, 8, 16))
    return [
        "    count[0] += 1",
        f"    if count[0] % {every} == {rng.choice((0, 0, 1))}:",
        answer(rng.choice(question.actions), 2),
    ]


def thoughtless(rng: Random, question: Question, step: str = "") -> list[str]:
    """Any action, always the same one, or one after another."""
    one, other = rng.choice(question.actions), rng.choice(question.actions)
    kind = pick(rng, {"any": 5, "always": 2, "turns": 3, "round": 2})
    if kind == "any":
        return [any_of(question.actions[:8])]
    if kind == "always":
        return [answer(one, 1)]
    if kind == "round":
        few = ", ".join(quoted(rng.choice(question.actions)) for _ in range(rng.randint(2, 5)))
        return ["    count[0] += 1", f"    order = [{few}]", "    return order[count[0] % len(order)]"]
    period = rng.choice((1, 2, 4, 8, 16, 32))
    if step and rng.random() < 0.7:
        return [f"    if {step} % {2 * period} < {period}:", answer(one, 2), answer(other, 1)]
    return [
        "    count[0] += 1",
        f"    if count[0] % {2 * period} < {period}:",
        answer(one, 2),
        answer(other, 1),
    ]
