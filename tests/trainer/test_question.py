"""What a model is asked, and with what at hand: by who it is, unless somebody says otherwise."""

import json

import pytest

from grpo_arcade.games import make
from grpo_arcade.games.players import extract_source
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.plan import check, describe
from grpo_arcade.trainer.question import prompt_text, question, takes_toolbox


@pytest.fixture
def large(tmp_path):
    """A folder like a real model's: more weights than the pocket's."""
    folder = tmp_path / "large"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    with open(folder / "model.safetensors", "wb") as file:
        file.truncate(300 << 20)
    return str(folder)


def test_real_models_are_lent_toolboxes_and_the_pocket_is_not(large):
    assert takes_toolbox(large)
    assert takes_toolbox("Qwen/Qwen2.5-Coder-1.5B-Instruct")
    assert takes_toolbox("http://localhost:8000/v1#qwen")
    assert not takes_toolbox("pocket")
    assert TrainConfig(model=large).resolved().options["toolbox"] is True
    assert TrainConfig(model="pocket").resolved().toolbox is False
    assert TrainConfig(model=large, toolbox=False).resolved().toolbox is False
    # A game without one goes without.
    assert TrainConfig(model=large, game="atari/alien").resolved().toolbox is False


def test_the_tutorials_setting_lends_nothing_and_asks_in_their_words():
    from grpo_arcade.trainer import presets

    text = presets.file("tutorial").read_text()
    assert 'toolbox = false\nprompt = "tutorial"' in text
    lending = make("2048", toolbox=True)
    assert question(lending, "tutorial") == question(make("2048")) == make("2048").prompt()
    assert question(lending) != make("2048").prompt()


def test_every_score_of_a_run_says_whether_there_was_a_toolbox(large):
    told = describe(TrainConfig(model=large))
    assert told["stages"][0]["options"]["toolbox"] == 1
    assert "slide(board, move)" in told["stages"][0]["prompt"]
    assert "toolbox" not in describe(TrainConfig())["stages"][0]["options"]
    # As many baselines beside it, without playing them again.
    assert told["stages"][0]["baselines"] == describe(TrainConfig())["stages"][0]["baselines"]


def test_a_prompt_of_ones_own_is_kept_as_text(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text("Write strategy(board), please.")
    config = TrainConfig(prompt=str(file)).resolved()
    file.unlink()
    again = TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))).resolved()
    assert question(make("2048"), again.prompt) == "Write strategy(board), please.\n"
    assert describe(again)["stages"][0]["prompt"] == "Write strategy(board), please.\n"
    file.write_text("Write a poem.")
    for word, line in (
        (str(file), "must ask for a function called strategy"),
        ("tutorials", "prompt is game, tutorial or a text file, and there is no file tutorials"),
    ):
        with pytest.raises(ConfigError, match=line):
            check(TrainConfig(prompt=word))
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe strategy")
    with pytest.raises(ValueError, match="cannot be read as text"):
        prompt_text(str(tmp_path / "bytes.txt"))


def test_a_run_made_before_toolboxes_goes_on_without(large, tmp_path):
    class Run:
        kind = RunKind.TRAINING

        @staticmethod
        def config():
            return {"config": {"model": large, "game": "2048"}}

    again = TrainConfig.of(Run).resolved()
    assert again.toolbox is False
    # Nor did its copies share anything.
    assert (again.copies, again.risk_seeking) == ("each", 0.0)


def test_an_example_with_toolbox_is_a_program_that_may_be_played():
    found = extract_source(make("2048", toolbox=True).prompt())
    assert found.source is not None
    assert found.refusal is None
