"""gpt-oss's own format: its experts in MXFP4, 4.25 bits a weight, everything else in bfloat16.

The format is OCP's "Microscaling Formats (MX) Specification" 1.0: 32 numbers of 4 bits (E2M1: one of 0, ½, 1, 1½, 2, 3,
4, 6 and a sign) share one power of two. It is written here, since the kernels that transformers quantises with need a
GPU; transformers reads it on any machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from grpo_arcade.trainer.model_export.origin import ExportError, Origin
from grpo_arcade.trainer.model_export.weights import merged, write_state

if TYPE_CHECKING:
    import torch

BLOCK = 32
"""Numbers that share a scale."""
_BIAS = 127
"""Of the scale's exponent (E8M0)."""
_LARGEST_EXPONENT = 2
"""Of E2M1, whose largest number is 6 = 1.5 × 2²."""
_BETWEEN = (0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0)
"""Half way from each number of E2M1 to the next."""
_UNTOUCHED = ("model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head")
_CHUNK = 1 << 24
"""Numbers rounded at a time."""


def write_mxfp4(origin: Origin, folder: Path) -> None:
    """The whole model with its experts in MXFP4, as OpenAI's own checkpoints have them.

    It has to be one that :func:`check_mxfp4` lets pass.
    """
    import torch

    model, tokenizer = merged(origin)
    state: dict[str, torch.Tensor] = {}
    for name, weight in model.state_dict().items():
        if name.endswith(("mlp.experts.gate_up_proj", "mlp.experts.down_proj")):
            # In memory (experts, in, out); in the file (experts, out, in), so that a block runs along what is summed.
            state[f"{name}_blocks"], state[f"{name}_scales"] = quantised(weight.transpose(1, 2))
        else:
            state[name] = weight.to(torch.bfloat16)
    write_state(model, state, folder, {"quant_method": "mxfp4", "modules_to_not_convert": list(_UNTOUCHED)})
    tokenizer.save_pretrained(folder)


def check_mxfp4(origin: Origin) -> None:
    """Refuse a model whose architecture has no MXFP4 form.

    Raises:
        ExportError: it is no gpt-oss, or of a width that blocks do not divide.
    """
    config = origin.architecture()
    if config.get("model_type") != "gpt_oss":
        raise ExportError(
            f"--to mxfp4 is gpt-oss's format, and {origin.name} is a {config.get('model_type')}; "
            "merged-16bit and gguf take any"
        )
    for name in ("hidden_size", "intermediate_size"):
        if config[name] % BLOCK:
            raise ExportError(f"--to mxfp4 needs a {name} that {BLOCK} divides, and this one is {config[name]}")


def quantised(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Blocks and scales of a tensor whose last dimension :data:`BLOCK` divides.

    Returns:
        blocks, uint8 (…, width / 32, 16), two numbers a byte, the first in the low half; and scales, uint8
        (…, width / 32), exponents with a bias of 127. The scale is the power of two of the block's largest number less
        that of the format's (the specification's section 6.3); numbers are rounded to the nearest, ties to even, and
        to 6 where they are larger.
    """
    import torch

    *prefix, width = weight.shape
    rows = weight.reshape(-1, BLOCK)
    blocks = torch.empty((len(rows), BLOCK // 2), dtype=torch.uint8)
    scales = torch.empty(len(rows), dtype=torch.uint8)
    step = max(1, _CHUNK // BLOCK)
    for start in range(0, len(rows), step):
        part = rows[start : start + step].float()
        _, exponent = torch.frexp(part.abs().amax(dim=1))  # the number is m × 2^exponent, ½ ≤ m < 1
        shared = (exponent - 1 - _LARGEST_EXPONENT).clamp(-_BIAS, _BIAS)
        codes = _codes(torch.ldexp(part, -shared[:, None]))
        blocks[start : start + step] = codes[:, 0::2] | codes[:, 1::2] << 4
        scales[start : start + step] = (shared + _BIAS).to(torch.uint8)
    return blocks.reshape(*prefix, width // BLOCK, BLOCK // 2), scales.reshape(*prefix, width // BLOCK)


def _codes(numbers: torch.Tensor) -> torch.Tensor:
    import torch

    size = numbers.abs()
    between = torch.tensor(_BETWEEN, dtype=size.dtype)
    # A number half way goes to the even code: the upper one where the code below is odd.
    below, upto = torch.bucketize(size, between), torch.bucketize(size, between, right=True)
    codes = torch.where(below % 2 == 0, below, upto)
    return (codes + 8 * (numbers < 0)).to(torch.uint8)
