"""What can be learnt before it is known what anything earned: the forward passes, made while games are being played.

A step waits for the last games of its completions. Log-probabilities of the batches that will be learnt from do not
depend on rewards, so they are worked out meanwhile, with their graphs, and handed over when the loss asks for them. A
batch that is not asked for exactly as it was foreseen is worked out again as if nothing had been.

This module knows torch and nothing of TRL or games.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch

from grpo_arcade.trainer.models.loading import is_small

if TYPE_CHECKING:
    from grpo_arcade.trainer.config import TrainConfig


def ahead_pays(config: TrainConfig, model: Any, processes: int) -> bool:
    """Whether to work ahead: a small model, whose graphs take little memory, learns on a processor in one process.

    And each generation is learnt from once, in batches whose rows are put in order by length, and without dropout,
    whose draws would depend on how long games took.
    """
    batches = config.gradient_accumulation_steps
    once = config.num_iterations == 1 and config.steps_per_generation in (None, batches) and config.loss_type != "bnpo"
    plain = not config.lora_r and not config.gradient_checkpointing
    alone = model.device.type == "cpu" and processes == 1
    return alone and once and plain and not _draws(model) and is_small(config.model)


def _draws(model: Any) -> bool:
    parts = any(isinstance(part, torch.nn.Dropout) and part.p for part in model.modules())
    return parts or bool(getattr(model.config, "attention_dropout", 0))


def batches_to_come(
    prompt: Sequence[int], completions: Sequence[Sequence[int]], left_out: Sequence[bool], batches: int, pad: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor, int]]:
    """The batches of a step whose rows are sorted by length and trimmed, as :mod:`.batches` puts them together.

    Args:
        prompt: token ids that all completions share.
        completions: token ids of each.
        left_out: whether a completion is masked, so that nothing is learnt from it.
        batches: how many batches the completions are divided into; they must divide evenly.
        pad: the token that stands where no other does.

    Yields:
        Token ids and mask of prompts and completions, shape (rows, tokens), and how many of the tokens are completions.
    """
    counted = [0 if left else len(ids) for ids, left in zip(completions, left_out, strict=True)]
    order = sorted(range(len(completions)), key=counted.__getitem__)
    size = len(order) // batches
    for first in range(0, size * batches, size):
        rows = order[first : first + size]
        longest = max(1, *(counted[row] for row in rows))
        ids = [[*prompt, *_filled(completions[row][:longest], longest, pad)] for row in rows]
        mask = [[1] * len(prompt) + _filled([1] * counted[row], longest, 0) for row in rows]
        yield torch.tensor(ids), torch.tensor(mask), longest


def _filled(values: Sequence[int], length: int, filling: int) -> list[int]:
    return [*values, *[filling] * (length - len(values))]


class Ahead:
    """Results of forward passes, by the batches they belong to, in the order in which they will be asked for."""

    def __init__(self) -> None:
        self.written: tuple[list[list[int]], list[list[int]]] = [], []
        """Token ids of the prompts and completions of the step in progress."""
        self.used = 0
        """How many results were asked for so far."""
        self._ready: list[tuple[torch.Tensor, torch.Tensor, Any]] = []

    def work(
        self,
        left_out: Sequence[bool],
        batches: int,
        pad: int,
        forward: Callable[[torch.Tensor, torch.Tensor, int], Any],
        goes_on: Callable[[], bool],
    ) -> None:
        """Make one pass after another as long as ``goes_on()``; what an earlier step has left is dropped.

        Args:
            left_out: whether each completion is masked, so that nothing is learnt from it.
            batches: how many batches the completions are divided into.
            pad: the token that stands where no other does.
            forward: takes token ids, mask and how many of the tokens are completions.
            goes_on: whether there is still something to wait for.
        """
        self._ready = []
        prompts, completions = self.written
        if not prompts or any(prompt != prompts[0] for prompt in prompts):
            return
        coming = batches_to_come(prompts[0], completions, left_out, batches, pad)
        made = []  # handed over together: ``forward`` is whoever asks for them later
        while goes_on() and (batch := next(coming, None)) is not None:
            with torch.enable_grad():
                made.append((batch[0], batch[1], forward(*batch)))
        self._ready = made

    def take(self, ids: torch.Tensor, mask: torch.Tensor) -> Any:
        """The result for exactly this batch, once; None where there is none."""
        if not self._ready or not torch.is_grad_enabled():
            return None
        known_ids, known_mask, result = self._ready.pop(0)
        if not torch.equal(known_ids, ids) or not torch.equal(known_mask, mask):
            self._ready = []
            return None
        self.used += 1
        return result
