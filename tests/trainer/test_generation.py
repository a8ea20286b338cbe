"""Who writes the completions: each process draws what one would draw alone, and a vLLM server's are played as they come.

vLLM itself needs a card. What speaks here is TRL's own client, with modules that only carry vLLM's names where it
imports them, to a small server with the two addresses it asks.
"""

import dataclasses
import http.server
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.generation import Sampler, choose_writer
from grpo_arcade.trainer.grpo import train
from grpo_arcade.trainer.models.machine import Machine
from grpo_arcade.trainer.trl_settings import learns_in_bfloat16, trl_config


@pytest.mark.parametrize(
    ("machine", "dtype", "low"),
    [
        (Machine("2.13.0"), "auto", False),
        (Machine("2.13.0"), "bfloat16", True),
        (Machine("2.13.0", device="cuda", count=1, bfloat16=True), "auto", True),
        (Machine("2.13.0", device="cuda", count=1, bfloat16=True), "float32", False),
        (Machine("2.13.0", device="cuda", count=1), "auto", False),
    ],
)
def test_the_arithmetic_suits_the_machine(machine, dtype, low, monkeypatch):
    monkeypatch.setattr("grpo_arcade.trainer.trl_settings.this_machine", lambda: machine)
    assert trl_config(TrainConfig(dtype=dtype), Path("run"), [], {}).bf16 is low


@pytest.mark.parametrize(
    ("changed", "batches"),
    [
        ({}, (32, 1)),
        ({"gradient_accumulation_steps": 16}, (64, 2)),
        ({"gradient_accumulation_steps": 7, "num_generations": 8}, (56, 1)),
        ({"per_device_train_batch_size": 96}, (96, 4)),
        ({"steps_per_generation": 4}, (32, 1)),
        ({"steps_per_generation": 8}, (8, 4)),
        ({"loss_type": "bnpo"}, (8, 4)),
    ],
)
def test_a_small_model_learns_from_a_step_at_once_where_that_changes_nothing_else(changed, batches):
    ours = TrainConfig(**changed)
    trl = trl_config(ours, Path("run"), [], {})
    assert (trl.per_device_train_batch_size, trl.gradient_accumulation_steps) == batches
    assert trl.generation_batch_size == ours.generation_batch_size


@pytest.mark.parametrize(
    ("machine", "dtype", "low"),
    [
        (Machine("2.13.0", processor_bfloat16=True), "auto", True),
        (Machine("2.13.0", processor_bfloat16=True), "float32", False),
        (Machine("2.13.0"), "auto", False),
        (Machine("2.13.0", device="cuda", count=1, bfloat16=True, processor_bfloat16=True), "auto", False),
    ],
)
def test_a_processor_with_bfloat16_learns_in_it_and_writes_in_float32(machine, dtype, low, monkeypatch):
    monkeypatch.setattr("grpo_arcade.trainer.trl_settings.this_machine", lambda: machine)
    assert learns_in_bfloat16(TrainConfig(dtype=dtype)) is low
    assert not low or not trl_config(TrainConfig(dtype=dtype), Path("run"), [], {}).bf16


def test_what_is_written_in_bfloat16_is_drawn_from_the_distribution_that_is_learnt_from(tiny_model, monkeypatch):
    import torch

    from grpo_arcade.trainer.models import load, sampler
    from grpo_arcade.trainer.shared_prompt import logps_and_entropies

    model, tokenizer = load(tiny_model)
    prompt, seen = [5, 6, 7], []
    choose = sampler._choose
    monkeypatch.setattr(sampler, "_choose", lambda logits, *how: seen.append(logits) or choose(logits, *how))
    [ids], _ = Sampler(model, tokenizer, low=True)(
        [prompt], first=0, seed=3, max_new_tokens=6, temperature=1.0, on_finished=lambda *_: None
    )
    assert len(seen) == len(ids)
    assert all(each.dtype is torch.bfloat16 for each in seen)
    written = torch.cat([each.float().log_softmax(-1) for each in seen])
    chosen = written.gather(-1, torch.tensor(ids)[:, None])[:, 0]
    completion = torch.tensor([ids])
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        learnt, _ = logps_and_entropies(model, torch.tensor([prompt]), completion, torch.ones_like(completion), 1.0)
    # One rounding apart at most: the same sums, in batches of another shape.
    assert torch.allclose(chosen, learnt[0], atol=0.05)


