"""Real GRPO steps on a tiny model that writes real programs: what a run records, learns, refuses and survives."""

import contextlib
import dataclasses
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from grpo_arcade.games import make
from grpo_arcade.games.seeds import EVALUATION_SEEDS
from grpo_arcade.recordings.runs.folder import DATABASE, LOG, RunFolderError, checkpoints
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer import checkpoints as checkpoints_module
from grpo_arcade.trainer import grpo, loop, rewards
from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.grpo import TrainingError, train
from grpo_arcade.trainer.narration import Narrator
from grpo_arcade.trainer.processes import ALONE
from grpo_arcade.trainer.resuming import resumed_config
from grpo_arcade.trainer.signals import stopping


@pytest.fixture(scope="module")
def finished(tiny_model, tmp_path_factory):
    """One finished run, looked at by several tests."""
    config = TrainConfig(
        model=tiny_model, output_dir=str(tmp_path_factory.mktemp("outputs")), run_key="00" * 16,
        num_generations=4, per_device_train_batch_size=4, gradient_accumulation_steps=2, max_steps=4,
        max_completion_length=60, train_seeds=2, eval_steps=2, eval_strategies=4, eval_seeds=3, save_steps=2,
        rewards=("function_works", "no_cheating", "strategy_succeeds", "progress", "beats_champion"),
        learning_rate=1e-3, threads=1, workers=1,
    )  # fmt: skip
    return train(config, capture=True), config


def test_a_run_records_every_step_completion_reward_and_game(finished):
    result, config = finished
    assert (result.status, result.step) == ("finished", 4)
    with RunReader(result.folder) as run:
        steps = run.steps()
        assert [row["step"] for row in steps] == [1, 2, 3, 4]
        for row in steps:
            for name in ("reward", "reward_std", "loss", "entropy", "learning_rate", "grad_norm", "score", "step_s"):
                assert row[name] is not None, name
            # From the second step on the last of each group is the champion's, which says nothing about the model.
            assert sum(row["outcomes"].values()) == (8 if row["step"] == 1 else 6)
            assert set(row["rewards"]) == set(config.rewards)
            for part in ("generate_s", "score_s", "learn_s"):
                assert 0 < row[part] < row["step_s"], part
            rows = run.strategies(row["step"])
            assert [each["position"] for each in rows] == list(range(8))
            assert {each["number"] for each in rows} == {0, 1}
            weights = {reward.name: reward.weight for reward in rewards.load(config.rewards)}
            for each in rows:
                total = sum(weights[name] * value for name, value in each["rewards"].items())
                assert each["reward"] == pytest.approx(total, rel=1e-4)
                assert set(run.strategy(each["id"])["reasons"]) == set(config.rewards)
        groups = run.query("SELECT * FROM groups WHERE purpose = 'training'")
        assert len(groups) == 8
        seeds = [seed for group in groups for seed in json.loads(group["seeds"])]
        assert len(set(seeds)) == 16
        assert not set(seeds) & set(EVALUATION_SEEDS)
        for row in run.strategies(2):
            group = next(each for each in groups if (each["step"], each["number"]) == (2, row["number"]))
            assert [episode.seed for episode in run.episodes(row["id"])] == json.loads(group["seeds"])


def test_advantages_push_up_what_earned_more_than_its_group(finished):
    result, _ = finished
    with RunReader(result.folder) as run:
        for number in (0, 1):
            group = [row for row in run.strategies(1) if row["number"] == number]
            mean = sum(row["reward"] for row in group) / len(group)
            assert sum(row["advantage"] for row in group) == pytest.approx(0, abs=1e-3)
            for row in group:
                if abs(row["reward"] - mean) > 1e-3:
                    assert (row["advantage"] > 0) == (row["reward"] > mean)


def test_recorded_episodes_replay_to_the_recorded_score(finished):
    from grpo_arcade.recordings import verify

    result, _ = finished
    with RunReader(result.folder) as run:
        played = 0
        for row in run.strategies(1) + run.strategies(4, "evaluation"):
            for episode in run.episodes(row["id"]):
                verify(episode)
                played += len(episode.actions)
    assert played > 100


