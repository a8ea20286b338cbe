"""Log-probabilities of completions that share one prompt, computed with the prompt's keys and values made once.

All completions of a group answer the same prompt, which is often as long as they are. TRL sends prompt and completion
of each through the model; here the prompt goes through once, with its gradient, and every completion attends to it.
On a processor completions of like length go through together, so that little padding is computed. The numbers are the
same, up to rounding.
"""

from __future__ import annotations

from typing import Any

import torch

from grpo_arcade.trainer.models.unsloth_backend import is_unsloth

_PLAIN = {"full_attention"}
_TOGETHER, _TOGETHER_IN_BFLOAT16 = 8, 16
"""Completions that go through a processor at once: more of them are faster, and have more padding among them."""


def applies(model: Any, prompt_ids: torch.Tensor, prompt_mask: torch.Tensor) -> bool:
    """Whether this way gives what TRL's would: one prompt, without padding, and a model of plain causal attention.

    ``prompt_ids`` and ``prompt_mask`` have the shape (completions, prompt length).
    """
    config = model.config.get_text_config()
    kinds = set(getattr(config, "layer_types", None) or _PLAIN)
    return (
        kinds == _PLAIN
        and getattr(config, "sliding_window", None) is None
        and not getattr(model, "is_gradient_checkpointing", False)
        and not is_unsloth(model)  # it shares the prompt in its own way
        and config.model_type in ("qwen2", "qwen3", "llama", "mistral")
        and bool(prompt_mask.all())
        and bool((prompt_ids == prompt_ids[:1]).all())
    )


def logps_and_entropies(
    model: Any,
    prompt_ids: torch.Tensor,
    completion_ids: torch.Tensor,
    completion_mask: torch.Tensor,
    temperature: float,
    entropy_needs_gradient: bool = False,
    at_once: int | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probability and entropy (nats) of the model's distribution at each completion token.

    Args:
        model: a causal LM for which :func:`applies` says yes.
        prompt_ids: (1, P).
        completion_ids: (B, C), padded on the right.
        completion_mask: (B, C), 1 for tokens and 0 for padding.
        temperature: the logits are divided by it, as in TRL.
        entropy_needs_gradient: for an entropy bonus.
        at_once: at most so many completions go through the model together; on a processor fewer may, which is faster.

    Returns:
        Two tensors (B, C), 0 at the padding.
    """
    from transformers import DynamicCache

    rows, length = completion_ids.shape
    # Where there are several processes the model comes in a wrapper that adds their gradients up.
    config = getattr(model, "module", model).config.get_text_config()
    prefix = model(input_ids=prompt_ids, past_key_values=DynamicCache(config=config), use_cache=True, logits_to_keep=1)
    lengths = completion_mask.sum(dim=1)
    order = lengths.argsort(stable=True)
    places, logps, entropies = [], [], []
    for part in order.split(_together(completion_ids.device.type, at_once or rows)):
        # At least 2, so that of several processes each calls the model as often as the others.
        longest = min(length, max(2, int(lengths[part[-1]])))
        ids, wanted = completion_ids[part, :longest], completion_mask[part, :longest].bool()
        logits = prefix.logits.expand(len(part), -1, -1)
        if longest > 1:
            cache = DynamicCache(config=config)
            for number, layer in enumerate(prefix.past_key_values.layers):
                shared = (each.expand(len(part), -1, -1, -1) for each in (layer.keys, layer.values))
                cache.update(*shared, number)
            # Padding is on the right, so causality alone keeps every token from seeing it.
            rest = model(input_ids=ids[:, :-1], past_key_values=cache, use_cache=True).logits
            logits = torch.cat([logits, rest], dim=1)
        valid = logits[wanted].float()
        if temperature != 1.0:
            valid = valid / temperature
        distribution = valid.log_softmax(-1)
        logps.append(distribution.gather(-1, ids[wanted].unsqueeze(-1)).squeeze(-1))
        with torch.set_grad_enabled(entropy_needs_gradient and torch.is_grad_enabled()):
            entropies.append(-(distribution.exp() * distribution).sum(-1))
        places.append((part[:, None] * length + torch.arange(longest, device=part.device))[wanted])
    empty = torch.zeros(rows * length, device=completion_ids.device)
    return (
        empty.scatter(0, torch.cat(places), torch.cat(logps)).view(rows, length),
        empty.scatter(0, torch.cat(places), torch.cat(entropies)).view(rows, length),
    )


def _together(device: str, most: int) -> int:
    """How many completions go through at once; a card likes it best if all do."""
    if device != "cpu":
        return most
    return min(most, _TOGETHER_IN_BFLOAT16 if torch.is_autocast_enabled("cpu") else _TOGETHER)
