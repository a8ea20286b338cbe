"""What holds on a card: the proofs of ``proofs.py`` in full size, a few minutes each. Run by hand: pytest -m gpu tests/gpu"""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.gpu
HERE = Path(__file__).parent


@pytest.fixture(scope="module", autouse=True)
def card():
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("there is no card")
    return torch.cuda.get_device_properties(0)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("proofs")


def proof(name, out):
    subprocess.run([sys.executable, HERE / "proofs.py", name, out], check=True, timeout=3600)
    return json.loads((out / f"{name}.json").read_text())


def needs(*packages):
    for package in packages:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")


@pytest.fixture
def room(card, out):
    if card.total_memory < 75e9 or shutil.disk_usage(out).free < 60e9:
        pytest.skip("the full shape needs a card of 80 GB and 60 GB of disk")


@pytest.mark.timeout(3600)
def test_the_pocket_model_climbs_through_unsloth_as_through_transformers(out):
    needs("unsloth")
    told = proof("pocket", out)
    for found in told.values():
        curve = list(found["held_out"].values())
        assert curve[-1] > 1.3 * curve[0]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["bf16", "four-bit"])
def test_a_gpt_oss_of_full_shape_learns_is_saved_resumed_and_exported(room, out, kind):
    needs(*(["unsloth", "bitsandbytes"] if kind == "four-bit" else []))
    [found] = proof(kind, out).values()
    assert found["steps"] == 8
    assert all(norm > 0 for norm in found["grad_norms"])
    assert found["experts_moved"] > 0


@pytest.mark.timeout(3600)
def test_scoring_takes_at_most_a_fiftieth_of_our_step(room, out):
    told = proof("speed", out)
    assert told["gpt-oss: ours"]["scoring_share"] <= 0.02
    assert told["gpt-oss: ours"]["step_s"] < told["gpt-oss: the tutorials' loop"]["step_s"]
