"""Pretraining, for real and very small: it learns, it repeats, it survives Ctrl-C, and it refuses nonsense early."""

import importlib
import json
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch

from grpo_arcade.trainer.models import load
from grpo_arcade.trainer.models.pocket import PretrainConfig, pretrain
from grpo_arcade.trainer.models.pocket.batches import Corpus, batches
from grpo_arcade.trainer.models.pocket.corpus import Group, encoded
from grpo_arcade.trainer.models.pocket.grammar import draw, draw_some, shares_of
from grpo_arcade.trainer.models.pocket.packing import loss_of, packed
from grpo_arcade.trainer.models.sampler import sample

TINY = {
    "corpus_size": 600,
    "steps": 12,
    "batch_size": 8,
    "answers": 4,
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
    assert record["command"].startswith("arcade pretrain --seed 1 --corpus-size 600 --answers 4 --steps 12")
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


def test_a_model_is_taught_another_game_and_keeps_its_words(tmp_path):
    first = pretrain(PretrainConfig(output=str(tmp_path / "first"), **TINY))
    longer = {**TINY, "games": ("openenv:catch",), "steps": 30}
    taught = pretrain(PretrainConfig(output=str(tmp_path / "taught"), model=str(first.folder), **longer))
    assert (first.folder / "tokenizer.json").read_bytes() == (taught.folder / "tokenizer.json").read_bytes()
    assert (first.folder / "model.safetensors").read_bytes() != (taught.folder / "model.safetensors").read_bytes()
    examples = [draw(f"unseen/{i}", shares_of(["openenv:catch"])) for i in range(8)]
    losses = [loss_on(folder, examples) for folder in (first.folder, taught.folder)]
    assert losses[1] < losses[0] - 0.5
    record = json.loads((taught.folder / "pretrain.json").read_text())
    assert record["command"].startswith(f"arcade pretrain --model {first.folder} --games openenv:catch --seed 1")
    assert record["config"]["games"] == ["openenv:catch"]


def loss_on(folder, examples):
    model, tokenizer = load(folder, dtype="float32")
    with torch.no_grad():
        return loss_of(model, [encoded(tokenizer, examples)], tokenizer.pad_token_id).item()


def test_prompts_that_go_through_once_give_the_same_loss_and_gradient(pocket):
    model, tokenizer = pocket
    together = [encoded(tokenizer, draw_some(f"once/{i}", number)) for i, number in enumerate((3, 1, 2))]
    alone = [Group(group.prompt, (answer,)) for group in together for answer in group.answers]
    found = []
    for batch in (together, alone):
        model.zero_grad()
        loss = loss_of(model, batch, tokenizer.pad_token_id)
        loss.backward()
        found.append((loss.item(), model.model.layers[0].self_attn.q_proj.weight.grad.clone()))
    model.zero_grad()
    logs = []
    for group in alone:  # one conversation in a row, as everybody else asks a model
        ids = torch.tensor([[*group.prompt, *group.answers[0]]])
        with torch.no_grad():
            said = model(ids).logits[0, :-1].log_softmax(-1).gather(-1, ids[0, 1:, None])[:, 0]
        logs.append(said[len(group.prompt) - 1 :])
    assert found[0][0] == pytest.approx(-torch.cat(logs).mean().item(), rel=1e-4)
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-5)
    torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-3, atol=1e-6)


def test_the_batches_are_the_same_for_any_number_of_processes_and_begin_again(pocket, monkeypatch):
    _, tokenizer = pocket
    corpus = Corpus(seed=3, games=(), number=10, answers=2, batch=5)
    alone = list(batches(tokenizer, corpus, 10))
    monkeypatch.setattr("grpo_arcade.trainer.models.pocket.batches._FEW", 0)
    beside = list(batches(tokenizer, corpus, 10))
    assert len(alone) == len(beside) == 10
    for one, other in zip(alone, beside, strict=True):
        assert np.array_equal(one.rows, other.rows)
        assert np.array_equal(one.told, other.told)
    for number in range(10):  # ten batches hold the whole corpus five times
        ids = packed([encoded(tokenizer, draw_some(f"3/{number}", 2))], tokenizer.pad_token_id).rows[0, 0]
        assert sum(np.array_equal(row[: len(ids)], ids) for batch in alone for row in batch.rows[0]) == 5


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
    [
        {"steps": 0},
        {"vocab_size": 100},
        {"hidden_size": 100},
        {"learning_rate": 0.0},
        {"batch_size": -1},
        {"batch_size": 12},
        {"save_steps": -1},
        {"final_share": -0.1},
        {"hidden_size": 64 * 10**6},
        {"num_hidden_layers": 10**6},
        {"steps": 10**12},
        {"minutes": float("nan")},
        {"weight_decay": float("nan")},
    ],
)
def test_nonsense_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PretrainConfig(**wrong)


def test_a_game_without_grammar_and_a_model_that_is_not_there_are_refused_before_any_work(tmp_path):
    with pytest.raises(ValueError, match=r"no grammar for chess; there are 2048, .*, openenv:catch"):
        PretrainConfig(games=("2048", "chess"))
    with pytest.raises(ValueError, match="there is no model at"):
        pretrain(PretrainConfig(output=str(tmp_path / "new"), model=str(tmp_path / "none"), **TINY))
    assert not (tmp_path / "new").exists()


def test_when_the_minutes_are_over_it_ends_as_if_so_many_steps_had_been_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.import_module("grpo_arcade.trainer.models.pocket.pretrain"), "_PROBED", 2)
    result = pretrain(PretrainConfig(output=str(tmp_path / "short"), **{**TINY, "steps": 900, "minutes": 0.01}))
    assert result.steps < 900
    assert not result.interrupted
    record = json.loads((result.folder / "pretrain.json").read_text())
    assert record["steps"] == record["config"]["steps"] == result.steps
