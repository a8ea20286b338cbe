"""Unsloth: its import order, its model, its adapter, its two modes. Nothing else in the project names its functions.

Written by the source of unsloth and unsloth_zoo 2026.10.9. What it found there:

- Unsloth rewrites classes of transformers, PEFT and TRL as it is imported, so it comes before them (:func:`prepare`).
  ``trl.GRPOTrainer`` is then its own subclass of TRL's, made of TRL's source with other loss functions, which keep the
  logits of one chunk at a time; our trainer derives from whichever it finds under that name.
- ``FastLanguageModel`` gives Llama, Qwen and their kin an attention of its own with a cache of its own, which only
  its own sampler can continue. ``FastModel``, to which it hands gpt-oss in any case, keeps Hugging Face's cache; it is
  taken for every model, and our sampler works with all of them.
- Between writing and learning a model of Unsloth changes its mode: checkpointing off and on, and whether ``logits``
  are logits or the states before them (``for_inference``, ``for_training``).
- Its ``GRPOConfig`` has defaults of its own, so ``trl_config`` says all of them; with ``dr_grpo`` it never scales
  rewards, whatever is asked for, and it records no entropy.
- Without a card it falls back to transformers on the CPU, with the same functions and TRL unpatched.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import platformdirs

from grpo_arcade.games.seeds import NUMPY_SEEDS
from grpo_arcade.trainer.models.loading import ModelError, locate, why_not
from grpo_arcade.trainer.models.machine import GPU_EXTRA

if TYPE_CHECKING:
    from grpo_arcade.trainer.config import TrainConfig

LATER = ("transformers", "trl", "peft")
"""What must not have been imported before Unsloth."""


def prepare() -> None:
    """Import Unsloth, before what it patches.

    Raises:
        ModelError: too late, or Unsloth does not work here.
        ImportError: it is not installed.
    """
    if "unsloth" in sys.modules:
        return
    early = [name for name in LATER if name in sys.modules]
    if early:
        raise ModelError(f"unsloth must be imported before {', '.join(early)}; start the run in a fresh process")
    # What it compiles it would write into the folder one happens to stand in.
    os.environ.setdefault("UNSLOTH_COMPILE_LOCATION", str(platformdirs.user_cache_path("grpo-arcade") / "unsloth"))
    try:
        import unsloth  # noqa: F401
    except ModuleNotFoundError as error:
        raise ImportError(f"backend unsloth needs {error.name}: {GPU_EXTRA}") from error
    except Exception as error:  # it checks driver, torch and its own kernels, each with an error of its own
        words = " ".join(str(error).split())[:300]
        raise ModelError(f"unsloth does not work here: {words}; --backend transformers does without it") from error


def open_model(config: TrainConfig, longest: int) -> tuple[Any, Any]:
    """The model with its adapter on, and its tokenizer.

    Args:
        config: the run's.
        longest: tokens of prompt and completion together.

    Raises:
        ModelError: no such model, or its files cannot be read.
    """
    import torch
    from unsloth import FastModel

    where = locate(config.model)
    full = not config.lora_r
    try:
        model, tokenizer = FastModel.from_pretrained(
            model_name=str(where),
            max_seq_length=longest,
            # By itself it learns in bfloat16 weights, where a full finetune loses what it learns to rounding: the
            # pocket model got to 2,348 in 60 steps on an H200, and in the float32 of the other backend to 4,090.
            dtype=torch.float32 if full else None if config.dtype == "auto" else getattr(torch, config.dtype),
            load_in_4bit=config.load_in_4bit,
            load_in_16bit=not config.load_in_4bit and not full,
            full_finetuning=full,
            use_gradient_checkpointing="unsloth" if config.gradient_checkpointing else False,
            random_state=config.seed % NUMPY_SEEDS,
            # Unsloth's own default offloads where memory is short; only a wish overrides it.
            **({"offload_embedding": True} if config.offload_embedding else {}),
        )
    except Exception as error:  # every library below has its own way to say that a file is missing
        if "out of memory" in str(error).lower():
            raise
        raise ModelError(why_not(config.model, where, error)) from error
    tokenizer = getattr(tokenizer, "tokenizer", tokenizer)  # FastModel may give a processor around it
    # An adapter's folder comes back with its adapter on.
    if not full and not hasattr(model, "peft_config"):
        model = FastModel.get_peft_model(
            model,
            r=config.lora_r,
            lora_alpha=config.lora_alpha or 2 * config.lora_r,
            lora_dropout=config.lora_dropout,
            # With all layers the experts of a mixture are among them; Unsloth knows how they are stored.
            target_modules=list(config.lora_target_modules) or "all-linear",
            use_gradient_checkpointing="unsloth" if config.gradient_checkpointing else False,
            random_state=config.seed % NUMPY_SEEDS,
        )
    return model, tokenizer


@contextlib.contextmanager
def writing(model: Any) -> Iterator[None]:
    """Within, a model of Unsloth writes; after, it is as it was. Any other model is left alone."""
    if not is_unsloth(model):
        yield
        return
    training = model.training
    checkpointing = next(
        (on for part in model.modules() if (on := getattr(part, "gradient_checkpointing", False))), False
    )
    model.for_inference()
    try:
        yield
    finally:
        model.for_training(use_gradient_checkpointing=checkpointing)
        model.train(training)


def is_unsloth(model: Any) -> bool:
    """Whether Unsloth made this model."""
    return hasattr(model, "for_inference") and hasattr(model, "for_training")
