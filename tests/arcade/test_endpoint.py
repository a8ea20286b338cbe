"""Completions are read from real servers on this machine, the well-behaved and the others."""

import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from grpo_arcade.arcade.endpoint import Endpoint, EndpointError, complete

ANSWER = "```python\ndef strategy(board):\n    return 'A'\n```"


def pieces(text, size=7):
    return [text[at : at + size] for at in range(0, len(text), size)]


def chunk(text, key="content"):
    return f"data: {json.dumps({'choices': [{'delta': {key: text}}]})}\n\n".encode()


class Server(ThreadingHTTPServer):
    """Answers with what ``answers`` says, one list of chunks a question; asked orders are kept."""

    daemon_threads = True

    def __init__(self, answers, status=200, kind="text/event-stream", models=("tiny", "other"), pause_s=0.0):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.status, self.kind = list(answers), status, kind
        self.models, self.pause_s = models, pause_s
        self.asked = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"data": [{"id": name} for name in self.server.models]}).encode()
        self.reply(200, "application/json", [body])

    def do_POST(self):
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        server.asked.append((self.path, order, self.headers.get("Authorization")))
        chunks = server.answers[min(len(server.asked), len(server.answers)) - 1]
        self.reply(server.status, server.kind, chunks)

    def reply(self, status, kind, chunks):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        try:
            for part in chunks:
                self.wfile.write(part)
                self.wfile.flush()
                time.sleep(self.server.pause_s)
        except OSError:
            pass  # the one who asked has gone

    def log_message(self, *_):
        pass


@contextmanager
def serving(*answers, **how):
    server = Server(answers, **how)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def streamed(text):
    return [*map(chunk, pieces(text)), b": a comment\n\n", b"data: [DONE]\n\n"]


def test_a_completion_is_handed_on_piece_by_piece():
    heard = []
    with serving(streamed(ANSWER)) as server:
        assert complete(server.url, "play", seed=3, on_token=heard.append) == ANSWER
        (path, order, key) = server.asked[0]
    assert heard == pieces(ANSWER)
    assert path == "/v1/chat/completions"
    assert (order["model"], order["stream"], order["seed"]) == ("tiny", True, 3)
    assert order["messages"] == [{"role": "user", "content": "play"}]
    assert key is None


def test_the_model_after_the_hash_is_asked_and_the_key_of_the_environment_is_sent(monkeypatch):
    monkeypatch.setenv("ARCADE_API_KEY", "open sesame")
    with serving(streamed(ANSWER)) as server:
        complete(f"{server.url}/#other", "play")
        assert server.asked[0][1]["model"] == "other"
        assert server.asked[0][2] == "Bearer open sesame"


def test_a_server_that_cannot_stream_is_read_whole():
    body = json.dumps({"choices": [{"message": {"content": ANSWER}}]}).encode()
    with serving([body], kind="application/json") as server:
        assert complete(server.url, "play") == ANSWER


def test_reasoning_sent_apart_is_marked_as_such():
    parts = [chunk("hm ", "reasoning_content"), chunk("hm", "reasoning_content"), chunk(ANSWER), b"data: [DONE]\n\n"]
    with serving(parts) as server:
        assert complete(server.url, "play") == f"<think>hm hm</think>\n{ANSWER}"


@pytest.mark.parametrize(
    ("answer", "how", "said"),
    [
        ([b'{"error": {"message": "no such\\nmodel"}}'], {"status": 404}, "404 Not Found: no such model"),
        ([b"<html>busy</html>"], {"status": 503}, "503 Service Unavailable"),
        ([b"data: {not json\n\n"], {}, "does not answer in JSON"),
        ([b'data: {"error": {"message": "out of memory"}}\n\n'], {}, "out of memory"),
        ([b"data: [DONE]\n\n"], {}, "without a word"),
        ([b"<html>"], {"kind": "text/html"}, "does not answer in JSON"),
        ([b"data: [1]\n\n"], {}, "no OpenAI-compatible"),
    ],
)
def test_what_is_no_completion_is_one_readable_line(answer, how, said):
    with serving(answer, **how) as server, pytest.raises(EndpointError, match=said) as caught:
        complete(server.url, "play")
    assert "\n" not in str(caught.value)


def test_a_server_without_models_is_told():
    with serving(streamed(ANSWER), models=()) as server, pytest.raises(EndpointError, match="name one after a #"):
        complete(server.url, "play")


def test_a_dead_endpoint_is_told():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(EndpointError, match="is the server running"):
        complete(f"http://127.0.0.1:{port}/v1#x", "play")


def test_a_server_that_accepts_and_says_nothing_is_given_up():
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        with pytest.raises(EndpointError, match=r"says nothing; it was given 0\.2 s"):
            complete(f"http://127.0.0.1:{mute.getsockname()[1]}/v1#x", "play", silence_s=0.2)


@pytest.mark.parametrize("url", ["http://", "ftp://host/v1", "http://host:port/v1", "http://[::1/v1"])
def test_addresses_that_are_none_are_refused(url):
    with pytest.raises(EndpointError, match="http://host:port/v1"):
        Endpoint.parse(url)


def test_the_path_may_be_left_out_and_a_whole_one_is_understood():
    assert Endpoint.parse("http://localhost:8080").path == "/v1"
    assert Endpoint.parse("https://host/api/v1/chat/completions#m") == Endpoint(True, "host", 443, "/api/v1", "m")