def test_evaluations_stand_beside_the_baselines_on_the_same_seeds(finished):
    result, _ = finished
    with RunReader(result.folder) as run:
        evaluations = run.evaluations()
        assert [row["step"] for row in evaluations] == [0, 2, 4]
        assert run.facts()["evaluating"] == []  # said while it went on, and that it is over
        for row in evaluations:
            assert row["seeds"] == [0, 1, 2]
            assert len(row["scores"]) == 4
            assert all(len(scores) == 3 for scores in row["scores"])
            flat = [score for scores in row["scores"] for score in scores]
            assert row["mean"] == pytest.approx(sum(flat) / 12)
            assert row["low"] <= row["mean"] <= row["high"]
            assert list(row["baselines"]) == ["random", "greedy", "expectimax"]
            assert len(row["baselines"]["random"]["scores"]) == 3
            assert sum(row["outcomes"].values()) == sum(row["histogram"].values()) == 12
        assert run.strategies(0, "evaluation")[0]["reward"] is None
        champions = run.champions()
        assert champions
        assert [champion.score for champion in champions] == sorted(champion.score for champion in champions)
        assert evaluations[-1]["champion"] is not None


def test_the_weights_change_and_checkpoints_are_complete_and_few(finished):
    from grpo_arcade.trainer.models import load

    result, _ = finished
    with RunReader(result.folder) as run:
        checkpoints = run.checkpoints()
    assert checkpoints[-1].name == "checkpoint-4"
    before, after = (load_file(path / "model.safetensors") for path in (checkpoints[0], checkpoints[-1]))
    assert any(not torch.equal(before[name], after[name]) for name in before)
    _, tokenizer = load(str(result.folder))
    assert tokenizer.chat_template
    assert not (result.folder / "README.md").exists()


def test_what_libraries_print_goes_to_the_log(finished):
    result, _ = finished
    log = (result.folder / LOG).read_text()
    assert "held-out score" in log
    assert "step 4: score" in log


def test_finished_runs_refuse_commands_and_resume_needs_more_steps(finished):
    result, _ = finished
    with RunReader(result.folder) as run, pytest.raises(RunFolderError, match="is finished"):
        run.send("pause")
    with pytest.raises(ConfigError, match="higher max_steps"):
        train(resume=result.folder)
    kept = resumed_config(result.folder)
    # Also where what is wanted is the default.
    for changes in (
        {"learning_rate": 0.5},
        {"train_seeds": TrainConfig().resolved().train_seeds},
        {"run_key": "11" * 16},
    ):
        [(name, value)] = changes.items()
        with pytest.raises(ConfigError, match=f"{name} is {value} now"):
            train(dataclasses.replace(kept, max_steps=100, **changes), resume=result.folder)


def test_a_run_played_by_other_rules_is_not_gone_on_with(finished):
    result, _ = finished
    with RunReader(result.folder) as run:
        facts, config = run.facts(), dataclasses.replace(resumed_config(result.folder), max_steps=6)
    assert facts["episode_versions"]["rules"] == str(make("2048").rules_version)

    def note(rules):
        with sqlite3.connect(result.folder / DATABASE) as connection:
            versions = json.dumps({**facts["episode_versions"], "rules": rules})
            connection.execute("UPDATE run SET value = ? WHERE key = 'episode_versions'", (versions,))
        connection.close()

    note("0")
    try:
        with pytest.raises(ConfigError, match=r"version 0 of the rules.*start a new run"):
            train(config, resume=result.folder)
    finally:
        note(facts["episode_versions"]["rules"])
    with RunReader(result.folder) as run:
        assert len(run.steps()) == 4
        assert run.status() == "finished"


@pytest.mark.parametrize(
    "changes",
    [
        {"loss_type": "grpo", "importance_sampling_level": "sequence", "epsilon": 3e-4},
        {"loss_type": "dr_grpo", "scale_rewards": "none", "beta": 0.05},
        {"lora_r": 4, "steps_per_generation": 4, "save_steps": 2, "lr_scheduler_type": "cosine"},
        {"loss_type": "bnpo", "num_iterations": 2, "save_steps": 2, "mask_truncated_completions": True},
    ],
    ids=["gspo", "dr_grpo with kl", "lora off-policy", "bnpo twice"],
)
def test_other_losses_lora_and_off_policy_steps_train(tiny_config, changes):
    config = dataclasses.replace(tiny_config, max_steps=2, eval_steps=0, **changes)
    result = train(config)
    assert result.status == "finished"
    with RunReader(result.folder) as run:
        rows = run.steps()
    assert [row["step"] for row in rows] == [1, 2]
    if config.beta:
        assert rows[-1]["kl"] is not None
    if config.lora_r:
        assert (result.folder / "checkpoint-2" / "adapter_model.safetensors").is_file()


