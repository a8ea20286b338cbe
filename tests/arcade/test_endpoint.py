"""Completions are read from real servers on this machine, the well-behaved and the others."""

import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grpo_arcade.arcade.endpoint import CutOffError, Endpoint, EndpointError, complete
from grpo_arcade.arcade.endpoint.answers import Events
from grpo_arcade.foreign_text import one_line

ANSWER = "```python\ndef strategy(board):\n    return 'A'\n```"


def pieces(text, size=7):
    return [text[at : at + size] for at in range(0, len(text), size)]


def chunk(text, key="content"):
    return f"data: {json.dumps({'choices': [{'delta': {key: text}}]})}\n\n".encode()


class Server(ThreadingHTTPServer):
    """Answers with what ``answers`` says, one list of chunks a question; asked orders are kept.

    An answer may be a function of the order instead, which gives (status, kind, chunks).
    """

    daemon_threads = True

    def __init__(
        self, answers, status=200, kind="text/event-stream", models=("tiny", "other"), pause_s=0.0, headers=()
    ):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.status, self.kind = list(answers), status, kind
        self.models, self.pause_s, self.headers = models, pause_s, headers
        self.asked = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        models = self.server.models
        body = models if isinstance(models, bytes) else json.dumps({"data": [{"id": name} for name in models]}).encode()
        self.reply(200, "application/json", [body])

    def do_POST(self):
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        server.asked.append((self.path, order, self.headers.get("Authorization")))
        chunks = server.answers[min(len(server.asked), len(server.answers)) - 1]
        self.reply(*(chunks(order) if callable(chunks) else (server.status, server.kind, chunks)))

    def reply(self, status, kind, chunks):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in self.server.headers:
            self.send_header(name, value)
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


def finished(text, why):
    return f"data: {json.dumps({'choices': [{'delta': {'content': text}, 'finish_reason': why}]})}\n\n".encode()


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
        ([b'data: {"error": "out of memory"}\n\n'], {}, "out of memory"),
        ([b'data: {"object": "error", "message": "too many words", "code": 40}\n\n'], {}, "too many words"),
        ([b'error: {"code": 500, "message": "slot lost"}\n\n'], {}, "slot lost"),
        ([chunk("def "), b'{"error": "model runner has stopped"}\n'], {}, "runner has stopped"),
        ([b'{"error": {"message": "no"}}'], {"kind": "application/json"}, ": no$"),
        ([b'{"detail": [{"loc": ["body", "messages"], "msg": "Field required"}]}'], {"status": 422}, "Field required"),
        ([b'{"detail": "Not Found"}'], {"status": 404}, "Not Found; is /v1 its path"),
        ([b""], {"status": 401}, "it wants a key, in ARCADE_API_KEY"),
        ([b""], {"status": 429, "headers": [("Retry-After", "7")]}, "try again in 7 s"),
        ([b""], {"status": 500}, "its log says more"),
        ([b'{"error": {"code": 503, "message": "Loading model"}}'], {"status": 503}, "Loading model; perhaps"),
        (
            [b""],
            {"status": 301, "headers": [("Location", "https://me:pw@else.where/v1/chat/completions")]},
            "it sends on to https://else.where/v1: name",
        ),
        ([b"data: [DONE]\n\n"], {}, "without a word"),
        ([finished("", "stop")], {}, r"without a word \(stop\)"),
        ([finished("", "content_filter")], {}, "content_filter"),
        (
            [b'data: {"choices": [{"delta": {"tool_calls": [{}]}, "finish_reason": "tool_calls"}]}\n\n'],
            {},
            "called a tool",
        ),
        ([b"data: " + b"[" * 100_000 + b"\n\n"], {}, "does not answer in JSON"),
        ([b"data: \xff\xfe\n\n"], {}, "does not answer in JSON"),
        ([b'data: "text"\n\n'], {}, "no OpenAI-compatible"),
        ([b"data: null\n\n"], {}, "no OpenAI-compatible"),
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


