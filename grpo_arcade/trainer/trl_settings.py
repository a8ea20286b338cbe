"""Our settings as TRL's: hyper-parameters go over by their names, what the loop does itself is switched off there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from trl import GRPOConfig

from grpo_arcade.games.seeds import NUMPY_SEEDS
from grpo_arcade.trainer.models.loading import is_small
from grpo_arcade.trainer.models.machine import this_machine
from grpo_arcade.trainer.tracking import PROJECT

if TYPE_CHECKING:
    from grpo_arcade.trainer.config import TrainConfig
    from grpo_arcade.trainer.judging import Reward

_AT_ONCE = 64
"""Completions that a small model learns from at once; more gain nothing, and take memory."""


def trl_config(config: TrainConfig, folder: Path, rewards: Sequence[Reward], template: dict[str, Any]) -> GRPOConfig:
    """TRL's configuration for ours. Checkpoints, evaluation and logs are the loop's, so TRL's are off."""
    gpu = torch.cuda.is_available()
    machine = this_machine()
    low = config.dtype == "bfloat16" or (config.dtype == "auto" and machine.has_card and machine.bfloat16)
    at_once = _batches_at_once(config)
    same = (
        *("learning_rate", "lr_scheduler_type", "warmup_steps", "weight_decay", "adam_beta1", "adam_beta2", "optim"),
        *("max_grad_norm", "max_steps", "num_generations", "num_iterations", "max_completion_length"),
        *("temperature", "beta", "epsilon", "loss_type", "importance_sampling_level"),
        "entropy_coef",
        *("scale_rewards", "gradient_checkpointing"),
        *("vllm_mode", "vllm_server_base_url", "vllm_server_timeout"),
        *("vllm_importance_sampling_mode", "vllm_importance_sampling_clip_max"),
    )
    return GRPOConfig(
        use_vllm=bool(config.use_vllm) and config.vllm_mode == "server",
        **{name: getattr(config, name) for name in same},
        per_device_train_batch_size=config.per_device_train_batch_size * at_once,
        gradient_accumulation_steps=config.gradient_accumulation_steps // at_once,
        steps_per_generation=config.steps_per_generation and config.steps_per_generation // at_once,
        seed=config.seed % NUMPY_SEEDS,
        # Said outright, because Unsloth has defaults of its own where TRL would take these.
        epsilon_high=config.epsilon if config.epsilon_high is None else config.epsilon_high,
        router_aux_loss_coef=0.0,
        mask_truncated_completions=False,  # the adapter does it, and knows all end tokens
        output_dir=str(folder),
        reward_weights=[reward.weight for reward in rewards],
        chat_template_kwargs=template,
        report_to=config.trackers,
        run_name=folder.name,
        project=PROJECT,
        trackio_static_space_id=False,
        bf16=low,
        use_cpu=not gpu,
        disable_tqdm=True,
        logging_steps=1,
        save_strategy="no",
        eval_strategy="no",
        dataloader_pin_memory=gpu,
        remove_unused_columns=False,
        shuffle_dataset=False,
    )


def learns_in_bfloat16(config: TrainConfig) -> bool:
    """Whether learning is in bfloat16 on a processor that has it; writing too, if weights are rounded once for all."""
    machine = this_machine()
    return config.dtype == "auto" and not machine.has_card and machine.processor_bfloat16


def _batches_at_once(config: TrainConfig) -> int:
    """How many of a step's batches a small model learns from together, which takes one pass over the prompt."""
    batches, size = config.gradient_accumulation_steps, config.per_device_train_batch_size
    # Where a batch is an optimizer step, or its mean counts by itself, it has to stay what it is.
    if config.steps_per_generation not in (None, batches) or config.loss_type == "bnpo" or not is_small(config.model):
        return 1
    most = max(size, _AT_ONCE)
    return max(count for count in range(1, batches + 1) if batches % count == 0 and count * size <= most)
