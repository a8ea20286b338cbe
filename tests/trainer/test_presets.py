"""Every preset is a run that makes sense; it beats the defaults and is beaten by files, variables and flags."""

import subprocess
import sys
from dataclasses import fields

import pytest

from grpo_arcade.arcade.commands.train import Command
from grpo_arcade.arcade.configuration import UsageError, resolve
from grpo_arcade.trainer import presets
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.plan import describe


def made(*arguments, environment=None):
    told = resolve(Command, list(arguments), prog="arcade train", description="train", environment=environment or {})
    return TrainConfig(**{field.name: getattr(told, field.name) for field in fields(TrainConfig)})


@pytest.mark.parametrize("name", presets.NAMES)
def test_every_preset_describes_a_run_and_says_what_it_is_for(name):
    told = describe(made("--preset", name))
    assert told["config"]["max_steps"] >= 100
    assert len(presets.purpose(name)) > 20
    if name not in ("laptop", "atari", "new-game"):
        assert ("Qwen2.5-Coder" if name == "qwen-coder" else "gpt-oss") in told["config"]["model"]
        assert told["config"]["lora_r"] > 0


def test_the_laptop_is_the_default():
    assert describe(made("--preset", "laptop"))["differs_from_default"] == {}


def test_a_console_game_named_after_the_preset_is_what_is_played():
    assert describe(made("--preset", "atari"))["config"]["game"] == "atari/breakout"
    told = describe(made("atari/pong", "--preset", "atari"))
    assert (told["config"]["game"], told["config"]["num_generations"], told["warnings"]) == ("atari/pong", 64, [])


def test_all_files_are_named():
    assert {path.stem for path in presets.file("laptop").parent.glob("*.toml")} == set(presets.NAMES)


def test_flag_beats_environment_beats_file_beats_preset(tmp_path):
    file = tmp_path / "x.toml"
    file.write_text("lora_r = 5\nmax_steps = 7\nsave_steps = 1\n")
    command = made("--preset=t4", "--config", str(file), "--seed", "3", environment={"ARCADE_MAX_STEPS": "8"})
    assert (command.load_in_4bit, command.lora_r, command.max_steps, command.seed) == (True, 5, 8, 3)
    assert made(environment={"ARCADE_PRESET": "t4"}).load_in_4bit
    assert not made("--preset=h200", environment={"ARCADE_PRESET": "t4"}).load_in_4bit


def test_an_unknown_preset_is_one_line_with_the_names():
    with pytest.raises(
        ValueError,
        match=r"no preset is called 'h20'; did you mean h200\? there are laptop, atari, new-game, qwen-coder, t4.*tutorial",
    ):
        made("--preset", "h20")
    with pytest.raises(UsageError, match="needs a name: laptop"):
        made("--preset")


def test_the_tutorial_is_the_tutorials():
    tutorial = made("--preset", "tutorial")
    assert {
        "size": 6,
        "target": 2048,
        "model": "unsloth/gpt-oss-20b",
        "load_in_4bit": True,
        "offload_embedding": True,
        "lora_r": 4,
        "lora_alpha": 8,
        "learning_rate": 5e-5,
        "max_completion_length": 768,
        "num_generations": 2,
        "completions_per_step": 2,
        "warmup_steps": 0.1,
        "lr_scheduler_type": "linear",
        "optim": "adamw_8bit",
        "weight_decay": 0.001,
        "max_steps": 1000,
        "save_steps": 100,
        "reasoning_effort": "low",
        "rewards": ("function_works", "no_cheating", "strategy_succeeds"),
    }.items() <= {**vars(tutorial), "completions_per_step": tutorial.completions_per_step}.items()


def test_the_tutorial_says_at_once_how_often_random_play_wins(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "grpo_arcade.arcade.cli", "train", "--preset", "tutorial", "--dry-run"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0
    assert "random play already wins 97 of 100 held-out games of 2048 with size 6" in done.stderr
    assert "--size 4" in done.stderr
    assert describe(made("--preset", "tutorial", "--size", "4"))["warnings"] == []