def test_a_curriculum_asks_for_the_new_stage_once_the_old_one_is_won(tiny_config):
    config = dataclasses.replace(
        tiny_config, curriculum=("size=4,target=8@0.1", "size=4,target=2048"), eval_steps=1, max_steps=2
    )
    result = train(config)
    with RunReader(result.folder) as run:
        assert run.evaluations()[0]["stage"] == 0
        promoted = [event for event in run.events() if event["kind"] == "promoted"]
        assert len(promoted) == 1
        targets = [json.loads(row["options"])["target"] for row in run.query("SELECT * FROM groups ORDER BY step")]
        assert targets[-1] == 2048
        assert "random_baseline_too_good" in {event["name"] for event in run.events()}


def test_a_model_that_writes_no_code_trains_and_raises_alarms(tiny_config, garbage_model):
    result = train(dataclasses.replace(tiny_config, model=garbage_model, max_steps=6, max_completion_length=16))
    with RunReader(result.folder) as run:
        assert all(sum(row["outcomes"].values()) == 4 and "lost" not in row["outcomes"] for row in run.steps())
        assert run.champion() is None
        assert {"zero_spread", "failing_strategies", "cut_off"} <= {alarm.name for alarm in run.alarms()}
        assert run.evaluations()[-1]["mean"] == 0


def test_commands_are_answered_within_a_step(tiny_config):
    answers = {}

    def person(folder):
        while not (folder / "checkpoint-0").is_dir():
            time.sleep(0.05)
        with RunReader(folder) as run:

            def ask(name, wait_for, argument=""):
                command = run.send(name, argument)
                while (row := run.commands()[command - 1])["status"] not in wait_for:
                    time.sleep(0.05)
                answers.setdefault(name, []).append(row)
                return row["step"]

            ask("resume", ("refused",))
            paused = ask("pause", ("accepted",))
            time.sleep(0.3)
            assert len(run.steps()) == paused
            assert run.status() == "paused"
            ask("gif", ("done", "refused"))
            ask("gif", ("done", "refused"), "x" * 300)
            for name in ("save", "evaluate", "evaluate", "evaluate"):
                ask(name, ("done", "refused"))
            ask("resume", ("done",))
            ask("stop", ("done",))

    # The first evaluation asked for wins its stage, so the second one is of another game; the third finds it made.
    stages = ("size=4,target=8@0.1", "size=4,target=16@0.1", "size=4,target=2048")
    config = dataclasses.replace(tiny_config, max_steps=500, eval_steps=0, save_steps=100, curriculum=stages)
    folder = Path(config.output_dir) / config.run_name
    thread = threading.Thread(target=person, args=(folder,), daemon=True)
    thread.start()
    result = train(config)
    thread.join(timeout=60)
    assert not thread.is_alive()
    assert result.status == "stopped"
    [saved] = answers["save"]
    assert saved["answer"] == f"saved checkpoint-{saved['step']}"
    assert [row["status"] for row in answers["evaluate"]] == ["done"] * 3
    assert answers["evaluate"][1]["answer"] == answers["evaluate"][2]["answer"]
    assert "held-out score" in answers["evaluate"][0]["answer"]
    film, impossible = answers["gif"]
    assert Path(film["answer"].removeprefix("wrote ")).read_bytes()[:3] == b"GIF"
    assert impossible["status"] == "refused"
    assert "name too long" in impossible["answer"]
    with RunReader(result.folder) as run:
        assert run.status() == "stopped"
        # What somebody asked for stays.
        assert [path.name for path in run.checkpoints()] == [
            f"checkpoint-{step}" for step in (0, saved["step"], result.step)
        ]
        evaluations = run.evaluations()
        assert [(row["step"], row["stage"]) for row in evaluations] == [(0, 0), (saved["step"], 2)]
        rows = run.strategies(saved["step"], "evaluation")
        assert len(rows) == config.eval_strategies
        for row, scores in zip(rows, evaluations[-1]["scores"], strict=True):
            episodes = run.episodes(row["id"])
            assert {episode.options["target"] for episode in episodes} == {2048}
            assert len(episodes) == len(scores)


