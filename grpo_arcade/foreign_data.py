"""Files, compressed bytes and JSON from somebody else, read at a cost that their size lets expect.

A kilobyte may say that it is a gigabyte, a name that ends like a recording's may be a pipe that never answers, and
three characters of JSON may become an object of a hundred bytes. Every room reads what it did not write through here.
Imports nothing of the rooms, so that every room may use it.
"""

from __future__ import annotations

import json
import os
import re
import stat
import zlib
from typing import Any

MOST_VALUES = 4_096
"""JSON values that a small text (a header, a row's column) may hold."""
DEEPEST = 48
"""JSON arrays and objects within one another. What is read must also survive being printed and compared."""


class ForeignDataError(ValueError):
    """Something is larger, deeper or otherwise than it may be; the message is one line and continues a name."""


class TooMuchError(ForeignDataError):
    """Something is larger than it may be."""


def read_file(path: str | os.PathLike[str], most: int) -> bytes:
    """The content of a regular file of at most ``most`` bytes.

    Raises:
        TooMuchError: it is larger.
        ForeignDataError: it is no file but a pipe or a device.
        OSError: it cannot be opened.
    """
    # Opening a pipe waits for whoever writes into it, unless it is told not to.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
    with open(path, "rb", buffering=0, opener=lambda name, _: os.open(name, flags)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ForeignDataError("is no file but a pipe or a device")
        parts = bytearray()
        while part := file.read(min(most + 1 - len(parts), 1 << 20)):
            parts += part
        if len(parts) > most:
            raise TooMuchError(f"is larger than {size_text(most)}, which is the most that is read of such a file")
        return bytes(parts)


def inflated(data: bytes | memoryview, most: int) -> tuple[bytes, bytes]:
    """What zlib packed into the beginning of ``data``, at most ``most`` bytes, and what follows it.

    Raises:
        TooMuchError: it is more.
        ForeignDataError: it is no whole zlib stream.
    """
    inflate = zlib.decompressobj()
    try:
        content = inflate.decompress(data, most + 1)
        if len(content) <= most and not inflate.eof:
            # The checksum at the end may still be to come when all content is there already.
            content += inflate.decompress(inflate.unconsumed_tail, 1)
    except zlib.error as error:
        raise ForeignDataError("is not what zlib writes") from error
    if len(content) > most:
        raise TooMuchError(f"unpacks to more than {size_text(most)}")
    if not inflate.eof:
        raise ForeignDataError("breaks off")
    return content, inflate.unused_data


def parsed_json(
    text: str | bytes, *, most_values: int = MOST_VALUES, deepest: int = DEEPEST, finite: bool = True
) -> Any:
    """What a JSON text says, if it holds at most ``most_values`` values.

    Bytes are UTF-8 and nothing else. Values are counted by the marks between them, those inside of strings too. With
    ``finite`` there is neither NaN nor a number that is infinite or becomes so.

    Raises:
        TooMuchError: it holds more.
        ForeignDataError: it is no JSON, or nested too deep.
    """
    try:
        text = text if isinstance(text, str) else str(text, "utf-8")
    except UnicodeDecodeError as error:
        raise ForeignDataError("is not UTF-8") from error
    if (values := weight_of_json(text)) > most_values:
        raise TooMuchError(f"holds more than {most_values:,} JSON values")
    try:
        decoder = _ANY if not finite else _CAREFUL if _LARGE_NUMBER.search(text) else _STRICT
        value = decoder.decode(text)
    except RecursionError as error:
        raise ForeignDataError(f"nests JSON deeper than {deepest}") from error
    except ValueError as error:
        raise ForeignDataError("is no JSON") from error
    if values > deepest and not _shallow(value, deepest):
        raise ForeignDataError(f"nests JSON deeper than {deepest}")
    return value


def weight_of_json(text: str) -> int:
    """At least as many as there are values in a JSON text; each may take about a hundred bytes of memory."""
    return 1 + sum(map(text.count, "[{,:"))


def size_text(size: int) -> str:
    """A number of bytes for people."""
    for unit in ("bytes", "KiB"):
        if size < 1 << 10:
            return f"{size} {unit}"
        size >>= 10
    return f"{size:,} MiB"


def _shallow(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_shallow(each, levels - 1) for each in inner)


def _finite(digits: str) -> float:
    number = float(digits)
    if number - number != 0:
        raise ValueError(f"{digits} is too large a number")
    return number


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


_ANY, _STRICT = json.JSONDecoder(), json.JSONDecoder(parse_constant=_no_number)
_CAREFUL = json.JSONDecoder(parse_constant=_no_number, parse_float=_finite)
_LARGE_NUMBER = re.compile(r"[0-9]{300}|[eE]\+?[0-9]{3}")
"""In every text with a number that no float holds; asking after each number would take longer than reading all."""
