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

import pytest

from grpo_arcade.trainer.config import ConfigError, TrainConfig
from grpo_arcade.trainer.generation import Sampler, check_vllm
from grpo_arcade.trainer.grpo import train


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


def test_vllm_is_refused_in_one_line_where_it_cannot_be(tiny_config, tmp_path, monkeypatch):
    config = dataclasses.replace(tiny_config, use_vllm=True)
    with pytest.raises(ImportError, match=r'pip install "trl\[vllm\]'):
        train(config)
    assert not (tmp_path / "outputs").exists()
    (tmp_path / "vllm").mkdir()
    (tmp_path / "vllm" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ConfigError, match="needs a GPU to learn on"):
        check_vllm(TrainConfig(use_vllm=True))
