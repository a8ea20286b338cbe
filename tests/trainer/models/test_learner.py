"""A model that is to learn is opened with its adapter, or refused in one line before its weights are read."""

import dataclasses

import pytest
import torch

from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.models.backends import Backend
from grpo_arcade.trainer.models.learner import is_out_of_memory, open_learner, what_to_lower
from grpo_arcade.trainer.models.transformers_backend import expert_tensors, lora

PLAIN = Backend("transformers", "a test")


def refused(kind, says, **settings):
    with pytest.raises(kind, match=says) as caught:
        open_learner(TrainConfig(**settings), PLAIN)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card")
@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"load_in_4bit": True, "lora_r": 4}, "load_in_4bit needs a CUDA or ROCm card.*--no-load-in-4bit"),
        ({"optim": "adamw_8bit"}, "optim adamw_8bit needs a CUDA or ROCm card.*--optim adamw_torch"),
    ],
)
def test_what_needs_a_card_is_refused_without_one(settings, says):
    refused(ConfigError, says, **settings)


def test_four_bits_need_bitsandbytes_and_an_adapter(monkeypatch):
    from grpo_arcade.trainer.models import learner, machine
    from grpo_arcade.trainer.models.machine import Machine, installed

    monkeypatch.setattr(learner, "this_machine", lambda: Machine("2.13.0", device="cuda", count=1))
    if installed("bitsandbytes") is None:
        refused(ImportError, r'load_in_4bit needs bitsandbytes: pip install "grpo-arcade\[gpu\]"', load_in_4bit=True)
    monkeypatch.setattr(machine, "installed", lambda package: "1.0")
    refused(ConfigError, "weights of 4 bits cannot learn.*lora_r", load_in_4bit=True)


def test_a_length_that_does_not_fit_is_refused():
    refused(ConfigError, r"max_seq_length 100 holds no prompt .* leave it out, or set it to \d+", max_seq_length=100)


def test_a_tokenizer_without_a_chat_template_is_refused(gpt_oss, tmp_path):
    import shutil

    folder = shutil.copytree(gpt_oss, tmp_path / "mute")
    (folder / "chat_template.jinja").unlink()
    refused(ValueError, "has no chat template.*chat_template.jinja", model=str(folder))


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has 139 GiB"),
        torch.cuda.OutOfMemoryError("HIP out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        MemoryError(),
    ],
)
def test_memory_that_ran_out_is_known_by_every_name(error):
    assert is_out_of_memory(error)
    assert not is_out_of_memory(RuntimeError("CUDA error: an illegal memory access was encountered"))


def test_what_to_lower_can_be_lowered():
    assert (
        what_to_lower(TrainConfig()) == "a lower per_device_train_batch_size (8) or a lower max_completion_length (128)"
    )
    assert "num_generations (32)" in what_to_lower(TrainConfig(per_device_train_batch_size=1))


def test_an_adapter_reaches_attention_and_experts(gpt_oss):
    learner = open_learner(TrainConfig(model=gpt_oss, lora_r=4, reasoning_effort="low"), PLAIN)
    assert learner.template == {"reasoning_effort": "low"}
    assert learner.facts["backend"] == "transformers"
    assert expert_tensors(learner.model) == ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]
    assert learner.peft_config.target_modules == "all-linear"
    assert set(learner.peft_config.target_parameters) == set(expert_tensors(learner.model))

    some = TrainConfig(model=gpt_oss, lora_r=4, lora_target_modules=("q_proj", "experts.down_proj"))
    chosen = lora(some, learner.model)
    assert set(chosen.target_modules) == {"q_proj"}
    assert chosen.target_parameters == ["mlp.experts.down_proj"]
    none = lora(dataclasses.replace(some, lora_target_modules=("q_proj",), lora_dropout=0.1), learner.model)
    assert none.target_parameters is None
    with pytest.raises(ConfigError, match="no lora_dropout"):
        lora(dataclasses.replace(some, lora_dropout=0.1), learner.model)


def test_greedy_samples_of_a_mixture_with_sliding_windows_are_those_of_generate(gpt_oss):
    from grpo_arcade.trainer.models.chat import prompt_ids
    from grpo_arcade.trainer.models.sampler import sample

    learner = open_learner(TrainConfig(model=gpt_oss, lora_r=4), PLAIN)
    model, tokenizer = learner.model.eval(), learner.tokenizer
    prompts = [prompt_ids(tokenizer, words) for words in ("play 2048 " * 15, "play 2048 " * 15, "short")]
    assert max(map(len, prompts)) > model.config.sliding_window
    ours = sample(model, tokenizer, prompts, max_new_tokens=16, temperature=0)
    for prompt, completion in zip(prompts, ours, strict=True):
        with torch.inference_mode():
            whole = model.generate(torch.tensor([prompt]), max_new_tokens=16, do_sample=False)
        assert whole[0, len(prompt) :].tolist() == completion
