"""The hub: refused before anything long begins, and used through its own client against a server of this machine."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytest.importorskip("huggingface_hub")

PUSH = """
import sys
from pathlib import Path
from grpo_arcade.trainer.model_export.hub import check_hub, push
try:
    check_hub(sys.argv[1])
    print(push(Path(sys.argv[2]), sys.argv[1], private=True))
except ValueError as error:
    print("refused:", error)
"""


class Hub(BaseHTTPRequestHandler):
    """As much of the hub's interface as an upload of small files needs."""

    def do_GET(self):
        known = self.headers.get("Authorization") == "Bearer good"
        self.reply({"name": "somebody", "type": "user", "auth": {}} if known else {"error": "Invalid token"}, known)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, body))
        if self.path == "/api/repos/create":
            name = json.loads(body)
            self.reply({"url": f"{self.server.url}/{name.get('organization', 'somebody')}/{name['name']}"})
        elif "/preupload/" in self.path:
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in json.loads(body)["files"]
            ]
            self.reply({"files": files})
        elif "/commit/" in self.path:
            page = f"{self.server.url}/somebody/tried/commit/1"
            self.reply({"commitUrl": page, "commitOid": "1" * 40, "success": True})
        else:
            self.reply({})

    def reply(self, answer, good=True):
        self.send_response(200 if good else 401)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def hub():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.url, server.asked = f"http://127.0.0.1:{server.server_port}", []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def pushed(tmp_path, name="somebody/tried", **environment):
    told = {**os.environ, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
    told.pop("HF_TOKEN", None)
    folder = tmp_path / "export"
    folder.mkdir(exist_ok=True)
    (folder / "README.md").write_text("---\nlibrary_name: transformers\n---\n# tried\n")
    done = subprocess.run(
        [sys.executable, "-c", PUSH, name, str(folder)], capture_output=True, text=True, env=told | environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_an_export_is_uploaded_with_the_persons_token(hub, tmp_path):
    assert pushed(tmp_path, HF_ENDPOINT=hub.url, HF_TOKEN="good") == f"{hub.url}/somebody/tried"
    paths = [path for path, _ in hub.asked]
    created = json.loads(hub.asked[paths.index("/api/repos/create")][1])
    assert (created["name"], created["visibility"]) == ("tried", "private")
    [commit] = [body for path, body in hub.asked if "/commit/" in path]
    assert b"README.md" in commit


def test_refusals_are_one_line(hub, tmp_path):
    assert pushed(tmp_path, HF_HUB_OFFLINE="1", HF_TOKEN="good").startswith("refused: --push-to-hub: HF_HUB_OFFLINE")
    assert "hf auth login" in pushed(tmp_path, HF_ENDPOINT=hub.url)
    assert "does not let us in" in pushed(tmp_path, HF_ENDPOINT=hub.url, HF_TOKEN="bad")
    assert "a/b/c" in pushed(tmp_path, name="a/b/c", HF_ENDPOINT=hub.url, HF_TOKEN="good")
    assert not hub.asked
