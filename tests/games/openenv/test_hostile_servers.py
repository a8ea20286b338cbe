"""Whatever a server does, an episode ends with a name, in bounded time and memory, and nothing raises.

The servers are written on bare sockets: each shakes hands as it should, and then does its worst.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import hashlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grpo_arcade.foreign_text import one_line
from grpo_arcade.games import Outcome
from grpo_arcade.games.openenv import Remote
from grpo_arcade.games.openenv.answers import ServerError
from grpo_arcade.games.openenv.client import get_json, parse_address
from grpo_arcade.games.players import play_match

GOOD = {"type": "observation", "data": {"observation": {"board": [0]}, "reward": 0.0, "done": False}}


def frame(payload: bytes, opcode: int = 1, fin: bool = True) -> bytes:
    head = bytes([opcode | (0x80 if fin else 0)])
    if len(payload) < 126:
        return head + bytes([len(payload)]) + payload
    if len(payload) < 1 << 16:
        return head + b"\x7e" + struct.pack(">H", len(payload)) + payload
    return head + b"\x7f" + struct.pack(">Q", len(payload)) + payload


def text(message: object) -> bytes:
    return frame(json.dumps(message).encode())


def shake(connection: socket.socket) -> None:
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(4096)
    key = next(
        line.split(b":")[1].strip() for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
    )
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        + accept
        + b"\r\n\r\n"
    )


@contextlib.contextmanager
def serving(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server that calls ``behave`` with every connection, before any handshake."""
    listening = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def one(connection: socket.socket) -> None:
        connection.settimeout(5)
        with contextlib.suppress(OSError, StopIteration), connection:
            behave(connection)

    def accept() -> None:
        while not stopped.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"ws://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        stopped.set()
        listening.close()


