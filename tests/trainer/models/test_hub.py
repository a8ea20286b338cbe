"""A model of the hub is asked after in seconds and comes with something to see; what is no model is said at once."""

import contextlib
import hashlib
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from grpo_arcade.trainer.models import POCKET, ModelError
from grpo_arcade.trainer.models.loading import check

FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
COMMIT = "0123456789012345678901234567890123456789"
# What the hub says of other models, in the words of their config.json; ours is the pocket model.
OTHERS = {
    "people/reader": {"architectures": ["BertForMaskedLM"]},
    "people/translator": {"architectures": ["T5ForConditionalGeneration"], "is_encoder_decoder": True},
    "people/painter": None,
}


class Hub(BaseHTTPRequestHandler):
    """Has the pocket model as ``people/pocket``, slowly."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.partition("?")[0]
        name = "/".join(path.removeprefix("/api/models/").split("/")[:2])
        if path.startswith("/api/models/people/pocket/tree/"):
            tree = [
                {"type": "file", "path": each, "size": (POCKET / each).stat().st_size, "oid": COMMIT} for each in FILES
            ]
            return self.send(json.dumps(tree).encode(), "application/json")
        if path.startswith("/api/models/") and name in ("people/pocket", *OTHERS):
            return self.tell(name)
        if path.startswith("/people/pocket/resolve/"):
            return self.send((POCKET / path.rpartition("/")[2]).read_bytes(), "application/octet-stream")
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def tell(self, name):
        files = (
            FILES if name == "people/pocket" else ["model.safetensors"] + ["config.json"] * (OTHERS[name] is not None)
        )
        siblings = [
            {"rfilename": each, "size": (POCKET / each).stat().st_size if each in FILES else 1} for each in files
        ]
        config = OTHERS.get(name) or {"architectures": ["Qwen3ForCausalLM"]}
        told = {"id": name, "sha": COMMIT, "siblings": siblings, "config": config, "private": False, "tags": []}
        self.send(json.dumps(told).encode(), "application/json")

    def send(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if self.command == "GET":
            with contextlib.suppress(OSError):
                for at in range(0, len(body), 1 << 20):
                    self.wfile.write(body[at : at + (1 << 20)])
                    # It is written to the disk ten megabytes at a time.
                    time.sleep(1.5 if at == 9 << 20 else 0)

    def log_message(self, *words):
        pass


@pytest.fixture(scope="module")
def hub():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def run(program, home, endpoint, *arguments):
    environment = {"HF_HOME": str(home), "HF_HUB_OFFLINE": "0", "NO_PROXY": "*", "HF_ENDPOINT": endpoint}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, env=os.environ | environment
    )


LOAD = """
import sys
from grpo_arcade.trainer.models import load
model, tokenizer = load("people/pocket")
print(model.num_parameters(), model.name_or_path, tokenizer.chat_template is not None)
"""

NO_TORCH = """
import json, sys
from grpo_arcade.trainer.models import ModelError, hub, load
hub.ANSWER_S = float(sys.argv[1])
told = []
for name in sys.argv[2:]:
    try:
        load(name)
    except ModelError as error:
        told.append(str(error))
