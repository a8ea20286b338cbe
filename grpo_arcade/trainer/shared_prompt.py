"""Log-probabilities of completions that share one prompt, computed with the prompt's keys and values made once.

All completions of a group answer the same prompt, which is often as long as they are. TRL sends prompt and completion
of each through the model; here the prompt goes through once, with its gradient, and every completion attends to it.
The numbers are the same, up to rounding.
"""

from __future__ import annotations

from typing import Any

import torch

from grpo_arcade.trainer.models.unsloth_backend import is_unsloth

_PLAIN = {"full_attention"}


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
) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probability and entropy (nats) of the model's distribution at each completion token.

    Args:
        model: a causal LM for which :func:`applies` says yes.
        prompt_ids: (1, P).
        completion_ids: (B, C), padded on the right.
        completion_mask: (B, C), 1 for tokens and 0 for padding.
        temperature: the logits are divided by it, as in TRL.
        entropy_needs_gradient: for an entropy bonus.

    Returns:
        Two tensors (B, C), 0 at the padding.
    """
    from transformers import DynamicCache

    rows, length = completion_ids.shape
    # Where there are several processes the model comes in a wrapper that adds their gradients up.
    plain = getattr(model, "module", model)
    prefix = model(
        input_ids=prompt_ids,
        past_key_values=DynamicCache(config=plain.config.get_text_config()),
        use_cache=True,
        logits_to_keep=1,
    )
    cache = prefix.past_key_values
    for layer in cache.layers:
        layer.keys = layer.keys.expand(rows, -1, -1, -1)
        layer.values = layer.values.expand(rows, -1, -1, -1)
    first = prefix.logits.expand(rows, -1, -1)
    if length > 1:
        # Padding is on the right, so causality alone keeps every token from seeing it.
        rest = model(input_ids=completion_ids[:, :-1], past_key_values=cache, use_cache=True).logits
        logits = torch.cat([first, rest], dim=1)
    else:
        logits = first
    wanted = completion_mask.bool()
    valid = logits[wanted].float()
    if temperature != 1.0:
        valid = valid / temperature
    distribution = valid.log_softmax(-1)
    chosen = distribution.gather(-1, completion_ids[wanted].unsqueeze(-1)).squeeze(-1)
    with torch.set_grad_enabled(entropy_needs_gradient and torch.is_grad_enabled()):
        spread = -(distribution.exp() * distribution).sum(-1)
    logps = chosen.new_zeros(rows, length).masked_scatter(wanted, chosen)
    entropies = spread.new_zeros(rows, length).masked_scatter(wanted, spread)
    return logps, entropies
