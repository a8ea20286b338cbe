"""The champion's completion among each group's: where it stands, what it earns, and that a program once found is kept."""

import dataclasses
import math
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer import self_imitation
from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.grpo import train
from grpo_arcade.trainer.plan import check
from grpo_arcade.trainer.self_imitation import given, written_beside
from tests.trainer.conftest import make_tiny_model
from tests.trainer.test_learning_direction import ASKED, BETTER, PLAIN, log_probabilities


@drawn(st.integers(1, 12), st.sets(st.integers(0, 11)), st.booleans())
def test_every_completion_is_told_once_in_its_place_and_only_what_is_not_known_is_written(count, places, probable):
    known = {place: [1000 + place, 7] for place in places if place < count}
    asked, told = [], {}

    def generate(prompts, *, on_finished, seed):
        asked.extend(prompts)
        written = [[prompt[0] * 10] for prompt in prompts]
        for row in reversed(range(len(prompts))):
            on_finished(row, written[row])
        return written, [[-0.5 * prompt[0]] for prompt in prompts] if probable else None

    def finished(place, ids):
        assert place not in told
        told[place] = ids

    prompts = [[place] for place in range(count)]
    completions, logprobs = written_beside(known, generate, prompts, on_finished=finished, seed=3)
    assert completions == [known.get(place, [place * 10]) for place in range(count)]
    assert told == dict(enumerate(completions))
    assert asked == [prompt for prompt in prompts if prompt[0] not in known]
    if probable:
        assert logprobs == [[None, None] if place in known else [-0.5 * place] for place in range(count)]
    else:
        assert logprobs is None


@pytest.mark.parametrize("size", [2, 4, 8])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_as_many_processes_as_there_may_be_draw_what_one_draws(monkeypatch, size, count):
    whole = {}
    monkeypatch.setattr(self_imitation, "RunReader", lambda folder: nullcontext(SimpleNamespace(strategy=stored)))

    def stored(strategy_id):
        return {"token_ids": [strategy_id]}

    def generate(prompts, *, first, on_finished):
        return [[100 + first + row] for row in range(len(prompts))], None  # a row's draws come from its number

    for ranks in (1, count):
        whole[ranks] = []
        for rank in range(ranks):
            loop = SimpleNamespace(
                config=SimpleNamespace(champion_in_group=True, num_generations=size),
                champion=SimpleNamespace(holder=SimpleNamespace(strategy_id=7)),
                checkpoints=SimpleNamespace(folder=None),
                processes=SimpleNamespace(rank=rank, broadcast=lambda tokens: tokens),
            )
            known, before = given(loop, 8 // ranks)
            prompts, first = [[0]] * (8 // ranks), rank * (8 // ranks) - before
            whole[ranks] += written_beside(known, generate, prompts, first=first, on_finished=lambda *_: None)[0]
    assert whole[count] == whole[1]
    assert [place for place, ids in enumerate(whole[1]) if ids == [7]] == list(range(size - 1, 8, size))


def test_the_last_of_every_group_is_the_champions_completion_played_and_judged_like_the_others(tiny_config):
    config = dataclasses.replace(tiny_config, champion_in_group=True, gradient_accumulation_steps=4, max_steps=4)
    result = train(config)
    with RunReader(result.folder) as run:
        champions = run.champions()
        assert champions[0].step == 1
        for step in range(2, 5):
            holder = [champion for champion in champions if champion.step < step][-1]
            meant = run.strategy(holder.strategy_id)
            rows = [run.strategy(row["id"]) for row in run.strategies(step)]
            assert len(rows) == 2 * config.num_generations
            for place in (config.num_generations - 1, 2 * config.num_generations - 1):
                assert rows[place]["token_ids"] == meant["token_ids"]
                assert rows[place]["source"] == holder.source
                assert rows[place]["reward"] is not None
                assert len(run.episodes(rows[place]["id"])) == config.train_seeds
        assert {len(run.strategies(1))} == {2 * config.num_generations}


def test_the_pocket_model_learns_from_its_champion_where_it_does_not_meet_it_otherwise():
    assert TrainConfig().resolved().champion_in_group is True
    assert TrainConfig(champion_in_group=False).resolved().champion_in_group is False
    assert TrainConfig(model="Qwen/Qwen2.5-Coder-0.5B-Instruct").resolved().champion_in_group is False
    for other in ({"game": "connect-four", "self_play": True}, {"feedback": 0.5}):
        assert TrainConfig(**other).resolved().champion_in_group is False
        with pytest.raises(ConfigError, match="add --no-champion-in-group"):
            check(TrainConfig(**other, champion_in_group=True))


@pytest.fixture(scope="module")
def forgetful(tmp_path_factory):
    """A model that writes a program that is better by far one time in twenty."""
    taught = [(ASKED, answer) for answer in [PLAIN] * 15 + [BETTER]]
    return make_tiny_model(tmp_path_factory.mktemp("forgetful"), train_steps=200, taught=taught)


def test_a_rare_good_program_becomes_likelier_step_by_step(forgetful, tmp_path):
    answers = {"plain": PLAIN, "better": BETTER}
    before = log_probabilities(forgetful, ASKED, answers)
    assert before["better"] < math.log(0.15) < before["plain"]
    gained = {}
    for kept in (True, False):
        config = TrainConfig(
            model=forgetful, output_dir=str(tmp_path), run_name=str(kept), run_key="00" * 16, toolbox=True, prompt=ASKED,
            champion_in_group=kept, num_generations=8, per_device_train_batch_size=8, gradient_accumulation_steps=1,
            max_steps=10, max_completion_length=200, train_seeds=1, eval_steps=0, eval_strategies=1, eval_seeds=1,
            save_steps=10, learning_rate=3e-4, warmup_steps=0, threads=1, workers=1, beta=0.0,
        )  # fmt: skip
        result = train(config)
        gained[kept] = (
            log_probabilities(str(result.folder / "checkpoint-10"), ASKED, answers)["better"] - before["better"]
        )
    assert gained[True] > max(0.0, gained[False])
