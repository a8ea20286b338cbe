"""Flag beats environment beats file beats default, and a bad value is one line wherever it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass

import pytest

from grpo_arcade.arcade.configuration import Positional, UsageError, resolve, without, words_after


@dataclass
class Command:
    game: Positional[str] = "2048"
    """What is played."""
    learning_rate: float = 1e-4
    """Peak learning rate."""
    rewards: tuple[str, ...] = ("progress",)
    """Reward functions."""
    json: bool = False
    """Print facts, not prose."""
    size: int | None = None
    """Board size."""
    seed: int = 0
    """Seed."""
    beta: float = 1.0
    """Weight of the KL divergence."""


def made(arguments, environment=None):
    return resolve(Command, arguments, prog="arcade x", description="do x", environment=environment or {})


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text('game = "pong"\nlearning-rate = 2e-4\nrewards = ["a", "b"]\njson = true\n')
    return path


def test_defaults_stand_when_nothing_is_said():
    assert made([]) == Command()


def test_file_beats_default(file):
    assert made(["--config", str(file)]) == Command("pong", 2e-4, ("a", "b"), True)


def test_environment_beats_file(file):
    got = made([f"--config={file}"], {"ARCADE_LEARNING_RATE": "3e-4", "ARCADE_REWARDS": "c d", "ARCADE_JSON": "no"})
    assert got == Command("pong", 3e-4, ("c", "d"), False)


def test_flag_beats_environment(file):
    got = made(["breakout", "--config", str(file), "--learning-rate", "5"], {"ARCADE_LEARNING_RATE": "3e-4"})
    assert (got.game, got.learning_rate) == ("breakout", 5.0)


def test_a_number_in_the_environment_is_no_switch():
    got = made([], {"ARCADE_SEED": "1", "ARCADE_BETA": "0"})
    assert (got.seed, got.beta) == (1, 0.0)


def test_positional_may_follow_a_switch():
    assert made(["--json", "pong"]) == Command("pong", json=True)


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        (["--learning-rate", "x"], {}, "--learning-rate"),
        (["--learning-rat", "1"], {}, "--learning-rate FLOAT"),
        ([], {"ARCADE_SIZE": "big"}, "environment: "),
        (["--config"], {}, "TOML file"),
    ],
)
def test_bad_input_is_one_line_that_names_the_setting(arguments, environment, says):
    with pytest.raises(UsageError) as refusal:
        made(arguments, environment)
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--seed", "1", "--seed", "2"], "--seed is given twice"),
        (["--seed=1", "pong", "--seed", "1"], "--seed is given twice"),
        (["--learning_rate", "1", "--learning-rate", "2"], "--learning-rate is given twice"),
        (["--json", "--no-json"], "--json is given twice"),
        (["--rewards", "a", "--rewards", "b"], "--rewards is given twice; all its values go after one: --rewards A B"),
        (["--config", "a.toml", "--config=b.toml"], "--config is given twice"),
    ],
)
def test_an_option_given_twice_is_refused_rather_than_half_of_it_forgotten(words, says):
    with pytest.raises(UsageError, match=f"^{re.escape(says)}$"):
        made(words)


def test_a_value_that_reads_like_a_flag_is_no_flag_given_twice():
    assert made(["--seed", "1", "--", "--seed"]) == Command("--seed", seed=1)
    assert made(["--rewards", "seed", "json", "--seed", "1", "--json"]) == Command(
        "2048", 1e-4, ("seed", "json"), True, seed=1
    )


def test_a_setting_that_stands_twice_in_a_file_is_refused(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("learning-rate = 1\nlearning_rate = 2\n")
    with pytest.raises(UsageError, match=r"x\.toml: learning_rate is given twice"):
        made(["--config", str(path)])


def test_unknown_key_in_a_file_names_the_nearest(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("learning_rte = 1\n")
    with pytest.raises(UsageError, match="did you mean 'learning_rate'"):
        made(["--config", str(path)])


def test_broken_file_is_named(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("learning_rate = ")
    with pytest.raises(UsageError, match=r"x\.toml: not TOML"):
        made(["--config", str(path)])


def test_bad_value_in_a_file_names_the_file(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text('learning_rate = "fast"\n')
    with pytest.raises(UsageError, match=r"x\.toml: .*--learning-rate"):
        made(["--config", str(path)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('rewards = ["a", "b"]\ngame = "pong"', Command("pong", rewards=("a", "b"))),
        ('game = "-x"', Command("-x")),
        ('game = "--json"', Command("--json")),
        ('rewards = "a"', Command(rewards=("a",))),
        ("rewards = []", Command(rewards=())),
        ("json = 1\nbeta = -0.5", Command(json=True, beta=-0.5)),
    ],
)
def test_a_value_in_a_file_is_that_settings_whatever_it_looks_like(tmp_path, text, expected):
    path = tmp_path / "x.toml"
    path.write_text(text)
    assert made(["--config", str(path)]) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("json = 3", "json must be true or false, not 3"),
        ('json = ["a"]', "json must be true or false"),
        ("size = true", "size takes no such value as True"),
        ("size = {a = 1}", "size takes no such value as {'a': 1}"),
        ('rewards = [["a"]]', "rewards takes no such value as ['a']"),
        ("game = [1]", "game takes no such value as [1]"),
        ("seed = 1979-05-27", "--seed"),
    ],
)
def test_a_value_that_a_setting_does_not_take_is_one_line_that_names_both(tmp_path, text, says):
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=re.escape(says)) as refusal:
        made(["--config", str(path)])
    assert "x.toml: " in str(refusal.value)
    assert "\n" not in str(refusal.value)


@dataclass
class Words:
    run: Positional[str] = "newest"
    """A run."""
    other: Positional[str | None] = None
    """Another."""
    json: bool = False
    """Print facts."""


@pytest.mark.parametrize(
    ("words", "expected"), [([], Words()), (["a"], Words("a")), (["a", "b"], Words("a", "b")), (["-1"], Words("-1"))]
)
def test_words_alone_mean_the_same_without_the_parser(words, expected, monkeypatch):
    def told():
        return resolve(Words, words, prog="arcade x", description="do x", environment={})

    quick = told()
    monkeypatch.setattr("grpo_arcade.arcade.configuration._of_words_alone", lambda *_: None)
    assert quick == told() == expected


def test_a_second_word_in_a_file_is_not_taken_for_the_first(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text('other = "b"\n')
    told = resolve(Words, ["--config", str(path)], prog="arcade x", description="do x", environment={})
    assert told == Words("newest", "b")
    told = resolve(Words, ["a", "--config", str(path)], prog="arcade x", description="do x", environment={})
    assert told == Words("a", "b")


def test_a_word_too_many_is_refused():
    with pytest.raises(UsageError, match="c"):
        resolve(Words, ["a", "b", "c"], prog="arcade x", description="do x", environment={})


def test_words_alone_import_no_parser():
    program = (
        "import sys; from grpo_arcade.arcade.configuration import resolve\n"
        "from grpo_arcade.arcade.commands.dash import Command\n"
        "print(resolve(Command, ['here'], prog='x', description='y', environment={}).run, 'tyro' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["here", "False"]


@dataclass
class Switched:
    """A command with a setting that is on, off, or left to what suits."""

    tool_box: bool | None = None
    many: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ([], None),
        (["--tool-box"], True),
        (["--no-tool-box"], False),
        (["--tool_box", "--many", "a"], True),
        (["--tool-box", "False"], False),
        (["--many", "a", "--no-tool-box"], False),
    ],
)
def test_a_setting_that_may_be_absent_is_a_flag_like_any_other(words, value, tmp_path):
    def asked(words, **environment):
        return resolve(Switched, words, prog="arcade", description="d", environment=environment).tool_box

    assert asked(words) is value
    assert asked([], ARCADE_TOOL_BOX="off") is False
    (tmp_path / "file.toml").write_text("tool-box = true")
    assert asked(["--config", str(tmp_path / "file.toml")]) is True
    assert asked(["--config", str(tmp_path / "file.toml"), "--no-tool-box"]) is False


def test_an_option_is_found_and_left_out_with_either_sign_between_its_words():
    for said in (["--run_name", "x"], ["--run-name", "x"], ["--run_name=x"]):
        assert words_after("--run-name", ["2048", *said, "--seed", "1"]) == ["x"]
        assert without("--run-name", ["2048", *said, "--seed", "1"]) == ["2048", "--seed", "1"]