def test_a_collapse_is_survived_from_the_last_good_checkpoint(tiny_config):
    """A learning rate of 0.05, with gradients that nobody clips, destroys the model within a few steps."""
    config = dataclasses.replace(
        tiny_config, max_steps=26, learning_rate=0.05, warmup_steps=0, eval_steps=0, max_completion_length=30,
        lr_scheduler_type="constant", save_total_limit=1, max_grad_norm=1e9,
    )  # fmt: skip
    result = train(config)
    with RunReader(result.folder) as run:
        falls = [event for event in run.events() if event["kind"] == "fallback"]
        assert falls, [row["outcomes"] for row in run.steps()]
        assert "fail" in falls[0]["message"]
        assert falls[0]["data"]["learning_rate"] == pytest.approx(0.025)
        after = [row for row in run.steps() if row["step"] == falls[0]["step"] + 1]
        assert after[0]["learning_rate"] == pytest.approx(0.025)
        # The first step after it is made with the good model again.
        assert set(after[0]["outcomes"]) & {"lost", "stuck"}


def reward_module(tmp_path, monkeypatch, name, body):
    """A module of the user's own, with a reward function ``own``."""
    (tmp_path / f"{name}.py").write_text(f"def own(completions, **columns):\n{textwrap.indent(body, '    ')}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return f"{name}:own"


def test_a_run_that_collapses_for_good_keeps_its_good_weights_and_a_new_run_is_advised(
    tiny_config, tmp_path, monkeypatch, capsys
):
    body = "return [1e38 * (-1) ** place for place in range(len(completions))]"
    huge = reward_module(tmp_path, monkeypatch, "huge_reward", body)
    result = train(
        dataclasses.replace(tiny_config, rewards=(huge,), scale_rewards="none", max_steps=9, eval_steps=0, save_steps=5)
    )
    assert (result.status, result.step) == ("failed", 4)
    told = capsys.readouterr().err
    assert "3 returns to an earlier checkpoint have not helped" in told
    assert "--resume" not in told
    with RunReader(result.folder) as run:
        assert run.status() == "failed"
        falls = [event for event in run.events() if event["kind"] == "fallback"]
        assert [(event["step"], event["data"]["checkpoint"]) for event in falls] == [(1, 0), (2, 0), (3, 0)]
        [checkpoint] = run.checkpoints()
    weights = load_file(checkpoint / "model.safetensors")
    assert all(torch.isfinite(value).all() for value in weights.values())
    with pytest.raises(
        ConfigError, match=rf"start a new run.*--model {checkpoint} --learning-rate 6.25e-05"
    ) as refusal:
        train(resume=result.folder)
    assert "\n" not in str(refusal.value)


def test_what_ends_before_the_first_step_leaves_nothing_behind_wherever_it_stood(tiny_config, monkeypatch):
    config = dataclasses.replace(tiny_config, run_name="new")
    for place in ("RunRecorder", "Narrator", "captured", "Start", "_lead"):
        with monkeypatch.context() as patched:

            def killed(*args, **kwargs):
                assert (Path(config.output_dir) / "new" / "run.db").exists()
                raise KeyboardInterrupt

            patched.setattr(grpo, place, killed)
            with pytest.raises(KeyboardInterrupt):
                train(config)
        assert not (Path(config.output_dir) / "new").exists(), place


def test_an_error_that_is_not_the_disks_is_told_as_what_it_is(tiny_config, tmp_path, monkeypatch):
    # It works while it is tried on two made-up completions, and not in a batch of four.
    body = "if len(completions) > 2:\n    raise ConnectionError('judge.example is not there')\nreturn [1.0, 2.0]"
    far = reward_module(tmp_path, monkeypatch, "far_reward", body)
    with pytest.raises(
        TrainingError, match=r"far_reward\.py, line 3\): ConnectionError: judge\.example is not there; .*--resume"
    ) as told:
        train(dataclasses.replace(tiny_config, rewards=(far,)), capture=True)
    assert "free space" not in str(told.value)
    assert "\n" not in str(told.value)
    folder = Path(tiny_config.output_dir) / tiny_config.run_name
    # Whoever wrote the function finds the whole of it in the log.
    assert "raise ConnectionError('judge.example is not there')" in (folder / LOG).read_text()
    with RunReader(folder) as run:
        assert run.status() == run.facts()["status"] == "crashed"


@pytest.mark.parametrize("file", ["model.safetensors", "optimizer.pt"])
def test_a_disk_that_fills_during_a_checkpoint_is_one_line_and_nothing_half_written(finished, tiny_config, file):
    size = (finished[0].folder / "checkpoint-4" / file).stat().st_size
    config = dataclasses.replace(tiny_config, max_steps=2)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size - 10_000, before[1]))
    try:
        with pytest.raises(RunFolderError, match=r"cannot be written .*free space.*--resume") as told:
            train(config)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "\n" not in str(told.value)
    folder = Path(config.output_dir) / config.run_name
    with RunReader(folder) as run:
        assert run.status() == run.facts()["status"] == "crashed"
        assert run.query("PRAGMA integrity_check")[0][0] == "ok"
        whole = run.checkpoints()
    assert sorted(folder.glob("checkpoint-*")) == whole
    assert train(resume=folder).status == "finished"


