"""A model made ready to learn: loaded by a backend, with its adapter, checked against what it is asked to do.

The trainer takes what :func:`open_learner` gives and knows no backend by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grpo_arcade.trainer.config import ConfigError
from grpo_arcade.trainer.models.loading import load

if TYPE_CHECKING:
    from grpo_arcade.trainer.config import TrainConfig


@dataclass(frozen=True)
class Learner:
    """What a trainer needs of a model."""

    model: Any
    tokenizer: Any
    peft_config: Any
    """The adapter that TRL is to put on, or None: all weights learn, or the model has its adapter already."""


def open_learner(config: TrainConfig) -> Learner:
    """The model of a run, ready to learn.

    Raises:
        ModelError: no such model, or its files cannot be read.
        ImportError: an extra is not installed.
    """
    model, tokenizer = load(config.model)
    return Learner(model, tokenizer, _lora(config))


def template_settings(config: TrainConfig, tokenizer: Any) -> dict[str, Any]:
    """What the chat template is told beside the prompt."""
    if config.reasoning_effort is None:
        return {}
    if "reasoning_effort" not in str(tokenizer.chat_template):
        raise ConfigError(f"the chat template of {config.model} knows no reasoning_effort; leave it out")
    return {"reasoning_effort": config.reasoning_effort}


def check_length(config: TrainConfig, model: Any, prompt: int) -> None:
    """Refuse completions that would not fit behind a prompt of ``prompt`` tokens."""
    most = getattr(model.config, "max_position_embeddings", None)
    if most is not None and prompt + config.max_completion_length > most:
        raise ConfigError(
            f"max_completion_length {config.max_completion_length} and a prompt of {prompt} tokens exceed what "
            f"{config.model} can read, {most}; at most {most - prompt} would fit"
        )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, the machine's or a card's."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError)
        and any(sign in words for sign in ("out of memory", "can't allocate memory", "not enough memory"))
    )


def _lora(config: TrainConfig) -> Any:
    if not config.lora_r:
        return None
    try:
        from peft import LoraConfig
    except ImportError as error:
        raise ImportError('LoRA needs peft: pip install "grpo-arcade[train]"') from error
    return LoraConfig(
        r=config.lora_r,
        lora_alpha=config.lora_alpha or 2 * config.lora_r,
        lora_dropout=config.lora_dropout,
        target_modules=list(config.lora_target_modules) or "all-linear",
        task_type="CAUSAL_LM",
    )
