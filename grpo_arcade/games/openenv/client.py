"""A client of OpenEnv servers that trusts them with nothing: messages have a largest size, exchanges a deadline.

``websockets`` does the protocol, without asyncio; the library ``openenv`` is not needed. A session
of a server lives as long as its connection. Knows the wire, not games: see https://github.com/meta-pytorch/OpenEnv for
the messages (``reset``, ``step`` and ``state`` go out; ``observation``, ``state`` and ``error`` come back).
"""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from grpo_arcade.games.openenv.answers import LARGEST_MESSAGE, ServerError, one_line, parse_json

MOST_PORTS = 64
"""Servers that one address may name."""
CONNECT_S = 10.0
"""Seconds to connect and shake hands."""
TOKEN_VARIABLE = "ARCADE_SERVER_TOKEN"
"""Environment variable with the token that servers ask for; as ``TOKEN@host`` or ``TOKEN@host:port`` for one alone."""
PINGS_S = 5.0
"""Seconds between two looks for pings; servers give 20 to 40."""
_CHUNK = 1 << 16
_WANTS_A_TOKEN = f"wants to be told its token, which is looked for in {TOKEN_VARIABLE}"
_SCHEMES = {"ws": False, "http": False, "wss": True, "https": True}


class GoneError(ServerError):
    """The server cannot be reached, says nothing, or hung up: it may be there again in a moment."""


class NoFreeSessionError(ServerError):
    """The server has as many sessions as it allows."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is."""

    secure: bool
    host: str
    port: int
    path: str
    """Before ``/ws``; empty for most."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'wss' if self.secure else 'ws'}://{host}:{self.port}{self.path}"


def parse_address(text: str) -> Address:
    """``ws://host:port``, also with wss, http or https, also with a path.

    Raises:
        ValueError: anything else, in one line that says what would work.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is no address of a server: {error}") from error
    if parts.scheme not in _SCHEMES or not host:
        raise ValueError(f"{text!r} is no address of a server; one looks like ws://localhost:8000")
    if parts.username or parts.query or parts.fragment or any(character <= " " for character in text):
        raise ValueError(f"{text!r}: an address has a host, a port and perhaps a path, such as ws://localhost:8000")
    secure = _SCHEMES[parts.scheme]
    path = parts.path.rstrip("/").removesuffix("/ws").rstrip("/")
    return Address(secure, host, port or (443 if secure else 80), path)


def parse_addresses(text: str) -> tuple[Address, ...]:
    """As :func:`parse_address`, or ``ws://host:8001-8004``: the same server on each of these ports.

    Raises:
        ValueError: anything else, in one line that says what would work.
    """
    ports = re.search(r":(\d{1,5})-(\d{1,5})(?=/|$)", text)
    if ports is None:
        return (parse_address(text),)
    first, last = map(int, ports.groups())
    if not first < last < first + MOST_PORTS:
        raise ValueError(f"{text!r}: from the first port to the last there are 2 to {MOST_PORTS}, as in 8001-8004")
    return tuple(
        parse_address(f"{text[: ports.start(1)]}{port}{text[ports.end() :]}") for port in range(first, last + 1)
    )


