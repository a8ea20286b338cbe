"""Reads a TOML file, whoever wrote it: what cannot be read is one kind of error with one line. Imports no room."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any


class TomlError(ValueError):
    """The file holds no TOML that can be read; the message says why in one line."""


def read_toml(path: Path) -> dict[str, Any]:
    """The table a file holds.

    Raises:
        OSError: the file cannot be opened.
        TomlError: it holds something else, or is nested more deeply than the interpreter can follow.
    """
    text = path.read_bytes()
    try:
        return tomllib.loads(text.decode("utf-8").replace("\r\n", "\n"))
    except RecursionError as error:
        raise TomlError("it is nested too deeply") from error
    # Also numbers of more digits than Python reads, and bytes that are no text.
    except ValueError as error:
        raise TomlError(" ".join(str(error).split())) from error
