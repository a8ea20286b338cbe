"""A run killed at any moment and resumed ends with the same records as one that was never killed."""

import dataclasses
import importlib
import json
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grpo_arcade.recordings.runs.folder import checkpoints
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer import checkpoints as checkpoints_module
from grpo_arcade.trainer import trl_adapter
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.ending import TrainingError
from grpo_arcade.trainer.grpo import train
from grpo_arcade.trainer.models import card_memory as card_memory_module
from grpo_arcade.trainer.models.card_memory import GB, CardMemory
from grpo_arcade.trainer.resuming import resumed_config

CODE = """
import sys, json
from pathlib import Path
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.grpo import train
config = TrainConfig.from_dict(json.loads(sys.argv[1]))
folder = Path(config.output_dir) / config.run_name
print(train(resume=folder, capture=True) if (folder / "run.db").exists() else train(config, capture=True))
"""
CLOCKS = {"time", "seconds", "cpu_s", "step_s", "generate_s", "score_s", "learn_s", "evaluate_s", "metrics", "id"}
CLOCKS |= {"source_id", "strategy_id", "started"}


def records(folder):
    """All that was recorded about training, without clocks and row numbers."""
    with RunReader(folder) as run:
        tables = {
            "steps": run.steps(),
            "evaluations": run.evaluations(),
            "strategies": [
                {**row, **{name: run.strategy(row["id"])[name] for name in ("text", "token_ids", "reasons")}}
                for purpose in ("training", "evaluation")
                for step in range(0, 100)
                for row in run.strategies(step, purpose)
            ],
            "episodes": [
                dataclasses.asdict(episode)
                for row in run.query("SELECT id FROM strategies ORDER BY step, purpose, position")
                for episode in run.episodes(row["id"])
            ],
            "champions": [(each.step, each.score, each.source) for each in run.champions()],
            "alarms": [
                (event["step"], event["kind"], event["name"], event["message"])
                for event in run.events()
                if event["kind"] in ("alarm", "alarm_over", "promoted", "fallback", "champion")
            ],
        }
        metrics = [row["metrics"] for row in run.steps()]
    for name in ("steps", "evaluations", "strategies"):
        tables[name] = [{key: value for key, value in row.items() if key not in CLOCKS} for row in tables[name]]
    timed = ("step_time", "memory_bytes")
    tables["metrics"] = [{key: value for key, value in row.items() if key not in timed} for row in metrics]
    return tables