@pytest.mark.parametrize(("share", "third"), [(1e9, [0, 2, 3]), (0.0, [0, 2])])
def test_the_newest_state_is_saved_after_every_step_that_can_afford_it(tiny_config, monkeypatch, share, third):
    monkeypatch.setattr(checkpoints_module, "SAVING_SHARE", share)
    seen = []
    real = loop.Loop.after_step

    def after_step(self, trainer):
        ended = real(self, trainer)
        seen.append([path.name for path in checkpoints(self.checkpoints.folder)])
        return ended

    monkeypatch.setattr(loop.Loop, "after_step", after_step)
    train(dataclasses.replace(tiny_config, max_steps=4, save_steps=2, eval_steps=0))
    assert seen[2] == [f"checkpoint-{step}" for step in third]
    # What was saved between is replaced by what comes next.
    assert seen[3] == ["checkpoint-0", "checkpoint-2", "checkpoint-4"]


def test_ctrl_c_in_the_middle_of_a_write_waits_for_its_end():
    """The terminal is a pipe that is full, so the signal comes while a line is being written to it."""

    class Run:
        stop_asked = ""
        processes = ALONE

    reading, writing = os.pipe()
    heard = []

    def listener():
        time.sleep(0.3)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)
        time.sleep(0.3)
        while block := os.read(reading, 65536):
            heard.append(block)

    assert threading.current_thread() is threading.main_thread()
    thread = threading.Thread(target=listener)
    with open(writing, "w", encoding="utf-8") as terminal:
        narrator = Narrator(terminal, None, 10, 1)
        with stopping(Run, narrator.say):
            thread.start()
            for _ in range(160):
                narrator.say("x" * 1_900)
    thread.join()
    os.close(reading)
    assert Run.stop_asked == "interrupted"
    words = b"".join(heard).decode()
    assert words.count("x" * 1_900) == 160
    assert "finishing this step" in words


INTERRUPTED = """
import sys, json
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.grpo import train
result = train(TrainConfig.from_dict(json.loads(sys.argv[1])), capture=True)
print(result.status, result.step)
sys.exit(130 if result.status == "interrupted" else 0)
"""


