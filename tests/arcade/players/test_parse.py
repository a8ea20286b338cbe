"""A player's word means the same wherever one is asked for, and a word that means nobody says who is nearly called so."""

import re

import pytest

from grpo_arcade.arcade import cli
from grpo_arcade.arcade.players.parse import parse_model, parse_player, trained_on
from grpo_arcade.arcade.players.player import (
    Baseline,
    EndpointModel,
    Model,
    Person,
    RunChampion,
    StandardInput,
    StrategyFile,
    Writer,
)
from grpo_arcade.games import make
from grpo_arcade.recordings.runs.folder import STATE
from grpo_arcade.recordings.runs.writer import RunWriter
from grpo_arcade.trainer.config import TrainConfig

NAMES = ("2048-pocket-0101", "2048-pocket-0102", "pong-pocket-0103")


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    """Three runs; the last one, which is the newest, has two whole checkpoints and a torn one."""
    monkeypatch.chdir(tmp_path)
    for started, name in enumerate(NAMES):
        game = "atari/pong" if name.startswith("pong") else "2048"
        config = TrainConfig(game=game, output_dir="outputs", run_name=name)
        with RunWriter.create(config, {"game": game, "model": "pocket", "max_steps": 3, "run_key": "00"}) as writer:
            writer.note(status="finished", started=1_000.0 + started)
    for step in (4, 8, 12):
        checkpoint = tmp_path / "outputs" / NAMES[2] / f"checkpoint-{step}"
        checkpoint.mkdir()
        for file in ("config.json", "model.safetensors"):
            (checkpoint / file).touch()
        if step < 12:
            (checkpoint / STATE).write_text("{}")
    (tmp_path / "corner.py").write_text("def strategy(board):\n    return 'W'\n")
    for name in ("models/mine", "models/empty", "models/folder.py"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("mine/config.json", "mine/model.safetensors", "small.GGUF"):
        (tmp_path / "models" / name).touch()
    return tmp_path / "outputs"


def parsed(word):
    return parse_player(word, make("2048"))


@pytest.mark.parametrize(
    ("word", "kind", "canonical", "label"),
    [
        ("you", Person, "you", "You"),
        ("greedy", Baseline, "greedy", "greedy"),
        ("-", StandardInput, "-", "standard input"),
        ("corner.py", StrategyFile, "corner.py", "corner"),
        ("pocket", Model, "pocket", "pocket"),
        ("models/mine", Model, "models/mine", "mine"),
        ("models/small.GGUF", Model, "models/small.GGUF", "small"),
        ("latest", Model, "outputs/pong-pocket-0103", "pong-pocket-0103"),
        ("pong", Model, "outputs/pong-pocket-0103", "pong-pocket-0103"),
        ("outputs/pong-pocket-0103/", Model, "outputs/pong-pocket-0103", "pong-pocket-0103"),
        ("outputs/pong-pocket-0103/checkpoint-4", Model, None, "pong-pocket-0103 step 4"),
        ("latest:champion", RunChampion, "outputs/pong-pocket-0103:champion", "champion of pong-pocket-0103"),
        ("2048-pocket-0102:champion", RunChampion, "outputs/2048-pocket-0102:champion", "champion of 2048-pocket-0102"),
        ("Qwen/Qwen3-0.6B", Model, "Qwen/Qwen3-0.6B", "Qwen/Qwen3-0.6B"),
        ("http://localhost:8080/v1#qwen", EndpointModel, "http://localhost:8080/v1#qwen", "qwen"),
        ("http://localhost:8080/v1", EndpointModel, "http://localhost:8080/v1", "localhost:8080"),
    ],
)
def test_every_form_is_one_player_and_its_own_word_means_it_again(outputs, word, kind, canonical, label):
    player = parsed(f" {word} ")
    assert type(player) is kind
    assert (player.word, player.label) == (canonical or word, label)
    assert parsed(player.word) == player
    assert player.what


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("nope", "no player is called 'nope'; a player is a baseline, a strategy file"),
        ("expectimaks", "did you mean 'expectimax'"),
        ("Pocket", "did you mean 'pocket'"),
        ("corner", "did you mean 'corner.py'"),
        ("pnog-pocket-0103", "did you mean 'pong-pocket-0103'"),
        (":champion", "no run is named"),
        ("lastet", "did you mean 'latest'"),
        ("", "no player is named"),
        ("atari/pong", "atari/pong is a game, and no player"),
        ("2048", "begins the names of 2 runs: 2048-pocket-0102, 2048-pocket-0101"),
        ("2048-pocket-0101", "has no checkpoint yet; its best strategy is outputs/2048-pocket-0101:champion"),
        ("pnog-pocket-0103:champion", "did you mean pong-pocket-0103"),
        ("cornre.py", "there is no such strategy file; did you mean corner.py"),
        ("nowhere/corner.py", "there is no such strategy file"),
        ("outputs/pong-pocket-0104", "there is no such model folder; did you mean outputs/pong-pocket-0103"),
        ("models/empty", "models/empty holds no model"),
        ("models/folder.py", "models/folder.py: that is a folder, and no strategy file"),
        ("models/big.gguf", "there is no such model file"),
        ("models/nine", "did you mean models/mine"),
        ("./nowhere", "there is no such model folder"),
        ("a/b/c", "there is no such model folder"),
        ("model.safetensors", "is a file, and no player"),
        ("http://:80", "http://host:port/v1"),
    ],
)
def test_a_word_that_means_nobody_is_one_line_that_names_the_nearest(outputs, word, says):
    (outputs.parent / "model.safetensors").write_bytes(b"")
    with pytest.raises(ValueError, match=re.escape(says)) as refusal:
        parsed(word)
    assert "\n" not in str(refusal.value)


