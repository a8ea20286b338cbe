"""``arcade runs`` and ``arcade dash --once``: the same words for the same numbers, and lines that nothing breaks."""

import dataclasses
import importlib.util
import json
import random
import sys
from pathlib import Path

import pytest

from grpo_arcade.arcade.cli import main
from grpo_arcade.arcade.commands.runs import listing
from grpo_arcade.recordings.runs.reader import RunReader, list_runs


@pytest.fixture(scope="module")
def made_run():
    spec = importlib.util.spec_from_file_location("made_run", Path(__file__).parent / "dashboard" / "made_run.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["made_run"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def outputs(made_run, tmp_path_factory):
    root = tmp_path_factory.mktemp("outputs")
    made_run.make_run(root, 30, "made")
    made_run.make_run(root, 0, "empty", status="running", max_steps=50)
    made_run.make_run(root, 1, "a-long-name-such-as-somebody-gives-an-experiment-of-seven-settings-" + "x" * 60)
    return root


def told(capsys, *words):
    assert main([str(word) for word in words]) == 0
    return capsys.readouterr().out


def test_every_run_is_two_lines_whole_however_long_its_name(outputs, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = told(capsys, "runs", "--output-dir", outputs).splitlines()
    assert len(lines) == 1 + 2 * 3
    for folder in outputs.iterdir():
        (line,) = [line for line in lines if line.startswith(f"{folder} ")]
        assert lines[lines.index(line) + 1].startswith("    ")
    assert lines[0].split() == ["run", "game", "model", "status", "step", "reward", "held-out", "score"]


def test_scores_below_a_hundred_are_listed_as_everywhere_else(outputs):
    summary = dataclasses.replace(list_runs(outputs)[0], first_score=-0.9, score=0.4)
    assert "  -0.9 → 0.4\n" in listing([summary])[1]


def test_a_run_that_was_evaluated_once_has_one_score(outputs):
    summary = dataclasses.replace(list_runs(outputs)[0], first_score=3888.0, score=3888.0)
    assert "  3,888\n" in listing([summary])[1]


def test_a_verdict_is_told_by_list_run_and_dashboard_alike(outputs, capsys):
    listed = told(capsys, "runs", "--output-dir", outputs)
    one = told(capsys, "runs", outputs / "made")
    once = told(capsys, "dash", outputs / "made", "--once")
    with RunReader(outputs / "made") as reader:
        line = reader.verdict().line
    assert line.startswith("learnt: held-out +")
    assert all(line in text for text in (listed, one, once))
    assert "slope over 4 evaluations" in one
    assert "too short to tell: a trend takes two evaluations, there is none; 0 steps made" in listed


def test_reward_and_champion_are_the_same_numbers_everywhere(outputs, capsys):
    facts = json.loads(told(capsys, "dash", outputs / "made", "--json"))
    summary = json.loads(told(capsys, "runs", outputs / "made", "--json"))
    assert facts["recent"]["reward"] == pytest.approx(summary["reward"])
    assert facts["champion"]["held_out"] == facts["held_out"][-1]["champion"] == summary["evaluations"][-1]["champion"]
    reward, champion = f"{summary['reward']:.2f}", f"{facts['champion']['held_out']:,.0f}"
    assert f"  {reward}  " in told(capsys, "runs", "--output-dir", outputs)
    once = told(capsys, "dash", outputs / "made", "--once")
    assert f"reward     {reward} (mean of 10 steps" in once
    assert f"champion   {champion} held-out; 3,030 on the seeds champions are chosen on" in once
    assert f"{champion} held-out, 3,030 on the seeds" in told(capsys, "runs", outputs / "made")


def test_a_run_that_crashed_before_its_first_step_is_at_step_0(made_run, tmp_path, capsys):
    with made_run.open_run(tmp_path, "early", 2) as writer:
        folder = writer.folder
    from grpo_arcade.recordings.runs.writer import RunWriter

    RunWriter.reopen(folder, -1).close()
    assert "step       0 of 2" in told(capsys, "dash", folder, "--once")
    assert "step 0 of 2" in told(capsys, "runs", folder)


def test_contributions_are_value_times_weight_and_sum_to_the_reward(outputs, capsys):
    facts = json.loads(told(capsys, "dash", outputs / "made", "--json"))
    assert facts["rewards"]["progress"]["weight"] == 2
    contributions = [earned["contribution"] for earned in facts["rewards"].values()]
    assert sum(contributions) == pytest.approx(facts["recent"]["reward"], abs=0.3)
    progress = facts["rewards"]["progress"]
    assert progress["contribution"] == pytest.approx(2 * progress["mean"])
    assert " × 2 = " in told(capsys, "dash", outputs / "made", "--once")


CURVES = {
    "learning": (lambda step: 1800 + 20 * step, lambda step: 2 + 0.05 * step),
    "no clear change": (lambda step: 1800 + 60 * (step % 20 == 0), lambda step: 2.0),
    "hacking": (lambda step: 1800 + 40 * (step % 20 == 0), lambda step: 2 + 0.08 * step),
    "collapsing": (lambda step: 1800 + 20 * step if step < 50 else 500, lambda step: 2 + 0.05 * min(step, 50)),
    "waiting": (None, lambda step: 2.0),
}


@pytest.mark.parametrize("kind", CURVES)
def test_a_run_folder_of_each_kind_is_judged_as_it_is(made_run, tmp_path, capsys, kind):
    score, reward = CURVES[kind]
    rng = random.Random(5)
    with made_run.open_run(tmp_path, "run", 200) as writer:
        for step in range(101):
            if score is not None and step % 10 == 0:
                made_run.write_evaluation(writer, step, rng, mean=score(step))
            if step:
                row = made_run.step_row(step, rng, {"lost": 16})
                writer.step({**row, "reward": reward(step) + rng.gauss(0, 0.3)})
        lines = told(capsys, "runs", "--output-dir", tmp_path).splitlines()
        assert lines[2].strip().startswith(f"{kind}:"), lines
        assert told(capsys, "dash", writer.folder, "--once").splitlines()[2].startswith(f"verdict    {kind}:")
        evidence = told(capsys, "runs", writer.folder)
    assert ("slope over 11 evaluations" in evidence) == (score is not None)
    assert "slope of the reward" in evidence