def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one():
    with serving([chunk(ANSWER)]) as server, pytest.raises(EndpointError, match="broke off in the middle"):
        complete(server.url, "play")
    with serving([chunk(ANSWER), finished("", "stop")]) as server:
        assert complete(server.url, "play") == ANSWER  # not every server says [DONE]


@pytest.mark.parametrize("why", ["length", "max_tokens", "MAX_TOKENS"])
def test_an_answer_that_was_cut_off_says_how_to_allow_more(why):
    with serving([chunk("def str"), finished("ategy", why), b"data: [DONE]\n\n"]) as server:
        with pytest.raises(CutOffError, match=r"cut off after 12 tokens; .*max_tokens=") as caught:
            complete(server.url, "play", max_tokens=12)
        assert caught.value.completion == "def strategy"
        with pytest.raises(CutOffError, match="after 9,000 tokens"):
            complete(f"{server.url}?max_tokens=9000&version=2#tiny", "play")
        path, order, _ = server.asked[-1]
    assert (path, order["max_tokens"]) == ("/v1/chat/completions?version=2", 9000)


def refuses(name, says, status=400):
    def answer(order):
        if name in order:
            return status, "application/json", [json.dumps(says).encode()]
        return 200, "text/event-stream", streamed(ANSWER)

    return answer


UNSUPPORTED = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
)


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        (
            refuses("max_tokens", {"error": {"message": UNSUPPORTED, "param": "max_tokens"}}),
            {"max_completion_tokens": 8},
        ),
        (
            refuses("temperature", {"error": {"message": "Only the default (1) is supported", "param": "temperature"}}),
            {},
        ),
        (refuses("seed", {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"]}]}, 422), {}),
        (refuses("seed", {"error": "unknown field: `seed`"}, 500), {}),
        (refuses("seed", {"error": {"message": "seed is not for you"}}, 200), {}),
        (refuses("temperature", {"error": "bad request"}), {}),
        (refuses("stream", {"error": {"message": "verify yourself to stream", "param": "stream"}}), {}),
    ],
)
def test_what_a_server_will_not_be_asked_for_is_left_out(answer, left):
    with serving(answer) as server:
        assert complete(server.url, "play", max_tokens=8) == ANSWER
        first, *_, last = (order for _, order, _ in server.asked)
    assert {"max_tokens", "seed", "temperature", "stream"} <= first.keys()
    assert last.items() >= left.items()
    assert len(server.asked) <= 3
    assert last["messages"] == first["messages"]


def test_a_server_that_wants_several_things_left_out_gets_them_all():
    def answer(order):
        for name in ("max_tokens", "max_completion_tokens", "seed", "temperature"):
            if name in order:
                return 400, "application/json", [json.dumps({"error": {"message": f"no {name} here"}}).encode()]
        return 200, "text/event-stream", streamed(ANSWER)

    with serving(answer) as server:
        assert complete(server.url, "play") == ANSWER


def test_a_question_that_is_too_long_is_not_asked_again():
    says = "max_tokens is too large: 4096. This model's maximum context length is 2048 tokens"
    with serving(refuses("max_tokens", {"error": {"message": says}})) as server:
        with pytest.raises(EndpointError, match="2048 tokens"):
            complete(server.url, "play")
        assert len(server.asked) == 1


KEY = "sk-1234567890abcdef"


@pytest.mark.parametrize("worn", [KEY, f"{KEY}\r", f" {KEY}\r\n", f"\ufeff{KEY}", f"{KEY}\u00a0"])
def test_the_key_is_sent_without_what_stands_around_it(worn, monkeypatch):
    monkeypatch.setenv("ARCADE_API_KEY", worn)
    with serving(streamed(ANSWER)) as server:
        complete(server.url, "play")
        assert server.asked[0][2] == f"Bearer {KEY}"


@pytest.mark.parametrize("bad", [f"{KEY}\r\nX-Evil: 1", f"{KEY}é", f"{KEY}\x1b[2J"])
def test_a_key_that_cannot_be_sent_is_not_shown(bad, monkeypatch):
    monkeypatch.setenv("ARCADE_API_KEY", bad)
    with serving(streamed(ANSWER)) as server, pytest.raises(EndpointError, match="copy the key") as caught:
        complete(server.url, "play")
    assert_hidden(caught, KEY)
    assert not server.asked


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_a_server_that_repeats_the_key_is_not_repeated(status, monkeypatch):
    monkeypatch.setenv("ARCADE_API_KEY", f"{KEY}\n")
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}"}}).encode()
    with serving([body], status=status) as server, pytest.raises(EndpointError) as caught:
        complete(server.url, "play")
    assert "Incorrect API key" in str(caught.value)
    assert_hidden(caught, KEY)


