"""Batches of completions as TRL hands them round, tensors by name with one row a completion, put together tightly."""

from __future__ import annotations

from typing import Any

import torch


def sorted_by_length(batch: dict[str, Any]) -> dict[str, Any]:
    """The rows of every tensor, the shortest completions first."""
    order = torch.argsort(batch["completion_mask"].sum(dim=1), stable=True)

    def sort(value: Any) -> Any:
        # Not every tensor of a batch need lie where the mask does: Unsloth's keeps some on the host.
        return value[order.to(value.device)] if isinstance(value, torch.Tensor) and value.ndim else value

    return {name: sort(value) for name, value in batch.items()}


def trimmed(batch: dict[str, Any]) -> dict[str, Any]:
    """``batch`` without the columns in which no completion of the batch has a token."""
    width = batch["completion_ids"].size(1)
    longest = max(1, int(batch["completion_mask"].sum(dim=1).max()))

    def trim(value: Any) -> Any:
        if isinstance(value, torch.Tensor) and value.ndim == 2 and value.size(1) == width:
            return value[:, :longest]
        return value

    prompts = ("prompt_ids", "prompt_mask")
    return {name: value if name in prompts else trim(value) for name, value in batch.items()}
