"""A process that plays matches for a :class:`~grpo_arcade.games.players.pool.MatchPool`, one after another.

Games are stepped here, so that scoring holds nobody else's interpreter lock. It is trusted, and talks pickle to the
pool on its standard input and output; it ends when the pool closes its input.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import struct
from typing import Any, BinaryIO

HEADER = struct.Struct("<Q")
NICENESS = 10


def write_message(stream: BinaryIO, message: Any) -> None:
    """Send one pickled message."""
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    stream.write(HEADER.pack(len(data)))
    stream.write(data)
    stream.flush()


def read_message(stream: BinaryIO) -> Any:
    """Receive one message. Raises ``EOFError`` at the stream's end, in the middle of a message too."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        raise EOFError
    (length,) = HEADER.unpack(header)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)


def main() -> None:
    """Read jobs (keyword arguments of :func:`played`), answer ``(result, None)`` or ``(None, exception)``."""
    jobs = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    # Nothing that prints can get between the messages.
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(NICENESS)
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            job = read_message(jobs)
            try:
                answer = played(**job), None
            except Exception as error:
                answer = None, _portable(error)  # type: ignore[assignment]
            write_message(answers, answer)


def played(**job: Any) -> Any:
    """One match: ``play_seats`` where the job has contenders, else ``play_match``."""
    if "contenders" in job:
        from grpo_arcade.games.players.versus import play_seats

        return play_seats(**job)
    from grpo_arcade.games.players.match import play_match

    return play_match(**job)


def _portable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
