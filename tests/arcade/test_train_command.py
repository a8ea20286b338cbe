"""A run to go on with is named as everywhere, or not at all."""

import pytest

from grpo_arcade.arcade import cli
from grpo_arcade.arcade.cli import VERBS
from grpo_arcade.arcade.commands import train
from grpo_arcade.arcade.configuration import resolve
from grpo_arcade.recordings.runs.writer import RunWriter
from grpo_arcade.trainer.config import TrainConfig

NAMES = {"2048-pocket-0101": "finished", "2048-pocket-0102": "stopped", "pong-pocket-0103": "finished"}


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for started, (name, status) in enumerate(NAMES.items()):
        config = TrainConfig(run_name=name, max_steps=3 + started)
        with RunWriter.create(config, {"game": "2048", "model": "pocket", "max_steps": 3, "run_key": "00"}) as writer:
            writer.note(status=status, started=1_000.0 + started)
    return tmp_path / "outputs"


def resolved(*words):
    return resolve(train.Command, list(words), prog="arcade train", description=VERBS["train"], environment={})


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["--resume"], "2048-pocket-0102"),
        (["--resume", "latest"], "2048-pocket-0102"),
        (["--resume", "--max-steps", "9"], "2048-pocket-0102"),
        (["--max-steps", "9", "--resume"], "2048-pocket-0102"),
        (["--resume", "pong"], "pong-pocket-0103"),
        (["--resume=pong", "--max-steps", "9"], "pong-pocket-0103"),
        (["--resume", "2048-pocket-0101"], "2048-pocket-0101"),
        (["--resume", "outputs/2048-pocket-0101"], "2048-pocket-0101"),
    ],
    ids=" ".join,
)
def test_every_form_of_a_run_is_gone_on_with_by_its_own_settings(outputs, monkeypatch, words, name):
    command = resolved(*words)
    assert command.run_name == name
    assert command.max_steps == (9 if "9" in words else 3 + list(NAMES).index(name))
    trained = []
    monkeypatch.setattr(train, "_train", lambda config, folder: trained.append(folder) or 0)
    assert train.run(command) == 0
    assert [folder.resolve() for folder in trained] == [outputs / name]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--resume", "2048"], "begins the names of 2 runs"),
        (["--resume", "pnog-pocket-0103"], "did you mean pong-pocket-0103"),
        (["--resume", "a", "b"], "--resume takes one run folder, not 2"),
        (["--resume", "--output-dir", "elsewhere"], "no run in elsewhere is stopped or crashed"),
        (["--resume", "2048-pocket-0102", "--seed", "5"], "seed is 5 now and was 0 in outputs/2048-pocket-0102"),
        (["--resume", "--rewards", "nobody"], "nobody"),
        (["--model", "pocketz"], "did you mean 'pocket'"),
        (["--model", "latest:champion"], "no model whose weights can be had"),
    ],
    ids=str,
)
def test_what_cannot_be_gone_on_with_is_one_line(outputs, capsys, words, says):
    assert cli.main(["train", *words]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert len(said.splitlines()) == 1


def test_a_run_to_go_on_with_is_named_on_the_command_line_alone(outputs, monkeypatch, capsys):
    (outputs / "x.toml").write_text('resume = "latest"\n')
    assert cli.main(["train", "--config", "outputs/x.toml"]) == 2
    assert capsys.readouterr().err == "arcade: outputs/x.toml: resume is for the command line alone\n"
    monkeypatch.setenv("ARCADE_RESUME", "latest")
    assert cli.main(["train"]) == 2
    assert capsys.readouterr().err == "arcade: environment: resume is for the command line alone\n"