class Session:
    """One connection, and so one session of the server, which has one episode at a time.

    Raises:
        NoFreeSessionError: from the first :meth:`request`, where the server is full.
        ServerError: whatever else goes wrong, here and in :meth:`request`, after which the session is closed.
    """

    def __init__(self, address: Address, timeout_s: float = 10.0, largest: int = LARGEST_MESSAGE) -> None:
        self.address, self.timeout_s = address, timeout_s
        extensions = None
        if not _is_near(address.host):
            # What costs more time than it saves on this machine is worth it over a network.
            from websockets.extensions.permessage_deflate import enable_client_permessage_deflate

            extensions = enable_client_permessage_deflate(None)
        silent = logging.Logger("silent", logging.CRITICAL + 1)  # what goes wrong is said by the exceptions
        self._protocol = ClientProtocol(
            parse_uri(f"{address}/ws"), extensions=extensions, max_size=largest, logger=silent
        )
        self._events: deque[Any] = deque()
        self._lock = threading.RLock()
        deadline = time.monotonic() + CONNECT_S
        self._socket = _connect(address, deadline)
        try:
            request = self._protocol.connect()
            request.headers.update(_access(address))
            self._protocol.send_request(request)
            self._flush(deadline)
            while not self._events and self._protocol.handshake_exc is None:
                self._receive(deadline)
            if self._protocol.handshake_exc is not None:
                raise _refused(address, self._protocol.handshake_exc)
            self._events.popleft()  # the answer to the handshake; a message may have come right behind it
            _look_after(self)
        except BaseException:
            self.close()
            raise

    def request(self, kind: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send a message; the ``data`` of the answer."""
        self.send(kind, data)
        return self.receive(kind)

    def send(self, kind: str, data: Mapping[str, Any] | None = None) -> None:
        """Send a message, whose answer has to be the next thing received."""
        message: dict[str, Any] = {"type": kind}
        if data is not None:
            message["data"] = data
        with self._lock:
            try:
                if self.is_open:
                    self._protocol.send_text(json.dumps(message).encode())
                    self._flush(time.monotonic() + self.timeout_s, tolerant=True)
                elif not self._events:
                    raise GoneError(f"{self.address}: the connection is closed")
                # One that is full says so unasked, and hangs up.
            except BaseException:
                self.close()
                raise

    def receive(self, kind: str) -> dict[str, Any]:
        """The ``data`` of the answer to a message of this kind."""
        with self._lock:
            try:
                return self._answer(time.monotonic() + self.timeout_s, kind)
            except BaseException:
                # Whatever was in flight would be taken for the next answer.
                self.close()
                raise

    def answer_pings(self) -> None:
        """Answer what has come while nothing was asked: servers hang up on those who leave their pings unanswered."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            if self.is_open:
                self._socket.setblocking(False)
                self._take(self._socket.recv(_CHUNK))
                self._flush(time.monotonic() + 1.0, tolerant=True)
        except (OSError, ServerError):
            pass  # nothing has come; or the next message finds out what is wrong
        finally:
            self._lock.release()

    def _answer(self, deadline: float, kind: str) -> dict[str, Any]:
        answer = parse_json(self._message(deadline), f"{self.address}: the answer to {kind}")
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, dict):
            raise ServerError(f"{self.address}: the answer to {kind} is not {{type, data}}")
        if answer.get("type") == "error":
            said = f"{self.address} refuses: {one_line(data.get('message') or data.get('code') or 'no reason given')}"
            raise NoFreeSessionError(said) if data.get("code") == "CAPACITY_REACHED" else ServerError(said)
        if answer.get("type") != ("state" if kind == "state" else "observation"):
            raise ServerError(f"{self.address}: {kind} is answered by {one_line(answer.get('type'))!r}")
        return data

    def _message(self, deadline: float) -> bytes:
        """The next whole message."""
        message = bytearray()
        while True:
            while self._events:
                event = self._events.popleft()
                if event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                    # The protocol refuses messages that get larger than allowed, and fragments out of order.
                    message += event.data
                    if event.fin:
                        return bytes(message)
            if self._protocol.parser_exc is not None and not isinstance(self._protocol.parser_exc, EOFError):
                raise ServerError(f"{self.address} breaks the protocol: {one_line(self._protocol.parser_exc)}")
            if not self.is_open:
                raise GoneError(f"{self.address} closed the connection")
            self._receive(deadline)

    @property
    def is_open(self) -> bool:
        """Whether anything could still be asked."""
        return self._protocol.state is State.OPEN and self._socket.fileno() >= 0

    def _receive(self, deadline: float) -> None:
        try:
            self._socket.settimeout(_left(deadline))
            data = self._socket.recv(_CHUNK)
        except TimeoutError as error:
            raise GoneError(f"{self.address} did not answer within {self.timeout_s:g} s") from error
        except OSError as error:
            raise GoneError(f"{self.address} is gone: {one_line(error)}") from error
        self._take(data)
        self._flush(deadline, tolerant=True)

    def _take(self, data: bytes) -> None:
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        self._events += self._protocol.events_received()

    def _flush(self, deadline: float, tolerant: bool = False) -> None:
        """Send what the protocol wants sent: the message, and answers to pings."""
        try:
            for data in self._protocol.data_to_send():
                if data:
                    self._socket.settimeout(_left(deadline))
                    self._socket.sendall(data)
        except TimeoutError as error:
            raise GoneError(f"{self.address} did not listen within {self.timeout_s:g} s") from error
        except OSError as error:
            # One that refuses a session closes at once; what it said is still there to be read.
            if not tolerant:
                raise GoneError(f"{self.address} is gone: {one_line(error)}") from error

    def close(self) -> None:
        """Hang up, without waiting for the server; it ends the session. Doing so again is harmless."""
        if self._socket.fileno() < 0:
            return
        try:
            if self.is_open:
                self._protocol.send_close(1000)
                self._socket.settimeout(0.2)
                self._socket.sendall(b"".join(self._protocol.data_to_send()))
        except (OSError, ValueError):
            pass
        self._socket.close()

    def __del__(self) -> None:
        if hasattr(self, "_socket") and not sys.is_finalizing():
            self.close()


