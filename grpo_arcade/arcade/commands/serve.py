"""``arcade serve``: any registered game as an OpenEnv server, or as a folder that becomes one elsewhere."""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

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
    host: str = "127.0.0.1"
    """Where to listen. Only this machine can connect unless another address is named (0.0.0.0 is every one)."""
    port: int = 8000
    """The port; 0 for any that is free."""
    sessions: int = 256
    """Episodes that may be played at once."""
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
    game = make(command.game, **parse_options(command.game_options, "--game-options"))
    if command.sessions < 1:
        raise ValueError(f"--sessions must be at least 1, not {command.sessions}")
    if not command.idle > 0:
        raise ValueError(f"--idle must be more than 0 seconds, not {command.idle:g}")
    if command.export is not None:
        return _export(game, Path(command.export))
    from grpo_arcade.games.openenv.space import EXTRA

    _allow_files(command.sessions + _OTHER_FILES)
    with listen(command.host, command.port) as listening:
        try:
            from grpo_arcade.games.openenv.server import Limits, build_app
            from grpo_arcade.games.openenv.server import run as serve
        except ModuleNotFoundError as error:
            missing = str(error.name).partition(".")[0]
            raise ImportError(f"serving needs openenv, and {missing} is not installed: {EXTRA}") from error
        app = build_app(game.name, game.options, Limits(sessions=command.sessions, idle_s=command.idle))
        place = _place(listening)
        print(
            f"serving {game.name} at http://{place} (WebSocket ws://{place}/ws, to look at http://{place}/web), "
            f"{command.sessions} sessions",
            flush=True,
        )
        serve(app, listening)
    return 0


def _export(game: Game, folder: Path) -> int:
    from grpo_arcade.games.openenv.space import write_space

    write_space(game, folder)
    print(f"{one_line(folder)} holds an OpenEnv environment: `openenv push {folder}` takes it to a Space")
    return 0


def _allow_files(needed: int) -> None:
    """Have as many files open as there may be connections, where the system says how many."""
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise ValueError(f"the system allows {hard} open files; with --sessions {hard - _OTHER_FILES} they are enough")
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


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
    if not ip_address(listening.getsockname()[0]).is_loopback:
        print(f"whoever can reach {host} can play; leave --host out to keep it on this machine", file=sys.stderr)
    return listening


def _place(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
