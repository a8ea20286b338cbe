"""What the pocket model is made of: a Qwen3 type decoder small enough for a laptop's processor.

Hidden 256 and 6 layers as measured in the design; two key/value heads of 64 keep the cache and its traffic small, and
the tied embedding spends its parameters once.
"""

from __future__ import annotations

from typing import Any

CONTEXT = 1024
"""Positions: the prompt and the longest program fit four times over."""


def build_config(
    vocab_size: int,
    *,
    eos_token_id: int,
    pad_token_id: int,
    hidden_size: int = 256,
    num_hidden_layers: int = 6,
) -> Any:
    """The ``Qwen3Config``; the defaults are the shipped model, smaller numbers are for tests."""
    from transformers import Qwen3Config

    return Qwen3Config(
        vocab_size=vocab_size,
        hidden_size=hidden_size,
        intermediate_size=3 * hidden_size,
        num_hidden_layers=num_hidden_layers,
        num_attention_heads=max(2, hidden_size // 64),
        num_key_value_heads=2,
        head_dim=min(64, hidden_size // 2),
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        use_sliding_window=False,
        bos_token_id=None,
        eos_token_id=eos_token_id,
        pad_token_id=pad_token_id,
    )
