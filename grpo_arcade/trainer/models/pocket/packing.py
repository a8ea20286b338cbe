"""Several prompts, each with several answers, as one batch in which every prompt goes through the model once.

A row holds a prompt and, one after another, its answers; each answer sees the prompt and itself, at the positions it
would have alone. The loss is what it would be with every conversation in a row of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from grpo_arcade.trainer.models.pocket.corpus import Group


def loss_of(model: Any, groups: Sequence[Group], pad: int) -> Any:
    """Mean cross-entropy of the answers' tokens, in nats a token; a scalar that can be differentiated."""
    import torch

    ids, positions, parts, targets = packed(groups, pad)
    # Found before anything is on the card: looked for there, the processor would wait for the card at every step.
    counted = (targets.flatten() >= 0).nonzero()[:, 0]
    wanted = targets.flatten()[counted]
    ids, positions, parts, counted, wanted = (
        each.to(model.device, non_blocking=True) for each in (ids, positions, parts, counted, wanted)
    )
    along = torch.arange(ids.shape[1], device=ids.device)
    seen = (parts[:, None, :] == parts[:, :, None]) | (parts[:, None, :] == 0)
    seen = (seen & (along[None, None, :] <= along[None, :, None]))[:, None]
    hidden = model.model(input_ids=ids, position_ids=positions, attention_mask=seen, use_cache=False).last_hidden_state
    logits = model.lm_head(hidden.flatten(0, 1).index_select(0, counted))
    return torch.nn.functional.cross_entropy(logits.float(), wanted)


def packed(groups: Sequence[Group], pad: int) -> tuple[Any, Any, Any, Any]:
    """Ids, positions, parts and targets, each (groups, longest row).

    A part is 0 in the prompt, 1 and up in its answers, -1 in the padding on the right. The prompt's last token stands
    before each answer, since each has a first token of its own to be told there. A target is the next token of an
    answer, -1 elsewhere.
    """
    import torch

    rows = [_row(group) for group in groups]
    longest = max(row.shape[1] for row in rows)
    batch = np.empty((4, len(rows), longest), dtype=np.int64)
    for number, row in enumerate(rows):
        length = row.shape[1]
        batch[:, number, :length] = row
        batch[:, number, length:] = np.array((pad, 0, -1, -1))[:, None]
    ids, positions, parts, targets = torch.from_numpy(batch)
    return ids, positions, parts, targets


def _row(group: Group) -> np.ndarray:
    """(4, length): one group's ids, positions, parts and targets."""
    prompt = np.asarray(group.prompt)
    before = len(prompt) - 1
    row = np.empty((4, before + sum(map(len, group.answers))), dtype=np.int64)
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