def test_a_baseline_comes_before_a_run_and_a_file_before_a_hubs_name(outputs):
    (outputs / "greedy-run").mkdir()
    (outputs / "greedy-run" / "run.db").write_bytes(b"")
    assert parsed("greedy") == Baseline("greedy")
    assert parsed("corner.py") == StrategyFile(outputs.parent.joinpath("corner.py").relative_to(outputs.parent))


def test_only_what_has_weights_is_a_model(outputs):
    assert parse_model("latest").name == "outputs/pong-pocket-0103"
    with pytest.raises(ValueError, match="no model is called 'expectimax'; a model is pocket"):
        parse_model("expectimax")  # a baseline is no model, of whatever game
    for word in ("latest:champion", "corner.py", "http://localhost:8080/v1#qwen", "you", "-"):
        with pytest.raises(ValueError, match="no model whose weights can be had"):
            parse_model(word)
    assert isinstance(parsed("pocket"), Writer)


@pytest.mark.parametrize(
    "words",
    [
        ["eval", "WORD"],
        ["eval", "--model", "WORD"],
        ["play", "2048", "WORD"],
        ["write", "--model", "WORD"],
        ["train", "--model", "WORD"],
        ["export", "WORD", "--to", "lora"],
    ],
    ids=" ".join,
)
def test_every_command_refuses_a_player_in_the_same_words_before_it_imports_torch(outputs, capsys, words):
    assert cli.main([word.replace("WORD", "pnog-pocket-0103") for word in words]) == 2
    assert (
        capsys.readouterr().err == "arcade: no player is called 'pnog-pocket-0103'; did you mean 'pong-pocket-0103'?\n"
    )


@pytest.mark.parametrize(
    ("source", "declared"),
    [
        ("\ufeffdef strategy(board):\n    return 'W'  # ä\n".encode(), "utf-8"),
        ("\ufeffdef strategy(board):\r\n    return 'W'  # ä\r\n".encode("utf-16-le"), "utf-16"),
        ("# -*- coding: latin-1 -*-\ndef strategy(board):\n    return 'W'  # ä\n".encode("latin-1"), "latin-1"),
    ],
)
def test_a_strategy_plays_in_whatever_encoding_an_editor_wrote_it(outputs, source, declared):
    file = outputs.parent / "strange.py"
    file.write_bytes(source)
    text = parsed("strange.py").source()
    assert text.endswith("def strategy(board):\n    return 'W'  # ä\n")
    assert cli.main(["play", "2048", "strange.py", "--json"]) == 0


def test_a_strategy_in_no_encoding_is_one_line(outputs, capsys):
    (outputs.parent / "strange.py").write_bytes(b"x = '\xe4'\n")
    assert cli.main(["play", "2048", "strange.py"]) == 2
    assert capsys.readouterr().err == "arcade: strange.py is no text: byte 5 is not UTF-8; save it as UTF-8\n"


@pytest.mark.parametrize(
    ("words", "game"),
    [
        (["greedy", "corner.py", "pocket"], ""),
        ([], ""),
        (["nope", "pong"], "atari/pong"),
        (["latest:champion", "2048-pocket-0102:champion"], "atari/pong"),
        (["2048-pocket-0102:champion", "latest"], "2048"),
        (["outputs/pong-pocket-0103/checkpoint-4"], "atari/pong"),
    ],
)
def test_the_game_of_an_evaluation_is_the_one_its_first_run_was_trained_on(outputs, words, game):
    assert trained_on(words) == game
