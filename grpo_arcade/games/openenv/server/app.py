"""The app and the process: the library's factory for the protocol, our page beside it, our limits around it."""

from __future__ import annotations

import functools
import socket
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from openenv.core.env_server.http_server import create_fastapi_app
from openenv.core.env_server.types import ConcurrencyConfig, EnvironmentMetadata

from grpo_arcade import __version__
from grpo_arcade.games.game import Game
from grpo_arcade.games.openenv.server.environment import GameEnvironment
from grpo_arcade.games.openenv.server.limits import Guard, Limits
from grpo_arcade.games.openenv.server.messages import GameState, PlayError, messages_for
from grpo_arcade.games.openenv.server.transport import Door, notice_the_dead, protocols
from grpo_arcade.games.openenv.server.visitors import Visitors
from grpo_arcade.games.openenv.server.web import page
from grpo_arcade.games.openenv.space import environment_name, summary
from grpo_arcade.games.registry import make

_SHUTDOWN_S = 2
_SPARE_CONNECTIONS = 64
"""Connections beyond the sessions: enough to tell a client that the server is full, and for the page and the probes."""


def build_app(
    game: str,
    options: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    visitors: Visitors | None = None,
    build: Callable[[], Game] | None = None,
) -> Guard:
    """The ASGI app that serves a registered game, to everyone where no ``visitors`` are named.

    ``build`` gives a new one for each session where it is not made by name and options, but a seat against somebody.

    Raises:
        ValueError: no such game, or a bad option, in one line that says what would work.
    """
    limits = limits or Limits()
    build = build or functools.partial(make, game, **(options or {}))
    sample = build()
    messages = messages_for(sample)
    app = create_fastapi_app(
        functools.partial(GameEnvironment, build, messages, _metadata(sample)),
        messages.action,
        messages.observation,
        env_name=environment_name(sample),
        concurrency_config=ConcurrencyConfig(max_concurrent_envs=limits.sessions, session_timeout=limits.idle_s),
        state_cls=GameState,
        mode="simulation",
    )
    _add_page(app, sample)

    @app.exception_handler(PlayError)
    async def refuse(request: Request, error: PlayError) -> JSONResponse:
        # Plain requests keep no session, so their /step can only ever say that nothing has been reset.
        hint = " (sessions live on the WebSocket /ws)" if request.url.path == "/step" else ""
        return JSONResponse({"detail": f"{error}{hint}"}, status_code=409)

    return Guard(app, limits, visitors or Visitors())


def _metadata(game: Game) -> EnvironmentMetadata:
    return EnvironmentMetadata(name=environment_name(game), description=summary(game), version=__version__)


def _add_page(app: FastAPI, game: Game) -> None:
    html = page(game)

    @app.get("/web", include_in_schema=False)
    @app.get("/web/", include_in_schema=False)
    async def web() -> HTMLResponse:
        return HTMLResponse(html)

    @app.get("/", include_in_schema=False)
    async def root() -> RedirectResponse:
        return RedirectResponse("/web")


def _open_files() -> int:
    """How many this process may have open."""
    try:
        import resource
    except ImportError:
        return 1 << 16
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 16 if soft == resource.RLIM_INFINITY else soft


def run(app: Guard, listening: socket.socket) -> None:
    """Serve on a socket that listens already, until Ctrl-C (``KeyboardInterrupt``) or SIGTERM."""
    limits = app.limits
    most = limits.sessions + _SPARE_CONNECTIONS
    # As many as all sessions at once are no flood, where the system has files for them.
    unfinished = max(_SPARE_CONNECTIONS, min(limits.sessions + 256, _open_files() - most - _SPARE_CONNECTIONS))
    http, websocket = protocols(Door(most, limits.of_one_address or most, unfinished))
    notice_the_dead(listening)
    config = uvicorn.Config(
        app,
        # Warnings are what strangers can cause: a line for every request that is none.
        log_level="error",
        access_log=False,
        server_header=False,
        http=http,
        ws=websocket,
        ws_max_size=limits.message_bytes,
        # Observations are small, and nearly always travel inside one machine.
        ws_per_message_deflate=False,
        # Pings keep proxies from hanging up. Who answers none is idle, and idle_s is for that.
        ws_ping_timeout=None,
        timeout_graceful_shutdown=_SHUTDOWN_S,
    )
    uvicorn.Server(config).run(sockets=[listening])