print(json.dumps([told, "torch" in sys.modules]))
"""


def test_a_download_is_seen_and_afterwards_nobody_is_asked(hub, tmp_path):
    first = run(LOAD, tmp_path, hub)
    assert first.returncode == 0, first.stderr
    seen = [line for line in first.stderr.splitlines() if line.startswith("downloading people/pocket: ")]
    assert len(seen) >= 3
    whole = sum((POCKET / each).stat().st_size for each in FILES) / 1e6
    assert seen[0].endswith(f": 0 of {whole:,.0f} MB")
    assert seen[-1].endswith(f": {whole:,.0f} of {whole:,.0f} MB")
    with socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))
        second = run(LOAD, tmp_path, f"http://127.0.0.1:{dead.getsockname()[1]}")
    assert (second.returncode, second.stdout) == (0, first.stdout), second.stderr
    assert "downloading" not in second.stderr
    assert second.stdout.split()[1:] == ["people/pocket", "True"]
    # Half a model is not taken for a whole one.
    for weights in tmp_path.rglob("model.safetensors"):
        weights.unlink()
    third = run(NO_TORCH, tmp_path, "http://127.0.0.1:9", "5", "people/pocket")
    [told], torch = json.loads(third.stdout)
    assert "the hub cannot be reached" in told
    assert not torch


def test_what_the_hub_has_not_or_what_is_no_such_model_is_said_before_torch_is_imported(hub, tmp_path):
    names = ("people/nothing", "Qwen/Qwen3-0.6", "people/reader", "people/translator", "people/painter")
    done = run(NO_TORCH, tmp_path, hub, "20", *names)
    assert done.returncode == 0, done.stderr
    (nothing, near, reader, translator, painter), torch = json.loads(done.stdout)
    assert not torch
    assert "there is no model 'people/nothing' on the hub" in nothing
    assert "did you mean Qwen/Qwen3-0.6B?" in near
    assert "BertForMaskedLM is no language model that writes" in reader
    assert "T5ForConditionalGeneration encodes one text" in translator
    assert "no config.json" in painter


def test_a_hub_that_says_nothing_is_given_up_in_time(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        began = time.monotonic()
        done = run(NO_TORCH, tmp_path, f"http://127.0.0.1:{mute.getsockname()[1]}", "1", "people/pocket")
        assert time.monotonic() - began < 60  # the library tries for minutes
    [told], torch = json.loads(done.stdout)
    assert "the hub cannot be reached" in told
    assert not torch


def write_model(folder, **changes):
    """A folder with a model as far as its first lines go."""
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    files = {
        "config.json": json.dumps({"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3"}),
        "model.safetensors": struct.pack("<Q", len(header)) + header + bytes(4),
        "tokenizer.json": "{}",
        **changes,
    }
    folder.mkdir()
    for name, content in files.items():
        if content is not None:
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(folder)


def test_a_whole_folder_passes(tmp_path):
    check("pocket")
    check(str(POCKET))
    check(write_model(tmp_path / "model"))


HEADER = struct.pack("<Q", 2) + b"{}"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"config.json": "{"}, "config.json cannot be read"),
        ({"config.json": "[]"}, "holds no JSON object"),
        ({"config.json": '{"architectures": ["BertForMaskedLM"]}'}, "no language model that writes"),
        ({"config.json": '{"architectures": ["T5ForConditionalGeneration"], "is_encoder_decoder": true}'}, "decodes"),
        ({"tokenizer.json": None}, "no tokenizer"),
        ({"model.safetensors": b""}, "no file of weights"),
        ({"model.safetensors": b"\xff" * 100}, "no file of weights"),
        ({"model.safetensors": struct.pack("<Q", 3) + b"{}}" + bytes(9)}, "no file of weights"),
        ({"model.safetensors": struct.pack("<Q", 8) + b'{"w": 1}'}, "no file of weights"),
        ({"model.safetensors": HEADER + bytes(4)}, "torn"),
        ({"model.safetensors": "version https://git-lfs.github.com/spec/v1\n"}, "no file of weights"),
        ({"model.safetensors": None, "model.safetensors.index.json": '{"weight_map": {"w": "model-1.safetensors"}}'},
         "model-1.safetensors is missing"),
        ({"adapter_config.json": "nonsense"}, "adapter_config.json"),
        ({"adapter_config.json": '{"base_model_name_or_path": "./nowhere"}'}, "no model at ./nowhere"),
    ],
)  # fmt: skip
def test_a_folder_that_is_no_model_is_one_line(changes, said, tmp_path):
    with pytest.raises(ModelError) as caught:
        check(write_model(tmp_path / "model", **changes))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_broken_run_is_told_before_torch_is_imported(tmp_path):
    shutil.copytree(POCKET, tmp_path / "run" / "checkpoint-3")
    weights = tmp_path / "run" / "checkpoint-3" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    done = run(NO_TORCH, tmp_path, "http://127.0.0.1:9", "1", str(tmp_path / "run"))
    [told], torch = json.loads(done.stdout)
    assert "model.safetensors is torn" in told
    assert "cannot be read" in told
    assert not torch
