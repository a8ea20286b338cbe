"""``arcade serve``: any registered game as an OpenEnv server, or as a folder that becomes one elsewhere."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from grpo_arcade.arcade.configuration import Positional
from grpo_arcade.foreign_text import one_line

if TYPE_CHECKING:
    from grpo_arcade.games import Game

_OTHER_FILES = 256
"""Files a server may have open beside one for each session."""


@dataclass
class Command:
    """Serve a game."""

    game: Positional[str] = "2048"
    """What is served: a registered game."""
    game_options: tuple[str, ...] = ()
    """The game's options, each as name=value."""
    opponent: str = ""
    """Serve one seat of a game for two, at whose other seat this player sits: a baseline, a strategy file (.py),
    RUN:champion, or a model, which writes its program first."""
    seat: str = ""
    """The seat that is served, with an opponent: its name (left, right) or its number. By default the first one."""
    output_dir: str = "outputs"
    """Where runs are looked for by name."""
    host: str = "127.0.0.1"
    """Where to listen. Only this machine can connect unless another address is named (0.0.0.0 is every one)."""
    port: int = 8000
    """The port; 0 for any that is free."""
    sessions: int = 256
    """Episodes that may be played at once."""
    token: str = ""
    """What clients have to send (Authorization: Bearer TOKEN), the page as /web?token=TOKEN. Needed wherever others can
    connect; also taken from ARCADE_SERVER_TOKEN, which is where our own clients look for it."""
    allow_origin: tuple[str, ...] = ()
    """Web pages that may connect, each as https://host:port, beside the server's own; * for all."""
    idle: float = 600.0
    """Seconds without a message after which a session is closed."""
    export: str | None = None
    """Write a folder here that `openenv push` takes to a Hugging Face Space, instead of serving."""


def run(command: Command) -> int:
    """Serve until Ctrl-C, or write the folder."""
    from grpo_arcade.games import make
    from grpo_arcade.trainer.config import parse_options

    if command.game.startswith("openenv:"):
        raise ValueError(f"{command.game} is served already")
    options = parse_options(command.game_options, "--game-options")
    build = _seat(command, options) if command.seat or command.opponent else partial(make, command.game, **options)
    game = build()
    if game.simultaneous:
        raise ValueError(f"{game.name} has {len(game.seats)} seats: who plays at the other? --opponent random")
    if command.sessions < 1:
        raise ValueError(f"--sessions must be at least 1, not {command.sessions}")
    if not command.idle > 0:
        raise ValueError(f"--idle must be more than 0 seconds, not {command.idle:g}")
    if command.export is not None:
        if command.opponent:
            raise ValueError("--export takes a game along and no opponent; leave one of the two out")
        return _export(game, Path(command.export))
    from grpo_arcade.games.openenv.client import TOKEN_VARIABLE
    from grpo_arcade.games.openenv.space import EXTRA

    token = command.token or os.environ.get(TOKEN_VARIABLE, "").strip()
    _check_access(command, token)
    _allow_files(command.sessions + _OTHER_FILES)
    with listen(command.host, command.port) as listening:
        if not token and not ip_address(listening.getsockname()[0]).is_loopback:
            raise ValueError(
                f"--host {command.host} lets others connect, which needs a token they know: --token "
                f"{secrets.token_urlsafe(16)} for example; leave --host out to keep it on this machine"
            )
        try:
            from grpo_arcade.games.openenv.server import Limits, Visitors, build_app
            from grpo_arcade.games.openenv.server import run as serve
        except ModuleNotFoundError as error:
            missing = str(error.name).partition(".")[0]
            raise ImportError(f"serving needs openenv, and {missing} is not installed: {EXTRA}") from error
        visitors = Visitors(own_names_only=not token, origins=command.allow_origin, token=token)
        half = max(1, command.sessions // 2)
        limits = Limits(sessions=command.sessions, idle_s=command.idle, of_one_address=half)
        app = build_app(game.name, game.options, limits, visitors, build)
        place = _place(listening)
        print(
            f"serving {game.name}{_said_of_seat(game)} at http://{place} (WebSocket ws://{place}/ws, to look at "
            f"http://{place}/web), {command.sessions} sessions",
            flush=True,
        )
        serve(app, listening)
    return 0


def _seat(command: Command, options: Mapping[str, Any]) -> Callable[[], Game]:
    """What builds the game as one seat has it against an opponent, whose program is there by then.

    Raises:
        ValueError: no such seat, or an opponent that cannot be had, in one line.
    """
    from grpo_arcade.arcade.players.meet import contender_of
    from grpo_arcade.arcade.players.parse import parse_player
    from grpo_arcade.games.against import Against
    from grpo_arcade.games.seats import make_for_several, seat_number

    court = make_for_several(command.game, options)
    if not command.opponent:
        raise ValueError("--seat says which seat is served: who plays at the other? --opponent random for example")
    seat = seat_number(court, command.seat or "0")
    opponent = contender_of(parse_player(command.opponent, court, command.output_dir), court)
    return lambda: Against(make_for_several(command.game, options), seat, opponent)


def _said_of_seat(game: Game) -> str:
    from grpo_arcade.games.against import Against

    if not isinstance(game, Against):
        return ""
    return f", {game.game.seats[game.seat]} against {one_line(game.opponent.name, 80)},"


def _check_access(command: Command, token: str) -> None:
    """Refuse what no client could send.

    Raises:
        ValueError: one line that says what would do.
    """
    if not re.fullmatch(r"[!-~]*", token):
        raise ValueError("--token has letters that cannot be sent; take plain ones without spaces")
    for origin in command.allow_origin:
        parts = urlsplit(origin)
        if origin != "*" and not (parts.scheme and parts.netloc and origin == f"{parts.scheme}://{parts.netloc}"):
            raise ValueError(f"--allow-origin {origin}: an origin looks like https://host:port, without a path")


def _export(game: Game, folder: Path) -> int:
    from grpo_arcade.games.openenv.space import write_space

    write_space(game, folder)
    push = f"openenv push {shlex.quote(str(folder))}"
    print(one_line(f"{folder} holds an OpenEnv environment: `{push}` takes it to a Space"))
    return 0


def _allow_files(needed: int) -> None:
    """Have as many files open as there may be connections, and as many again for those that are only coming.

    Raises:
        ValueError: the system allows too few for the connections.
    """
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise ValueError(f"the system allows {hard} open files; with --sessions {hard - _OTHER_FILES} they are enough")
    wanted = 2 * needed if hard == resource.RLIM_INFINITY else min(2 * needed, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there, or one line that says why not."""
    if not 0 <= port <= 65535:
        raise ValueError(f"--port must be 0 to 65535, not {port}")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.create_server(address[:2], family=family, backlog=1024)
    except OSError as error:
        why = str(error.strerror).partition(" (")[0]
        raise ValueError(f"cannot listen on {host} port {port}: {why}; --port 0 takes a free one") from error
    return listening


def _place(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
