"""Who may connect to a server, and what strangers at its door can do: not shut others out, not fill its log."""

import asyncio
import contextlib
import http.client
import json
import os
import resource
import socket
import struct
import subprocess
import sys
import time

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from grpo_arcade.games import make
from grpo_arcade.games.openenv.answers import ServerError
from grpo_arcade.games.openenv.server import transport
from grpo_arcade.games.openenv.server.transport import Door
from grpo_arcade.games.openenv.server.visitors import Visitors

from .serving import Session, serving


@pytest.fixture(scope="module")
def server():
    with serving("2048", "--port", "0", "--allow-origin", "https://friend.example:8443") as running:
        yield running


def refused(url, **headers):
    """The status and the line with which a WebSocket is refused; None if it is not."""
    try:
        with connect(url.replace("http", "ws") + "/ws", additional_headers=headers, compression=None):
            return None
    except InvalidStatus as error:
        return error.response.status_code, json.loads(error.response.body)["detail"]


EVIL = ["http://evil.example", "https://evil.example", "null", "http://127.0.0.1", "http://localhost:1", "file://", ""]


@pytest.mark.parametrize("origin", EVIL)
def test_pages_of_other_origins_get_no_session_and_no_game(server, origin):
    status, line = refused(server.url, Origin=origin)
    assert (status, "--allow-origin" in line) == (403, True)
    host = server.url.removeprefix("http://")
    for method, path in (("POST", "/reset"), ("GET", "/schema"), ("OPTIONS", "/reset")):
        connection = http.client.HTTPConnection(host, timeout=30)
        connection.request(method, path, b"{}", {"Origin": origin, "Content-Type": "text/plain"})
        assert connection.getresponse().status == 403
        connection.close()


