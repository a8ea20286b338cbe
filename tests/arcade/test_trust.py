"""A stranger's run starts nothing: no module is imported, no model loaded, no server asked that only it names."""

import contextlib
import json
import os
import pty
import shutil
import socket
import subprocess
import sys
import threading

import pytest

from grpo_arcade.arcade.cli import main
from grpo_arcade.arcade.window.watch.run_feed import glance
from grpo_arcade.recordings.runs.made_here import made_here
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.strangers import StrangersRunError, names, refuse_unless_trusted

EVIL = "from pathlib import Path\nPath({mark!r}).write_text(__name__)\n\ndef f(prompts, completions, **more):\n    return [0.0]\n"


def strange(folder, **changes):
    """Make it a run that somebody sent."""
    told = json.loads((folder / "config.json").read_text())
    told["config"] |= changes
    (folder / "config.json").write_text(json.dumps(told))
    return folder


@pytest.fixture
def run(tmp_path, whole_run):
    folder = tmp_path / "outputs" / "sent"
    shutil.copytree(whole_run, folder)
    return folder


@pytest.fixture
def listener():
    """A server somewhere; counts who comes."""
    came = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def wait():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    came.append(1)
                    connection.close()

        threading.Thread(target=wait, daemon=True).start()
        yield server.getsockname()[1], came


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rewards": ["progress", "evil:f"]}, "import the reward evil:f"),
        ({"rewards": ["evil.module.f", "other:g"]}, "import the reward evil.module.f and import the reward other:g"),
        ({"model": "somebody/model"}, "load the model somebody/model"),
        ({"model": "/etc"}, "load the model /etc"),
        ({"model": ["http://there/v1#x", "/etc"]}, "ask the model http://there/v1#x and load the model /etc"),
        ({"game": "openenv:ws://there:1"}, "play openenv:ws://there:1"),
        ({"prompt": "/home/me/.ssh/id_rsa"}, "read the file /home/me/.ssh/id_rsa and ask with it"),
        (
            {"use_vllm": True, "vllm_mode": "server", "vllm_server_base_url": "http://there"},
            "its model to http://there",
        ),
        ({"ray_address": "ray://there:1"}, "play on the cluster ray://there:1"),
        ({"report_to": ["wandb"]}, "tell wandb"),
    ],
)
def test_what_a_strangers_run_names_is_told_in_one_line_and_not_used(run, changes, words, capsys):
    strange(run, **changes)
    for order in (["train", "--resume", str(run)], ["train", "--resume", str(run), "--dry-run"]):
        assert main(order) == 2
        told = capsys.readouterr()
        assert not told.out
        assert len(told.err.splitlines()) == 1
        assert words in told.err
        assert f"arcade runs {run} --trust" in told.err
    with pytest.raises(StrangersRunError):
        refuse_unless_trusted(run)


def test_a_strangers_run_that_names_nothing_asks_nothing(run):
    strange(run, max_steps=99)
    assert not made_here(run)
    assert names(run) == []
    refuse_unless_trusted(run)


def test_a_run_of_ones_own_may_name_what_it_likes(tmp_path, monkeypatch):
    from grpo_arcade.recordings.runs.writer import RunWriter
    from grpo_arcade.trainer.config import TrainConfig

    config = TrainConfig(output_dir=str(tmp_path), run_name="own", rewards=("mine:f",))
    with RunWriter.create(config, {"game": "2048"}) as writer:
        refuse_unless_trusted(writer.folder)


def test_who_trusts_a_run_says_so_once_and_is_told_what_it_may(run, capsys):
    strange(run, rewards=["evil:f"])
    assert main(["runs", str(run), "--trust"]) == 0
    assert "may import the reward evil:f" in capsys.readouterr().err
    assert made_here(run)
    refuse_unless_trusted(run)
    strange(run, rewards=["evil:g"])
    with pytest.raises(StrangersRunError, match="evil:g"):
        refuse_unless_trusted(run)


