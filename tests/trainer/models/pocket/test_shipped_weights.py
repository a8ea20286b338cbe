"""The weights in this repository: small, made by the recorded command, and as mediocre as they must be."""

import json
import math
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from grpo_arcade.games.game import Outcome
from grpo_arcade.games.players import check_source, extract_source, play_match
from grpo_arcade.games.registry import make
from grpo_arcade.trainer.models import POCKET
from grpo_arcade.trainer.models.chat import completion_text, ending_tokens
from grpo_arcade.trainer.models.chat import prompt_ids as prompt_ids_of
from grpo_arcade.trainer.models.pocket import PretrainConfig
from grpo_arcade.trainer.models.pocket.acceptance import KNOWN, Acceptance, measure
from grpo_arcade.trainer.models.pocket.corpus import encoded
from grpo_arcade.trainer.models.pocket.grammar import draw_some, prompt
from grpo_arcade.trainer.models.pocket.names import measure_names, only_names_of
from grpo_arcade.trainer.models.pocket.packing import loss_of
from grpo_arcade.trainer.models.sampler import sample

RECORD = json.loads((POCKET / "pretrain.json").read_text())


def test_they_are_at_most_12_mb():
    assert sum(path.stat().st_size for path in Path(POCKET).iterdir()) <= 12_000_000


def test_they_were_made_by_the_command_as_it_is_now(pocket):
    assert RECORD["command"].startswith("arcade pretrain --seed 1 ")
    how_long_and_where = {"output", "samples", "minutes", "save_steps", "device"}
    default = {name: value for name, value in asdict(PretrainConfig()).items() if name not in how_long_and_where}
    recorded = {name: value for name, value in RECORD["config"].items() if name not in how_long_and_where}
    assert recorded == json.loads(json.dumps(default))
    assert not RECORD["interrupted"]
    assert RECORD["parameters"] == sum(p.numel() for p in pocket[0].parameters())


def test_the_recorded_figures_are_accepted():
    acceptance = Acceptance.from_dict(RECORD["acceptance"])
    assert acceptance.accepted, acceptance.summary()
    assert {row.game for row in acceptance.games} == set(KNOWN)
    assert acceptance.names is not None
    assert acceptance.names.copied_other_scripts >= 0.8


def test_unseen_programs_of_the_grammar_are_as_likely_as_the_recorded_loss_says(pocket):
    model, tokenizer = pocket
    total, count = 0.0, 0
    for start in range(0, 96, 16):
        batch = [encoded(tokenizer, draw_some(f"unseen/{i}", 8)) for i in range(start, start + 16)]
        tokens = sum(len(answer) for group in batch for answer in group.answers)
        with torch.inference_mode():
            total += tokens * loss_of(model, batch, tokenizer.pad_token_id).item()
        count += tokens
    assert math.isclose(total / count, RECORD["loss"], abs_tol=0.04)


def test_names_are_copied_that_it_has_never_seen(pocket):
    found = measure_names(*pocket, samples=96, seed=1)
    assert found.copied >= RECORD["acceptance"]["names"]["copied"] - 0.08
    assert found.distinct >= 0.95
    assert found.other_scripts >= 8


def test_what_it_writes_for_a_game_it_never_saw_speaks_of_that_game(pocket):
    model, tokenizer = pocket
    ends, asked = ending_tokens(model, tokenizer), prompt("openenv:catch")
    answers = sample(model, tokenizer, [prompt_ids_of(tokenizer, asked)] * 32, max_new_tokens=128, seed=1)
    sources = [extract_source(completion_text(tokenizer, ids, ends)).source or "" for ids in answers]
    assert sum(check_source(source) is None for source in sources) >= 30
    assert sum(only_names_of(asked, source) for source in sources) >= 29
    assert len(set(sources)) >= 20


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


SHORT = {"connect-four": {}}


@pytest.mark.parametrize("name", [game for game in KNOWN if game != "2048"])
def test_what_it_writes_for_a_games_prompt_plays_that_game(pocket, name):
    model, tokenizer = pocket
    ends = ending_tokens(model, tokenizer)
    prompt = prompt_ids_of(tokenizer, make(name).prompt())
    completions = sample(model, tokenizer, [prompt] * 16, max_new_tokens=128, seed=1)
    assert len(set(map(tuple, completions))) >= 11
    played = 0
    for index, ids in enumerate(completions):
        source = extract_source(completion_text(tokenizer, ids, ends)).source
        if source is not None:
            [episode] = play_match(source, name, SHORT.get(name, {"max_num_frames_per_episode": 400}), [index]).episodes
            played += episode.outcome.by_the_rules
    assert played >= 14


@pytest.mark.soak
def test_fresh_samples_are_accepted():
    before = (POCKET / "pretrain.json").read_text()
    try:
        assert measure(POCKET, seed=1).accepted
    finally:
        (POCKET / "pretrain.json").write_text(before)
