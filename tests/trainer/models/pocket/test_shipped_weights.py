"""The weights in this repository: small, made by the recorded command, and as mediocre as they must be."""

import json
import math
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from grpo_arcade.games.game import Outcome
from grpo_arcade.games.players import extract_source, play_match
from grpo_arcade.games.registry import make
from grpo_arcade.trainer.models import POCKET
from grpo_arcade.trainer.models.chat import completion_text, ending_tokens
from grpo_arcade.trainer.models.chat import prompt_ids as prompt_ids_of
from grpo_arcade.trainer.models.pocket import PretrainConfig
from grpo_arcade.trainer.models.pocket.acceptance import Acceptance, measure
from grpo_arcade.trainer.models.pocket.grammar import GRAMMARS, draw
from grpo_arcade.trainer.models.sampler import sample

RECORD = json.loads((POCKET / "pretrain.json").read_text())


def test_they_are_at_most_12_mb():
    assert sum(path.stat().st_size for path in Path(POCKET).iterdir()) <= 12_000_000


def test_they_were_made_by_the_command_as_it_is_now(pocket):
    assert RECORD["command"] == "arcade pretrain --seed 1"
    recorded = {name: value for name, value in RECORD["config"].items() if name != "samples"}
    default = asdict(PretrainConfig())
    assert set(default) - set(recorded) == {"output", "samples", "model", "games"}  # the last two came later
    assert recorded == {name: default[name] for name in recorded}
    assert not RECORD["interrupted"]
    assert RECORD["parameters"] == sum(p.numel() for p in pocket[0].parameters())


def test_the_recorded_figures_are_accepted():
    acceptance = Acceptance.from_dict(RECORD["acceptance"])
    assert acceptance.accepted, acceptance.summary()


def test_unseen_programs_of_the_grammar_are_as_likely_as_the_recorded_loss_says(pocket):
    model, tokenizer = pocket
    total, count = 0.0, 0
    for i in range(150):
        example = draw(f"unseen/{i}")
        conversation = [
            {"role": "user", "content": example.prompt},
            {"role": "assistant", "content": example.completion},
        ]
        start = tokenizer.apply_chat_template(conversation[:1], add_generation_prompt=True, return_dict=False)
        ids = tokenizer.apply_chat_template(conversation, return_dict=False)
        assert ids[: len(start)] == start
        with torch.inference_mode():
            log_probabilities = torch.log_softmax(model(torch.tensor([ids])).logits[0, :-1], dim=-1)
        targets = torch.tensor(ids[1:])
        total -= log_probabilities[torch.arange(len(targets)), targets][len(start) - 1 :].sum().item()
        count += len(ids) - len(start)
    assert math.isclose(total / count, RECORD["loss"], abs_tol=0.04)


def test_what_it_writes_plays(pocket, prompt_ids):
    model, tokenizer = pocket
    ends = ending_tokens(model, tokenizer)
    completions = sample(model, tokenizer, [prompt_ids()] * 48, max_new_tokens=256, seed=1)
    assert len(set(map(tuple, completions))) >= 40
    played = 0
    for ids in completions:
        source = extract_source(completion_text(tokenizer, ids, ends)).source
        if source is not None:
            [episode] = play_match(source, "2048", {"target": 64}, [3]).episodes
            played += episode.outcome in (Outcome.WON, Outcome.LOST, Outcome.STUCK)
    assert played >= 45


@pytest.mark.parametrize("name", [game for game in GRAMMARS if game != "2048"])
def test_what_it_writes_for_an_atari_prompt_plays_that_game(pocket, name):
    model, tokenizer = pocket
    ends = ending_tokens(model, tokenizer)
    prompt = prompt_ids_of(tokenizer, make(name).prompt())
    completions = sample(model, tokenizer, [prompt] * 16, max_new_tokens=128, seed=1)
    assert len(set(map(tuple, completions))) >= 11
    played = 0
    for index, ids in enumerate(completions):
        source = extract_source(completion_text(tokenizer, ids, ends)).source
        if source is not None:
            [episode] = play_match(source, name, {"max_num_frames_per_episode": 400}, [index]).episodes
            played += episode.outcome.by_the_rules
    assert played >= 14


@pytest.mark.soak
def test_fresh_samples_are_accepted():
    before = (POCKET / "pretrain.json").read_text()
    try:
        assert measure(POCKET, seed=1).accepted
    finally:
        (POCKET / "pretrain.json").write_text(before)