def test_the_servers_own_page_those_that_were_named_and_programs_may_connect(server):
    for origin in (server.url, "https://friend.example:8443"):
        with Session(server.url, additional_headers={"Origin": origin}) as session:
            assert session.reset(seed=1)["plies"] == 0
    with server.session() as session:
        assert session.reset(seed=1)["plies"] == 0


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "localhost.evil.example"]
)
def test_a_name_that_was_made_to_mean_this_machine_is_refused(server, host):
    place = server.url.removeprefix("http://").split(":")
    for upgrade in ("", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"):  # fmt: skip
        with socket.create_connection((place[0], int(place[1])), 30) as connection:
            origin = f"Origin: http://{host}\r\n" if host else ""
            connection.sendall(f"GET /ws HTTP/1.1\r\nHost: {host}\r\n{origin}{upgrade}\r\n".encode())
            assert connection.recv(100).split()[1] in (b"403", b"400")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000", "[::1]", "127.8.8.8", "LOCALHOST:1"])
def test_every_name_of_this_machine_will_do(host):
    scope = {"path": "/ws", "headers": [(b"host", host.encode())]}
    assert Visitors(own_names_only=True, origins=()).refusal(scope) is None
    twice = {"path": "/ws", "headers": [(b"host", host.encode()), (b"host", b"evil.example")]}
    assert Visitors(own_names_only=True, origins=()).refusal(twice) is not None


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_others_are_let_in_with_a_token_only(host):
    command = [sys.executable, "-m", "grpo_arcade.arcade.cli", "serve", "--host", host, "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "--token" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_server_with_a_token_wants_to_hear_it(monkeypatch):
    with serving("2048", "--host", "0.0.0.0", "--port", "0", "--token", "open-sesame") as server:
        url = server.url.replace("0.0.0.0", "127.0.0.1")
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "open-sesame"}):
            status, line = refused(url, **headers)
            assert (status, "token" in line) == (401, True)
        for headers in (
            {"Authorization": "Bearer open-sesame"},
            {"Authorization": "bearer open-sesame"},
        ):
            with Session(url, additional_headers=headers) as session:
                assert session.reset(seed=1)["plies"] == 0
        with connect(url.replace("http", "ws") + "/ws?token=open-sesame", compression=None) as socket_:
            socket_.send('{"type": "reset", "data": {}}')
            assert '"observation"' in socket_.recv(timeout=30)
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
        seen = {}
        for path in ("/health", "/web", "/web?token=open-sesame", "/web?token=no"):
            connection.request("GET", path)
            answer = connection.getresponse()
            seen[path], _ = answer.status, answer.read()
        assert seen == {"/health": 200, "/web": 401, "/web?token=open-sesame": 200, "/web?token=no": 401}

        # Our own client tells it from the environment, and to no other server than it is meant for.
        address = url.replace("http", "ws")
        for words in (None, "wrong", "open-sesame@elsewhere.example", f"open-sesame@{url[7:]}0"):
            if words is not None:
                monkeypatch.setenv("ARCADE_SERVER_TOKEN", words)
            with pytest.raises(ServerError, match="ARCADE_SERVER_TOKEN"):
                make(f"openenv:{address}")
        for words in ("open-sesame", "open-sesame@127.0.0.1", f"open-sesame@{url[7:]}\r\n"):
            monkeypatch.setenv("ARCADE_SERVER_TOKEN", words)
            game = make(f"openenv:{address}")
            game.reset(1)
            assert game.outcome is None
            assert "sesame" not in json.dumps(game.options) + game.name


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--token", "two words"], "without spaces"),
        (["--token", "naïve"], "plain ones"),
        (["--allow-origin", "friend.example"], "https://host:port"),
        (["--allow-origin", "https://friend.example/path"], "https://host:port"),
    ],
)
def test_what_no_browser_would_send_is_refused(arguments, line):
    command = [sys.executable, "-m", "grpo_arcade.arcade.cli", "serve", "--port", "0", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert line in done.stderr


HALF = [b"", b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: y\r\n"]


def test_requests_that_are_never_finished_shut_nobody_out(server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    place = server.url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as opened:
        opened.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for number in range(1100):
            connection = opened.enter_context(socket.create_connection((place[0], int(place[1])), 30))
            with contextlib.suppress(OSError):
                connection.sendall(HALF[number % len(HALF)])
            if number % 100 == 99:
                with server.session() as session:
                    assert session.reset(seed=1)["plies"] == 0
                assert '"status"' in server.get("/health")
        # A session that is under way is none of those.
        with server.session() as session:
            session.reset(seed=1)
            for _ in range(200):
                opened.enter_context(socket.create_connection((place[0], int(place[1])), 30))
            assert session.ask("state")["data"]["seed"] == 1


class Line(asyncio.Transport):
    """A connection as the door sees it."""

    def __init__(self, address="192.0.2.1"):
        super().__init__({"peername": (address, 1)})
        self.said, self.ended = b"", ""

    def write(self, data):
        self.said += data

    def close(self):
        self.ended = "closed"

    def abort(self):
        self.ended = "aborted"


def test_the_door_counts_and_waits(monkeypatch):
    monkeypatch.setattr(transport, "HEADERS_S", 0.05)

    async def visit():
        door = Door(most=5, most_of_one=2, most_unfinished=3)
        one, two, three = Line(), Line(), Line()
        assert [door.enter(each) for each in (one, two, three)] == [True, True, False]
        assert b"503" in three.said
        assert b"from this address" in three.said
        door.leave(three)
        door.leave(two)
        again = Line()
        assert door.enter(again)
        door.said(again)
        others = [Line(f"192.0.2.{number}") for number in range(2, 6)]
        assert all(door.enter(each) for each in others)
        assert (one.ended, others[0].ended) == ("aborted", "aborted")  # the oldest that had said nothing
        for each in others[1:]:
            door.said(each)
        home = [Line("127.0.0.1"), Line("::1"), Line("127.0.0.1")]
        assert all(door.enter(each) for each in home)
        door.said(home[0])
        door.said(home[1])
        full = Line("192.0.2.9")
        assert not door.enter(full)
        assert b"as many connections as it allows" in full.said
        await asyncio.sleep(0.2)
        assert home[2].ended == "aborted"  # it never said what it wanted
        assert not again.ended
        assert not others[-1].ended

    asyncio.run(visit())


def reset_hard(connection):
    """Leave without a goodbye."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_whoever_leaves_in_the_middle_leaves_no_trace():
    with serving("2048", "--port", "0") as server:
        place = server.url.removeprefix("http://").split(":")
        for hard in (False, True):
            for messages in (1, 20):
                session = server.session()
                for _ in range(messages):
                    session.socket.send(json.dumps({"type": "reset", "data": {"seed": 1, "picture": 1000}}))
                time.sleep(0.1)
                if hard:
                    reset_hard(session.socket.socket)
                else:
                    session.close()
            for said in (b"GET /web HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GARBAGE\r\n\r\n", b"\x16\x03\x01\x00\xff",
                         b"POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
                         b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
                         b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"):  # fmt: skip
                connection = socket.create_connection((place[0], int(place[1])), 30)
                connection.sendall(said)
                if hard:
                    reset_hard(connection)
                connection.close()
        with server.session() as session:
            assert session.reset(seed=1)["plies"] == 0
        code, said = server.interrupt()
    assert code == 130
    assert [line for line in said.splitlines() if line != "stopped"] == []


@pytest.mark.soak
def test_a_client_that_answers_no_pings_is_idle_and_no_worse():
    with serving("2048", "--port", "0", "--idle", "300") as server:
        place = server.url.removeprefix("http://").split(":")
        with socket.create_connection((place[0], int(place[1])), 90) as connection:
            key = "MDEyMzQ1Njc4OWFiY2RlZg=="
            connection.sendall(
                f"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
            )
            assert b"101" in connection.recv(4096)
            time.sleep(70)
            message = b'{"type": "reset", "data": {"seed": 1}}'
            mask = os.urandom(4)
            masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(message))
            connection.sendall(bytes([0x81, 0x80 | len(message)]) + mask + masked)
            heard = b""
            while b'"observation"' not in heard:
                part = connection.recv(4096)
                assert part, heard
                heard += part