def test_ctrl_c_finishes_the_step_saves_and_says_how_to_go_on(tiny_config):
    config = dataclasses.replace(tiny_config, max_steps=500, eval_steps=0, save_steps=100)
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, json.dumps(config.to_dict())],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    folder = Path(config.output_dir) / config.run_name
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if (folder / "checkpoint-0").is_dir():
            with RunReader(folder) as run:
                if len(run.steps()) >= 2:
                    break
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    with RunReader(folder) as run:
        last = run.steps()[-1]["step"]
        assert run.checkpoints()[-1].name == f"checkpoint-{last}"
        assert out.split() == ["interrupted", str(last)]
        assert run.status() == "stopped"
    assert f"arcade train --resume {folder}" in err
    assert "Traceback" not in err


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="terminals hang up on Unix")
@pytest.mark.parametrize("hup", ["saved", "ignored"])
def test_a_terminal_that_is_closed_ends_the_run_saved_unless_somebody_said_not_to_mind(tiny_config, hup):
    import fcntl
    import pty
    import termios

    config = dataclasses.replace(tiny_config, max_steps=500 if hup == "saved" else 6, eval_steps=0, save_steps=100)
    if hup == "ignored":
        config = dataclasses.replace(config, save_steps=6)
    folder = Path(config.output_dir) / config.run_name
    ours, theirs = pty.openpty()

    def take_the_terminal():
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, signal.SIG_IGN if hup == "ignored" else signal.SIG_DFL)

    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED.replace("print(result.status, result.step)", ""), json.dumps(config.to_dict())],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, preexec_fn=take_the_terminal,
    )  # fmt: skip
    os.close(theirs)
    seen = []

    def reading():
        with contextlib.suppress(OSError):
            while block := os.read(ours, 65536):
                seen.append(block)

    thread = threading.Thread(target=reading, daemon=True)
    thread.start()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and child.poll() is None:
        with contextlib.suppress(ValueError), RunReader(folder) as run:
            if run.status() == "running" and len(run.steps()) >= 2:
                break
        time.sleep(0.05)
    # The reader holds the terminal open while it waits in it.
    os.kill(child.pid, signal.SIGHUP)
    os.close(ours)
    code = child.wait(timeout=90)
    with RunReader(folder) as run:
        last = run.steps()[-1]["step"]
        assert run.checkpoints()[-1].name == f"checkpoint-{last}", b"".join(seen)
        assert (code, run.status()) == ((130, "stopped") if hup == "saved" else (0, "finished"))


def test_running_out_of_memory_names_what_to_lower(tiny_config, monkeypatch):
    from grpo_arcade.trainer import shared_prompt

    def full(*arguments, **named):
        # What torch raises on a CPU that has no memory left.
        torch.empty(2**46, dtype=torch.float32)

    monkeypatch.setattr(shared_prompt, "logps_and_entropies", full)
    with pytest.raises(TrainingError, match=r"per_device_train_batch_size.*max_completion_length.*--resume"):
        train(tiny_config)
    with RunReader(Path(tiny_config.output_dir) / tiny_config.run_name) as run:
        assert run.status() == "crashed"
        assert len(run.checkpoints()) == 1


def test_what_cannot_fit_or_is_not_known_is_refused_before_the_first_step(tiny_config):
    with pytest.raises(ConfigError, match="at most 988 would fit"):
        train(dataclasses.replace(tiny_config, max_completion_length=2000))
    with pytest.raises(ConfigError, match="knows no reasoning_effort"):
        train(dataclasses.replace(tiny_config, run_name="again", reasoning_effort="low"))
    # What was refused leaves nothing behind.
    assert os.listdir(tiny_config.output_dir) == []


def test_a_missing_extra_names_its_install_line(tmp_path):
    code = (
        "import sys, importlib.abc\n"
        "class Absent(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name.partition('.')[0] in ('torch', 'trl'): raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "import importlib.util\n"
        "real = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name in ('torch', 'trl') else real(name, *rest)\n"
        "from grpo_arcade.trainer.grpo import train\n"
        "try: train()\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.strip() == 'training needs torch, trl: pip install "grpo-arcade[train]"', done.stderr
    assert os.listdir(tmp_path) == []


def test_the_pocket_model_takes_real_steps_with_programs_that_play(tiny_config):
    config = dataclasses.replace(
        tiny_config, model="pocket", max_steps=2, num_generations=8, per_device_train_batch_size=8,
        gradient_accumulation_steps=1, eval_steps=0, learning_rate=2e-4,
    )  # fmt: skip
    result = train(config)
    with RunReader(result.folder) as run:
        for row in run.steps():
            assert row["outcomes"].get("lost", 0) >= 4
            assert row["grad_norm"] > 0
        assert run.evaluations()[0]["mean"] > 300
        assert run.champion().score > run.evaluations()[0]["baselines"]["random"]["mean"]
