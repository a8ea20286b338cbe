"""Several prompts, each with several answers, as one batch in which every prompt goes through the model once.

A row holds a prompt and, one after another, its answers; each answer sees the prompt and itself, at the positions it
would have alone. The loss is what it would be with every conversation in a row of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grpo_arcade.trainer.models.pocket.corpus import Group


def loss_of(model: Any, groups: Sequence[Group], pad: int) -> Any:
    """Mean cross-entropy of the answers' tokens, in nats a token; a scalar that can be differentiated."""
    import torch

    ids, positions, parts, targets = (each.to(model.device) for each in packed(groups, pad))
    along = torch.arange(ids.shape[1], device=ids.device)
    seen = (parts[:, None, :] == parts[:, :, None]) | (parts[:, None, :] == 0)
    seen = (seen & (along[None, None, :] <= along[None, :, None]))[:, None]
    hidden = model.model(input_ids=ids, position_ids=positions, attention_mask=seen, use_cache=False).last_hidden_state
    counted = targets >= 0
    logits = model.lm_head(hidden[counted])
    return torch.nn.functional.cross_entropy(logits.float(), targets[counted])


def packed(groups: Sequence[Group], pad: int) -> tuple[Any, Any, Any, Any]:
    """Ids, positions, parts and targets, each (groups, longest row).

    A part is 0 in the prompt, 1 and up in its answers, -1 in the padding on the right. The prompt's last token stands
    before each answer, since each has a first token of its own to be told there. A target is the next token of an
    answer, -1 elsewhere.
    """
    import torch

    rows = [_row(group) for group in groups]
    longest = max(len(row[0]) for row in rows)
    fill = (pad, 0, -1, -1)
    return tuple(  # type: ignore[return-value]
        torch.tensor([row[kind] + [fill[kind]] * (longest - len(row[kind])) for row in rows]) for kind in range(4)
    )


def _row(group: Group) -> tuple[list[int], list[int], list[int], list[int]]:
    *before, last = group.prompt
    ids, positions = list(before), list(range(len(before)))
    parts, targets = [0] * len(before), [-1] * len(before)
    for number, answer in enumerate(group.answers, 1):
        ids += [last, *answer[:-1]]
        positions += range(len(before), len(before) + len(answer))
        parts += [number] * len(answer)
        targets += answer
    return ids, positions, parts, targets
