"""``arcade train --dash``: a real trainer and a dashboard, two processes in one terminal."""

import contextlib
import sys
import time
from pathlib import Path

import pytest

from grpo_arcade.arcade.detached_process import Trainer
from grpo_arcade.recordings.runs.folder import RunFolderError
from grpo_arcade.recordings.runs.reader import RunReader

MADE_RUN = Path(__file__).with_name("made_run.py")


def words(outputs, **settings):
    """Settings of a training whose steps take a fraction of a second."""
    settings = {
        "output_dir": outputs, "run_name": "run", "num_generations": 4,
        "per_device_train_batch_size": 2, "gradient_accumulation_steps": 2, "max_steps": 60, "save_steps": 60,
        "max_completion_length": 16, "train_seeds": 2, "eval_steps": 0, "threads": 1, "workers": 1, **settings,
    }  # fmt: skip
    return [word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", str(value))]


@pytest.fixture
def stopped_afterwards(tmp_path):
    """A trainer that outlives its dashboard would outlive a failed test too."""
    yield
    with contextlib.suppress(RunFolderError), RunReader(tmp_path / "run") as reader:
        reader.send("stop")


@pytest.mark.usefixtures("stopped_afterwards")
def test_training_outlives_the_dashboard_it_was_started_with(tmp_path, arcade):
    folder = tmp_path / "run"
    terminal = arcade("train", *words(tmp_path, max_steps=10_000), "--dash")
    terminal.until(lambda: b"held-out" in terminal.seen)
    with RunReader(folder) as reader:
        terminal.until(lambda: reader.facts()["step"] >= 1)
        terminal.press("q")
        terminal.until(lambda: b"leave the training running" in terminal.seen)
        terminal.press("\x1b")
        terminal.seen = b""
        terminal.until(lambda: b"last update" in terminal.seen)  # still here
        terminal.press("q")
        terminal.until(lambda: b"leave the training running" in terminal.seen)
        terminal.press("l")
        terminal.until(terminal.ended)
        assert terminal.code == 0
        assert b"training continues" in terminal.seen
        step = reader.facts()["step"]
        terminal.until(lambda: reader.facts()["step"] > step)
        reader.send("stop")
        terminal.until(lambda: reader.status() == "stopped")
        assert reader.checkpoints()[-1].name == f"checkpoint-{reader.facts()['step']}"
    assert "stopped after step" in (folder / "log.txt").read_text()


def test_leaving_may_stop_the_trainer_after_its_step(tmp_path, drive, until, seen):
    order = [sys.executable, str(MADE_RUN), str(tmp_path), "100000", "0.1"]
    trainer = Trainer(order)
    folder = tmp_path / "live"
    assert trainer.has_opened(folder)

    async def play(app, pilot):
        await until(pilot, lambda: " running " in seen(app))
        await pilot.press("q")
        await until(pilot, lambda: "stop it after this step" in seen(app))
        await pilot.press("escape")
        assert trainer.code is None
        await pilot.press("q")
        await until(pilot, lambda: "stop it after this step" in seen(app))
        await pilot.press("s")
        await until(pilot, lambda: app._exit)

    try:
        drive(folder, play, trainer=trainer)
        assert trainer.code == 0
    finally:
        trainer.stop()
    with RunReader(folder) as reader:
        assert reader.status() == "stopped"
        assert [row["name"] for row in reader.commands()] == ["stop"]


@pytest.mark.parametrize(
    ("settings", "line"),
    [({"model": "./nowhere"}, "nowhere"), ({"num_generations": 1}, "num_generations")],
)
def test_what_cannot_be_trained_is_said_in_one_line_without_a_dashboard(tmp_path, arcade, settings, line):
    terminal = arcade("train", *words(tmp_path, **settings), "--dash", columns=400)
    terminal.until(terminal.ended)
    assert terminal.code == 2
    lines = terminal.seen.decode().replace("starting the trainer …", "").split("\r\n")
    told = [text for text in lines if text.strip()]
    assert len(told) == 1
    assert told[0].startswith("arcade: ")
    assert line in told[0]
    assert "\x1b[?1049h" not in terminal.seen.decode()
    assert not (tmp_path / "run").exists()


def test_a_trainer_that_dies_later_is_told_in_the_dashboard_and_after_it(made_run, tmp_path, arcade):
    folder = made_run.make_run(tmp_path, 2, "old")
    terminal = arcade("train", "--resume", folder, "--seed", 5, "--dash")
    terminal.until(lambda: b"ended with exit code 2: seed is 5 now" in terminal.seen)
    terminal.press("q")  # and no question
    terminal.until(terminal.ended)
    assert terminal.code == 2
    assert b"arcade: seed is 5 now" in terminal.seen.split(b"\x1b[?1049l")[-1]


def test_without_a_terminal_nothing_is_started(tmp_path):
    import subprocess

    order = [sys.executable, "-m", "grpo_arcade.arcade.cli", "train", *words(tmp_path), "--dash"]
    told = subprocess.run(order, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert told.returncode == 2
    assert "terminal" in told.stderr
    assert not list(tmp_path.iterdir())


def ended(program):
    trainer = Trainer([sys.executable, "-c", program])
    end = time.monotonic() + 30
    while trainer.code is None:
        assert time.monotonic() < end
        time.sleep(0.02)
    return trainer


def test_a_trainers_last_words_are_its_line_its_traceback_or_its_silence():
    line = ended("import sys; print('step 1'); print('arcade: too large', file=sys.stderr); sys.exit(2)")
    assert (line.code, line.failed, line.last_words()) == (2, True, "arcade: too large")
    crash = ended("print('step 1', flush=True); 1 / 0")
    assert crash.last_words().splitlines()[0].startswith("Traceback")
    assert crash.last_words().splitlines()[-1] == "ZeroDivisionError: division by zero"
    silent = ended("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert silent.code == 137
    assert silent.last_words() == "the trainer ended with exit code 137 and said nothing"
    good = ended("print('finished 3 steps')")
    assert (good.failed, good.last_words()) == (False, "finished 3 steps")
