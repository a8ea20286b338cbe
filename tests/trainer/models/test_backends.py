"""The backend suits machine and model, can be overridden, and says why and what to install."""

import sys

import pytest
import torch

from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.models import ModelError
from grpo_arcade.trainer.models.backends import SMALL, choose
from grpo_arcade.trainer.models.machine import Machine, this_machine
from grpo_arcade.trainer.models.unsloth_backend import prepare

CPU = Machine("2.13.0")
CARD = Machine("2.13.0", device="cuda", runtime="CUDA 12.8", name="H200", count=1, memory=2**37, bfloat16=True)
ROCM = Machine("2.13.0", device="cuda", runtime="ROCm 7.0", name="MI300X", count=1, memory=2**37, bfloat16=True)
LARGE = "unsloth/gpt-oss-20b"


@pytest.fixture
def with_unsloth(tmp_path, monkeypatch):
    """What pip leaves of an installed package."""
    folder = tmp_path / "site" / "unsloth-2026.10.9.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: unsloth\nVersion: 2026.10.9\n")
    monkeypatch.syspath_prepend(str(folder.parent))


@pytest.mark.parametrize(
    ("machine", "model", "name", "why"),
    [
        (CARD, LARGE, "unsloth", "unsloth 2026.10.9 is installed and there is a card"),
        (ROCM, LARGE, "unsloth", "unsloth 2026.10.9 is installed and there is a card"),
        (CPU, LARGE, "transformers", "no CUDA or ROCm card"),
        (CARD, "pocket", "transformers", "pocket is small"),
    ],
)
def test_auto_takes_unsloth_where_there_is_a_card_and_a_model_that_needs_it(with_unsloth, machine, model, name, why):
    choice = choose(TrainConfig(model=model), machine)
    assert choice.name == name
    assert why in choice.why
    assert choice.install == ""


def test_a_model_on_disk_is_small_by_its_weights(with_unsloth, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    weights = tmp_path / "model.safetensors"
    for size, name in ((SMALL, "transformers"), (SMALL + 1, "unsloth")):
        with weights.open("wb") as file:
            file.truncate(size)
        assert choose(TrainConfig(model=str(tmp_path)), CARD).name == name


def test_a_wish_is_obeyed(with_unsloth):
    assert choose(TrainConfig(model=LARGE, backend="transformers"), CARD).name == "transformers"
    assert choose(TrainConfig(model="pocket", backend="unsloth"), CPU).name == "unsloth"


def test_without_unsloth_it_says_what_to_install():
    choice = choose(TrainConfig(model=LARGE), CARD)
    assert (choice.name, choice.install) == ("transformers", 'pip install "grpo-arcade[gpu]"')
    with pytest.raises(ImportError, match=r'pip install "grpo-arcade\[gpu\]"'):
        choose(TrainConfig(model=LARGE, backend="unsloth"), CARD)


def test_a_driver_too_old_stops_a_large_model_and_not_the_pocket_one(monkeypatch):
    def init():
        # In torch's words.
        raise RuntimeError(
            "The NVIDIA driver on your system is too old (found version 11040). Please update your GPU driver by "
            "downloading and installing a new version from the URL: http://www.nvidia.com/Download/index.aspx"
        )

    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "init", init)
    machine = this_machine()
    assert not machine.has_card
    with pytest.raises(ModelError, match=r"driver is too old for torch .*CUDA 13.0.*update the driver"):
        choose(TrainConfig(model=LARGE), machine)
    assert choose(TrainConfig(), machine).name == "transformers"


def test_a_machine_without_a_card_has_no_problem(monkeypatch):
    def init():
        raise RuntimeError("Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU")

    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "init", init)
    assert this_machine().problem == ""


def test_unsloth_refuses_to_come_after_what_it_patches():
    import transformers  # noqa: F401

    assert "unsloth" not in sys.modules
    with pytest.raises(ModelError, match="before transformers"):
        prepare()