@pytest.mark.parametrize(
    "url",
    ["http://me:{}@127.0.0.1:9/v1", "http://{}@127.0.0.1/v1", "http://me:{}@host:port/v1", "http://me:a/{}@host/v1",
     "http://me:#{}@host/v1", "https://me:{}@", "http://[{}@::1/v1"],
)  # fmt: skip
def test_a_password_in_an_address_is_refused_and_not_shown(url):
    with pytest.raises(EndpointError) as caught:
        complete(url.format("hunter2"), "play")
    assert_hidden(caught, "hunter2")


def assert_hidden(caught, secret):
    error = caught.value
    while error is not None:
        assert secret not in str(error)
        error = None if error.__suppress_context__ else error.__cause__ or error.__context__


@pytest.mark.parametrize(
    "sign", [b": keep-alive\n\n", chunk(""), b"data: {}\n\n", b"data:\n\n", b'data: {"choices": []}\n\n', b"x"]
)
def test_signs_of_life_without_a_word_end(sign):
    forever = (sign for _ in range(10_000))
    with serving(forever, pause_s=0.01) as server, pytest.raises(EndpointError, match=r"writes nothing; .* 0\.3 s"):
        complete(server.url, "play", wordless_s=0.3)


def test_headers_that_never_end_end():
    with socket.socket() as slow:
        slow.bind(("127.0.0.1", 0))
        slow.listen()

        def drip():
            connection, _ = slow.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                try:
                    while True:
                        connection.sendall(b"X: y\r\n")
                        time.sleep(0.02)
                except OSError:
                    pass  # given up

        threading.Thread(target=drip, daemon=True).start()
        with pytest.raises(EndpointError, match="writes nothing"):
            complete(f"http://127.0.0.1:{slow.getsockname()[1]}/v1#x", "play", wordless_s=0.3)


def test_an_answer_without_an_end_ends_by_time_and_by_size():
    endless = (chunk("x" * 10) for _ in range(100_000))
    with serving(endless, pause_s=0.01) as server, pytest.raises(EndpointError, match="not ended its answer after"):
        complete(server.url, "play", whole_s=0.3)
    for flood in (chunk("x" * 50_000), b": " + b"x" * 500_000 + b"\n", b"data: " + b"x" * (2 << 20) + b"\n"):
        with serving(flood for _ in range(1_000)) as server, pytest.raises(EndpointError, match="more than"):
            complete(server.url, "play")


def event(**delta):
    return f"data: {json.dumps({'choices': [{'delta': delta, 'index': 0}]})}\n\n".encode()


END = [finished("", "stop"), b"data: [DONE]\n\n"]
PARTS = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": ANSWER}]


