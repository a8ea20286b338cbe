"""Forward passes made while games are played: those that would be made anyway, and the same training with and without."""

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer import trl_adapter, trl_settings
from grpo_arcade.trainer.ahead import Ahead, ahead_pays, batches_to_come
from grpo_arcade.trainer.batches import sorted_by_length, trimmed
from grpo_arcade.trainer.grpo import train
from grpo_arcade.trainer.scoring import Scorer


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=4, max_size=12).filter(lambda x: len(x) % 2 == 0))
def test_the_batches_foreseen_are_those_that_come(rows):
    prompt, completions, cut = [7, 8], [[10 + at] * length for at, (length, _) in enumerate(rows)], [c for _, c in rows]
    width = max(map(len, completions))
    mask = torch.tensor(
        [[0 if c else 1] * len(ids) + [0] * (width - len(ids)) for ids, c in zip(completions, cut, strict=True)]
    )
    whole = {
        "prompt_ids": torch.tensor([prompt] * len(rows)),
        "completion_ids": torch.tensor([ids + [3] * (width - len(ids)) for ids in completions]),
        "completion_mask": mask,
    }  # fmt: skip
    halves = {name: value.chunk(2) for name, value in sorted_by_length(whole).items()}
    for at, (ids, seen, tokens) in enumerate(batches_to_come(prompt, completions, cut, 2, 3)):
        batch = trimmed({name: value[at] for name, value in halves.items()})
        assert torch.equal(ids, torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1))
        assert torch.equal(seen[:, len(prompt) :], batch["completion_mask"])
        assert tokens == batch["completion_ids"].shape[1]


def test_a_batch_that_comes_otherwise_is_not_taken():
    ahead = Ahead()
    ahead.written = [[1]] * 4, [[2], [3, 3], [4, 4, 4], [5]]
    ahead.work([False] * 4, 2, 0, lambda ids, mask, tokens: "known", lambda: True)
    assert ahead.take(torch.tensor([[1, 2], [1, 9]]), torch.ones(2, 2, dtype=torch.long)) is None
    assert ahead.take(torch.tensor([[1, 3, 3, 0], [1, 4, 4, 4]]), torch.ones(2, 4, dtype=torch.long)) is None
    assert ahead.used == 0


def test_work_ahead_ends_when_there_is_nothing_to_wait_for():
    ahead, answers = Ahead(), iter([True, False])
    ahead.written = [[1]] * 4, [[2], [3, 3], [4, 4, 4], [5]]
    made = []
    ahead.work([False] * 4, 2, 0, lambda *batch: made.append(batch), lambda: next(answers))
    assert len(made) == 1


def test_training_is_the_same_with_and_without(tiny_config, monkeypatch):
    """Whatever games take: every step foreseen, or none."""
    rows, made = {}, []
    keep = Ahead.__init__

    def kept(self):
        keep(self)
        made.append(self)

    monkeypatch.setattr(Ahead, "__init__", kept)
    for name, plays in (("all", True), ("none", False)):
        monkeypatch.setattr(Scorer, "plays", property(lambda self, plays=plays: plays))
        result = train(dataclasses.replace(tiny_config, run_name=name), capture=True)
        with RunReader(result.folder) as run:
            rows[name] = [
                (row["loss"], row["grad_norm"], row["reward"], row["entropy"], row["kl"]) for row in run.steps()
            ]
    assert made[0].used == tiny_config.max_steps  # both batches at once
    assert made[1].used == 0
    assert rows["all"] == rows["none"]


def test_a_step_learnt_from_at_once_is_the_same_as_by_its_batches(tiny_config, monkeypatch):
    rows = []
    for most in (64, 1):
        monkeypatch.setattr(trl_settings, "_AT_ONCE", most)
        config = dataclasses.replace(tiny_config, run_name=str(most), max_steps=1, eval_steps=0, dtype="float32")
        with RunReader(train(config, capture=True).folder) as run:
            rows.append([(row["grad_norm"], row["reward"], row["entropy"]) for row in run.steps()])
    assert rows[0][0] == pytest.approx(rows[1][0], rel=1e-5)


@pytest.mark.parametrize(
    "changed",
    [
        {"num_iterations": 2},
        {"loss_type": "bnpo"},
        {"lora_r": 4},
        {"gradient_checkpointing": True},
        {"steps_per_generation": 4},
    ],
)
def test_only_what_is_learnt_from_once_and_in_order_is_worked_on(tiny_config, tiny_model, changed):
    from grpo_arcade.trainer.models import load

    model, _ = load(tiny_model)
    assert ahead_pays(tiny_config, model, 1)
    assert not ahead_pays(tiny_config, model, 2)
    assert not ahead_pays(dataclasses.replace(tiny_config, **changed), model, 1)
    model.config.attention_dropout = 0.1
    assert not ahead_pays(tiny_config, model, 1)
    assert trl_adapter.ahead_pays is ahead_pays
