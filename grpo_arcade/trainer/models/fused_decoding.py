"""One token after another for many rows of a small model on a processor, with as few operations as can be.

Where a token of a row costs a microsecond of arithmetic, what a model's modules do around it counts: here products that
share an input are one, the cache has its whole length from the start, and in bfloat16 the weights are rounded once.
What is computed is what ``transformers`` computes, up to rounding.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_FEW_WEIGHTS = 2**26
"""Few are at most so many: here they are held twice, and of more the products alone count."""


def has_few_weights(model: Any) -> bool:
    """Whether what is around a model's products takes longer than they do, as in the pocket model."""
    return sum(weights.numel() for weights in model.parameters()) <= _FEW_WEIGHTS


def is_fusible(model: Any) -> bool:
    """Whether a model is one whose forward pass is written out here: a small Qwen3 on a processor, without adapter."""
    from transformers import Qwen3ForCausalLM

    if type(model) is not Qwen3ForCausalLM or model.device.type != "cpu":
        return False
    config = model.config
    plain = not config.attention_bias and config.hidden_act == "silu" and set(config.layer_types) == {"full_attention"}
    plain = plain and model.model.rotary_emb.rope_type == "default"
    return plain and has_few_weights(model)


class Fused:
    """As :class:`~grpo_arcade.trainer.models.decoding.Decoder` says, over a cache of fixed size, without a mask."""

    def __init__(self, growing: Any, longest: int) -> None:
        """Takes over the rows of a ``decoding.Growing`` whose prompts are equally long; in bfloat16 under autocast."""
        import torch

        model, config, self._at = growing.model, growing.model.config, growing.width
        self._dtype = torch.bfloat16 if torch.is_autocast_enabled("cpu") else model.dtype
        self.logits, self._rows = growing.logits, len(growing.positions)
        self._heads, self._groups, self._size = config.num_attention_heads, config.num_key_value_heads, config.head_dim
        self._epsilon = config.rms_norm_eps
        total = growing.width + longest
        self._angles = [each[0] for each in model.model.rotary_emb(self.logits.float(), torch.arange(total)[None])]
        self._embedding, self._norm = model.model.embed_tokens.weight, model.model.norm.weight
        self._head = model.lm_head.weight.to(self._dtype)
        self._layers = [_Layer(layer, self._dtype) for layer in model.model.layers]
        shape = (self._rows, self._groups, total, self._size)
        for layer, grown in zip(self._layers, growing.cache.layers, strict=True):
            layer.keys, layer.values = (torch.empty(shape, dtype=model.dtype) for _ in range(2))
            layer.keys[:, :, : self._at], layer.values[:, :, : self._at] = grown.keys, grown.values

    def keep(self, places: Sequence[int]) -> None:
        """As :class:`~grpo_arcade.trainer.models.decoding.Decoder` says."""
        self._rows = len(places)
        for layer, name in itertools.product(self._layers, ("keys", "values")):
            cache = getattr(layer, name)
            # In place, from the front: a row never goes behind where it was.
            for to, place in enumerate(places):
                if to != place:
                    cache[to, :, : self._at] = cache[place, :, : self._at]

    def step(self, chosen: torch.Tensor) -> None:
        """As :class:`~grpo_arcade.trainer.models.decoding.Decoder` says."""
        import torch
        from torch.nn import functional

        rows, size, heads, groups = self._rows, self._size, self._heads, self._groups
        cosine, sine = (each[self._at] for each in self._angles)
        with torch.autocast("cpu", enabled=False):
            hidden = functional.embedding(chosen, self._embedding)
            for layer in self._layers:
                made = self._product(hidden, layer.norm, layer.queries_keys_values).view(rows, heads + 2 * groups, size)
                queries, keys, values = made.split((heads, groups, groups), dim=1)
                queries, keys = self._scaled(queries, layer.query_norm), self._scaled(keys, layer.key_norm)
                layer.keys[:rows, :, self._at] = _turned(keys, cosine, sine)
                layer.values[:rows, :, self._at] = values
                seen = functional.scaled_dot_product_attention(
                    _turned(queries, cosine, sine).to(layer.keys.dtype).view(rows, groups, heads // groups, size),
                    layer.keys[:rows, :, : self._at + 1],
                    layer.values[:rows, :, : self._at + 1],
                )
                hidden = hidden + functional.linear(seen.reshape(rows, heads * size).to(self._dtype), layer.output)
                gate, up = self._product(hidden, layer.second_norm, layer.gate_up).chunk(2, dim=-1)
                hidden = hidden + functional.linear(functional.silu(gate) * up, layer.down)
            self.logits = self._product(hidden, self._norm, self._head)
        self._at += 1

    def _scaled(self, values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        from torch.nn import functional

        return functional.rms_norm(values.to(weight.dtype), weight.shape, weight, self._epsilon)

    def _product(self, hidden: torch.Tensor, norm: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        from torch.nn import functional

        return functional.linear(self._scaled(hidden, norm).to(self._dtype), weights)


class _Layer:
    """Weights of one layer, those of the products rounded, and its keys and values: (rows, groups, tokens, size)."""

    keys: torch.Tensor
    values: torch.Tensor

    def __init__(self, layer: Any, dtype: torch.dtype) -> None:
        import torch

        attention, mlp = layer.self_attn, layer.mlp
        together = [each.weight for each in (attention.q_proj, attention.k_proj, attention.v_proj)]
        self.queries_keys_values = torch.cat(together).to(dtype)
        self.gate_up = torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight]).to(dtype)
        self.output, self.down = attention.o_proj.weight.to(dtype), mlp.down_proj.weight.to(dtype)
        self.norm, self.second_norm = layer.input_layernorm.weight, layer.post_attention_layernorm.weight
        self.query_norm, self.key_norm = attention.q_norm.weight, attention.k_norm.weight


def _turned(values: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor) -> torch.Tensor:
    """Rotary position: (rows, heads, size) by angles of (size,)."""
    import torch

    first, second = values.chunk(2, dim=-1)
    return values * cosine + torch.cat([-second, first], dim=-1) * sine