def killed_and_resumed(config, kills, moments, seconds):
    """Run ``config`` in a child that is killed ``kills`` times, up to ``seconds`` after some step; the folder."""
    folder = Path(config.output_dir) / config.run_name
    arguments = [sys.executable, "-c", CODE, json.dumps(config.to_dict())]
    began = time.monotonic()
    for after in sorted(moments.randrange(config.max_steps // 2) for _ in range(kills)):
        child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 120
        while child.poll() is None and time.monotonic() < deadline and not _trains(folder, after):
            time.sleep(0.02)
        time.sleep(moments.uniform(0, seconds))
        child.send_signal(signal.SIGKILL)
        _, errors = child.communicate()
        assert child.returncode == -signal.SIGKILL, f"it ended before it could be killed: {errors}"
        with RunReader(folder) as run:
            assert run.query("PRAGMA integrity_check")[0][0] == "ok"
            assert run.status() == "crashed"
            print(f"killed after step {run.facts()['step']}, {time.monotonic() - began:.0f} s")  # a soak is watched: -s
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return folder


def _trains(folder, step):
    """Whether a living trainer has made ``step``; imports, which take most of a child's life, are over then."""
    try:
        with RunReader(folder) as run:
            return run.status() == "running" and run.facts()["step"] >= step
    except ValueError:
        return False


def test_a_run_killed_twice_ends_as_one_never_killed(tiny_config):
    config = dataclasses.replace(tiny_config, max_steps=8, save_steps=2, eval_steps=3, learning_rate=3e-4)
    whole = train(config)
    again = dataclasses.replace(config, run_name="killed")
    folder = killed_and_resumed(again, 2, random.Random(1), 0.2)
    expected, found = records(whole.folder), records(folder)
    for name in expected:
        assert found[name] == expected[name], name
    assert len(expected["steps"]) == 8
    assert any(row["outcome"] in ("lost", "stuck") for row in expected["strategies"])


def test_a_run_killed_before_its_first_checkpoint_starts_over(tiny_config):
    config = dataclasses.replace(tiny_config, max_steps=2)
    first = train(config)
    # As a kill leaves it: no checkpoint is complete.
    for path in checkpoints(first.folder):
        (path / "arcade_state.json").unlink()
    expected = records(first.folder)
    assert train(resume=first.folder).status == "finished"
    assert records(first.folder) == expected


def test_a_torn_checkpoint_is_passed_over(tiny_config):
    config = dataclasses.replace(tiny_config, max_steps=4, save_steps=1)
    first = train(config)
    expected = records(first.folder)
    last = checkpoints(first.folder)[-1]
    (last / "arcade_state.json").unlink()
    (last / "model.safetensors").write_bytes(b"torn")
    assert train(resume=first.folder).step == 4
    assert records(first.folder) == expected


def test_more_steps_can_be_asked_of_a_finished_run(tiny_config, capsys):
    short = train(dataclasses.replace(tiny_config, max_steps=2, eval_steps=2, save_steps=2))
    long = train(dataclasses.replace(tiny_config, max_steps=4, eval_steps=2, save_steps=2, run_name="long"))
    result = train(dataclasses.replace(resumed_config(short.folder), max_steps=4), resume=short.folder)
    assert result.step == 4
    said = capsys.readouterr().err
    assert f"resuming {short.folder}: training" in said
    # Why it writes so is told as at first: nobody has switched anything off.
    assert len(set(re.findall(r"completions are written by .*", said))) == 1
    assert records(short.folder) == records(long.folder)


def test_a_lora_run_resumes_exactly(tiny_config):
    config = dataclasses.replace(tiny_config, lora_r=4, max_steps=3, save_steps=1, learning_rate=1e-2)
    first = train(config)
    expected = records(first.folder)
    (checkpoints(first.folder)[-1] / "arcade_state.json").unlink()
    train(resume=first.folder)
    assert records(first.folder) == expected


def test_ctrl_c_between_two_steps_of_one_generation_resumes_exactly(tiny_config, tmp_path, monkeypatch):
    (tmp_path / "interrupting.py").write_text(
        "import signal\n"
        "interrupt = False\n"
        "def own(completions, **columns):\n"
        "    if interrupt and len(completions) > 2:  # not where it is tried on two made-up ones\n"
        "        signal.raise_signal(signal.SIGINT)\n"
        "    return [float(len(completion[0]['content'])) for completion in completions]\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("interrupting")
    config = dataclasses.replace(
        tiny_config, rewards=("interrupting:own",), num_iterations=2, max_steps=4, save_steps=2, eval_steps=3
    )
    whole = train(config)
    module.interrupt = True
    cut = train(dataclasses.replace(config, run_name="cut"))
    # The first of two steps was in flight; what is left of its generation is learnt from before anything is saved.
    assert (cut.status, cut.step) == ("interrupted", 2)
    module.interrupt = False
    assert train(resume=cut.folder).step == 4
    assert records(cut.folder) == records(whole.folder)


def test_a_step_that_cannot_be_made_loses_none_of_those_before_it(tiny_config, monkeypatch):
    config = dataclasses.replace(tiny_config, max_steps=2, save_steps=2, eval_steps=0, eval_strategies=2)
    whole = train(config)
    monkeypatch.setattr(checkpoints_module, "SAVING_SHARE", 0)
    made = trl_adapter.ArcadeTrainer._generate_single_turn

    def fills_up(trainer, *arguments):
        if trainer.step == 1:
            raise RuntimeError("CUDA Error: out of memory at cumem_allocator.cpp:62")  # an engine's that cannot wake
        return made(trainer, *arguments)

    monkeypatch.setattr(trl_adapter.ArcadeTrainer, "_generate_single_turn", fills_up)
    memory = CardMemory(free=3 * GB, total=140 * GB, own=50 * GB)
    monkeypatch.setattr(card_memory_module, "card_memory", lambda: memory)
    with pytest.raises(TrainingError, match=r"other programs hold 86; resume when they have ended: .*--resume"):
        train(dataclasses.replace(config, run_name="cut"))
    monkeypatch.setattr(trl_adapter.ArcadeTrainer, "_generate_single_turn", made)
    folder = whole.folder.parent / "cut"
    assert [path.name for path in checkpoints(folder)] == ["checkpoint-0", "checkpoint-1"]
    assert train(resume=folder).step == 2
    assert records(folder) == records(whole.folder)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_the_pocket_model_killed_at_twenty_random_moments_ends_as_one_never_killed(tmp_path):
    config = TrainConfig(
        output_dir=str(tmp_path), run_name="whole", run_key="ab" * 16, max_steps=30, save_steps=3, eval_steps=10,
        num_generations=8, per_device_train_batch_size=4, gradient_accumulation_steps=2, eval_strategies=8,
        eval_seeds=4, train_seeds=2,
    )  # fmt: skip
    whole = train(config)
    folder = killed_and_resumed(dataclasses.replace(config, run_name="killed"), 20, random.Random(0), 4.0)
    assert records(folder) == records(whole.folder)
