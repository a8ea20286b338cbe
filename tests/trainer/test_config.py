"""A configuration is refused early and in one line, or describes exactly what a run would do."""

import dataclasses
import subprocess
import sys

import pytest

from grpo_arcade.cores import cores
from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.config import REWARDS, TrainConfig
from grpo_arcade.trainer.plan import check, describe


def test_the_defaults_are_valid_and_describe_a_run_on_a_laptop():
    told = describe(TrainConfig())
    assert told["training_completions"] >= 3000
    assert told["stages"][0]["options"]["size"] == 4
    assert list(told["stages"][0]["baselines"]) == ["random", "greedy", "expectimax"]
    assert told["rewards"]["progress"] == 50
    assert told["threads"] == max(1, cores() - 1)
    assert told["differs_from_default"] == {}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"num_generations": 1}, "at least 2"),
        ({"num_generations": 12}, "no multiple of"),
        ({"num_generations": 32, "gradient_accumulation_steps": 3}, "gradient_accumulation_steps to 4"),
        ({"learning_rate": 0.0}, "above 0"),
        ({"learning_rate": 3.0}, "pocket takes 1e-4 to 3e-4"),
        ({"temperature": 0.0}, "above 0"),
        ({"max_steps": 0}, "at least 1"),
        ({"max_steps": float("nan")}, "at least 1"),
        ({"eval_seeds": 101}, "from 1 to 100"),
        ({"threads": 10_000}, "cores"),
        ({"loss_type": "ppo"}, "dapo, grpo"),
        ({"report_to": ("wandb", "mail")}, "none, tensorboard"),
        ({"beta": -0.1}, "at least 0"),
        ({"size": 9}, "2 to 8"),
        ({"target": 1000}, "power of two"),
        ({"game": "2049"}, "did you mean 2048"),
        ({"game_options": ("size",)}, "name=value"),
        ({"game_options": ("target=8", "target=16")}, "game_options: target is given twice"),
        ({"game_options": ("colour=3",)}, "no option 'colour'"),
        ({"train_game_options": ("size",)}, "train_game_options: 'size' is not name=value"),
        ({"train_game_options": ("size=9",)}, "2 to 8"),
        ({"rewards": ("progres",)}, "did you mean progress"),
        ({"reward_weights": (1.0,)}, "1 reward_weights for 4 rewards"),
        ({"reward_weights": (0.0,) * 4}, "all 0"),
        ({"run_key": "xyz"}, "hex"),
        ({"run_name": "a/b"}, "plain name"),
        ({"run_name": ".."}, "plain name"),
        ({"run_name": "a\nb"}, "plain name"),
        ({"run_name": "名" * 67}, "at most 200 bytes"),
        ({"curriculum": ("size=3@2",)}, "share from 0 to 1"),
        ({"curriculum": ("size=1",)}, "2 to 8"),
        ({"steps_per_generation": 8, "save_steps": 3}, "whole multiple"),
        ({"steps_per_generation": 8, "save_steps": 2, "max_steps": 5}, "max_steps 5 must be a whole multiple"),
        ({"save_steps": 0}, "at least 1"),
        ({"champion_seeds": -1}, "from 1 to 1000000"),
        ({"eval_strategies": 10**20}, "from 1 to 1000000"),
        ({"memory_mb": 10**20}, "above 0 and at most 1073741824"),
        ({"move_cpu_s": 1e300}, "above 0 and at most 1000000"),
        ({"max_steps": 10**20}, "at most 10**12"),
        ({"seed": 2**63}, f"from 0 to {2**63 - 1}"),
        ({"scale_rewards": "none", "risk_seeking": 1.0}, "group or batch"),
        ({"risk_seeking": 11.0}, "0 and 10"),
        ({"copies": "none"}, "each, shared"),
        ({"scale_rewards": "sometimes"}, "group, batch, none"),
        ({"reasoning_effort": "huge"}, "low, medium, high"),
        ({"lora_dropout": 1.5}, "between 0 and 1"),
        ({"temperature": float("inf")}, "finite number"),
        ({"temperature": float("nan")}, "above 0"),
        ({"vllm_server_timeout": float("inf")}, "finite number"),
        ({"adam_beta2": 1.0}, "at least 0 and below 1"),
        ({"reward_weights": (1.0, 1.0, float("nan"), 1.0, 1.0)}, "reward_weights must be a finite number"),
        ({"epsilon_high": 0.0}, "above 0"),
    ],
)
def test_nonsense_is_refused_in_one_line(changes, says):
    with pytest.raises(ConfigError) as refusal:
        check(dataclasses.replace(TrainConfig(), **changes))
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_configuration_survives_json_and_unknown_names_are_refused():
    config = TrainConfig(curriculum=("size=3,target=64", "size=4"), reward_weights=(1, 1, 1, 2, 1), beta=0.1)
    assert TrainConfig.from_dict(config.to_dict()) == config
    with pytest.raises(ConfigError, match="did you mean learning_rate"):
        TrainConfig.from_dict({"learning_rat": 1})


def test_the_reward_for_getting_further_is_for_models_that_fail_at_first():
    assert TrainConfig().resolved().rewards == REWARDS[:-1]
    assert TrainConfig(model="somebody/some-model").resolved().rewards == REWARDS
    own = TrainConfig(model="somebody/some-model", rewards=("universal",)).resolved()
    assert own.rewards == ("universal",)
    # What a run was made with is in its file, so it stays.
    assert TrainConfig.from_dict({"rewards": list(REWARDS)}).resolved().rewards == REWARDS
    assert list(describe(TrainConfig())["rewards"]) == list(REWARDS[:-1])


def test_a_curriculum_goes_on_when_enough_is_won_and_stays_at_its_end():
    from grpo_arcade.trainer.curriculum import Curriculum

    config = TrainConfig(curriculum=("size=3,target=64@0.25", "size=3,target=128", "target=2048"), promote_at=0.5)
    check(config)
    curriculum = Curriculum.of(config)
    assert [stage.options["size"] for stage in curriculum.stages] == [3, 3, 4]
    assert not curriculum.promote(0.2)
    assert curriculum.promote(0.25)
    assert not curriculum.promote(0.4)
    assert curriculum.promote(0.5)
    assert not curriculum.promote(1.0)
    assert curriculum.at == 2


def test_neither_configuration_nor_run_folder_imports_torch():
    code = (
        "import sys, grpo_arcade.trainer.config as c, grpo_arcade.trainer.plan as p, grpo_arcade.recordings.runs.reader, grpo_arcade.trainer.grpo\n"
        "import grpo_arcade.trainer.evaluate, grpo_arcade.trainer.loop\n"
        "p.describe(c.TrainConfig())\n"
        "heavy = {'torch', 'transformers', 'trl', 'datasets', 'pygame', 'textual', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
