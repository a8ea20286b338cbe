"""One request to an endpoint: every wait has an end, and every answer a largest size. Standard library only."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from grpo_arcade.arcade.endpoint.address import KEY_VARIABLE, Endpoint, EndpointError, key, plain, shown

CONNECT_S = 5.0
"""How long a server may take to accept a connection."""
SILENCE_S = 120.0
"""How long it may say nothing: a large model is loaded at its first question, and reads the prompt on a CPU."""
WORDLESS_S = 300.0
"""How long it may send signs of life without a word of its answer."""
WHOLE_S = 3600.0
"""How long an answer may take from its question to its end."""
MOST_BYTES = 64 << 20
"""Bytes of an answer: 200 around each of its tokens are usual."""
_LINE = 1 << 20


class RefusedError(EndpointError):
    """The server answers with a status that is not 200."""

    def __init__(self, message: str, status: int, body: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = body
        """What it sent along, at most 64 KB."""


class UnreachableError(EndpointError):
    """Nobody is there to be asked: no such host, or nobody who takes the call."""


class Patience:
    """How long to wait for one answer. A watch ends the connection from outside when a wait is over.

    Reading with a socket's time limit alone would wait for ever on a server that sends a byte now and then.
    """

    def __init__(self, connect_s: float, silence_s: float, wordless_s: float, whole_s: float) -> None:
        self.connect_s, self.silence_s = connect_s, silence_s
        self._wordless_s, self._whole_s = wordless_s, whole_s
        self._begun = self._word = time.monotonic()

    def heard(self) -> None:
        """A word of the answer has come."""
        self._word = time.monotonic()

    @property
    def over(self) -> str:
        """Why there is no more waiting, or empty."""
        now = time.monotonic()
        if now - self._begun > self._whole_s:
            return f"has not ended its answer after {self._whole_s:g} s"
        if now - self._word > self._wordless_s:
            return f"keeps the connection open but writes nothing; it was given {self._wordless_s:g} s"
        return ""

    @contextmanager
    def watching(self, connection: socket.socket) -> Iterator[None]:
        """End the connection once the waiting is over."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(max(0.02, self._left())):
                if self.over:
                    with suppress(OSError):  # it may have ended meanwhile
                        connection.shutdown(socket.SHUT_RDWR)
                    return

        threading.Thread(target=watch, name="endpoint patience", daemon=True).start()
        try:
            yield
        finally:
            done.set()

    def _left(self) -> float:
        now = time.monotonic()
        return min(self._begun + self._whole_s - now, self._word + self._wordless_s - now) + 0.01


@contextmanager
def asked(
    endpoint: Endpoint, what: str, order: dict[str, Any] | None, patience: Patience
) -> Iterator[http.client.HTTPResponse]:
    """The answer to a request, which is closed afterwards.

    Raises:
        RefusedError: it is not one of status 200.
        EndpointError: nobody answers, or too slowly; one line.
    """
    secret = key()
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {secret}"} if secret else {})}
    try:
        connection = _connected(endpoint, patience)
        try:
            with patience.watching(connection.sock):
                body = None if order is None else json.dumps(order).encode()
                connection.request("GET" if order is None else "POST", endpoint.target(what), body, headers)
                response = connection.getresponse()
                if response.status != 200:
                    raise _refused(endpoint, response, bool(secret))
                yield response
        finally:
            connection.close()
    except EndpointError:
        raise
    except (OSError, http.client.HTTPException, ValueError) as error:
        kind = UnreachableError if isinstance(error, ConnectionRefusedError | socket.gaierror) else EndpointError
        raise kind(_why(endpoint, error, patience)) from None


def lines(response: http.client.HTTPResponse, patience: Patience, place: str) -> Iterator[bytes]:
    """The lines of an answer as they come."""
    size = 0
    while line := response.readline(_LINE):
        size += len(line)
        if size > MOST_BYTES or (len(line) == _LINE and not line.endswith(b"\n")):
            raise EndpointError(
                f"{place} sends more than {MOST_BYTES >> 20} MB, or a line of more than {_LINE >> 20} MB"
            )
        yield line
        if patience.over:
            break
    if patience.over:
        raise EndpointError(f"{place} {patience.over}")


