"""Whether a program speaks of nothing but what its prompt names: the skill with which writing for any game begins.

Only the source is read; nothing of it is run.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from grpo_arcade.games.players import extract_source
from grpo_arcade.games.players.policy import Refusal, parse
from grpo_arcade.trainer.models.pocket.grammar import answers_for

_QUOTED = re.compile(r'"([^"\n]*)"')
_LENT = re.compile(r"`(\w+)\(")


def only_names_of(prompt: str, source: str) -> bool:
    """Whether every text in a program stands in quotes in the prompt, and every function that the program calls is its
    own, Python's, or lent by the prompt. False for what does not parse.
    """
    tree = parse(source)
    if isinstance(tree, Refusal):
        return False
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    known = set(dir(builtins)) | set(_LENT.findall(prompt)) | set(_bound(tree))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return texts <= set(_QUOTED.findall(prompt)) and used <= known


def _bound(tree: ast.Module) -> Iterator[str]:
    """Every name that the program gives to something itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield node.asname or node.name


@dataclass(frozen=True, slots=True)
class Names:
    """How well names are copied, for made-up games that were not in the corpus, one program each."""

    samples: int
    copied: float
    """Share of programs that :func:`only_names_of` finds nothing wrong with."""
    other_scripts: int
    """How many of the games have names in letters other than English ones."""
    copied_other_scripts: float
    """The share among those."""
    distinct: float
    """Share of different programs."""


def measure_names(model: Any, tokenizer: Any, samples: int = 512, seed: int = 0) -> Names:
    """Sample one program at temperature 1 for each of so many made-up games."""
    from grpo_arcade.trainer.models.chat import completion_text, ending_tokens, prompt_ids
    from grpo_arcade.trainer.models.sampler import sample

    # A corpus numbers its seeds; none of them has this word in it.
    prompts = [answers_for("made-up", Random(f"names/{seed}/{number}"), 1)[0].prompt for number in range(samples)]
    asked = [prompt_ids(tokenizer, prompt) for prompt in prompts]
    answers = sample(model, tokenizer, asked, max_new_tokens=256, seed=seed)
    ends = ending_tokens(model, tokenizer)
    sources = [extract_source(completion_text(tokenizer, ids, ends)).source for ids in answers]
    good = [
        source is not None and only_names_of(prompt, source) for prompt, source in zip(prompts, sources, strict=True)
    ]
    strange = [right for prompt, right in zip(prompts, good, strict=True) if not prompt.isascii()]
    return Names(
        samples=samples,
        copied=sum(good) / samples,
        other_scripts=len(strange),
        copied_other_scripts=sum(strange) / len(strange) if strange else 0.0,
        distinct=len(set(sources)) / samples,
    )
