"""What a checkpoint holds that is no saved training is refused in a line, and none of it is run."""

import os
import pickle
import shutil
from collections import OrderedDict

import pytest
import torch

from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.models.loading import POCKET
from grpo_arcade.trainer.resuming import check_checkpoint, refusing_foreign_checkpoints


class Poison:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def poisoned(how, path, evil):
    if how == "pickle":
        path.write_bytes(pickle.dumps(evil))
    elif how == "archive":
        torch.save({"state": evil}, path)
    elif how == "truncated":
        torch.save({"state": torch.zeros(1000)}, path)
        path.write_bytes(path.read_bytes()[:-500])
    else:
        path.write_bytes(b"")


@pytest.mark.parametrize(
    ("how", "said"),
    [("pickle", "no archive of numbers"), ("archive", "mkdir"), ("truncated", "damaged"), ("empty", "damaged")],
)
def test_a_poisoned_or_damaged_file_is_one_line_and_is_not_run(how, said, tmp_path):
    file, made = tmp_path / "optimizer.pt", tmp_path / "made"
    poisoned(how, file, Poison(made))
    with pytest.raises(ConfigError, match=said) as caught, refusing_foreign_checkpoints(tmp_path):
        torch.load(file, weights_only=True)
    assert str(tmp_path) in str(caught.value)
    assert str(caught.value).isprintable()
    assert not made.exists()


def test_other_errors_and_honest_files_pass(tmp_path):
    torch.save(OrderedDict(state=torch.ones(3)), tmp_path / "optimizer.pt")
    with refusing_foreign_checkpoints(tmp_path):
        assert torch.load(tmp_path / "optimizer.pt", weights_only=True)["state"].sum() == 3
    with pytest.raises(RuntimeError, match="CUDA out of memory"), refusing_foreign_checkpoints(tmp_path):
        raise RuntimeError("CUDA out of memory")
    with pytest.raises(EOFError), refusing_foreign_checkpoints(None):
        raise EOFError


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda weights: weights.unlink(), "it has no weights"),
        (lambda weights: weights.write_bytes(weights.read_bytes()[:1000]), "no file of weights, or only its beginning"),
        (lambda weights: weights.write_bytes(weights.read_bytes()[:-1000]), "is torn"),
    ],
    ids=["gone", "begun", "torn"],
)
def test_a_checkpoint_whose_weights_are_damaged_is_refused_before_anything_is_loaded(tmp_path, damage, says):
    checkpoint = tmp_path / "checkpoint-4"
    shutil.copytree(POCKET, checkpoint)
    check_checkpoint(checkpoint)
    damage(checkpoint / "model.safetensors")
    with pytest.raises(ConfigError, match=f"{checkpoint} is damaged: .*{says}.*; move it away, and the run goes on"):
        check_checkpoint(checkpoint)