_idle_lock = threading.Lock()
_sessions: weakref.WeakSet[Session] = weakref.WeakSet()
_answering: threading.Thread | None = None


def _look_after(session: Session) -> None:
    """Have the pings of a session answered while it is idle, by one thread for all sessions of the process."""
    global _answering
    with _idle_lock:
        _sessions.add(session)
        if _answering is None or not _answering.is_alive():  # a forked process has none
            _answering = threading.Thread(target=_answer_pings, name="openenv pings", daemon=True)
            _answering.start()


def _answer_pings() -> None:
    global _answering
    while True:
        time.sleep(PINGS_S)
        with _idle_lock:
            if not any(session.is_open for session in _sessions):
                _answering = None
                return
        _answer_all()


def _answer_all() -> None:
    # On its own, so that nothing holds on to a session while the thread sleeps.
    for session in list(_sessions):
        session.answer_pings()


def get_json(address: Address, path: str, timeout_s: float = 10.0, largest: int = LARGEST_MESSAGE) -> Any:
    """The JSON document at ``path``, such as ``/schema``.

    Raises:
        ServerError: it is not there, too large, too slow, or no JSON.
    """
    deadline = time.monotonic() + timeout_s
    where = f"{address}{path}"
    connection = _connect(address, deadline)
    # HTTP/1.0, so that the answer ends where the connection does and nothing has to be put together.
    request = (
        f"GET {address.path}{path} HTTP/1.0\r\nHost: {str(address).partition('//')[2].partition('/')[0]}\r\n"
        f"Accept: application/json\r\nConnection: close\r\n"
        + "".join(f"{name}: {value}\r\n" for name, value in _access(address).items())
        + "\r\n"
    )
    answer = bytearray()
    with connection:
        try:
            connection.settimeout(_left(deadline))
            connection.sendall(request.encode("ascii"))
            while len(answer) <= largest:
                connection.settimeout(_left(deadline))
                data = connection.recv(_CHUNK)
                if not data:
                    break
                answer += data
            else:
                raise ServerError(f"{where} is larger than {largest >> 20} MB")
        except TimeoutError as error:
            raise ServerError(f"{where} did not come within {timeout_s:g} s") from error
        except (OSError, UnicodeError) as error:
            raise ServerError(f"{where} cannot be had: {one_line(error)}") from error
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    status = head.split(b"\r\n", 1)[0].split()
    if len(status) < 2 or not status[0].startswith(b"HTTP/"):
        raise ServerError(f"{where} is not answered by HTTP")
    if status[1] == b"401":
        raise ServerError(f"{address} {_WANTS_A_TOKEN}")
    if status[1] != b"200":
        raise ServerError(f"{where} is answered with HTTP status {one_line(status[1].decode('latin-1'))}")
    return parse_json(body, where)


def _access(address: Address) -> dict[str, str]:
    """The header with the token of the environment, if that is meant for this server."""
    words = os.environ.get(TOKEN_VARIABLE, "").strip()
    token, _, place = words.rpartition("@") if "@" in words else (words, "", "")
    if place and place not in (address.host, f"{address.host}:{address.port}"):
        return {}
    if not re.fullmatch(r"[!-~]*", token):
        raise ServerError(f"{TOKEN_VARIABLE} holds a letter that no token has; copy the token into it again")
    return {"Authorization": f"Bearer {token}"} if token else {}


def _refused(address: Address, error: Exception) -> ServerError:
    """Why the server did not shake hands. What stands before it may speak for a server that is away for a moment."""
    status = error.response.status_code if isinstance(error, InvalidStatus) else None
    if status == 401:
        return ServerError(f"{address} {_WANTS_A_TOKEN}")
    kind = ServerError if status is not None and status < 500 else GoneError
    return kind(f"{address} does not speak WebSocket at /ws: {one_line(error)}")


def _connect(address: Address, deadline: float) -> socket.socket:
    try:
        connection = socket.create_connection((address.host, address.port), _left(deadline))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address.secure:
            import ssl

            connection.settimeout(_left(deadline))
            connection = ssl.create_default_context().wrap_socket(connection, server_hostname=address.host)
    except (OSError, UnicodeError) as error:
        raise GoneError(f"no server answers at {address}: {one_line(error)}") from error
    return connection


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _is_near(host: str) -> bool:
    return host == "localhost" or host == "::1" or host.startswith("127.")
