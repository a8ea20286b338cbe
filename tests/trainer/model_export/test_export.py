"""Exports of real checkpoints: read again by a fresh process, described by a card, refused in one line."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from grpo_arcade.arcade.cli import main
from grpo_arcade.games import make
from grpo_arcade.recordings.runs.folder import STATE
from grpo_arcade.recordings.runs.reader import list_runs
from grpo_arcade.trainer.model_export.reading import Reading, compare

from ...arcade.window.made_runs import MadeRun
from ...gpu.random_gpt_oss import make_gpt_oss
from ..conftest import ORDERS, PROGRAM, make_tiny_model

PROMPTS = ((1, 2), (1, 3))


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """A run of one step, whose checkpoint is a tiny model of one program: of several, rounding would choose another."""
    model = make_tiny_model(
        tmp_path_factory.mktemp("sure"), 100, [(make("2048").prompt(), PROGRAM.format(order=ORDERS[0]))]
    )
    with MadeRun(tmp_path_factory.mktemp("outputs"), name="tried", group=4) as run:
        run.step(1)
    checkpoint = run.folder / "checkpoint-1"
    shutil.copytree(model, checkpoint)
    (checkpoint / STATE).write_text(json.dumps({"step": 1}))
    return run.folder


@pytest.fixture(scope="module")
def adapter(tiny_model, tmp_path_factory):
    """A LoRA adapter on the tiny model that changes what it writes."""
    import peft
    import torch

    from grpo_arcade.trainer.models import load

    folder = tmp_path_factory.mktemp("adapter") / "adapter"
    model, tokenizer = load(tiny_model)
    torch.manual_seed(0)
    settings = peft.LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", init_lora_weights=False)
    peft.get_peft_model(model, settings).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def facts_of(arguments, capsys, code=0):
    assert main(["export", *map(str, arguments), "--json"]) == code
    return json.loads(capsys.readouterr().out)


def line_of(arguments, capsys):
    assert main(["export", *map(str, arguments)]) == 2
    said = capsys.readouterr().err.strip()
    assert "\n" not in said
    return said


def front_matter(folder):
    _, matter, _ = (folder / "README.md").read_text().split("---\n", 2)
    return {key: json.loads(value) for key, _, value in (line.partition(": ") for line in matter.splitlines())}


def test_a_run_is_exported_whole_read_again_and_described(run_folder, tmp_path, capsys):
    import torch
    from PIL import Image
    from safetensors.torch import load_file

    target = tmp_path / "whole"
    facts = facts_of([run_folder, "--to", "merged-16bit", "--folder", target], capsys)
    [check] = facts["checks"]
    assert facts["passed"]
    assert (check["prompts"], check["read_alike"]) == (8, 8)
    assert check["tokens"] >= 8 * 10
    assert {weight.dtype for weight in load_file(target / "model.safetensors").values()} == {torch.bfloat16}
    card = (target / "README.md").read_text()
    assert front_matter(target)["license"] == "mit"
    assert "base_model" not in front_matter(target)  # the pocket model is nowhere on the hub
    for part in (
        "| before training | 1,500 |",
        "| **after step 1** | 1,620 |",
        "learning_rate = 0.0001",
        "reward-curve.png",
        "champion.gif",
    ):
        assert part in card
    assert f"{check['same']} of 8 strategies" in card
    with Image.open(target / "reward-curve.png") as curve, Image.open(target / "champion.gif") as film:
        assert curve.size == (960, 560)
        assert film.n_frames > 10
    assert not list(tmp_path.glob(".*"))
    [run] = [run for run in list_runs(run_folder.parent) if run.path == run_folder]
    assert "is there already" in line_of([run_folder, "--to", "merged-16bit", "--folder", target], capsys)
    assert run.path.is_dir()


def test_what_cannot_be_exported_is_one_line_and_leaves_nothing(run_folder, tmp_path, capsys):
    target = tmp_path / "none"
    inside = ["--folder", target]
    assert "has no adapter" in line_of([run_folder, "--to", "lora", *inside], capsys)
    assert "gpt-oss's format" in line_of([run_folder, "--to", "mxfp4", *inside], capsys)
    assert "--base is for adapters" in line_of(
        [run_folder, "--to", "merged-16bit", "--base", "pocket", *inside], capsys
    )
    assert "is for a film" in line_of([run_folder, "--to", "lora", "--speed", "2"], capsys)
    assert "files of a model" in line_of(["a.episode", "--to", "a.gif", "--quant", "f16"], capsys)
    assert "merged-16bit" in line_of([run_folder, "--to", "16bit"], capsys)
    assert "takes one model" in line_of([run_folder, run_folder, "--to", "lora"], capsys)
    assert "holds no model" in line_of([tmp_path, "--to", "merged-16bit"], capsys)
    said = line_of(["tryed", "--to", "lora", "--output-dir", run_folder.parent], capsys)
    assert "no player is called 'tryed'; did you mean 'tried'?" in said
    assert "has no adapter" in line_of(["tri", "--to", "lora", "--output-dir", run_folder.parent], capsys)
    if find_spec("llama_cpp") is None:
        assert "grpo-arcade[gguf]" in line_of([run_folder, "--to", "gguf", *inside], capsys)
    assert not list(tmp_path.iterdir())


def test_a_model_that_writes_something_else_is_found_out():
    checkpoint = Reading(PROMPTS, ((5, 6, 7), (5, 8)))
    same = compare("x", checkpoint, Reading(PROMPTS, checkpoint.answers, checkpoint.answers), 1.0)
    assert (same.passed, same.same, same.agreed) == (True, 2, 5)
    other = compare("x", checkpoint, Reading(PROMPTS, ((5, 6, 7), (5, 9)), ((5, 6, 7), (5, 9))), 1.0)
    assert (other.passed, other.same, other.agreed) == (False, 1, 4)
    assert compare("x", checkpoint, Reading(PROMPTS, ((5,), (9,)), ((5, 6, 7), (5, 9))), 0.8).passed
    misread = compare("x", checkpoint, Reading(((1, 2), (9, 9)), checkpoint.answers, checkpoint.answers), 0.5)
    assert not misread.passed
    assert "1 of 2 prompts are read as other tokens" in str(misread)


@pytest.mark.soak
def test_an_adapter_alone_and_worked_in_writes_the_same(adapter, tiny_model, tmp_path, capsys):
    alone = facts_of([adapter, "--to", "lora", "--folder", tmp_path / "alone"], capsys)
    assert (alone["checks"][0]["same"], alone["checks"][0]["tolerance"]) == (8, 1.0)
    assert not (tmp_path / "alone" / "optimizer.pt").exists()
    worked_in = facts_of([adapter, "--to", "merged-16bit", "--folder", tmp_path / "whole"], capsys)
    assert worked_in["passed"]
    assert not (tmp_path / "whole" / "adapter_config.json").exists()


@pytest.mark.soak
def test_a_gpt_oss_goes_to_its_own_format_and_back(tmp_path, capsys):
    # Random weights decide nothing clearly, so rounding them changes what is written: the export is kept, and named so.
    model = make_gpt_oss(tmp_path / "oss", "tiny")
    main(["export", str(model), "--to", "mxfp4", "--folder", str(tmp_path / "four"), "--json"])
    assert json.loads(capsys.readouterr().out)["checks"][0]["read_alike"] == 8
    config = json.loads((tmp_path / "four" / "config.json").read_text())
    assert config["quantization_config"]["quant_method"] == "mxfp4"
    # What is in the format already comes out of it unchanged.
    again = facts_of([tmp_path / "four", "--to", "mxfp4", "--folder", tmp_path / "again"], capsys)
    assert again["checks"][0]["same"] == 8


@pytest.mark.soak
@pytest.mark.skipif(find_spec("llama_cpp") is None or find_spec("gguf") is None, reason="llama.cpp is not installed")
def test_llama_cpp_reads_every_prompt_alike_and_writes_the_same(run_folder, tmp_path, capsys):
    target = tmp_path / "ggufs"
    facts = facts_of([run_folder, "--to", "gguf", "--quant", "f32", "q8_0", "--folder", target], capsys)
    assert facts["passed"]
    assert [check["read_alike"] for check in facts["checks"]] == [8, 8]
    assert {path.name for path in target.glob("*.gguf")} == {"tried-f32.gguf", "tried-q8_0.gguf"}
    assert Path(facts["folder"]) == target
