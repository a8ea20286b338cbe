"""Exports as Hugging Face folders: the adapter alone, and the whole model in 16 bits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade.trainer.model_export.origin import POCKET_NAME, ExportError, Origin, copy_adapter
from grpo_arcade.trainer.models import load
from grpo_arcade.trainer.models.loading import quiet

if TYPE_CHECKING:
    import torch

SHARD = "5GB"


def write_adapter(origin: Origin, folder: Path) -> None:
    """The adapter, its configuration and the tokenizer; ``origin`` has one."""
    assert origin.adapter is not None
    base = POCKET_NAME if origin.base == "pocket" else origin.base
    copy_adapter(Path(origin.model), folder, {**origin.adapter, "base_model_name_or_path": base})


def merged(origin: Origin) -> tuple[Any, Any]:
    """The model with its adapter worked in, in the precision its files have, and the tokenizer.

    Raises:
        ExportError: the adapter lies on a model of 4 or 8 bits.
    """
    model, tokenizer = load(origin.model)
    if getattr(model, "is_loaded_in_4bit", False) or getattr(model, "is_loaded_in_8bit", False):
        raise ExportError(f"{origin.base} has been rounded to a few bits; name the 16-bit model to merge into: --base")
    if origin.adapter is not None:
        model = model.merge_and_unload()
    return model, tokenizer


def write_merged(origin: Origin, folder: Path) -> None:
    """The whole model in bfloat16 safetensors."""
    import torch

    model, tokenizer = merged(origin)
    model = model.to(torch.bfloat16)
    if model.config.model_type == "gpt_oss":
        # transformers 5.17 loses the experts when it saves a model that was read from MXFP4.
        write_state(model, model.state_dict(), folder)
    else:
        model.config.dtype = torch.bfloat16
        with quiet():
            model.save_pretrained(folder, max_shard_size=SHARD)
    tokenizer.save_pretrained(folder)


def write_state(
    model: Any, state: dict[str, torch.Tensor], folder: Path, quantization: dict[str, Any] | None = None
) -> None:
    """Weights under the names they have, and the configuration; ``quantization`` says how they are rounded, if so."""
    from huggingface_hub import save_torch_state_dict

    folder.mkdir(parents=True, exist_ok=True)
    save_torch_state_dict(state, folder, max_shard_size=SHARD)
    config: dict[str, Any] = json.loads(model.config.to_json_string(use_diff=False))
    config |= {"architectures": [type(model).__name__], "dtype": "bfloat16"}
    config.pop("quantization_config", None)
    if quantization is not None:
        config["quantization_config"] = quantization
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    model.generation_config.save_pretrained(folder)
