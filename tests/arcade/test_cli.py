"""The command as a person types it: a real process, its output, its exit code."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from grpo_arcade import recordings
from grpo_arcade.arcade.cli import VERBS, main

STRATEGY = """
def strategy(board):
    return "SADW"[sum(map(sum, board)) // 2 % 4]
"""


def arcade(*arguments, cwd=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "grpo_arcade.arcade.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": "200", **environment},
        timeout=120,
    )


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("recording") / "game.episode"
    assert arcade("play", "2048", "greedy", "--seed", 3, "--to", path).returncode == 0
    return path


def test_every_command_has_help(capsys):
    overview = arcade("--help").stdout
    for verb in VERBS:
        assert f"  {verb} " in overview
        with pytest.raises(SystemExit) as stop:
            main([verb, "--help"])
        assert stop.value.code in (0, None)
        assert f"usage: arcade {verb}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], ["play", "--help"], ["train", "--help"], ["runs", "--help"]])
def test_help_imports_nothing_heavy(arguments):
    program = (
        "import sys, contextlib, io\n"
        "from grpo_arcade.arcade.cli import main\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n"
        f"    main({arguments!r})\n"
        "print([name for name in ('torch', 'pygame', 'textual', 'numpy', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("new-game apples --to", ["pip", "install", "--editable", "my things"]),
        ("serve 2048 --export", ["openenv", "push", "my things"]),
    ],
)
def test_a_command_that_is_told_can_be_typed_whatever_its_folder_is_called(
    arguments, told, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main([*arguments.split(), "my things"]) == 0
    said = shlex.split(capsys.readouterr().out.replace("`", "").replace(",", ""))
    assert said[said.index(told[0]) :][: len(told)] == told


class _NoTorch:
    """Finds nothing but a reason to refuse."""

    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            raise ImportError("torch is imported")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("play 2048 pocket --temperature -1", "--temperature -1 is below 0"),
        ("eval pocket --temperature nan", "--temperature nan is below 0, or no number"),
        ("eval random --strategies 0", "--strategies 0: it takes 1 to 1,000,000"),
        ("write --temperature nan", "--temperature nan"),
        (f"eval pocket --strategies {10**20}", "it takes 1 to 1,000,000"),
        (f"write --max-completion-length {10**20}", "it takes 1 to 1,000,000"),
        ("pretrain --model ./nowhere", "nowhere"),
        ("pretrain --device gpu", "there is no device 'gpu'; there are auto, cpu, cuda and cuda:1"),
        ("pretrain --samples -1", "samples must be from 0 to 1000000, not -1"),
        *(
            (f"{command} {seed}", f"seed must be {bounds}, not {seed}")
            for seed in (-1, 2**63)
            for command, bounds in (
                ("write --seed", "a whole number from 0 to 2**63 - 1"),
                ("eval --seed", "a whole number from 0 to 2**63 - 1"),
                ("play 2048 pocket --seed", "a whole number from 0 to 2**63 - 1"),
                ("play 2048 pocket --model-seed", "a whole number from 0 to 2**63 - 1"),
                ("pretrain --seed", "a whole number from 0 to 2**63 - 1"),
                ("train --seed", f"from 0 to {2**63 - 1}"),
                ("demo --seed", f"from 0 to {2**63 - 1}"),
                ("improve --model pocket --seed", f"from 0 to {2**63 - 1}"),
            )
        ),
    ],
)
def test_what_cannot_be_is_said_before_a_model_is_loaded(arguments, says, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    # Whoever imports it now fails with other words; a None in its place is imported by tyro, which looks who is there.
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(sys, "meta_path", [_NoTorch(), *sys.meta_path])
    assert main(arguments.split()) == 2
    assert says in capfd.readouterr().err


@pytest.mark.parametrize(
    "words", ["write", "improve --model pocket", "eval pocket --seeds 1", "play 2048 pocket"], ids=str
)
def test_a_model_where_its_packages_are_not_installed_is_one_line_that_installs_them(words, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.machinery\n"
        "finds = importlib.machinery.PathFinder.find_spec\n"
        "gone = lambda kind, name, *more: None if name in ('torch', 'transformers') else finds(name, *more)\n"
        "importlib.machinery.PathFinder.find_spec = classmethod(gone)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "grpo_arcade", *words.split()],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2, done.stderr
    said = [line for line in done.stderr.splitlines() if not line.endswith("…")]  # what it was about
    assert said == ['arcade: a model needs torch and transformers: pip install "grpo-arcade[train]"']
    assert not (tmp_path / "outputs").exists() or not any((tmp_path / "outputs").iterdir())


def test_playing_imports_no_torch(tmp_path):
    (tmp_path / "mine.py").write_text(STRATEGY)
    program = (
        "import sys\nfrom grpo_arcade.arcade.cli import main\n"
        "main(['play', '2048', 'mine.py', '--to', 'x.gif'])\nprint('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "False"


def test_the_same_seed_gives_the_same_game(tmp_path):
    (tmp_path / "mine.py").write_text(STRATEGY)
    first, second = (
        json.loads(arcade("play", "2048", "mine.py", "--seed", 7, "--json", cwd=tmp_path).stdout) for _ in "12"
    )
    assert first == second
    assert (first["player"], first["seed"], first["source"]) == ("mine", 7, STRATEGY)


def test_a_strategy_comes_from_standard_input():
    done = subprocess.run(
        [sys.executable, "-m", "grpo_arcade.arcade.cli", "play", "2048", "-", "--json"],
        input=STRATEGY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["moves"] > 0


def test_a_program_that_is_refused_says_why_and_fails(tmp_path):
    (tmp_path / "bad.py").write_text("import socket\ndef strategy(board):\n    return 'W'\n")
    done = arcade("play", "2048", "bad.py", cwd=tmp_path)
    assert done.returncode == 1
    assert "forbidden" in done.stdout
    assert "socket" in done.stderr


def test_the_game_is_shown_where_there_is_no_terminal(recording):
    done = arcade("replay", recording)
    assert done.returncode == 0
    episode = recordings.load(recording)
    assert f"{episode.score:,.0f} points" in done.stdout


def test_a_replay_as_json_ends_where_the_recording_says(recording):
    positions = [json.loads(line) for line in arcade("replay", recording, "--json").stdout.splitlines()]
    episode = recordings.load(recording)
    assert [position["move"] for position in positions] == list(range(len(episode.actions) + 1))
    assert positions[-1]["score"] == episode.score


def test_a_genuine_recording_is_told_from_a_forged_one(recording, tmp_path):
    import dataclasses

    forged = tmp_path / "forged.episode"
    recordings.save(dataclasses.replace(recordings.load(recording), score=1_000_000), forged)
    assert arcade("verify", recording).returncode == 0
    done = arcade("verify", "--json", recording, forged)
    assert done.returncode == 1
    assert [json.loads(line)["genuine"] for line in done.stdout.splitlines()] == [True, False]
    assert arcade("replay", forged).returncode == 1


def test_a_recording_that_cannot_be_checked_keeps_no_other_from_being_told(recording, tmp_path):
    import dataclasses

    episode = recordings.load(recording)
    other = tmp_path / "other.episode"
    recordings.save(dataclasses.replace(episode, versions={**episode.versions, "rules": "999"}), other)
    done = arcade("verify", other, tmp_path / "missing.episode", recording, "--json")
    assert done.returncode == 2
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [facts["genuine"] for facts in told] == [None, None, True]
    assert [facts["checked"] for facts in told] == [False, False, True]
    assert "version 999" in told[0]["why"]
    assert "other.episode: not checked: " in arcade("verify", other, recording).stdout
    forged = tmp_path / "forged.episode"
    recordings.save(dataclasses.replace(episode, score=1_000_000), forged)
    assert arcade("verify", other, forged).returncode == 1


def test_eval_says_why_a_program_failed(tmp_path):
    file = tmp_path / "broken.py"
    file.write_text("def strategy(board):\n    return board['no_such_field']\n")
    done = arcade("eval", file, "--seeds", 1)
    assert done.returncode == 0
    assert "crashed 1" in done.stdout
    assert "broken.py: TypeError" in done.stderr


def test_recordings_become_one_gif_that_fits(recording, tmp_path):
    from PIL import Image

    done = arcade("record", recording, recording, "--to", "two.gif", "--max-mb", "0.2", "--json", cwd=tmp_path)
    facts = json.loads(done.stdout)
    assert facts["bytes"] == (tmp_path / "two.gif").stat().st_size <= 200_000
    with Image.open(tmp_path / "two.gif") as picture:
        assert picture.size == (facts["width"], facts["height"])


def test_baselines_are_scored_on_the_published_seeds():
    done = arcade("eval", "random", "greedy", "--seeds", 5, "--json")
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [result["player"] for result in results] == ["random", "greedy"]
    assert results[0]["scores"][0] == results[0]["baselines"]["random"]["scores"]
    assert results[0]["seeds"] == [0, 1, 2, 3, 4]


def test_a_model_named_by_its_flag_plays_beside_the_other_players():
    done = arcade("eval", "greedy", "--model", "pocket", "--seeds", 1, "--strategies", 2, "--json")
    greedy, pocket = map(json.loads, done.stdout.splitlines())
    assert (greedy["player"], greedy["strategies"]) == ("greedy", 1)
    assert (pocket["player"], pocket["strategies"]) == ("pocket", 2)


def test_doctor_tells_whether_the_sandbox_works():
    facts = json.loads(arcade("doctor", "--json").stdout)
    assert facts["sandbox"]["works"]
    assert facts["packages"]["grpo-arcade"]
    assert facts["torch"]["runtime"].split()[0] in ("CPU", "CUDA", "ROCm")
    assert facts["torch"]["backends"]["pocket"]["name"] == "transformers"
    large = facts["torch"]["backends"]["large"]
    assert large["name"] in ("transformers", "unsloth")
    assert large["why"]


def test_runs_of_an_empty_folder_is_no_error(tmp_path):
    done = arcade("runs", cwd=tmp_path)
    assert done.returncode == 0
    assert "arcade train" in done.stdout
    assert json.loads(arcade("runs", "--json", cwd=tmp_path).stdout) == []


def test_a_dry_run_prints_the_prompt_of_every_stage_word_for_word(tmp_path):
    from grpo_arcade.games import make

    done = arcade("train", "--dry-run", "--curriculum", "size=3,target=64", "size=4", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for number, options in enumerate(({"size": 3, "target": 64}, {"size": 4}), 1):
        assert f"The prompt of stage {number}:\n\n{make('2048', **options).prompt()}" in done.stdout


def test_a_dry_run_refuses_a_folder_that_the_run_could_not_have(tmp_path):
    (tmp_path / "outputs" / "taken").mkdir(parents=True)
    (tmp_path / "file").touch()
    for words, told in (
        (["--run-name", "taken"], "choose another run_name"),
        (["--output-dir", "file"], "choose another output_dir"),
        (["--output-dir", "file/below"], "choose another output_dir"),
    ):
        done = arcade("train", "--dry-run", *words, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert arcade("train", "--dry-run", "--output-dir", "new/deep", cwd=tmp_path).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "outputs"]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(tmp_path):
    done = arcade("train", "--dry-run", "--json", "--max-steps", 5, cwd=tmp_path)
    told = json.loads(done.stdout)
    assert told["training_completions"] == 5 * 32
    assert told["differs_from_default"] == {"max_steps": 5}
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def made_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    little = [
        "--eval-steps",
        "0",
        "--eval-strategies",
        "2",
        "--eval-seeds",
        "1",
        "--train-seeds",
        "1",
        "--num-generations",
        "4",
    ]
    little += ["--per-device-train-batch-size", "4", "--gradient-accumulation-steps", "1"]
    done = arcade("train", "--max-steps", "1", "--run-name", "made", "--output-dir", folder, *little)
    assert done.returncode == 0, done.stderr
    return folder / "made"


def test_a_run_keeps_what_its_libraries_print(made_run):
    assert (made_run / "log.txt").read_text()


def test_a_finished_run_goes_on_with_its_own_settings_and_more_steps(made_run):
    done = arcade("train", "--resume", made_run, "--max-steps", "2")
    assert done.returncode == 0, done.stderr
    told = json.loads(arcade("runs", made_run, "--json").stdout)
    assert (told["step"], told["status"]) == (2, "finished")


def test_a_resumed_run_refuses_other_settings_even_the_default_ones(made_run):
    from grpo_arcade.trainer.config import TrainConfig

    done = arcade(
        "train", "--resume", made_run, "--max-steps", "9", "--train-seeds", TrainConfig().resolved().train_seeds
    )
    assert done.returncode == 2
    assert "train_seeds" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plai"], ["did you mean 'play'"]),
        (["play", "2049"], ["2048"]),
        (["play", "greedy"], ["greedy is a player", "arcade play 2048 greedy"]),
        (["play", "2048", "expectimaks"], ["expectimax"]),
        (["play", "2048", "missing.py"], ["missing.py"]),
        (["play", "2048", "./nowhere"], ["nowhere"]),
        (["play", "--size", "20"], ["2 to 8"]),
        (["play", "--size", "big"], ["--size"]),
        (["play", "--to", "game.txt"], [".gif"]),
        (["play", "--to", "nowhere/game.gif"], ["nowhere"]),
        (["play", "--speed", "0"], ["0.125 to 64"]),
        (["play", "--seed", "-1"], ["seed"]),
        (["replay"], ["arcade replay game.episode"]),
        (["replay", "missing.episode"], ["missing.episode"]),
        (["export", "missing.episode", "--to", "x.gif"], ["missing.episode"]),
        (["export"], ["arcade export"]),
        (["verify"], ["arcade verify"]),
        (["eval", "--seeds", "101"], ["100"]),
        (["eval", "nobody.py"], ["nobody.py"]),
        (["eval", "--model", "nobody.py"], ["nobody.py"]),
        (["pretrain", "--steps", "0"], ["arcade: steps must be from 1 to 1000000000, not 0\n"]),
        (["runs", "nowhere"], ["nowhere"]),
        (["train", "--learning-rate", "fast"], ["--learning-rate"]),
        (["train", "--num-generations", "1"], ["num_generations"]),
        (["train", "--resume", "nowhere"], ["nowhere"]),
        (["train", "--config", "missing.toml"], ["missing.toml"]),
        (["train", "--model", "./nowhere"], ["nowhere"]),
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, words, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    said = capfd.readouterr().err
    assert len(said.strip().splitlines()) == 1
    for word in words:
        assert word in said
    assert list(tmp_path.iterdir()) == []


def test_a_sandbox_that_cannot_be_had_is_one_line(monkeypatch, capsys):
    from grpo_arcade.arcade.commands import play
    from grpo_arcade.games.players import SandboxError

    def refuse(command):
        raise SandboxError("this kernel has no seccomp")

    monkeypatch.setattr(play, "run", refuse)
    assert main(["play"]) == 2
    assert capsys.readouterr().err == "arcade: this kernel has no seccomp\n"


def test_a_closed_pipe_is_no_error():
    done = subprocess.run(
        f"{shlex.quote(sys.executable)} -m grpo_arcade.arcade.cli --help | head -1",
        shell=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
