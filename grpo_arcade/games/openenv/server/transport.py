"""uvicorn's WebSocket, but reading on while a message is answered.

uvicorn stops the reading with every message and starts it again with the next, two system calls a move, so that no
client can fill its queue. A few messages ahead bound the queue as well, and a client that waits for its answers, as
they all do, is then never stopped.
"""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_AHEAD = 8
"""Messages of one client that may wait before its connection is read no further."""


class ReadingOn(WebSocketsSansIOProtocol):
    """The protocol class for ``uvicorn.Config(ws=...)``."""

    def send_receive_event_to_app(self) -> None:
        """Queue a message that has arrived whole."""
        # Whoever finds the reading stopped already does not stop it. Should uvicorn no longer look there, this is idle.
        ahead = getattr(self, "read_paused", True) is False and self.queue.qsize() < _AHEAD
        if ahead:
            self.read_paused = True
        super().send_receive_event_to_app()
        if ahead:
            self.read_paused = False
