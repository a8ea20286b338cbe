"""Pretraining, for real and very small: it learns, it repeats, it survives Ctrl-C, and it refuses nonsense early."""

import json
import signal
import subprocess
import sys

import pytest
import torch

from grpo_arcade.trainer.models import load
from grpo_arcade.trainer.models.pocket import PretrainConfig, pretrain
from grpo_arcade.trainer.models.sampler import sample

TINY = {
    "corpus_size": 600,
    "steps": 12,
    "batch_size": 8,
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "vocab_size": 400,
    "warmup_steps": 2,
    "learning_rate": 3e-3,
    "device": "cpu",
    "samples": 0,
}


def test_a_tiny_model_learns_is_written_and_loads(tmp_path):
    result = pretrain(PretrainConfig(output=str(tmp_path / "tiny"), **TINY))
    assert (result.steps, result.interrupted) == (12, False)
    assert result.loss < 6.0  # log(400) at the start
    model, tokenizer = load(result.folder)
    assert model.dtype == torch.bfloat16
    [ids] = sample(model, tokenizer, [[5, 6]], max_new_tokens=3)
    assert 1 <= len(ids) <= 3
    record = json.loads((result.folder / "pretrain.json").read_text())
    assert record["command"].startswith("arcade pretrain --seed 1 --corpus-size 600 --steps 12")
    assert record["steps"] == 12
    assert set(record["versions"]) == {"grpo-arcade", "python", "torch", "transformers", "tokenizers"}


def test_the_same_seed_gives_the_same_weights(tmp_path):
    folders = [
        pretrain(PretrainConfig(output=str(tmp_path / name), **{**TINY, "seed": seed, "steps": 3})).folder
        for name, seed in (("a", 4), ("b", 4), ("c", 5))
    ]
    first, again, other = ((folder / "model.safetensors").read_bytes() for folder in folders)
    assert first == again
    assert first != other


def test_ctrl_c_leaves_a_model_that_loads(tmp_path):
    code = f"""
from grpo_arcade.trainer.models.pocket import PretrainConfig, pretrain
import torch
torch.set_num_threads(1)
if __name__ == "__main__":
    print(pretrain(PretrainConfig(output={str(tmp_path / "cut")!r}, **{ {**TINY, "steps": 200}!r})).interrupted)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    lines = iter(child.stdout.readline, "")
    for line in lines:
        if line.startswith("step 20:"):
            break
    child.send_signal(signal.SIGINT)
    rest = child.stdout.read()
    assert child.wait(60) == 0, rest
    assert rest.strip().endswith("True")
    assert json.loads((tmp_path / "cut" / "pretrain.json").read_text())["interrupted"]
    load(tmp_path / "cut")


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match="other files"):
        pretrain(PretrainConfig(output=str(tmp_path), **TINY))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    "wrong",
    [{"steps": 0}, {"vocab_size": 100}, {"hidden_size": 100}, {"learning_rate": 0.0}, {"batch_size": -1}],
)
def test_nonsense_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PretrainConfig(**wrong)
