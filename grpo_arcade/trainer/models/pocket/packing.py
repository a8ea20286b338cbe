"""Several prompts, each with several answers, as one batch in which every prompt goes through the model once.

A row holds a prompt and, one after another, its answers; each answer sees the prompt and itself, at the positions it
would have alone. The loss is what it would be with every conversation in a row of its own. Packing needs no torch: it
is done by the processes that draw the examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grpo_arcade.trainer.models.pocket.corpus import Group

_ALIGNED = 8
"""Rows are as long as a multiple of it: attention on a card would copy its mask to such a length otherwise."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Groups as rows, in two arrays that go to the card as they are."""

    rows: np.ndarray
    """(3, groups, length), int32: ids, positions and parts. A part is 0 in the prompt, 1 and up in its answers, -1 in
    the padding on the right. The prompt's last token stands before each answer, since each has a first token of its own
    to be told there."""
    told: np.ndarray
    """(2, tokens of answers), int64: where in the rows laid end to end something is to be told, and which token."""


def loss_of(model: Any, groups: Sequence[Group], pad: int) -> Any:
    """Mean cross-entropy of the answers' tokens, in nats a token; a scalar that can be differentiated."""
    return loss_of_batch(model, packed(groups, pad))


def loss_of_batch(model: Any, batch: Batch) -> Any:
    """What :func:`loss_of` says, of groups that are packed. The processor does not wait for a card."""
    import torch

    rows, told = (torch.from_numpy(each) for each in (batch.rows, batch.told))
    if model.device.type == "cuda":
        # From memory that may be swapped out a card copies only when it has done all that it was asked before.
        rows, told = rows.pin_memory(), told.pin_memory()
    ids, positions, parts = rows.to(model.device, non_blocking=True).long()
    counted, wanted = told.to(model.device, non_blocking=True)
    along = torch.arange(ids.shape[1], device=ids.device)
    seen = (parts[:, None, :] == parts[:, :, None]) | (parts[:, None, :] == 0)
    seen = (seen & (along[None, None, :] <= along[None, :, None]))[:, None]
    hidden = model.model(input_ids=ids, position_ids=positions, attention_mask=seen, use_cache=False).last_hidden_state
    logits = model.lm_head(hidden.flatten(0, 1).index_select(0, counted))
    return torch.nn.functional.cross_entropy(logits.float(), wanted)


def packed(groups: Sequence[Group], pad: int) -> Batch:
    """The groups as one batch, in their order."""
    rows = [_row(group) for group in groups]
    longest = max(row.shape[1] for row in rows)
    longest += -longest % _ALIGNED
    batch = np.empty((4, len(rows), longest), dtype=np.int32)
    for number, row in enumerate(rows):
        length = row.shape[1]
        batch[:, number, :length] = row
        batch[:, number, length:] = np.array((pad, 0, -1, -1))[:, None]
    targets = batch[3].ravel()
    counted = np.flatnonzero(targets >= 0)
    return Batch(np.ascontiguousarray(batch[:3]), np.stack((counted, targets[counted])))


def _row(group: Group) -> np.ndarray:
    """(4, length): one group's ids, positions, parts and targets: the next token of an answer, -1 elsewhere."""
    prompt = np.asarray(group.prompt)
    before = len(prompt) - 1
    row = np.empty((4, before + sum(map(len, group.answers))), dtype=np.int32)
    row[:, :before] = prompt[:-1], np.arange(before), np.zeros(before), np.full(before, -1)
    start = before
    for number, answer in enumerate(group.answers, 1):
        length = len(answer)
        part = row[:, start : start + length]
        part[0, 0], part[0, 1:] = prompt[-1], answer[:-1]
        part[1] = np.arange(before, before + length)
        part[2], part[3] = number, answer
        start += length
    return row
