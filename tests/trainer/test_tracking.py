"""What experiment trackers get: TRL's numbers, held-out scores beside baselines, outcomes, and the champion's GIF."""

import dataclasses
import importlib.util
import json
import os
import subprocess
import sys

import pytest

from grpo_arcade.games import Outcome
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.grpo import train
from grpo_arcade.trainer.tracking import check_trackers, outcome_shares


def test_a_tracker_that_is_not_installed_is_named_with_its_install_line(tiny_config, monkeypatch):
    installed = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "wandb" else installed(name, *rest)
    )
    with pytest.raises(ImportError, match="report_to wandb is not installed: pip install wandb"):
        train(dataclasses.replace(tiny_config, report_to=("tensorboard", "wandb")))
    check_trackers([])


def test_shares_are_of_every_outcome_and_add_up():
    shares = outcome_shares({"lost": 3, "won": 1}, "eval_")
    assert shares["eval_outcome/lost"] == 0.75
    assert len(shares) == len(Outcome)
    assert sum(shares.values()) == 1


def test_tensorboard_gets_scores_baselines_outcomes_and_a_moving_champion(tiny_config):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    result = train(dataclasses.replace(tiny_config, max_steps=2, eval_steps=1, report_to=("tensorboard",)))
    [place] = (result.folder / "runs").iterdir()
    events = EventAccumulator(str(place), size_guidance={"images": 0, "scalars": 0}).Reload()
    with RunReader(result.folder) as run:
        evaluations, steps = run.evaluations(), run.steps()
        assert run.champion() is not None
    for tag, wanted in {
        "eval/score": [row["mean"] for row in evaluations],
        "eval/baseline/expectimax": [row["baselines"]["expectimax"]["mean"] for row in evaluations],
        "eval/outcome/lost": [row["outcomes"].get("lost", 0) / 8 for row in evaluations],
    }.items():
        assert [(each.step, each.value) for each in events.Scalars(tag)] == [
            (row["step"], pytest.approx(value)) for row, value in zip(evaluations, wanted, strict=True)
        ]
    for tag, column in {"train/reward": "reward", "train/score": "score", "train/grad_norm": "grad_norm"}.items():
        assert [each.value for each in events.Scalars(tag)] == [pytest.approx(row[column]) for row in steps]
    lost = [row["outcomes"].get("lost", 0) / sum(row["outcomes"].values()) for row in steps]
    assert [each.value for each in events.Scalars("train/outcome/lost")] == pytest.approx(lost)
    # The run's own records do not hold what is only another form of theirs.
    assert not any(name.startswith("outcome/") for name in steps[0]["metrics"])
    pictures = events.Images("champion")
    assert pictures
    assert all(each.encoded_image_string[:3] == b"GIF" and each.width > 100 for each in pictures)


TRAIN = """
import json, sys
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.grpo import train
train(TrainConfig.from_dict(json.loads(sys.argv[1])), capture=True)
"""


@pytest.mark.soak
@pytest.mark.parametrize("tracker", ["wandb", "trackio"])
def test_other_trackers_get_the_same(tiny_config, tracker, tmp_path):
    if importlib.util.find_spec(tracker) is None:
        pytest.skip(f"{tracker} is not installed")
    config = dataclasses.replace(tiny_config, max_steps=2, eval_steps=1, report_to=(tracker, "tensorboard"))
    # Both read where to write when they are imported.
    places = {"WANDB_MODE": "offline", "WANDB_DIR": str(tmp_path), "TRACKIO_DIR": str(tmp_path / "trackio")}
    order = [sys.executable, "-c", TRAIN, json.dumps(config.to_dict())]
    done = subprocess.run(order, env={**os.environ, **places}, capture_output=True, text=True, timeout=1400)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "outputs" / config.run_name
    assert list((folder / "runs").iterdir())
    media = [file for file in tmp_path.rglob("*.gif") if folder not in file.parents]
    assert media
    assert all(file.read_bytes()[:3] == b"GIF" for file in media)
    assert list(tmp_path.rglob("*.wandb" if tracker == "wandb" else "trackio/*.db"))
