"""transformers and PEFT: any causal language model, on the CPU or a card, whole or with an adapter, 16 or 4 bits."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.models.loading import is_adapter, load
from grpo_arcade.trainer.models.unsloth_backend import is_unsloth

if TYPE_CHECKING:
    from grpo_arcade.trainer.config import TrainConfig
    from grpo_arcade.trainer.models.machine import Machine


def open_model(config: TrainConfig, machine: Machine) -> tuple[Any, Any, Any]:
    """The model, its tokenizer, and the adapter that TRL is to put on: None where there is none or it is on already.

    Weights that learn are float32: at a learning rate of 1e-4 what they learn is lost in bfloat16's rounding. Under an
    adapter they only compute, and are bfloat16 on a card that has it.

    Raises:
        ModelError: no such model, or its files cannot be read.
        ConfigError: an adapter cannot learn on with these settings.
    """
    low = machine.bfloat16 and config.dtype != "float32" and bool(config.lora_r)
    options: dict[str, Any] = {"dtype": "bfloat16" if low else "float32"}
    if machine.has_card:
        # Straight to the card: the host need not hold all of it.
        options["device_map"] = {"": int(os.environ.get("LOCAL_RANK", "0")) % machine.count}
    if config.load_in_4bit:
        options["quantization_config"] = _four_bits(low)
    adapter = is_adapter(config.model)
    if adapter and not config.lora_r:
        raise ConfigError(f"{config.model} is a LoRA adapter; give its rank as lora_r to continue its training")
    model, tokenizer = load(config.model, trainable=adapter, **options)
    if config.load_in_4bit:
        from peft import prepare_model_for_kbit_training

        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=config.gradient_checkpointing)
    if not config.lora_r or adapter:
        _check_rank(config, model)
        return model, tokenizer, None
    return model, tokenizer, lora(config, model)


def lora(config: TrainConfig, model: Any) -> Any:
    """PEFT's settings for a new adapter.

    Names in ``lora_target_modules`` may be layers (``q_proj``) or, where a mixture keeps its experts as one tensor,
    such tensors (``experts.gate_up_proj``). With none every linear layer and every expert gets one.
    """
    from peft import LoraConfig

    tensors = expert_tensors(model)
    asked = list(config.lora_target_modules)
    experts = [name for name in tensors if not asked or any(_ends(name, word) for word in asked)]
    layers = [word for word in asked if not any(_ends(name, word) for name in tensors)]
    if experts and config.lora_dropout:
        raise ConfigError("the experts of a mixture take no lora_dropout; leave it at 0, or name lora_target_modules")
    return LoraConfig(
        r=config.lora_r,
        lora_alpha=config.lora_alpha or 2 * config.lora_r,
        lora_dropout=config.lora_dropout,
        target_modules=layers if asked else "all-linear",
        target_parameters=experts or None,
        task_type="CAUSAL_LM",
    )


@contextlib.contextmanager
def experts_folded(model: Any) -> Iterator[None]:
    """Within, adapters on the experts of a mixture are part of the weights; after, the weights are what they were.

    PEFT adds such an adapter to all experts of a layer again at every forward pass, which for one token a row is most
    of the work. Here it is added once, to copies; where a card has no room for copies nothing changes but the time.
    Unsloth has ways of its own.
    """
    import torch

    wrapped = []
    if hasattr(model, "peft_config") and not is_unsloth(model):
        from peft.tuners.lora.layer import ParamWrapper

        wrapped = [
            part
            for part in model.modules()
            if isinstance(part, ParamWrapper) and not part.merged and not part.disable_adapters
        ]
    weights = [part.get_param() for part in wrapped]
    if not weights or not _room_for(sum(each.nbytes for each in weights), model.device):
        yield
        return
    before = [each.data for each in weights]
    try:
        with torch.no_grad():
            for part in wrapped:
                part.merge(safe_merge=True)  # the safe way is the one that leaves the old tensor alone
        yield
    finally:
        for part, each, data in zip(wrapped, weights, before, strict=True):
            each.data = data
            part.merged_adapters.clear()


def _room_for(size: int, device: Any) -> bool:
    """Whether a card has ``size`` bytes and as much again as a quarter of them for what else is needed meanwhile."""
    import torch

    if device.type != "cuda":
        return True
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return bool(torch.cuda.mem_get_info(device)[0] + unused > 1.25 * size)


def expert_tensors(model: Any) -> list[str]:
    """Endings of the names of weights that hold all experts of a layer, such as ``mlp.experts.gate_up_proj``."""
    found = {
        ".".join(name.split(".")[-3:]): None
        for name, weights in model.named_parameters()
        if weights.ndim == 3 and "experts" in name.split(".")
    }
    return list(found)


def _ends(name: str, word: str) -> bool:
    return name == word or name.endswith("." + word)


def _four_bits(low: bool) -> Any:
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if low else torch.float16,
    )


def _check_rank(config: TrainConfig, model: Any) -> None:
    kept = getattr(model, "peft_config", None)
    if kept and (rank := kept["default"].r) != config.lora_r:
        raise ConfigError(f"{config.model} is a LoRA adapter of rank {rank}; set lora_r to {rank} to train it on")
