"""Games that nobody plays: questions made up at random, and programs that answer them in their own names.

From these the model learns to write for a game it has never seen: to use the names of the prompt and no others. What
names mean it can only guess, so the programs are as mediocre as those for the games it knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from grpo_arcade.trainer.models.pocket.grammar.choice import pick
from grpo_arcade.trainer.models.pocket.grammar.made_up import boards, cartridges, numbers, texts
from grpo_arcade.trainer.models.pocket.grammar.made_up.questions import Question

GAME = "made-up"
PLACE, SHARE = 100, 24
WANTED = None
_KINDS = {numbers: 40, cartridges: 18, boards: 32, texts: 10}


def draw_options(rng: Random) -> dict[str, Any]:
    """A question, as the one option there is."""
    return {"question": pick(rng, _KINDS).draw_question(rng)}


def prompt(options: Mapping[str, Any]) -> str:
    """What the made-up game asks."""
    return str(_question(options).prompt)


def draw_program(rng: Random, options: Mapping[str, Any]) -> str:
    """One program that answers, newline at the end."""
    question = _question(options)
    kind = texts if question.texts else boards if question.boards else numbers
    return kind.draw_program(rng, question)


def _question(options: Mapping[str, Any]) -> Question:
    question = options["question"]
    assert isinstance(question, Question)
    return question
