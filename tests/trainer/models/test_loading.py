"""Any name a person may type gives a model or one line that says what would work."""

import json
import shutil
import subprocess
import sys

import pytest
import torch

from grpo_arcade.trainer.models import POCKET, ModelError, load


def test_importing_the_package_imports_no_torch():
    code = "import sys, grpo_arcade.trainer.models, grpo_arcade.trainer.models.pocket; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_the_pocket_model_is_float32_unless_asked(pocket):
    assert pocket[0].dtype == torch.float32
    assert load("pocket", dtype="bfloat16")[0].dtype == torch.bfloat16
    assert load(POCKET, dtype=torch.float64)[0].dtype == torch.float64


def test_a_checkpoint_and_the_run_folder_around_it_are_the_same_model(pocket, tmp_path, prompt_ids):
    model, tokenizer = pocket
    for step in (9, 10):
        model.save_pretrained(tmp_path / f"checkpoint-{step}")
        tokenizer.save_pretrained(tmp_path / f"checkpoint-{step}")
    (tmp_path / "checkpoint-9" / "model.safetensors").write_bytes(b"old")
    again, its_tokenizer = load(str(tmp_path))
    ids = torch.tensor([prompt_ids()])
    with torch.inference_mode():
        assert torch.equal(model(ids).logits, again(ids).logits)
    assert its_tokenizer.chat_template == tokenizer.chat_template
    assert (its_tokenizer.pad_token, its_tokenizer.eos_token) == (tokenizer.pad_token, tokenizer.eos_token)


def test_an_adapter_finds_the_pocket_model_wherever_it_was_trained(tmp_path, prompt_ids):
    peft = pytest.importorskip("peft")
    base, _ = load("pocket")
    adapted = peft.get_peft_model(base, peft.LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False))
    adapted.save_pretrained(tmp_path / "adapter")
    config = tmp_path / "adapter" / "adapter_config.json"
    settings = json.loads(config.read_text())
    assert settings["base_model_name_or_path"] == str(POCKET)
    settings["base_model_name_or_path"] = f"/another/machine/{POCKET.parts[-2]}/{POCKET.parts[-1]}"
    config.write_text(json.dumps(settings))
    again, _ = load(tmp_path / "adapter")
    ids = torch.tensor([prompt_ids()])
    with torch.inference_mode():
        assert torch.equal(adapted.eval()(ids).logits, again(ids).logits)
        assert not torch.equal(load("pocket")[0](ids).logits, again(ids).logits)


def refusal(name, **options):
    with pytest.raises(ModelError) as caught:
        load(name, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_that_is_not_there_is_refused_with_what_would_work(tmp_path):
    assert "pocket" in refusal(str(tmp_path / "nothing"))
    assert "pocket" in refusal("./nothing")


def test_a_folder_without_a_model_is_refused(tmp_path):
    assert "checkpoint-N" in refusal(str(tmp_path))


def test_torn_weights_are_refused(tmp_path):
    shutil.copytree(POCKET, tmp_path / "torn")
    weights = tmp_path / "torn" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100_000])
    assert "cannot be read" in refusal(str(tmp_path / "torn"))


def test_an_unknown_dtype_is_refused():
    assert "float32" in refusal("pocket", dtype="int3")
