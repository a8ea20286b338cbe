"""A model made ready to learn: loaded by a backend, with its adapter, checked against what it is asked to do.

The trainer takes what :func:`open_learner` gives and knows no backend by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.models.backends import Backend, choose
from grpo_arcade.trainer.models.chat import prompt_ids
from grpo_arcade.trainer.models.loading import fetch, is_adapter, locate, open_tokenizer
from grpo_arcade.trainer.models.machine import check_settings, this_machine
from grpo_arcade.trainer.question import question

if TYPE_CHECKING:
    from grpo_arcade.trainer.config import TrainConfig


@dataclass(frozen=True)
class Learner:
    """What a trainer needs of a model."""

    model: Any
    tokenizer: Any
    peft_config: Any
    """The adapter that TRL is to put on, or None: all weights learn, or the model has its adapter already."""
    template: dict[str, Any]
    """What the chat template is told beside the prompt."""
    facts: dict[str, Any]
    """What a run records of it, JSON-able: backend, backend_why, device, prompt_tokens, parameters."""


def open_learner(config: TrainConfig, backend: Backend | None = None) -> Learner:
    """The model of a run, ready to learn; ``backend`` has been prepared, and is chosen here when absent.

    Raises:
        ConfigError: the model cannot do what it is asked to.
        ModelError: no such model, or its files cannot be read.
        ImportError: an extra is not installed.
    """
    machine = this_machine()
    backend = backend or choose(config, machine)
    check_settings(config, machine.has_card)
    # The tokenizer alone says most of what can be wrong; the weights may take minutes to come.
    tokenizer = open_tokenizer(config.model)
    template = template_settings(config, tokenizer)
    length = max(len(prompt_ids(tokenizer, prompt, template)) for prompt in _prompts(config))
    longest = config.max_seq_length or length + config.max_completion_length
    _check_length(config, length, longest)
    peft_config = None
    if backend.name == "unsloth":
        from grpo_arcade.trainer.models import unsloth_backend

        model, tokenizer = unsloth_backend.open_model(config, longest)
    else:
        from grpo_arcade.trainer.models import transformers_backend

        model, tokenizer, peft_config = transformers_backend.open_model(config, machine)
    facts = {
        "backend": backend.name,
        "backend_why": backend.why,
        "device": f"{machine.name} ({machine.runtime})" if machine.has_card else "CPU",
        "prompt_tokens": length,
        "parameters": sum(weights.numel() for weights in model.parameters()),
    }
    return Learner(model, tokenizer, peft_config, template, facts)


def _prompts(config: TrainConfig) -> list[str]:
    """What the model will be asked: one prompt for every stage of the curriculum."""
    from grpo_arcade.games import make
    from grpo_arcade.trainer.curriculum import Curriculum

    return [question(make(config.game, **stage.options), config.prompt) for stage in Curriculum.of(config).stages]


def template_settings(config: TrainConfig, tokenizer: Any) -> dict[str, Any]:
    """What the chat template is told beside the prompt."""
    if config.template and "reasoning_effort" not in str(tokenizer.chat_template):
        raise ConfigError(f"the chat template of {config.model} knows no reasoning_effort; leave it out")
    return config.template


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, the machine's or a card's."""
    words = str(error).lower()
    signs = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and any(sign in words for sign in signs))


def what_to_lower(config: TrainConfig) -> str:
    """The two settings that save most memory by being lower, with what they are now."""
    first = "per_device_train_batch_size" if config.per_device_train_batch_size > 1 else "num_generations"
    return " or ".join(f"a lower {name} ({getattr(config, name)})" for name in (first, "max_completion_length"))


def _check_length(config: TrainConfig, prompt: int, longest: int) -> None:
    """Refuse completions that would not fit behind a prompt of ``prompt`` tokens."""
    if prompt + config.max_completion_length > longest:
        raise ConfigError(
            f"max_seq_length {longest} holds no prompt of {prompt} tokens and a completion of "
            f"{config.max_completion_length}; leave it out, or set it to {prompt + config.max_completion_length}"
        )
    most = _positions(config.model)
    if most is not None and prompt + config.max_completion_length > most:
        raise ConfigError(
            f"max_completion_length {config.max_completion_length} and a prompt of {prompt} tokens exceed what "
            f"{config.model} can read, {most}; at most {most - prompt} would fit"
        )


def _positions(model: str) -> int | None:
    """The most tokens a model can read, as its configuration says; an adapter's is its base's, which is asked later."""
    if is_adapter(model):
        return None
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(fetch(locate(model))).get_text_config()
    return getattr(config, "max_position_embeddings", None)
