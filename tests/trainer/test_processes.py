"""The same command on two processes, as torchrun starts it: what is equal to one process's run, and how it ends."""

import dataclasses
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grpo_arcade.games import make
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer import processes
from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.grpo import train
from grpo_arcade.trainer.plan import check
from grpo_arcade.trainer.processes import ALONE
from grpo_arcade.trainer.resuming import resumed_config
from grpo_arcade.trainer.scoring import Assignment, Scorer

# Beside the training, each process writes down what its weights are at every checkpoint.
CHILD = """
import hashlib, json, sys
from pathlib import Path
from grpo_arcade.arcade.cli import main
from grpo_arcade.trainer import processes
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.trl_adapter import ArcadeTrainer
save = ArcadeTrainer.save
def saved(self):
    whole = hashlib.sha256()
    for weights in self.accelerator.unwrap_model(self.model).parameters():
        whole.update(weights.detach().numpy().tobytes())
    Path(sys.argv[1], f"weights-{self.state.global_step}-{processes.rank()}").write_text(whole.hexdigest())
    return save(self)
ArcadeTrainer.save = saved
sys.exit(main(sys.argv[2:]))
"""


@pytest.fixture
def two_config(tiny_config):
    """Eight completions a step, four on each of two processes; copies are known across both."""
    return dataclasses.replace(
        tiny_config, max_steps=2, eval_steps=2, train_seeds=2, gradient_accumulation_steps=2, run_name="two",
        num_generations=8, copies="shared", risk_seeking=1.0,
    )  # fmt: skip