def test_two_processes_write_what_one_would(tiny_model):
    from grpo_arcade.games import make
    from grpo_arcade.trainer.models import load
    from grpo_arcade.trainer.models.chat import prompt_ids

    model, tokenizer = load(tiny_model)
    prompt = prompt_ids(tokenizer, make("2048").prompt(), {})

    def written(first, count):
        order = {"seed": 7, "max_new_tokens": 12, "temperature": 1.0, "on_finished": lambda place, ids: None}
        return Sampler(model, tokenizer)([prompt] * count, first=first, **order)[0]

    assert written(0, 3) + written(3, 3) == written(0, 6)


STAND_IN = {
    "vllm/__init__.py": "__version__ = '0.30.0'\nLLM = RequestOutput = SamplingParams = None",
    "vllm/sampling_params.py": "StructuredOutputsParams = None",
    "vllm/utils/__init__.py": "",
    "vllm/utils/network_utils.py": "def get_ip(): return '127.0.0.1'",
    "vllm/distributed/__init__.py": "",
    "vllm/distributed/weight_transfer/__init__.py": "",
    "vllm/distributed/weight_transfer/nccl_common.py": "trainer_init = None",
    "vllm/distributed/weight_transfer/packed_tensor.py": "packed_nccl_broadcast_producer = None",
    "vllm-0.30.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: vllm\nVersion: 0.30.0\n",
    "vllm-0.30.0.dist-info/top_level.txt": "vllm\n",
}
ASK = """
import json, sys, urllib.request
from trl.generation.vllm_client import VLLMClient
from grpo_arcade.trainer.generation import VllmServer
address, order = sys.argv[1], []
def finished(place, ids):
    order.append(place)
    # The first prompt is answered once somebody has seen the second one's completion.
    urllib.request.urlopen(address + "/release")
generate = VllmServer(VLLMClient(base_url=address))
found = generate([[1], [2, 2]], first=4, seed=10, max_new_tokens=3, temperature=0.5, on_finished=finished)
print(json.dumps([order, *found]))
"""


class Server(http.server.ThreadingHTTPServer):
    """The addresses of a vLLM server that TRL's client asks for generating."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked, self.release = [], threading.Event()


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/release":
            self.server.release.set()
        self._answer({"data": [{"id": "tiny"}]})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body))
        [prompt] = body["prompt"]
        if len(prompt) == 1:
            self.server.release.wait(60)
        ids = [10 * len(prompt) + place for place in range(body["max_tokens"])]
        names = [f"token_id:{each}" for each in ids]
        logprobs = {"tokens": names, "token_logprobs": [-0.5] * len(ids), "top_logprobs": [{}] * len(ids)}
        self._answer({"choices": [{"prompt_token_ids": prompt, "token_ids": ids, "logprobs": logprobs}]})

    def _answer(self, content):
        data = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.mark.soak
def test_a_vllm_server_s_completions_are_handed_on_as_they_come(tmp_path):
    for name, text in STAND_IN.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{ASK}"
        address = f"http://127.0.0.1:{server.server_port}"
        asked = subprocess.run([sys.executable, "-c", code, address], capture_output=True, text=True, timeout=280)
    finally:
        server.shutdown()
        server.server_close()
    assert asked.returncode == 0, asked.stderr
    order, completions, logprobs = json.loads(asked.stdout)
    assert order == [1, 0]
    assert completions == [[10, 11, 12], [20, 21, 22]]
    assert logprobs == [[-0.5] * 3] * 2
    assert {path for path, _ in server.asked} == {"/v1/completions"}
    bodies = sorted((body["seed"], body["prompt"], body["temperature"], body["n"]) for _, body in server.asked)
    assert bodies == [(14, [[1]], 0.5, 1), (15, [[2, 2]], 0.5, 1)]


def test_vllm_is_refused_in_one_line_where_it_cannot_be(tiny_config, tmp_path):
    config = dataclasses.replace(tiny_config, use_vllm=True)
    with pytest.raises(ImportError, match=r'pip install "trl\[vllm\]'):
        train(config)
    assert not (tmp_path / "outputs").exists()


CARD = Machine("2.11.0+cu130", device="cuda", runtime="CUDA 13.0", name="a card", count=1, memory=80 << 30)


@pytest.fixture
def with_vllm(monkeypatch, tmp_path):
    """A vLLM that says it is installed, for torch 2.11.0."""
    about = "Metadata-Version: 2.1\nName: vllm\nVersion: 0.24.0\nRequires-Dist: torch==2.11.0\n"
    folder = tmp_path / "site" / "vllm-0.24.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(about)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))


@pytest.fixture
def large(tmp_path):
    """A folder like a real model's."""
    folder = tmp_path / "large"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    with open(folder / "model.safetensors", "wb") as file:
        file.truncate(300 << 20)
    return str(folder)