@pytest.mark.skipif(os.name == "nt", reason="terminals of that kind")
@pytest.mark.parametrize(("answer", "trusted"), [("y\n", True), ("n\n", False), ("\n", False), ("nonsense\n", False)])
def test_on_a_terminal_a_person_is_asked(run, answer, trusted):
    strange(run, rewards=["nowhere_to_be_found:f"])
    main_end, terminal = pty.openpty()
    order = [sys.executable, "-m", "grpo_arcade", "train", "--resume", str(run), "--max-steps", "4"]
    with subprocess.Popen(order, stdin=terminal, stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        os.write(main_end, answer.encode())
        said = b""
        with contextlib.suppress(OSError):
            while part := os.read(main_end, 4096):
                said += part
    os.close(main_end)
    assert b"import the reward nowhere_to_be_found:f" in said
    assert b"[y/N]" in said
    assert process.returncode == 2
    assert made_here(run) is trusted
    assert (b"is left alone" in said) is not trusted
    assert (b"No module named 'nowhere_to_be_found'" in said) is trusted


def test_inside_a_strangers_folder_nothing_of_it_is_imported(run, tmp_path):
    mark = tmp_path / "imported"
    strange(run, rewards=["evil:f"])
    for name in ("evil", "torch", "rich", "tyro", "numpy", "grpo_arcade", "sitecustomize", "platformdirs"):
        (run / f"{name}.py").write_text(EVIL.format(mark=str(mark)))
    for words in (
        *(["train", "--resume", "."], ["train", "--resume", ".", "--dry-run"], ["runs", "."], ["dash", ".", "--once"]),
        *(
            ["play", "2048", ".:champion"],
            ["eval", "random", "--seeds", "1"],
            ["doctor"],
            ["export", ".", "--to", "x.gif"],
        ),
    ):
        program = shutil.which("arcade", path=os.path.dirname(sys.executable))
        done = subprocess.run([program, *words], cwd=run, capture_output=True, text=True)
        assert not mark.exists(), (words, mark.read_text())
        assert "Traceback" not in done.stderr
        if words[0] == "train":
            assert done.returncode == 2
            assert "import the reward evil:f" in done.stderr


def test_started_as_a_module_nothing_but_the_program_itself_could_be_taken_from_where_one_stands(run, tmp_path):
    mark = tmp_path / "imported"
    strange(run, rewards=["evil:f"])
    for name in ("evil", "torch", "rich", "tyro", "numpy", "platformdirs"):
        (run / f"{name}.py").write_text(EVIL.format(mark=str(mark)))
    order = [sys.executable, "-m", "grpo_arcade", "train", "--resume", "."]
    done = subprocess.run(order, cwd=run, capture_output=True, text=True)
    assert done.returncode == 2
    assert "import the reward evil:f" in done.stderr
    assert not mark.exists()


def test_watching_playing_and_filming_a_strangers_run_asks_no_server(run, listener, tmp_path, capsys):
    port, came = listener
    address = f"openenv:ws://127.0.0.1:{port}"
    strange(run, game=address, toolbox=None)
    import sqlite3

    with contextlib.closing(sqlite3.connect(run / "run.db", isolation_level=None)) as connection:
        connection.execute("UPDATE run SET value = ? WHERE key = 'game'", (json.dumps(address),))
        connection.execute("UPDATE groups SET options = '{}'")
    assert glance(run, None) is not None
    for words in (
        *(
            ["runs", str(run)],
            ["dash", str(run), "--once"],
            ["replay", str(run)],
            ["watch", str(run), "--strategy", "1"],
        ),
        *(["play", "2048", f"{run}:champion"], ["export", str(run), "--to", str(tmp_path / "x.gif")]),
        *(["train", "--resume", str(run)], ["train", "--resume", str(run), "--dry-run"], ["eval", f"{run}:champion"]),
    ):
        with contextlib.suppress(SystemExit):
            main([*words, *(["--seeds", "1"] if words[0] == "eval" else [])])
        assert not came, words
    capsys.readouterr()
    with RunReader(run) as reader:
        assert reader.summary().game == address


def test_an_adapters_base_that_only_a_strangers_run_names_is_not_loaded(run, capsys):
    from grpo_arcade.trainer.models import ModelError, locate

    checkpoint = run / "checkpoint-3"
    checkpoint.mkdir()
    (checkpoint / "arcade_state.json").write_text("{}")
    (checkpoint / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "somebody/else"}))
    locate(str(checkpoint))
    strange(run, max_steps=7)
    assert names(run) == ["load the model somebody/else"]
    for name in (run, checkpoint):
        with pytest.raises(ModelError, match="go on the model somebody/else"):
            locate(str(name))
    assert main(["export", str(run), "--to", "lora"]) == 2
    assert "--trust" in capsys.readouterr().err
    assert main(["runs", str(run), "--trust"]) == 0
    assert locate(str(run)) == checkpoint


def test_work_beside_the_window_takes_no_module_from_where_one_stands(tmp_path, monkeypatch):
    from grpo_arcade.arcade.window.background.jobs import Background

    mark = tmp_path / "imported"
    for name in ("pickle", "socket", "struct", "numpy", "grpo_arcade", "multiprocessing"):
        (tmp_path / f"{name}.py").write_text(EVIL.format(mark=str(mark)))
    monkeypatch.chdir(tmp_path)
    came = threading.Event()
    jobs = Background(came.set)
    said = []
    jobs.process(os.getpid, done=said.append, failed=said.append)
    while not said:
        assert came.wait(60)
        came.clear()
        jobs.deliver()
    jobs.close()
    assert isinstance(said[0], int)
    assert not mark.exists()
    assert "PYTHONSAFEPATH" not in os.environ
