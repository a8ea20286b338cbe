"""The examples a pocket model is pretrained on, as tokens: drawn from the grammars while the model learns.

Several programs are drawn for one prompt and stay together, a :class:`Group`. Drawing and encoding run in processes
beside the training; which example is which depends on the seed alone, never on how many processes there are. Nothing is
kept: a second pass over the corpus draws it again. No torch is imported here.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

from grpo_arcade.trainer.config import spare_threads
from grpo_arcade.trainer.models.chat import prompt_ids
from grpo_arcade.trainer.models.pocket.grammar import Example, draw_some, shares_of

_CHUNK = 250
"""Groups that a process draws at a time."""


@dataclass(frozen=True, slots=True)
class Group:
    """Token ids of one prompt, up to where the answer begins, and of several answers, each with its end token."""

    prompt: Sequence[int]
    answers: tuple[Sequence[int], ...]

    @property
    def tokens(self) -> int:
        """All of them, the prompt once."""
        return len(self.prompt) + sum(map(len, self.answers))


def drawn(seed: int, games: Sequence[str], start: int, stop: int, each: int) -> Iterator[list[Example]]:
    """The groups from number ``start`` to ``stop`` of a corpus, with ``each`` programs a prompt."""
    shares = shares_of(games)
    return (draw_some(f"{seed}/{number}", each, shares) for number in range(start, stop))


def encoded(tokenizer: Any, examples: Sequence[Example]) -> Group:
    """One group's examples as tokens."""
    texts = [example.completion for example in examples]
    answers = tokenizer(texts, add_special_tokens=False)["input_ids"]
    end = tokenizer.eos_token_id
    return Group(
        array("H", prompt_ids(tokenizer, examples[0].prompt)), tuple(array("H", [*ids, end]) for ids in answers)
    )


def groups(tokenizer: Any, seed: int, games: Sequence[str], number: int, each: int, most: int) -> Iterator[Group]:
    """The ``number`` groups of a corpus, over and over, ``most`` in all."""
    jobs = ((seed, tuple(games), start, min(start + _CHUNK, number), each) for start in _rounds(number))
    if most <= 4 * _CHUNK:
        _begin(tokenizer)
        parts: Iterator[list[Group]] = map(_draw, jobs)
        yield from _first(most, chain.from_iterable(parts))
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(spare_threads(), context, initializer=_begin_process, initargs=(tokenizer,)) as pool:
        waiting: deque[Future[list[Group]]] = deque()
        left = most
        try:
            while left > 0:
                while len(waiting) < 4 * spare_threads():
                    waiting.append(pool.submit(_draw, next(jobs)))
                for group in waiting.popleft().result()[:left]:
                    left -= 1
                    yield group
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _rounds(number: int) -> Iterator[int]:
    """Where the chunks begin, round after round."""
    for _ in count():
        yield from range(0, number, _CHUNK)


def _first(most: int, every: Iterator[Group]) -> Iterator[Group]:
    for _, group in zip(range(most), every, strict=False):
        yield group


_tokenizer: Any = None


def _begin(tokenizer: Any) -> None:
    global _tokenizer
    _tokenizer = tokenizer


def _begin_process(tokenizer: Any) -> None:
    # Ctrl-C is for the process that trains, which then needs no more examples.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.nice(5)
    _begin(tokenizer)


def _draw(job: tuple[int, tuple[str, ...], int, int, int]) -> list[Group]:
    return [encoded(_tokenizer, examples) for examples in drawn(*job)]