def test_vllm_writes_where_it_is_for_models_above_the_pockets_size(with_vllm, large):
    chosen = choose_writer(TrainConfig(model=large), CARD)
    assert (chosen.vllm, chosen.name, chosen.why) == (True, "vLLM", "version 0.24.0, in this process")
    assert choose_writer(TrainConfig(model=large, use_vllm=True, vllm_mode="server"), CARD).why.endswith(":8000")
    for config, machine, why in (
        (TrainConfig(), CARD, "pocket is small"),
        (TrainConfig(model=large, use_vllm=False), CARD, "vLLM is switched off"),
        (TrainConfig(model=large), Machine("2.11.0"), "needs a GPU"),
        (TrainConfig(model=large), dataclasses.replace(CARD, torch="2.13.0+cu130"), "was built for torch 2.11.0"),
        (TrainConfig(model=large, backend="unsloth"), CARD, "no weights from Unsloth"),
        (TrainConfig(model=large, load_in_4bit=True), CARD, "4 bits"),
    ):
        chosen = choose_writer(config, machine)
        assert not chosen.vllm
        assert why in chosen.why
    # The pocket model too, where somebody wants it.
    assert choose_writer(TrainConfig(use_vllm=True), CARD).vllm


def test_what_hinders_vllm_is_an_error_only_where_it_was_asked_for(with_vllm, large):
    config = TrainConfig(model=large, use_vllm=True)
    with pytest.raises(ConfigError, match="needs a GPU to learn on"):
        choose_writer(config, Machine("2.11.0"))
    with pytest.raises(ImportError, match=r"built for torch 2\.11\.0, and here is 2\.13\.0") as refusal:
        choose_writer(config, dataclasses.replace(CARD, torch="2.13.0"))
    assert "\n" not in str(refusal.value)


def test_without_vllm_the_sampler_writes_and_what_to_install_is_said(large):
    chosen = choose_writer(TrainConfig(model=large), CARD)
    assert (chosen.vllm, chosen.why) == (False, "vLLM is not installed")
    assert chosen.install == 'pip install "trl[vllm]==1.14.0"'


def test_a_run_says_who_writes(tiny_config):
    result = train(dataclasses.replace(tiny_config, max_steps=1), capture=True)
    first = (result.folder / "log.txt").read_text().splitlines()[0]
    assert "written by the sampler in this process (" in first
    assert first.endswith("is small)")
    with RunReader(result.folder) as run:
        assert run.facts()["writer"] == "the sampler in this process"
        assert run.config()["config"]["use_vllm"] is False
