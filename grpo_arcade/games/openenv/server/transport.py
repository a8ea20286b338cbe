"""uvicorn's protocols, held to limits that it has not got: at the door, before a request is there to be looked at.

Its WebSocket reads on while a message is answered. uvicorn stops the reading with every message and starts it again
with the next, two system calls a move, so that no client can fill its queue. A few messages ahead bound the queue as
well, and a client that waits for its answers, as they all do, is then never stopped.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address
from typing import Any

from h11 import IDLE
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

HEADERS_S = 10.0
"""Seconds in which a request has to say what it wants."""
_AHEAD = 8
"""Messages of one client that may wait before its connection is read no further."""
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b"


class Door:
    """Counts the connections of a server.

    Args:
        most: connections at once that have said what they want.
        most_of_one: connections from one address; this machine's own may have all.
        most_unfinished: connections that have not said it yet. One more, and the oldest of them is closed, so that
            newcomers get in.
    """

    def __init__(self, most: int, most_of_one: int, most_unfinished: int) -> None:
        self._most, self._most_of_one, self._most_unfinished = most, most_of_one, most_unfinished
        self._inside: dict[asyncio.BaseTransport, str] = {}
        self._unfinished: dict[asyncio.BaseTransport, asyncio.TimerHandle] = {}

    def enter(self, transport: asyncio.Transport) -> bool:
        """Let a connection in, or say why not and close it."""
        peer = transport.get_extra_info("peername")
        address = peer[0] if isinstance(peer, tuple) else ""
        self._inside[transport] = address
        line = b""
        if len(self._inside) - len(self._unfinished) > self._most:
            line = b"the server has as many connections as it allows\n"
        elif not _is_here(address) and list(self._inside.values()).count(address) > self._most_of_one:
            line = b"there are as many connections from this address as one may have\n"
        if line:
            transport.write(_FULL % (len(line), line))
            transport.close()
            return False
        self.wait(transport)
        return True

    def wait(self, transport: asyncio.Transport) -> None:
        """A request is to come; it has to be whole in :data:`HEADERS_S`."""
        if transport in self._unfinished:
            return
        if len(self._unfinished) >= self._most_unfinished:
            self._close(next(iter(self._unfinished)))
        timer = asyncio.get_running_loop().call_later(HEADERS_S, self._close, transport)
        self._unfinished[transport] = timer

    def said(self, transport: asyncio.BaseTransport) -> None:
        """The request is there."""
        if timer := self._unfinished.pop(transport, None):
            timer.cancel()

    def leave(self, transport: asyncio.BaseTransport) -> None:
        """A connection has ended."""
        self.said(transport)
        self._inside.pop(transport, None)

    def _close(self, transport: asyncio.BaseTransport) -> None:
        self.leave(transport)
        # Not closed politely: whoever does not read would keep it open.
        if isinstance(transport, asyncio.Transport):
            transport.abort()


def protocols(door: Door) -> tuple[type[asyncio.Protocol], type[asyncio.Protocol]]:
    """The protocol classes for ``uvicorn.Config(http=..., ws=...)`` of a server with this door."""

    class AtTheDoor(H11Protocol):
        """HTTP whose requests have to come in time."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            """Count it, and begin to wait for what it wants."""
            super().connection_made(transport)
            door.enter(transport)

        def data_received(self, data: bytes) -> None:
            """Read on; a next request on the same connection has to come in time too."""
            if self.transport.is_closing():
                return
            if self.conn.their_state is IDLE:
                door.wait(self.transport)
            super().data_received(data)
            if self.conn.their_state is not IDLE:
                door.said(self.transport)

        def connection_lost(self, exc: Exception | None) -> None:
            """Count it no longer."""
            door.leave(self.transport)
            super().connection_lost(exc)

    class ReadingOn(WebSocketsSansIOProtocol):
        """A WebSocket that reads a few messages ahead."""

        def connection_lost(self, exc: Exception | None) -> None:
            """Count it no longer."""
            door.leave(self.transport)
            super().connection_lost(exc)

        def send_receive_event_to_app(self) -> None:
            """Queue a message that has arrived whole."""
            # Whoever finds the reading stopped already does not stop it. Should uvicorn no longer look there, this is
            # idle.
            ahead = getattr(self, "read_paused", True) is False and self.queue.qsize() < _AHEAD
            if ahead:
                self.read_paused = True
            super().send_receive_event_to_app()
            if ahead:
                self.read_paused = False

    return AtTheDoor, ReadingOn


def notice_the_dead(listening: socket.socket) -> None:
    """Have the system look after connections that say nothing, so that a machine that was switched off is noticed.

    Instead of pings that must be answered: a client that answers none is idle, and no worse.
    """
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _is_here(address: Any) -> bool:
    try:
        return not address or ip_address(str(address).partition("%")[0]).is_loopback
    except ValueError:
        return False
