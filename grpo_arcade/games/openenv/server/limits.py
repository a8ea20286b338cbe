"""What one client may cost the others: message size and rate, idle time, sessions, plain HTTP requests.

An ASGI layer around the library's app, which bounds none of these. Knows no game and not ``openenv``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from dataclasses import dataclass
from typing import Any

from grpo_arcade.games.openenv.server.visitors import Visitors

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Coroutine[Any, Any, None]]

_BODY_S = 10.0
"""How long the body of a plain request may take to arrive."""
_GOODBYE_S = 2.0
"""How long a client that said nothing for too long may take to notice that it is being closed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a server; a refusal always says which one it was."""

    sessions: int = 256
    """Episodes at once; one more connection is told so and closed."""
    message_bytes: int = 65_536
    """The longest message or request body; a longer one closes its connection (code 1009) or is answered with 413."""
    messages_per_s: float = 5_000.0
    """Messages a second on one connection; further ones wait, so that nobody crowds the others out."""
    of_one_address: int = 0
    """Connections at once from one other machine; 0 for all, as behind a proxy. This machine's own may have all."""
    idle_s: float = 600.0
    """After this long without a message a session is closed (code 1001) and its place is free."""
    requests_per_s: float = 50.0
    """POST requests a second to the whole server, each of which builds a game; further ones are answered with 429."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not getattr(self, name) > 0 and name != "of_one_address":
                raise ValueError(f"{name} must be positive, not {getattr(self, name)!r}")


class _Bucket:
    """A token bucket that holds one second's worth."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate, self._tokens, self._last = rate, max(rate, 1.0), now

    def take(self, now: float) -> float:
        """Take a token that may not be there yet; the seconds until it is."""
        self._tokens = min(max(self._rate, 1.0), self._tokens + (now - self._last) * self._rate) - 1.0
        self._last = now
        return max(0.0, -self._tokens / self._rate)

    def give_back(self) -> None:
        """Undo the last :meth:`take`."""
        self._tokens += 1.0


class Guard:
    """Holds ``app`` to ``limits``."""

    def __init__(self, app: App, limits: Limits, visitors: Visitors) -> None:
        self._app = app
        self._visitors = visitors
        self.limits = limits
        self._posts: _Bucket | None = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one connection, as ASGI has it."""
        refused = self._visitors.refusal(scope) if scope["type"] in ("websocket", "http") else None
        if refused is not None:
            await _answer(send, *refused, websocket=scope["type"] == "websocket")
        elif scope["type"] == "websocket":
            await self._connection(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] not in ("GET", "HEAD"):
            await self._request(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _connection(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        idle_s = self.limits.idle_s
        bucket = _Bucket(self.limits.messages_per_s, loop.time())
        last = loop.time()
        timer: asyncio.TimerHandle
        closing: asyncio.Task[None] | None = None
        gone = False

        async def limited_receive() -> Message:
            nonlocal last
            message = await receive()
            last = loop.time()
            wait = bucket.take(last)
            if wait:
                await asyncio.sleep(wait)
            return message

        async def quiet_send(message: Message) -> None:
            # The library says goodbye to a connection that is already closed, and answers clients that have left; it
            # hears of both with its next receive.
            nonlocal gone
            if closing is None and not gone:
                try:
                    await send(message)
                except OSError:
                    gone = True

        def look() -> None:
            nonlocal closing, timer
            left = last + idle_s - loop.time()
            if left > 0:
                timer = loop.call_later(left, look)
                return
            closing = loop.create_task(say_goodbye())

        async def say_goodbye() -> None:
            goodbye = {"type": "websocket.close", "code": 1001, "reason": f"no message for {idle_s:g} s"}
            # The client may leave in this very moment, which is what was wanted.
            with contextlib.suppress(Exception):
                await asyncio.wait_for(send(goodbye), _GOODBYE_S)
            await asyncio.sleep(_GOODBYE_S)
            # Still here: the app waits to send something to a client that reads nothing.
            session.cancel()

        # One timer a connection, looked at when it rings: a message costs no timer of its own.
        timer = loop.call_later(idle_s, look)
        session = loop.create_task(self._app(scope, limited_receive, quiet_send))
        try:
            await session
        except asyncio.CancelledError:
            if closing is None:
                session.cancel()
                raise
        finally:
            timer.cancel()
            if closing is not None:
                closing.cancel()

    async def _request(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        now = asyncio.get_running_loop().time()
        if self._posts is None:
            self._posts = _Bucket(self.limits.requests_per_s, now)
        if self._posts.take(now):
            self._posts.give_back()
            await _answer(send, 429, "too many requests a second; a session on the WebSocket /ws has no such bound")
            return
        try:
            body = await asyncio.wait_for(self._body(receive), _BODY_S)
        except TimeoutError:
            await _answer(send, 408, f"the body did not arrive within {_BODY_S:g} s")
            return
        if body is None:
            await _answer(send, 413, f"the body is longer than {self.limits.message_bytes} bytes")
            return
        unread = [{"type": "http.request", "body": body, "more_body": False}]

        async def replayed() -> Message:
            return unread.pop() if unread else await receive()

        await self._app(scope, replayed, send)

    async def _body(self, receive: Receive) -> bytes | None:
        """The whole body, or None when it is too long."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > self.limits.message_bytes:
                return None
            if not message.get("more_body", False):
                return body


async def _answer(send: Send, status: int, line: str, websocket: bool = False) -> None:
    kind = "websocket.http" if websocket else "http"
    body = b'{"detail":"' + line.encode() + b'"}'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": f"{kind}.response.start", "status": status, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": f"{kind}.response.body", "body": body})
