"""Connections to a run's database: the one place that opens SQLite.

A reader never blocks the trainer, and sees each row whole or not at all. Since a run may be somebody else's, it opens
the database to read only, takes nothing but plain tables (no views, triggers, virtual tables or computed columns, which
would run what somebody wrote), lets no query go on for long or return more than the file can hold, and checks what
comes back (:mod:`.columns`).
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from grpo_arcade.foreign_data import ForeignDataError
from grpo_arcade.foreign_text import one_line
from grpo_arcade.recordings.runs import columns, schema
from grpo_arcade.recordings.runs.folder import DATABASE, RunFolderError

TABLE_NAMES = tuple(re.findall(r"CREATE TABLE (\w+)", schema.TABLES))
_MOST_SECONDS = 10.0
"""Processor time a query may take; those of a run of 100,000 strategies take a tenth of a second."""
_LARGEST_VALUE = 48 << 20
"""Bytes of one value or row: an episode of which much was seen has half of that."""
_MOST_BYTES = 64 << 20
"""Text and blobs that any query may give back; those of a larger file may give four times its size."""
_AT_ONCE, _MOST_AT_ONCE = 32, 4_096


def connect(database: Path, mode: str = "rw") -> sqlite3.Connection:
    """An autocommitting connection whose rows know their columns' names."""
    where = f"file:{quote(os.fsencode(database.absolute()))}?{'immutable=1' if mode == 'immutable' else f'mode={mode}'}"
    connection = sqlite3.connect(where, uri=True, timeout=30.0, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection


class ReadDatabase:
    """Reads the run in a folder, whoever wrote it. One thread at a time."""

    def __init__(self, folder: Path) -> None:
        """Open the database.

        Raises:
            RunFolderError: it is no run folder, or one written by another version of this program.
        """
        self._folder = folder
        with explained(folder):
            self._connection = _opened(folder)
            try:
                self._guard()
                _check_version(self._connection, folder)
                _check_tables(self._connection)
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Close it."""
        self._connection.close()

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Rows of any SELECT over the tables of ``schema``; columns by name, each of the type its table gives it.

        Raises:
            RunFolderError: the database is damaged, or the answer takes too long or is too large.
        """
        with explained(self._folder):
            self._deadline = time.thread_time() + _MOST_SECONDS
            cursor = self._connection.execute(sql, values)
            rows: list[sqlite3.Row] = []
            size, at_once = 0, _AT_ONCE
            while part := cursor.fetchmany(at_once):
                rows += part
                read = columns.check(part)
                if (size := size + read) > _MOST_BYTES and size > 4 * self._size():
                    raise ForeignDataError("the answer is larger than the file could hold")
                if len(part) < at_once:
                    break
                at_once = min(2 * at_once, _MOST_AT_ONCE) if read < _MOST_BYTES // 64 else _AT_ONCE
            return rows

    def _guard(self) -> None:
        connection = self._connection
        for what in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON", "mmap_size = 0"):
            connection.execute(f"PRAGMA {what}")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_VALUE)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        self._deadline = time.thread_time() + _MOST_SECONDS
        connection.set_progress_handler(self._late, 10_000)

    def _late(self) -> bool:
        return time.thread_time() > self._deadline

    def _size(self) -> int:
        files = (self._folder / f"{DATABASE}{name}" for name in ("", "-wal"))
        return sum(file.stat().st_size for file in files if file.is_file())


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
        raise RunFolderError(f"{database} cannot be read: {one_line(error, 300)}") from error
    except sqlite3.DatabaseError as error:
        raise RunFolderError(f"{database} is no database of this program ({one_line(error, 300)})") from error


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


def _check_tables(connection: sqlite3.Connection) -> None:
    """Refuse whatever would run something that somebody wrote.

    Raises:
        ForeignDataError: there is such a thing.
    """
    for kind, name, root in connection.execute("SELECT type, name, rootpage FROM sqlite_master").fetchall():
        # A virtual table has no root.
        if kind not in ("table", "index") or not root:
            raise ForeignDataError(f"it holds more than tables: {kind} {name}")
    for table in TABLE_NAMES:
        if any(row["hidden"] for row in connection.execute(f"PRAGMA table_xinfo({table})")):
            raise ForeignDataError(f"table {table} has computed columns")


@contextlib.contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Say in one line what is the matter with the run in ``folder`` when reading it fails.

    Raises:
        RunFolderError: instead of whatever damaged data make fail.
    """
    try:
        yield
    except RunFolderError:
        raise
    except (sqlite3.Error, OSError) as error:
        gone = "" if _there(folder) else "; the folder is gone"
        slow = "; a query took too long" if "interrupted" in str(error) else ""
        raise RunFolderError(f"{folder / DATABASE}: {one_line(error, 300)}{gone}{slow}") from error
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError) as error:
        words = str(error) if isinstance(error, ForeignDataError) else f"{type(error).__name__}: {error}"
        raise RunFolderError(f"{folder / DATABASE} is damaged: {one_line(words, 300)}") from error


def _there(folder: Path) -> bool:
    try:
        return (folder / DATABASE).is_file()
    except OSError:
        return False
