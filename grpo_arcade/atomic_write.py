"""Files that appear whole or not at all: written beside their place, then moved there.

Imports nothing of the rooms, so that every room may use it.
"""

from __future__ import annotations

import os
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