def after(good: int, then: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    """Answer ``good`` messages well, and the next by ``then``."""

    def behave(connection: socket.socket) -> None:
        shake(connection)
        for _ in range(good):
            connection.recv(4096)
            connection.sendall(text(GOOD))
        connection.recv(4096)
        then(connection)

    return behave


def saying(*parts: bytes) -> Callable[[socket.socket], None]:
    def then(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
        connection.recv(4096)

    return then


def _drip(connection: socket.socket) -> None:
    connection.sendall(b"\x81\x7d")
    while True:
        connection.sendall(b"{")
        time.sleep(0.02)


def _pings(connection: socket.socket) -> None:
    while True:
        connection.sendall(frame(b"x", opcode=9) * 50)


def _fragments(connection: socket.socket) -> None:
    connection.sendall(frame(b"", opcode=1, fin=False))
    while True:
        connection.sendall(frame(b"", opcode=0, fin=False) * 500)


def _endless(connection: socket.socket) -> None:
    connection.sendall(frame(b"[", opcode=1, fin=False))
    while True:
        connection.sendall(frame(b"0," * 500_000, opcode=0, fin=False))


def _silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def _answer(observation: object, reward: object = 0.0, done: object = False) -> bytes:
    return text({"type": "observation", "data": {"observation": observation, "reward": reward, "done": done}})


WORST: dict[str, Callable[[socket.socket], None]] = {
    "hangs up": lambda connection: None,
    "says nothing": _silent,
    "drips": _drip,
    "sends nothing but pings": _pings,
    "sends fragments of nothing": _fragments,
    "never ends its message": _endless,
    "announces 2^60 bytes": saying(b"\x81\x7f" + struct.pack(">Q", 1 << 60)),
    "breaks the protocol": saying(b"\xff\xff\xff\xff"),
    "masks its frames": saying(b"\x81\x82abcd{}"),
    "closes by the book": saying(frame(struct.pack(">H", 1011), opcode=8)),
    "sends no JSON": saying(frame(b"not json")),
    "sends no UTF-8": saying(frame(b"\xff\xfe{}")),
    "sends deep JSON": saying(frame(b"[" * 200_000)),
    "sends a deep observation": saying(
        frame(b'{"type":"observation","data":{"observation":{"board":' + b"[" * 50 + b"]" * 50 + b"}}}")
    ),
    "sends a list": saying(text([1])),
    "sends no data": saying(text({"type": "observation"})),
    "sends another type": saying(text({"type": "state", "data": {}})),
    "sends an error": saying(
        text({"type": "error", "data": {"message": "out\nof\x1b[31m luck", "code": "EXECUTION_ERROR"}})
    ),
    "sends no observation": saying(text({"type": "observation", "data": {"done": False}})),
    "sends a text as reward": saying(_answer({"board": [0]}, reward="much")),
    "sends no number as reward": saying(
        frame(b'{"type":"observation","data":{"observation":{"board":[0]},"reward":NaN}}')
    ),
    "sends an endless number": saying(
        frame(b'{"type":"observation","data":{"observation":{"board":[0]},"reward":' + b"9" * 4000 + b"}}")
    ),
    "sends a number as done": saying(_answer({"board": [0]}, done=1)),
    "leaves out what is looked at": saying(_answer({"x": 1})),
}


SPEC = {
    "timeout_s": 0.5,
    "action": {"field": "column", "names": ["left", "right"]},
    "see": {"board": {"field": "board"}},
    "outcome": {"won": ["done"]},
}


@pytest.mark.parametrize("how", WORST)
def test_a_server_that_misbehaves_in_the_middle_ends_the_episode_as_disconnected(how):
    with serving(after(2, WORST[how])) as address:
        game = Remote(address, SPEC)
        game.reset(1)
        game.step(0)
        assert game.outcome is None
        game.step(1)
        assert game.outcome is Outcome.DISCONNECTED
        assert game.plies == 2
        assert game.score == 0
        assert game.legal_actions() == ()
        assert game.trouble.isprintable()
        assert 0 < len(game.trouble) < 400
        game.observation()
        game.view()
        # A recording of it shows the same.
        again = Remote(address, SPEC)
        again.recall(game.kept())
        again.reset(1)
        again.step(0)
        again.step(1)
        assert (again.outcome, again.trouble) == (game.outcome, game.trouble)


@pytest.mark.parametrize("how", ["hangs up", "says nothing", "sends no JSON", "never ends its message"])
def test_a_server_that_misbehaves_from_the_start_ends_the_episode_before_its_first_move(how):
    with serving(after(0, WORST[how])) as address:
        game = Remote(address, SPEC)
        game.reset(1)
        assert game.outcome is Outcome.DISCONNECTED
        assert game.plies == 0


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"\0" * 100_000,
        b"HTTP/1.1 101 OK\r\n\r\n",
    ],
)
def test_something_that_is_no_websocket_server_is_said_to_be_none(answer):
    def behave(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    with serving(behave) as address:
        game = Remote(address, SPEC)
        game.reset(1)
        assert game.outcome is Outcome.DISCONNECTED
        assert address in game.trouble


def test_nobody_there_is_said_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(ServerError, match=rf"no server answers at ws://127.0.0.1:{port}: "):
        Remote(f"ws://127.0.0.1:{port}")


def test_a_match_goes_on_when_one_of_its_games_is_lost():
    lost = iter([True] + [False] * 10)

    def behave(connection: socket.socket) -> None:
        shake(connection)
        moves = 1 if next(lost) else 3
        for _ in range(moves):
            connection.recv(4096)
            connection.sendall(text(GOOD))
        connection.recv(4096)
        if moves == 3:
            saying(text({"type": "observation", "data": {**GOOD["data"], "done": True}}))(connection)

    with serving(behave) as address:
        game = Remote(address, SPEC)
        result = play_match('def strategy(board):\n    return "left"\n', game.name, game.options, [1, 2, 3])
    assert [episode.outcome for episode in result.episodes] == [Outcome.DISCONNECTED, Outcome.WON, Outcome.WON]
    assert "closed the connection" in result.error
    assert result.refusal is None


def test_after_a_loss_the_next_episode_connects_again():
    with serving(after(2, WORST["hangs up"])) as address:
        game = Remote(address, SPEC)
        for _ in range(2):
            game.reset(1)
            game.step(0)
            game.step(0)
            assert game.outcome is Outcome.DISCONNECTED
        game.reset(1)
        assert game.outcome is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n" + b"[" * 100_000, "cannot be read as JSON"),
        (b"HTTP/1.0 200 OK\r\n\r\n" + b" " * 300_000, "is larger than"),
        (b"HTTP/1.0 503 \x1b[31m\r\n\r\n", "HTTP status 503"),
        (b"nonsense", "not answered by HTTP"),
    ],
)
def test_documents_are_bounded_too(answer, said):
    def behave(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    with serving(behave) as address, pytest.raises(ServerError, match=said) as raised:
        get_json(parse_address(address), "/schema", 1.0, largest=200_000)
    assert str(raised.value).isprintable()


def test_a_document_that_never_comes_has_a_deadline():
    def behave(connection: socket.socket) -> None:
        connection.recv(4096)
        for _ in range(200):
            connection.sendall(b"H")
            time.sleep(0.02)

    with serving(behave) as address, pytest.raises(ServerError, match=r"within 0.3 s"):
        get_json(parse_address(address), "/schema", 0.3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost:8000",
        "ftp://localhost",
        "ws://",
        "ws://a:b",
        "ws://u@h",
        "ws://h?x=1",
        "ws://h h",
        "ws://h:99999",
    ],
)
def test_an_address_that_is_none_is_refused_in_one_line(text):
    with pytest.raises(ValueError, match="address") as raised:
        parse_address(text)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ws://localhost:8000", "ws://localhost:8000"),
        ("http://localhost:8000/", "ws://localhost:8000"),
        ("https://some-space.hf.space", "wss://some-space.hf.space:443"),
        ("ws://h/env/ws", "ws://h:80/env"),
        ("ws://[::1]:9", "ws://[::1]:9"),
    ],
)
def test_addresses_have_one_form(text, meant):
    assert str(parse_address(text)) == meant
    assert str(parse_address(meant)) == meant