@pytest.mark.parametrize(
    ("chunks", "text"),
    [
        # llama.cpp: role first, timings and a last event without choices.
        ([event(role="assistant", content=None), event(content=ANSWER), *END[:1], b'data: {"choices": [], "timings": {}}\n\n',
          END[1]], ANSWER),
        # Ollama: thoughts under a name of their own beside an empty content.
        ([event(role="assistant", content="", reasoning="hm"), event(role="assistant", content=ANSWER), *END],
         f"<think>hm</think>\n{ANSWER}"),
        # vLLM: the thought under both of its names.
        ([event(reasoning="hm", reasoning_content="hm"), event(content=ANSWER), *END], f"<think>hm</think>\n{ANSWER}"),
        # Mistral: a content in parts.
        ([event(content=PARTS), *END], f"<think>hm</think>\n{ANSWER}"),
        ([event(content=[{"type": "text", "text": ANSWER}, {"type": "image_url", "image_url": {}}, 7]), *END], ANSWER),
        # Proxies: comments, other fields, carriage returns.
        ([b": PROCESSING\r\n\r\n", b"event: message\r\nid: 1\r\n", chunk(ANSWER).replace(b"\n", b"\r\n"), *END], ANSWER),
        # Whatever is not understood is passed over.
        ([b'data: {"choices": {"0": 1}}\n\n', b'data: {"choices": [3]}\n\n', b'data: {"choices": [{"delta": [1]}]}\n\n',
          b'data: {"choices": [{"delta": {"content": {"a": 1}}, "finish_reason": 5}]}\n\n', chunk(ANSWER), *END], ANSWER),
        ([b'data: {"choices": [{"delta": {"content": "\\ud800"}}]}\n\n', *END], "?"),
        ([event(refusal="I will not."), *END], "I will not."),
    ],
)  # fmt: skip
def test_the_shapes_of_servers_are_read(chunks, text):
    with serving(chunks) as server:
        assert complete(server.url, "play") == text


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream"])
@pytest.mark.parametrize(
    ("body", "text"),
    [
        (json.dumps({"choices": [{"message": {"content": ANSWER, "reasoning_content": "hm"}, "finish_reason": "stop"}]}),
         f"<think>hm</think>\n{ANSWER}"),
        (json.dumps({"choices": [{"message": {"content": PARTS}}]}), f"<think>hm</think>\n{ANSWER}"),
        (json.dumps({"choices": [{"text": ANSWER}]}), ANSWER),
        (b"".join(streamed(ANSWER)).decode(), ANSWER),
    ],
)  # fmt: skip
def test_answers_that_are_no_stream_are_read(kind, body, text):
    with serving([body.encode()], kind=kind) as server:
        assert complete(server.url, "play") == text


@pytest.mark.parametrize("models", [b"null", b"[]", b'{"data": null}', b'{"data": [1, {"id": 2}]}', b"<html>", b""])
def test_lists_of_models_that_are_none_are_told(models):
    with serving(streamed(ANSWER), models=models) as server, pytest.raises(EndpointError) as caught:
        complete(server.url, "play")
    assert "\n" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "delta", "message", "content", "text", "error", "finish_reason", "type"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
LINES = st.lists(
    st.one_of(
        JSON.map(lambda value: b"data: " + json.dumps(value).encode() + b"\n\n"),
        st.dictionaries(st.just("choices"), st.lists(JSON, max_size=2), min_size=1).map(
            lambda value: b"data: " + json.dumps(value).encode() + b"\n"
        ),
        st.binary(max_size=20),
        st.sampled_from([b"data:", b"data: [DONE]\n", b"error: ", b"\n", b": x\n", chunk("x"), b"{"]),
    ),
    max_size=8,
)


@settings(max_examples=300, deadline=None)
@given(LINES)
def test_no_stream_raises_anything_but_one_line(chunks):
    read_or_refused(chunks)


@pytest.mark.soak
@settings(max_examples=100_000, deadline=None)
@given(LINES)
def test_no_stream_raises_anything_but_one_line_in_a_long_search(chunks):
    read_or_refused(chunks)


def read_or_refused(chunks):
    data = b"".join(chunks)
    for pieces in (Events("here").stream(data.splitlines(keepends=True)), Events("here").whole(data)):
        said = []
        try:
            said += pieces
        except EndpointError as error:
            assert_one_line(error)
        "".join(said).encode()  # raises where half a character is left


def assert_one_line(error):
    assert one_line(error) == str(error)
