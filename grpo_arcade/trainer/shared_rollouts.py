"""Completions of somebody else's trainer: each batch is played once, whichever of its reward functions asks first.

A trainer that is not ours calls reward functions one after another, or side by side in threads, and gives each the same
completions. What is played, and how it is told apart from the next batch, is here; what it is worth is not.
"""

from __future__ import annotations

import os
import secrets
import threading
import weakref
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from grpo_arcade.games import Game
from grpo_arcade.games.players import MatchPool, Pool
from grpo_arcade.games.seeds import EVALUATION_SEEDS, training_seeds
from grpo_arcade.trainer.evaluate import baselines_on
from grpo_arcade.trainer.scoring import Assignment, Rollout, Scorer

_KEPT = 4
"""Batches of which the rollouts are kept: a trainer that evaluates between two calls for a step has two under way."""
_BASELINE_SEEDS = 8
"""Held-out seeds whose games place a score between random play and the best baseline."""


class SharedRollouts:
    """Plays batches of completions on one game, in a pool; usable from any thread.

    Args:
        game: what is played, with its options.
        seeds: how many seeds a completion plays, drawn anew for every step from ``run_key``; or the seeds themselves.
        run_key: the secret that seeds are drawn from; drawn itself where none is given.
        pool: where matches are played; one of this machine's cores, opened at the first batch, where none is given.

    Raises:
        ValueError: no seed, or several processes that would draw different ones.
    """

    def __init__(self, game: Game, seeds: int | Sequence[int], run_key: bytes | None, pool: Pool | None) -> None:
        if (seeds if isinstance(seeds, int) else len(seeds)) < 1:
            raise ValueError("seeds must be at least 1, or a list with one at least")
        if isinstance(seeds, int) and run_key is None and int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise ValueError(
                "several processes train together, and a group must play the same seeds in all of them: give run_key, "
                "the same bytes in each"
            )
        self._game, self._seeds = game, seeds
        self._run_key = run_key or secrets.token_bytes(16)
        self._pool, self._opened_by = pool, None if pool is None else os.getpid()
        self._own_pool = pool is None
        self._baselines: Mapping[str, float] | None = None
        self._lock = threading.Lock()
        self._batches: OrderedDict[tuple[Any, ...], Future[list[Rollout]]] = OrderedDict()

    def of(self, texts: Sequence[str], step: int) -> list[Rollout]:
        """The rollouts of a batch, in order; played by the first who asks, waited for by the others.

        Raises:
            SandboxError: this machine cannot confine a strategy.
        """
        seeds = self._seeds_of(step)
        key = seeds, tuple(texts)
        with self._lock:
            if mine := key not in self._batches:
                self._batches[key] = Future()
                while len(self._batches) > _KEPT:
                    self._batches.popitem(last=False)
            batch = self._batches[key]
        if mine:
            try:
                batch.set_result(self._play(texts, seeds))
            except BaseException as error:
                batch.set_exception(error)
                with self._lock:
                    self._batches.pop(key, None)
        return batch.result()

    def _seeds_of(self, step: int) -> tuple[int, ...]:
        if isinstance(self._seeds, int):
            return tuple(training_seeds(self._run_key, step, self._seeds))
        return tuple(self._seeds)

    def _play(self, texts: Sequence[str], seeds: tuple[int, ...]) -> list[Rollout]:
        with self._lock:
            pool = self._open()
            if self._baselines is None:
                found = baselines_on(self._game, EVALUATION_SEEDS[:_BASELINE_SEEDS])
                self._baselines = {name: float(told["mean"]) for name, told in found.items()}
        assignment = Assignment(self._game.name, self._game.options, seeds, self._baselines, self._game.human_score)
        scorer = Scorer(pool, [assignment] * len(texts))
        for place, text in enumerate(texts):
            scorer.submit(place, text)
        return scorer.collect()

    def _open(self) -> Pool:
        # A process that was forked has the pool's object, and none of its threads.
        if self._pool is None or (self._own_pool and self._opened_by != os.getpid()):
            self._pool, self._opened_by = MatchPool(), os.getpid()
            weakref.finalize(self, self._pool.close, wait=False)
        return self._pool


def completion_text(completion: Any) -> str:
    """What the model wrote: a completion is a text, or the messages of a conversation, as TRL gives them."""
    if isinstance(completion, str):
        return completion
    return "\n".join(_content(message.get("content")) for message in completion if message.get("role") != "tool")


def _content(content: Any) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(str(part.get("text") or "") for part in content)
