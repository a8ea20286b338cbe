"""Files that appear whole or not at all: written beside their place, then moved there; and folders that stay whole.

Imports nothing of the rooms, so that every room may use it.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A scratch path to write, which becomes ``path`` if the block ends well and is removed if not.

    The folder is made. The scratch file has the same suffix, since some writers go by it, and a name of its own for
    every thread, so that two may write the same file: the last one wins. An ``OSError`` of writing it names ``path``.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{os.getpid()}.{threading.get_ident()}.{target.name}")
    try:
        yield scratch
        os.replace(scratch, target)
    except OSError as error:
        if error.errno is None or error.filename not in (None, scratch, str(scratch)):
            raise
        raise OSError(error.errno, error.strerror, str(target)) from error
    finally:
        scratch.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A folder, new or empty, to be filled; if the block ends badly it is as it was before.

    An ``OSError`` that names no file names ``path``.
    """
    folder = Path(path)
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    except BaseException as error:
        for left in folder.iterdir() if folder.is_dir() else ():
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
        for place in missing:
            if place.is_dir():
                place.rmdir()
        if isinstance(error, OSError) and error.errno is not None and error.filename is None:
            raise OSError(error.errno, error.strerror, str(folder)) from error
        raise
