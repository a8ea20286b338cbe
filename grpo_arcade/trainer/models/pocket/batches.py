"""Batches of the corpus, drawn, encoded and packed in processes beside the training.

The process that trains only hands them on, so that a card need not wait for it. Which examples are in which batch
depends on the seed alone, never on how many processes there are. No torch is imported here.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any

from grpo_arcade.trainer.config import spare_threads
from grpo_arcade.trainer.models.pocket.corpus import drawn, encoded
from grpo_arcade.trainer.models.pocket.packing import Batch, packed

_WINDOW = 4
"""Batches' worth of groups that are sorted by length before they are cut into batches, so that little is padding; as
many as a process draws at a time."""
_FEW = 1_000
"""Groups for which no process is started."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Which groups there are, and how many make a batch."""

    seed: int
    games: tuple[str, ...]
    number: int
    """Groups; after the last the first comes again."""
    answers: int
    """Examples a group."""
    batch: int
    """Groups a batch."""


def batches(tokenizer: Any, corpus: Corpus, steps: int) -> Iterator[Batch]:
    """``steps`` of them; rows of like length come together, in no order that follows from it."""
    rng = Random(corpus.seed)
    size = _WINDOW * corpus.batch
    jobs = [(corpus, start, min(start + size, steps * corpus.batch)) for start in range(0, steps * corpus.batch, size)]
    for window in _windows(tokenizer, jobs):
        rng.shuffle(window)
        yield from window


_Job = tuple[Corpus, int, int]


def _windows(tokenizer: Any, jobs: Sequence[_Job]) -> Iterator[list[Batch]]:
    if not jobs or jobs[-1][2] <= _FEW:
        _begin(tokenizer)
        yield from map(_window, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(spare_threads(), context, initializer=_begin_process, initargs=(tokenizer,)) as pool:
        left = iter(jobs)
        waiting: deque[Future[list[Batch]]] = deque(
            pool.submit(_window, job) for job in islice(left, 4 * spare_threads())
        )
        try:
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(_window, job) for job in islice(left, 1))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


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


def _window(job: _Job) -> list[Batch]:
    corpus, start, stop = job
    numbers = (number % corpus.number for number in range(start, stop))
    examples = drawn(corpus.seed, corpus.games, numbers, corpus.answers)
    groups = sorted((encoded(_tokenizer, each) for each in examples), key=lambda group: group.tokens)
    cuts = range(0, len(groups), corpus.batch)
    return [packed(groups[cut : cut + corpus.batch], _tokenizer.pad_token_id) for cut in cuts]
