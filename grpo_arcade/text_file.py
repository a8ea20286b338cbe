"""Text and TOML that a person's editor has written, whatever it put in front of it.

Notepad and PowerShell begin a file with a byte-order mark, or write UTF-16; an old Python file declares another
encoding in its first lines (PEP 263). Strategies, settings and configurations are all read through here. Imports
nothing of the rooms, so that every room may use it.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import tokenize
import tomllib
from typing import Any

from grpo_arcade.foreign_data import ForeignDataError, read_file

MOST_BYTES = 4 << 20
"""A text that somebody wrote by hand is smaller."""
DEEPEST = 48
"""Tables and lists within one another."""
# A key of many parts costs their square before anybody can look at what it says.
_LONG_KEY = re.compile(rf"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{DEEPEST}}}""")
# The longer marks first: UTF-32's begins like UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decoded(data: bytes, *, declared: bool = False) -> str:
    """The text without its byte-order mark, every line ended by a newline alone.

    Args:
        data: UTF-8, or what its mark says.
        declared: whether a line ``# -*- coding: … -*-`` at the top counts where there is no mark, as it does in Python.

    Raises:
        ForeignDataError: it is no text in that encoding.
    """
    mark, encoding = next((known for known in _MARKS if data.startswith(known[0])), (b"", "utf-8"))
    if declared and not mark:
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        except SyntaxError as error:
            if "unknown" in str(error):
                raise ForeignDataError(f"declares an encoding that Python does not know: {error.msg}") from error
            # Or else nothing is declared, and the beginning is not UTF-8: said below, with the place.
    try:
        text = str(data[len(mark) :], encoding)
    except UnicodeDecodeError as error:
        raise ForeignDataError(
            f"is no text: byte {error.start + len(mark):,} is not {encoding.upper()}; save it as UTF-8"
        ) from error
    except LookupError as error:  # an encoding of bytes to bytes, say
        raise ForeignDataError(f"is no text: {error}") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_text(path: str | os.PathLike[str], *, declared: bool = False) -> str:
    """A file's text; see :func:`decoded`.

    Raises:
        ForeignDataError: it is too large, no file, or no text; one line that begins with its name.
        OSError: it cannot be opened.
    """
    try:
        return decoded(read_file(path, MOST_BYTES), declared=declared)
    except ForeignDataError as error:
        raise type(error)(f"{os.fspath(path)} {error}") from error


def read_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a TOML file says.

    Raises:
        ForeignDataError: it is not TOML, or nests deeper than :data:`DEEPEST`; one line that begins with its name.
        OSError: it cannot be opened.
    """
    try:
        text = decoded(read_file(path, MOST_BYTES))
    except ForeignDataError as error:
        raise ForeignDataError(f"{os.fspath(path)}: not TOML: it {error}") from error
    if _LONG_KEY.search(text):
        raise ForeignDataError(f"{os.fspath(path)}: not TOML that can be read: a key has more than {DEEPEST} parts")
    try:
        table = tomllib.loads(text)
    except RecursionError as error:
        raise ForeignDataError(f"{os.fspath(path)}: not TOML that can be read: it nests too deep") from error
    except ValueError as error:  # a number of thousands of digits, too
        raise ForeignDataError(f"{os.fspath(path)}: not TOML: {' '.join(str(error).split())}") from error
    level: list[Any] = [table]
    for _ in range(DEEPEST):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return table
    raise ForeignDataError(f"{os.fspath(path)}: not TOML that can be read: it nests deeper than {DEEPEST}")