def launched(count, folder, arguments):
    """``arcade`` with these arguments on ``count`` processes."""
    child = folder / "child.py"
    child.write_text(CHILD)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    order = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", str(count), "--master_port", port]
    return subprocess.Popen(
        [*order, str(child), str(folder), *arguments],
        # A step may take longer on a busy machine than the half minute after which torchrun kills.
        env={**os.environ, "TORCH_ELASTIC_SHUTDOWN_TIMEOUT": "600"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def flags(config):
    """Every setting of a configuration that is not the default, on the command line."""
    words = ["train"]
    for name, value in config.differences().items():
        flag = "--" + name.replace("_", "-")
        words += [flag, *map(str, value)] if isinstance(value, tuple | list) else [flag, str(value)]
    return words


def told(child, timeout=900):
    """Exit code, and what the process that decides says to the person."""
    _, errors = child.communicate(timeout=timeout)
    return child.returncode, errors


def strategies(folder, step, purpose="training"):
    """What was written at a step and what came of it, without clocks and row numbers."""
    with RunReader(folder) as run:
        rows = [(row, run.strategy(row["id"])) for row in run.strategies(step, purpose)]
        columns = ("position", "number", "rewards", "reward", "outcome", "score")
        return [
            {
                **{name: row[name] for name in columns},
                "text": more["text"],
                "games": [(each.seed, each.actions, each.score) for each in run.episodes(row["id"])],
            }
            for row, more in rows
        ]


@pytest.mark.timeout(1200)
def test_two_processes_record_what_one_does_keep_equal_weights_and_can_go_on_as_one(two_config, tmp_path):
    code, errors = told(launched(2, tmp_path, flags(two_config)))
    assert code == 0, errors
    assert errors.count("finished 2 steps") == 1
    one = train(dataclasses.replace(two_config, gradient_accumulation_steps=4, run_name="one")).folder
    two = one.parent / "two"
    # The whole of the first step, and the evaluation before it: the same completions, games, rewards, order.
    assert strategies(two, 0, "evaluation") == strategies(one, 0, "evaluation")
    assert strategies(two, 1) == strategies(one, 1)
    assert len(strategies(two, 1)) == 8
    with RunReader(two) as run, RunReader(one) as other:
        assert run.status() == "finished"
        ours, theirs = run.steps(), other.steps()
        for name in ("reward", "reward_std", "score", "outcomes", "completion_length", "clipped_ratio"):
            assert ours[0][name] == pytest.approx(theirs[0][name]), name
        # Sums over other batches round otherwise, and from then on the runs are two.
        for name in ("loss", "grad_norm"):
            assert ours[0][name] == pytest.approx(theirs[0][name], rel=1e-3, abs=1e-6), name
        assert run.evaluations()[0]["mean"] == other.evaluations()[0]["mean"]
        advantages = [[row["advantage"] for row in each.strategies(1)] for each in (run, other)]
        assert advantages[0] == pytest.approx(advantages[1], rel=1e-4)
    for step in (1, 2):
        first, second = ((tmp_path / f"weights-{step}-{rank}").read_text() for rank in (0, 1))
        assert first == second
    assert (tmp_path / "weights-1-0").read_text() != (tmp_path / "weights-2-0").read_text()

    kept = dataclasses.replace(resumed_config(two), max_steps=3)
    with pytest.raises(ConfigError, match=r"8 completions a step on 2 processes, and would make 4 on 1.*steps to 8"):
        train(kept, resume=two)
    assert train(dataclasses.replace(kept, gradient_accumulation_steps=4), resume=two).step == 3


def test_batches_are_of_all_processes_and_a_group_must_fill_them(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    # Nobody has launched anything: the variables are somebody else's.
    assert (processes.count(), processes.count_here(), processes.rank()) == (1, 1, 0)
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    config = TrainConfig()
    assert config.completions_per_step == 4 * TrainConfig.per_device_train_batch_size * 4
    check(config)
    with pytest.raises(ConfigError, match=r"× processes is 40, .*multiple of num_generations 24"):
        check(TrainConfig(num_generations=24, per_device_train_batch_size=2, gradient_accumulation_steps=5))
    with pytest.raises(ConfigError, match="so that it is one"):
        check(TrainConfig(num_generations=30, per_device_train_batch_size=8, gradient_accumulation_steps=1))
    assert (processes.count_here(), processes.rank()) == (2, 1)


def test_alone_everything_is_ours():
    assert ALONE.gather("a") == ["a"]
    assert ALONE.broadcast("a") == "a"
    assert list(ALONE.share(5)) == [0, 1, 2, 3, 4]
    with pytest.raises(KeyError, match="mine"), ALONE.all_or_none():
        raise KeyError("mine")


class Meeting(processes.Processes):
    """Two processes of one run as two threads: what one says the other hears."""

    said, barrier = ({}, {}), threading.Barrier(2)

    def gather(self, value):
        self.said[0][self.rank] = value
        self.barrier.wait(60)
        return [self.said[0][rank] for rank in range(2)] if self.rank == 0 else []

    def broadcast(self, value=None):
        if self.rank == 0:
            self.said[1][0] = value
        self.barrier.wait(60)
        return self.said[1][0]


def test_a_failure_counts_for_the_same_in_whichever_process_it_was_played():
    def worst(rank):
        # What each has seen lost differs: here by the baselines, elsewhere by the games.
        baselines = {"random": -5.0} if rank else {}
        assignment = Assignment("2048", make("2048").options, (1, 2), baselines)
        scorer = Scorer(None, [assignment], processes=Meeting(rank, 2))
        scorer.submit(0, "no program at all")
        return [rollout.worst for rollout in scorer.collect()]

    with ThreadPoolExecutor(2) as both:
        assert list(both.map(worst, range(2))) == [[-5.0], [-5.0]]
    assert ALONE.least(3.0) == 3.0


@pytest.mark.parametrize("whole", [0, 1, 5, 64])
@pytest.mark.parametrize("count", [2, 3, 7])
def test_shares_cover_everything_once(whole, count):
    parts = [list(processes.Processes(rank, count).share(whole)) for rank in range(count)]
    assert [each for part in parts for each in part] == list(range(whole))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def _wait_for(folder, step, child):
    deadline = time.monotonic() + 900
    while time.monotonic() < deadline and child.poll() is None:
        try:
            with RunReader(folder) as run:
                if run.facts()["step"] >= step and run.status() == "running":
                    return
        except ValueError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"step {step} did not come: {child.communicate()[1]}")


def _children(pid):
    """Processes of the run by rank, found by who started them and what they were told."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            variables = dict(line.split("=", 1) for line in (place / "environ").read_text().split("\0") if "=" in line)
        except OSError:
            continue
        if parent == pid and "RANK" in variables:
            found[int(variables["RANK"])] = int(place.name)
    return found


@pytest.mark.soak
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds processes by /proc")
@pytest.mark.parametrize("how", ["terminate all", "terminate the second", "kill the first", "kill the second"])
def test_two_processes_end_together_and_the_run_goes_on(two_config, tmp_path, how):
    config = dataclasses.replace(two_config, max_steps=500, eval_steps=0)
    folder = Path(config.output_dir) / "two"
    child = launched(2, tmp_path, flags(config))
    _wait_for(folder, 2, child)
    ranks = _children(child.pid)
    if how == "terminate all":
        child.send_signal(signal.SIGTERM)
    else:
        what = signal.SIGTERM if how.startswith("terminate") else signal.SIGKILL
        os.kill(ranks[0 if how.endswith("first") else 1], what)
    code, errors = told(child)
    assert code != 0
    lines = [line for line in errors.splitlines() if "--resume" in line]
    assert len(lines) == 1, errors
    assert ("interrupted after step" if "terminate" in how else "died; arcade train --resume") in lines[0]
    with RunReader(folder) as run:
        assert run.status() == ("stopped" if "terminate" in how else "crashed")
        made = run.facts()["step"]
    again = launched(2, tmp_path, ["train", "--resume", str(folder), "--max-steps", str(made + 2)])
    code, errors = told(again)
    assert code == 0, errors
    with RunReader(folder) as run:
        assert run.status() == "finished"
        assert [row["step"] for row in run.steps()] == list(range(1, made + 3))


@pytest.mark.soak
def test_accelerate_launch_starts_the_same_and_both_stop_by_command(two_config, tmp_path):
    config = dataclasses.replace(two_config, max_steps=500, eval_steps=0)
    folder = Path(config.output_dir) / "two"
    # On a machine without cards --multi_gpu is what makes it start several processes.
    launch = ["accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--main_process_port", "0"]
    order = [sys.executable, "-m", *launch, "-m", "grpo_arcade"]
    child = subprocess.Popen([*order, *flags(config)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    _wait_for(folder, 2, child)
    with RunReader(folder) as run:
        assert run.facts()["processes"] == 2
        run.send("pause")
        time.sleep(2)
        run.send("evaluate")
        run.send("resume")
        run.send("stop")
    code, errors = told(child)
    assert code == 0, errors
    with RunReader(folder) as run:
        assert run.status() == "stopped"
        assert [row["status"] for row in run.commands()] == ["done"] * 4
        assert sum(run.steps()[0]["outcomes"].values()) == 8
