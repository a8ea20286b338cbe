"""Servers in child processes, and sessions on them, for the tests of the server."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from websockets.sync.client import connect

PAGE = Path(__file__).parents[3] / "docs" / "openenv.md"


def save_as_the_page_says(session):
    """Save the session's episode as ``served.episode`` here, word for word by the documentation."""
    exec(PAGE.read_text().split("```python\n")[1].split("```")[0], {"env": session})


class Served:
    """A running ``arcade serve``."""

    def __init__(self, *argv, env=None, command=("-m", "grpo_arcade.arcade.cli", "serve"), cwd=None):
        self.process = subprocess.Popen(
            [sys.executable, *command, *argv],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            # A shell that starts tests in the background has Ctrl-C ignored in them, and so in their children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        self.line = self.process.stdout.readline()
        found = re.search(r"http://[0-9.:]+\d", self.line)
        assert found, (self.line, self.process.communicate())
        self.url = found[0]

    def session(self, **options):
        return Session(self.url, **options)

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return answer.read().decode()

    def post(self, path, body):
        """The status and the JSON answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def interrupt(self):
        """Ctrl-C; the exit code and what was said on the way."""
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said

    def close(self):
        self.process.kill()
        self.process.communicate()


@contextlib.contextmanager
def serving(*argv, **how):
    server = Served(*argv, **how)
    try:
        yield server
    finally:
        server.close()


class Session:
    """One episode at a time, in plain JSON; what a client of any language would do."""

    def __init__(self, url, **options):
        self._open = contextlib.ExitStack()
        address = url.replace("http", "ws") + "/ws"
        self.socket = self._open.enter_context(connect(address, max_size=2**24, compression=None, **options))

    def ask(self, kind, data=None):
        """The whole answer."""
        self.socket.send(json.dumps({"type": kind} if data is None else {"type": kind, "data": data}))
        return json.loads(self.socket.recv(timeout=60))

    def reset(self, **data):
        return self._observation(self.ask("reset", data))

    def step(self, action, **data):
        return self._observation(self.ask("step", {"action": action, **data}))

    def state(self):
        answer = self.ask("state")
        assert answer["type"] == "state", answer
        return answer["data"]

    def refused(self, kind, data=None):
        """The message of an error, which must be one line."""
        answer = self.ask(kind, data)
        assert answer["type"] == "error", answer
        message = answer["data"]["message"]
        assert message
        assert "\n" not in message
        return message

    @staticmethod
    def _observation(answer):
        assert answer["type"] == "observation", answer
        return {**answer["data"]["observation"], "reward": answer["data"]["reward"], "done": answer["data"]["done"]}

    def close(self):
        self._open.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
