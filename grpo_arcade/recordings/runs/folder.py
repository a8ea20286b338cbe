"""What a run's folder holds, who holds its lock, and how its trouble is said; knows nothing of its tables.

outputs/<game>-<model>-<time>/
  config.json      the resolved configuration, versions, git revision
  run.db           SQLite in WAL mode (``schema``)
  checkpoint-N/    what Hugging Face's Trainer writes, and ``arcade_state.json`` when it is complete
  .made-here       this machine's mark (``made_here``)
  log.txt          everything the trainer printed
  recordings/      episodes worth keeping and the GIFs made from them
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from grpo_arcade.atomic_write import atomic_write

DATABASE, LOCK, LOG, CONFIG, RECORDINGS = "run.db", "run.lock", "log.txt", "config.json", "recordings"
STATE = "arcade_state.json"
"""Written last into a checkpoint: a checkpoint without it is torn and never resumed from."""
LIVE = ("starting", "running", "paused")
"""Statuses of a run that is being trained."""
RESUMABLE = ("stopped", "crashed")
"""Statuses of a run that can be resumed."""

_NO_MATTER_OF_ROOM = (FileExistsError, FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError)
_NUMBERED = re.compile(r"checkpoint-[0-9]{1,15}")


class RunFolderError(ValueError):
    """The run folder cannot be read or written; one line that says why and what would work."""


def checkpoints(folder: Path) -> list[Path]:
    """The complete checkpoints of a run, oldest first."""
    found = (state.parent for state in folder.glob(f"checkpoint-*/{STATE}"))
    return sorted((checkpoint for checkpoint in found if _NUMBERED.fullmatch(checkpoint.name)), key=checkpoint_step)


def checkpoint_step(checkpoint: Path) -> int:
    """The step a checkpoint was made after."""
    return int(checkpoint.name.rpartition("-")[2])


def is_live(folder: Path) -> bool:
    """Whether a trainer is at work on the run: it holds the lock as long as its process exists."""
    try:
        # Whoever opens a pipe waits for somebody who writes into it.
        if not (folder / LOCK).is_file():
            return False
        with (folder / LOCK).open("rb") as file:
            return not try_lock(file.fileno(), shared=True)
    except OSError:
        return False


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Take the lock of an open file without waiting; it is freed when the file is closed or the process dies."""
    try:
        import fcntl
    except ImportError:
        return _try_lock_windows(descriptor)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _try_lock_windows(descriptor: int) -> bool:
    import msvcrt

    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    return True


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file so that a reader sees the old one or the new one, never half of it."""
    with atomic_write(path) as scratch:
        scratch.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


@contextlib.contextmanager
def writing(folder: Path, again: str = "", *, anything_but: type[Exception] | None = None) -> Iterator[None]:
    """Say in one line that ``folder`` cannot be written when the writing inside fails.

    ``again`` is the command that goes on with the run in it, where there is one yet. With ``anything_but`` every error
    counts save that one: the libraries that write checkpoints each have their own for a full disk.
    """
    try:
        yield
    except (RunFolderError, MemoryError):
        raise
    except (OSError, sqlite3.Error) as error:
        raise unwritable(folder, error, again) from error
    except Exception as error:
        if anything_but is None or isinstance(error, anything_but):
            raise
        raise unwritable(folder, error, again) from error


def taken(folder: Path) -> RunFolderError:
    """What to raise where a run is to begin under a name that there is."""
    again = shlex.quote(str(folder))
    return RunFolderError(f"{folder} exists; choose another run_name, or go on with it: --resume {again}")


def unwritable(folder: Path, error: Exception, again: str = "") -> RunFolderError:
    """What to raise for ``error``: which folder, why, and what would work; ``again`` as in :func:`writing`."""
    words = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
    # PyTorch adds a backtrace of its own.
    reason = next(iter(words.splitlines()), "") or type(error).__name__
    room = "" if isinstance(error, _NO_MATTER_OF_ROOM) else "free space or "
    what_helps = f"free space, then {again}" if again else f"{room}choose another output_dir"
    return RunFolderError(f"{folder} cannot be written ({reason}); {what_helps}")