def test_pings_are_answered_while_nobody_plays(monkeypatch):
    from grpo_arcade.games.openenv import client

    monkeypatch.setattr(client, "PINGS_S", 0.05)
    pong = threading.Event()

    def behave(connection: socket.socket) -> None:
        shake(connection)
        connection.recv(4096)
        connection.sendall(text(GOOD) + frame(b"still there?", opcode=9))
        answer = connection.recv(4096)
        if answer[0] & 15 == 10:
            pong.set()
        connection.recv(4096)
        connection.sendall(text(GOOD))
        connection.recv(4096)

    with serving(behave) as address:
        game = Remote(address, SPEC)
        game.reset(1)
        assert pong.wait(20)
        game.step(0)
        assert game.outcome is None
        sessions = list(client._sessions)
        assert game._session in sessions
        del game, sessions
        gc.collect()
        assert not [session for session in client._sessions if str(session.address) == address]


def test_moves_sent_ahead_are_answered_in_order():
    def behave(connection: socket.socket) -> None:
        shake(connection)
        for place in range(4):
            connection.recv(4096)
            time.sleep(0.05)
            connection.sendall(_answer({"board": [place]}, reward=1.0))
        connection.recv(4096)

    with serving(behave) as address:
        games = [Remote(address, SPEC) for _ in range(2)]
        for game in games:
            game.reset(1)
        for _ in range(3):
            for game in games:
                game.begin(1)
            for game in games:
                game.step(1)
        assert [game.observation() for game in games] == [[3], [3]]
        games[1].begin(0)
        games[1].reset(2)  # on a new connection, whose first answer is its own
        assert games[1].observation() == [0]
        games[0].begin(0)
        games[0].step(1)  # not what was begun
        assert games[0].outcome is Outcome.DISCONNECTED
        games[0].begin(0)  # nothing to begin after the end


BIG = {
    "empty tables": b"{}," * 5_000_000 + b"{}",
    "empty lists": b"[]," * 5_000_000 + b"[]",
    "lists of lists": (b"[" * 20 + b"]" * 20 + b",") * 350_000 + b"0",
    "zeros": b"0," * 8_000_000 + b"0",
    "texts": b'"",' * 5_000_000 + b'""',
}


@pytest.mark.parametrize("what", BIG)
def test_an_answer_of_sixteen_megabytes_costs_little(what):
    message = b'{"type":"observation","data":{"observation":{"board":[' + BIG[what] + b"]}}}"
    with serving(after(1, saying(frame(message)))) as address:
        game = Remote(address, {**SPEC, "timeout_s": 60})
        game.reset(1)
        began = time.process_time()
        game.step(0)
        # Taking it apart takes more than ten seconds.
        assert time.process_time() - began < 5
    assert game.outcome is Outcome.DISCONNECTED
    assert "more than" in game.trouble


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["board", "reward", "done", "metadata", "x", "observation"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)
DATA = st.fixed_dictionaries(
    {},
    optional={
        "observation": st.one_of(JSON, st.fixed_dictionaries({"board": JSON})),
        "reward": st.one_of(JSON, st.floats(-2, 2)),
        "done": st.one_of(JSON, st.booleans()),
        "metadata": JSON,
        "message": JSON,
        "code": JSON,
    },
)
ANSWERS = st.lists(
    st.one_of(
        st.builds(lambda kind, data: {"type": kind, "data": data}, st.sampled_from(["observation", "error", "state"]), DATA),
        st.builds(lambda data: {"type": "observation", "data": data}, DATA),
        st.just(GOOD),
        JSON,
    ),
    min_size=1,
    max_size=4,
)  # fmt: skip


@pytest.fixture(scope="module")
def parrot() -> Iterator[tuple[str, list[object]]]:
    """A server that says what it was told to say, one thing after another."""
    lines: list[object] = []

    def behave(connection: socket.socket) -> None:
        shake(connection)
        while connection.recv(4096):
            connection.sendall(text(lines.pop(0) if lines else GOOD))

    with serving(behave) as address:
        yield address, lines


def play_along(parrot: tuple[str, list[object]], answers: list[object]) -> None:
    address, lines = parrot
    lines[:] = answers
    game = Remote(address, SPEC)
    game.reset(1)
    while game.outcome is None and game.plies < 5:
        game.step(0)
        game.observation()
        game.view()
    assert game.outcome is None or isinstance(game.outcome, Outcome)
    assert game.trouble == one_line(game.trouble)
    again = Remote(address, SPEC)
    again.recall(game.kept())
    again.reset(1)
    for _ in range(game.plies):
        again.step(0)
    assert (again.outcome, again.score, again.trouble) == (game.outcome, game.score, game.trouble)


@settings(max_examples=150, deadline=None)
@given(answers=ANSWERS)
def test_whatever_a_server_says_is_a_game_or_a_name(parrot, answers):
    play_along(parrot, answers)


@pytest.mark.soak
@settings(max_examples=30_000, deadline=None)
@given(answers=ANSWERS)
def test_whatever_a_server_says_is_a_game_or_a_name_in_a_long_search(parrot, answers):
    play_along(parrot, answers)
