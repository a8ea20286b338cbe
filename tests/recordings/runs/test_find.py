"""A run is found by the same words everywhere, and what finds none says what would."""

import pytest

from grpo_arcade.arcade import cli
from grpo_arcade.recordings.runs.find import find_run
from grpo_arcade.recordings.runs.folder import RunFolderError
from grpo_arcade.recordings.runs.writer import RunWriter
from grpo_arcade.trainer.config import TrainConfig

NAMES = {"2048-pocket-0101": "finished", "2048-pocket-0102": "stopped", "pong-pocket-0103": "finished"}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    root = tmp_path_factory.mktemp("outputs")
    for started, (name, status) in enumerate(NAMES.items()):
        config = TrainConfig(output_dir=str(root), run_name=name)
        with RunWriter.create(config, {"game": "2048", "model": "pocket", "max_steps": 3, "run_key": "00"}) as writer:
            writer.note(status=status, started=1_000.0 + started)
    (root / "empty").mkdir()
    return root


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("2048-pocket-0101", "2048-pocket-0101"),
        ("pong", "pong-pocket-0103"),
        ("2048-pocket-0102", "2048-pocket-0102"),
        ("latest", "pong-pocket-0103"),
    ],
)
def test_a_name_the_beginning_of_one_and_latest_are_found(outputs, word, name):
    assert find_run(word, outputs) == outputs / name


def test_a_path_is_found_from_anywhere(outputs, tmp_path):
    folder = outputs / "2048-pocket-0101"
    assert find_run(str(folder), tmp_path) == folder


def test_a_live_run_is_the_latest(outputs, tmp_path):
    config = TrainConfig(output_dir=str(tmp_path), run_name="old")
    with RunWriter.create(config, {"game": "2048", "model": "pocket", "max_steps": 3, "run_key": "00"}) as live:
        live.note(status="running", started=1.0)
        with RunWriter.create(TrainConfig(output_dir=str(tmp_path), run_name="new"), {"game": "2048"}) as ended:
            ended.note(status="finished", started=2.0)
        assert find_run("latest", tmp_path).name == "old"


def test_latest_may_mean_only_some_statuses(outputs, tmp_path):
    assert find_run("latest", outputs, among=("stopped", "crashed")).name == "2048-pocket-0102"
    with pytest.raises(RunFolderError, match="is stopped or crashed"):
        find_run("latest", tmp_path, among=("stopped", "crashed"))


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("2048", "begins the names of 2 runs: 2048-pocket-0102, 2048-pocket-0101"),
        ("pnog-pocket-0103", "did you mean pong-pocket-0103"),
        ("zzz", "there are pong-pocket-0103, 2048-pocket-0102"),
    ],
)
def test_what_is_not_one_run_is_refused_in_a_line_that_names_the_nearest(outputs, word, line):
    with pytest.raises(RunFolderError) as refusal:
        find_run(word, outputs)
    assert line in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_folder_without_a_run_is_told_apart(outputs):
    with pytest.raises(RunFolderError, match=r"holds no run\.db"):
        find_run(str(outputs / "empty"), outputs)


@pytest.mark.parametrize(
    "words",
    [
        ["runs", "pnog-pocket-0103"],
        ["dash", "pnog-pocket-0103", "--once"],
        ["watch", "pnog-pocket-0103"],
        ["eval", "pnog-pocket-0103:champion"],
        ["play", "2048", "pnog-pocket-0103:champion"],
        ["replay", "pnog-pocket-0103"],
        ["verify", "pnog-pocket-0103:champion"],
        ["train", "--resume", "pnog-pocket-0103"],
    ],
    ids=lambda words: words[0],
)
def test_every_command_refuses_in_the_same_words(outputs, capsys, words):
    assert cli.main([*words, "--output-dir", str(outputs)]) == 2
    assert capsys.readouterr().err == (
        f"arcade: there is no run 'pnog-pocket-0103', neither here nor in {outputs}; did you mean pong-pocket-0103?\n"
    )


def test_every_command_that_only_reads_finds_the_beginning_of_a_name(outputs, capsys):
    for words in (["runs", "pong", "--json"], ["dash", "pong", "--json"]):
        assert cli.main([*words, "--output-dir", str(outputs)]) == 0
        assert "pong-pocket-0103" in capsys.readouterr().out
    for words in (["play", "2048", "pong:champion"], ["eval", "pong:champion"], ["replay", "pong"], ["verify", "pong"]):
        assert cli.main([*words, "--output-dir", str(outputs)]) == 2
        assert "pong-pocket-0103: this run has no champion yet" in capsys.readouterr().err