def whole(response: http.client.HTTPResponse, patience: Patience, place: str) -> bytes:
    """All of an answer."""
    return b"".join(lines(response, patience, place))


def _connected(endpoint: Endpoint, patience: Patience) -> http.client.HTTPConnection:
    connection: http.client.HTTPConnection
    if endpoint.secure:
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(
            endpoint.host, endpoint.port, timeout=patience.connect_s, context=context
        )
    else:
        connection = http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=patience.connect_s)
    try:
        connection.connect()
    except TimeoutError:
        raise UnreachableError(f"nobody answers at {endpoint.place}; it was given {patience.connect_s:g} s") from None
    connection.sock.settimeout(patience.silence_s)
    return connection


def _why(endpoint: Endpoint, error: Exception, patience: Patience) -> str:
    if patience.over:
        return f"{endpoint.place} {patience.over}"
    if isinstance(error, TimeoutError):
        return f"{endpoint.place} says nothing; it was given {patience.silence_s:g} s"
    if isinstance(error, socket.gaierror | UnicodeError):
        return f"{plain(endpoint.host)}: no such host"
    if isinstance(error, ConnectionRefusedError):
        return f"nobody answers at {endpoint.place}; is the server running?"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{endpoint.place} shows a certificate that is not trusted: {plain(error.verify_message)}"
    if isinstance(error, ssl.SSLError):
        return f"{endpoint.place} does not speak https; perhaps http://?"
    if isinstance(error, http.client.BadStatusLine | http.client.UnknownProtocol | http.client.LineTooLong):
        # Also one that hangs up without a word.
        return f"{endpoint.place} does not answer as a web server does"
    if isinstance(error, http.client.IncompleteRead | ConnectionError):
        return f"{endpoint.place} broke off in the middle of its answer"
    return f"{endpoint.place}: {plain(getattr(error, 'strerror', None) or str(error) or type(error).__name__)}"


def _refused(endpoint: Endpoint, response: http.client.HTTPResponse, with_key: bool) -> RefusedError:
    body = response.read(1 << 16).decode("utf-8", "replace")
    try:
        said = error_of(json.loads(body))
    except (ValueError, RecursionError):
        said = "" if body.lstrip().startswith("<") else plain(body)
    status = response.status
    line = f"{endpoint.place} answers {status} {plain(response.reason or '')}".rstrip()
    return RefusedError(plain(f"{line}: {said}".rstrip(": ")) + _advice(endpoint, response, with_key), status, body)


def _advice(endpoint: Endpoint, response: http.client.HTTPResponse, with_key: bool) -> str:
    status = response.status
    if 300 <= status < 400:
        # Nobody is followed: the key belongs to the place that was named.
        onward = shown(response.headers.get("Location") or "").removesuffix("/chat/completions").removesuffix("/models")
        return f"; it sends on to {onward or 'nowhere'}: name that address, if you trust it"
    if status in (401, 403):
        return f"; it refuses the key in {KEY_VARIABLE}" if with_key else f"; it wants a key, in {KEY_VARIABLE}"
    if status in (404, 405):
        return f"; is {endpoint.path} its path, and the name of the model (after the #) one it has?"
    if status == 429:
        wait = plain(response.headers.get("Retry-After") or "")
        return (
            f"; it is asked too often: try again in {wait} s" if wait.isdecimal() else "; it is asked too often: wait"
        )
    if status == 503:
        return "; perhaps it is still loading its model: try again in a while"
    return "; the fault is the server's: its log says more" if status >= 500 else ""


def error_of(answer: Any) -> str:
    """What an answer says went wrong, in whichever of the usual places."""
    error = answer
    for name in ("error", "detail", "message", "msg"):
        if isinstance(error, list) and error:
            error = error[0]
        if isinstance(error, dict) and error.get(name):
            error = error[name]
    return plain(error if isinstance(error, str) else json.dumps(error, default=str))
