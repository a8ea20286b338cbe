"""A model the hub does not give is one line that says what to do; a hub of our own answers as the real one does."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from grpo_arcade.trainer.models.loading import why_not

ASK = """
import json, sys
from grpo_arcade.trainer.models import ModelError, load
told = []
for name in sys.argv[1:]:
    try:
        load(name)
    except ModelError as error:
        told.append(str(error))
print(json.dumps(told))
"""


class Hub(BaseHTTPRequestHandler):
    """What the hub says of a gated repository, and of one that is not there."""

    def do_GET(self):
        gated = "gated" in self.path
        self.send_response(403 if gated else 404)
        self.send_header("X-Error-Code", "GatedRepo" if gated else "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *words):
        pass


@pytest.fixture
def hub():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def ask(tmp_path, *names, **environment):
    done = subprocess.run(
        [sys.executable, "-c", ASK, *names],
        capture_output=True,
        text=True,
        env=os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0", "NO_PROXY": "*"} | environment,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert not any("\n" in line for line in told)
    return told


def test_gated_and_missing_models_are_told_apart(hub, tmp_path):
    gated, missing = ask(tmp_path, "people/gated-model", "people/no-model", HF_ENDPOINT=hub)
    assert "people/gated-model is gated: accept its licence" in gated
    assert "hf auth login" in gated
    assert "there is no model 'people/no-model' on the hub" in missing


def test_a_hub_that_is_switched_off_is_said_to_be(tmp_path):
    [offline] = ask(tmp_path, "people/model", HF_HUB_OFFLINE="1")
    assert "people/model is not on this machine, and HF_HUB_OFFLINE forbids asking the hub" in offline


def test_a_hub_that_does_not_answer_is_said_to_be(monkeypatch):
    from huggingface_hub.errors import LocalEntryNotFoundError

    # As transformers hands it on, after many attempts.
    error = OSError("We couldn't connect to 'https://huggingface.co' to load the files")
    error.__cause__ = LocalEntryNotFoundError("An error happened while trying to locate the file on the Hub")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    assert "people/model is not on this machine, and the hub cannot be reached" in why_not("people/model", "x", error)
