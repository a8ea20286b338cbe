"""Connections to a run's database: the one place that opens SQLite.

A reader never blocks the trainer, and sees each row whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from grpo_arcade.recordings.runs import schema
from grpo_arcade.recordings.runs.folder import DATABASE, RunFolderError


def connect(database: Path, mode: str = "rw") -> sqlite3.Connection:
    """An autocommitting connection whose rows know their columns' names."""
    where = f"file:{quote(str(database.absolute()))}?{'immutable=1' if mode == 'immutable' else f'mode={mode}'}"
    connection = sqlite3.connect(where, uri=True, timeout=30.0, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection


def open_readable(folder: Path) -> sqlite3.Connection:
    """A connection that only reads the run in ``folder``.

    Raises:
        RunFolderError: it is no run folder, or one written by another version of this program.
    """
    connection = _opened(folder)
    try:
        _check_version(connection, folder)
    except BaseException:
        connection.close()
        raise
    return connection


def _opened(folder: Path) -> sqlite3.Connection:
    database = folder / DATABASE
    if not database.is_file():
        what = "there is no such folder" if not folder.is_dir() else "it holds no run.db"
        raise RunFolderError(f"{folder} is not a run folder: {what}; arcade runs lists them")
    connection = None
    try:
        connection = connect(database, "ro")
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        return connection
    except sqlite3.OperationalError as error:
        if connection is not None:
            connection.close()
        # On a read-only medium SQLite cannot make its shared-memory file, and needs to be told that nobody writes.
        if not os.access(folder, os.W_OK) and not (folder / f"{DATABASE}-wal").exists():
            return connect(database, "immutable")
        raise RunFolderError(f"{database} cannot be read: {error}") from error
    except sqlite3.DatabaseError as error:
        raise RunFolderError(f"{database} is no database of this program ({error})") from error


def _check_version(connection: sqlite3.Connection, folder: Path) -> None:
    with explained(folder):
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    if owner != schema.APPLICATION_ID:
        starting = owner == 0 and version == 0
        raise RunFolderError(
            f"{folder} is just being made; try again in a moment"
            if starting
            else f"{folder / DATABASE} is not a run of this program"
        )
    if version > schema.VERSION:
        raise RunFolderError(
            f"{folder} was written by a newer version (tables {version}, this one reads {schema.VERSION}): "
            'pip install --upgrade "grpo-arcade"'
        )


@contextlib.contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Say in one line what is the matter with the run in ``folder`` when reading it fails.

    Raises:
        RunFolderError: instead of what SQLite raises.
    """
    try:
        yield
    except sqlite3.Error as error:
        gone = "" if (folder / DATABASE).is_file() else "; the folder is gone"
        raise RunFolderError(f"{folder / DATABASE}: {error}{gone}") from error
