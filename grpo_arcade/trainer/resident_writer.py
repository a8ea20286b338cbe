"""The resident writer: one process beside a window that keeps its models loaded and writes for all who ask.

:class:`ResidentWriter` is the window's side: it starts the process when a model is first asked, and the process ends
with it, also when the window is killed: it holds the other end of a pipe that then closes. ``python -m
grpo_arcade.trainer.resident_writer`` is the process. It listens on a socket in a folder that only this person can
enter, and on Windows on a pipe; whoever connects has to know a key as well. Address and key stand in a file that only
this person can read, where :func:`messages_of_window` finds them for commands that run while a window is open.

What is said on a connection is JSON, never pickled: an order in, the messages of ``answering.py`` out, once.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Generator, Mapping
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Any

from grpo_arcade import __version__
from grpo_arcade.atomic_write import atomic_write
from grpo_arcade.foreign_data import parsed_json, read_file

_LOOK_S = 0.1
"""Between two looks whether the person still waits for an answer."""
_GREETING_S = 3.0
"""So long a writer may take to say that it is there."""
_MOST_BYTES = 1 << 20


def known_at() -> Path:
    """The file that says where a window's writer listens; ``ARCADE_WRITER`` names another."""
    if named := os.environ.get("ARCADE_WRITER"):
        return Path(named)
    import platformdirs

    with warnings.catch_warnings():
        # Where nobody has logged in, as in a container, it warns that it falls back; who owns it is checked anyway.
        warnings.simplefilter("ignore")
        return platformdirs.user_runtime_path("grpo-arcade") / "writer.json"


class ResidentWriter:
    """The writer of one window; may be asked in any thread, by several at once."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._door: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Its process, while there is one."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def messages(
        self, order: Mapping[str, Any], waiting: Callable[[], None] = lambda: None
    ) -> Generator[dict[str, Any]]:
        """What is said to an order, as it is said; ends early if the process dies.

        Args:
            order: as :func:`grpo_arcade.trainer.write.order` makes it.
            waiting: called ten times a second while nothing is said; what it raises ends the answer.
        """
        with contextlib.suppress(OSError, EOFError, AuthenticationError, ValueError):
            yield from _ask(self._opened(), order, waiting)

    def close(self) -> None:
        """End it, and whatever it is writing."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(OSError):
            process.stdin.close()  # tells it to go
        process.stdout.close()
        try:
            process.wait(2.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _opened(self) -> dict[str, Any]:
        with self._lock:
            if self._closed:
                raise OSError("the window is closed")
            if self._process is None or self._process.poll() is not None:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", __name__],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                    encoding="utf-8",
                )
                assert self._process.stdout is not None
                self._door = json.loads(self._process.stdout.readline())
            return self._door


def messages_of_window(order: Mapping[str, Any]) -> Generator[dict[str, Any]]:
    """What a window's writer says to an order; nothing where no window has one, or its model is not on this machine.

    A model that has to be downloaded is not asked for here: a command does that itself, with its own settings.
    """
    with contextlib.suppress(OSError, EOFError, AuthenticationError, ValueError, KeyError, TypeError):
        place = known_at()
        _refuse_others(place)
        door = parsed_json(read_file(place, 1 << 12))
        if door["made_of"] == _made_of() and _is_here(order["model"]):
            whole = {**order, "model": _absolute(order["model"])}
            yield from _ask(door, whole, lambda: None)


def _refuse_others(place: Path) -> None:
    """Only what this person alone can write says where a writer is."""
    if os.name != "posix":
        return
    for path in (place, place.parent):
        facts = path.lstat()
        if facts.st_uid != os.getuid() or stat.S_IMODE(facts.st_mode) & 0o022:
            raise OSError(f"{path} can be written by others")


def _is_here(model: str) -> bool:
    from grpo_arcade.trainer.models import hub
    from grpo_arcade.trainer.models.loading import locate

    where = locate(model)
    return isinstance(where, Path) or hub.folder_of(where) is not None


def _absolute(model: str) -> str:
    path = Path(model).expanduser()
    return str(path.resolve()) if model != "pocket" and path.exists() else model


def _made_of() -> list[str]:
    """What a command and a writer must agree in: the same program, installed in the same place."""
    return [__version__, str(Path(__file__).resolve())]


def _ask(door: Mapping[str, Any], order: Mapping[str, Any], waiting: Callable[[], None]) -> Generator[dict[str, Any]]:
    key = bytes.fromhex(door["key"])
    with Client(door["address"]) as connection:
        if not connection.poll(_GREETING_S):
            raise OSError("the writer does not answer")
        answer_challenge(connection, key)
        deliver_challenge(connection, key)
        connection.send_bytes(json.dumps(order).encode())
        while True:
            while not connection.poll(_LOOK_S):
                waiting()
            message: dict[str, Any] = json.loads(connection.recv_bytes(_MOST_BYTES))
            yield message
            if "completion" in message or "error" in message:
                return


# The process.


def main() -> None:
    """Listen until the window is gone."""
    import secrets

    from grpo_arcade.trainer.answering import Answering

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the window's to answer
    key = secrets.token_bytes(32)
    place, folder = known_at(), Path(tempfile.mkdtemp(prefix="arcade-writer-"))  # nobody else can enter it
    with contextlib.suppress(OSError, AttributeError):
        os.nice(5)  # the person's frames come first

    def end(*_: object) -> None:
        with contextlib.suppress(OSError, ValueError, TypeError):
            if parsed_json(read_file(place, 1 << 12))["key"] == key.hex():
                place.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)  # also in the middle of a strategy

    signal.signal(signal.SIGTERM, end)
    listener = Listener(str(folder / "socket") if os.name == "posix" else None, backlog=16)
    door = {"address": listener.address, "key": key.hex(), "made_of": _made_of()}
    with contextlib.suppress(OSError):  # without it the window's own models write all the same
        _make_known(place, door)
    print(json.dumps(door), flush=True)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # what libraries print would fill a pipe that nobody reads
    answering = Answering()

    def hold() -> None:
        while sys.stdin.read(1):
            pass
        end()

    threading.Thread(target=hold, daemon=True).start()
    while True:
        with contextlib.suppress(OSError):
            connection = listener.accept()
            threading.Thread(target=_serve, args=(connection, key, answering.answer), daemon=True).start()


def _make_known(place: Path, door: Mapping[str, Any]) -> None:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with atomic_write(place) as scratch:
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(door, file)


def _serve(
    connection: Connection,
    key: bytes,
    answer: Callable[[Mapping[str, Any], Callable[[dict[str, Any]], None]], None],
) -> None:
    def say(message: dict[str, Any]) -> None:
        connection.send_bytes(json.dumps(message).encode())

    # Whoever does not know the key, says something else or goes away in the middle is nobody's loss.
    with contextlib.suppress(OSError, EOFError, AuthenticationError, ValueError, KeyError, TypeError), connection:
        deliver_challenge(connection, key)
        answer_challenge(connection, key)
        answer(json.loads(connection.recv_bytes(_MOST_BYTES)), say)


if __name__ == "__main__":
    main()
