"""A mixture of experts learns by GRPO through a LoRA adapter on attention and experts, is saved, and goes on."""

import dataclasses
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.grpo import train
from grpo_arcade.trainer.models import load
from grpo_arcade.trainer.resuming import resumed_config


def test_an_adapter_on_attention_and_experts_learns_is_saved_and_goes_on(gpt_oss, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "gpu"))
    config = TrainConfig(
        model=gpt_oss,
        lora_r=2,
        reasoning_effort="low",
        rewards=("varied:varied",),  # random weights write nothing that runs
        beta=0.0,
        learning_rate=1e-2,
        warmup_steps=0,
        num_generations=2,
        per_device_train_batch_size=2,
        gradient_accumulation_steps=1,
        gradient_checkpointing=True,
        mask_truncated_completions=False,
        max_completion_length=8,
        max_steps=1,
        train_seeds=1,
        eval_steps=0,
        eval_strategies=1,
        eval_seeds=1,
        save_steps=1,
        fallback=False,
        threads=1,
        workers=1,
        output_dir=str(tmp_path),
        run_name="run",
    )
    folder = train(config).folder
    before = load_file(folder / "checkpoint-1" / "adapter_model.safetensors")
    for part in ("self_attn.q_proj", "experts.base_layer", "mlp.experts.lora_B"):
        assert any(part in name and "lora_B" in name and tensor.abs().max() > 0 for name, tensor in before.items()), (
            part
        )

    again = dataclasses.replace(resumed_config(folder), max_steps=2)
    assert train(again, resume=folder).step == 2
    with RunReader(folder) as run:
        assert [row["step"] for row in run.steps()] == [1, 2]
        assert all(row["grad_norm"] > 0 for row in run.steps())
        assert run.facts()["backend"] == "transformers"
    after = load_file(folder / "checkpoint-2" / "adapter_model.safetensors")
    assert not torch.equal(
        *(kept["base_model.model.model.layers.0.mlp.experts.lora_B.weight"] for kept in (before, after))
    )

    model, tokenizer = load(folder)
    assert type(model).__name__ == "PeftModelForCausalLM"
    assert "reasoning_effort" in tokenizer.chat_template
    sys.modules.pop("varied", None)
