"""Our settings as TRL's: hyper-parameters go over by their names, what the loop does itself is switched off there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from trl import GRPOConfig

from grpo_arcade.games.seeds import NUMPY_SEEDS
from grpo_arcade.trainer.models.machine import this_machine
from grpo_arcade.trainer.tracking import PROJECT

if TYPE_CHECKING:
    from grpo_arcade.trainer.config import TrainConfig
    from grpo_arcade.trainer.judging import Reward


def trl_config(config: TrainConfig, folder: Path, rewards: Sequence[Reward], template: dict[str, Any]) -> GRPOConfig:
    """TRL's configuration for ours. Checkpoints, evaluation and logs are the loop's, so TRL's are off."""
    gpu = torch.cuda.is_available()
    machine = this_machine()
    # Not on processors: where AMX makes learning a little faster, rounding for every token makes writing slower.
    low = config.dtype == "bfloat16" or (config.dtype == "auto" and machine.has_card and machine.bfloat16)
    same = (
        *("learning_rate", "lr_scheduler_type", "warmup_steps", "weight_decay", "adam_beta1", "adam_beta2", "optim"),
        *("max_grad_norm", "max_steps", "num_generations", "per_device_train_batch_size"),
        *("gradient_accumulation_steps", "steps_per_generation", "num_iterations", "max_completion_length"),
        *("temperature", "beta", "epsilon", "loss_type", "importance_sampling_level"),
        "entropy_coef",
        *("scale_rewards", "gradient_checkpointing"),
        *("vllm_mode", "vllm_server_base_url", "vllm_server_timeout"),
        *("vllm_importance_sampling_mode", "vllm_importance_sampling_clip_max"),
    )
    return GRPOConfig(
        use_vllm=bool(config.use_vllm) and config.vllm_mode == "server",
        **{name: getattr(config, name) for name in same},
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
