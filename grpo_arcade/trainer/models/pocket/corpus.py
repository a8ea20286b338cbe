"""The examples a pocket model is pretrained on, as tokens: drawn from the grammars while the model learns.

Several programs are drawn for one prompt and stay together, a :class:`Group`. Which example is which depends on the
seed alone. Nothing is kept: a second pass over the corpus draws it again. No torch is imported here.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from grpo_arcade.trainer.models.chat import prompt_ids
from grpo_arcade.trainer.models.pocket.grammar import Example, draw_some, shares_of


@dataclass(frozen=True, slots=True)
class Group:
    """Token ids of one prompt, up to where the answer begins, and of several answers, each with its end token."""

    prompt: Sequence[int]
    answers: tuple[Sequence[int], ...]

    @property
    def tokens(self) -> int:
        """All of them, the prompt once."""
        return len(self.prompt) + sum(map(len, self.answers))


def drawn(seed: int, games: Sequence[str], numbers: Iterable[int], each: int) -> Iterator[list[Example]]:
    """The groups of these numbers of a corpus, with ``each`` programs a prompt."""
    shares = shares_of(games)
    return (draw_some(f"{seed}/{number}", each, shares) for number in numbers)


def encoded(tokenizer: Any, examples: Sequence[Example]) -> Group:
    """One group's examples as tokens."""
    texts = [example.completion for example in examples]
    answers = tokenizer(texts, add_special_tokens=False)["input_ids"]
    end = tokenizer.eos_token_id
    return Group(
        array("H", prompt_ids(tokenizer, examples[0].prompt)), tuple(array("H", [*ids, end]) for ids in answers)
    )
