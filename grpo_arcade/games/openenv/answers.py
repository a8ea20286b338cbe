"""What a server says, as far as it can be understood: JSON of bounded size, whoever wrote it.

Reading costs a share of a second at most: beside its bytes, an answer's lists, tables and values are counted before it
is taken apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

LARGEST_MESSAGE = 16 << 20
"""Bytes of one message; a 210 × 160 RGB picture in JSON is 0.5 MB."""
DEEPEST = 32
"""Lists and tables within each other."""
MOST_CONTAINERS = 200_000
"""Lists and tables of one message; a 256 × 256 RGB picture in JSON has 66,000."""
MOST_VALUES = 1_000_000
"""Values of one message; the same picture has 200,000."""


class ServerError(ValueError):
    """The server failed: it is not there, too slow, or says what cannot be understood. The message is one line."""


def parse_json(data: bytes, where: str) -> Any:
    """JSON, however hostile. Raises :class:`ServerError` if it is none, or more than anything sensible."""
    if data.count(b"{") + data.count(b"[") > MOST_CONTAINERS:
        raise ServerError(f"{where} holds more than {MOST_CONTAINERS:,} lists and tables")
    if data.count(b",") > MOST_VALUES:
        raise ServerError(f"{where} holds more than {MOST_VALUES:,} values")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ServerError(f"{where} cannot be read as JSON: {one_line(error)}") from error
    level = [value]
    for _ in range(DEEPEST):
        level = [each for part in level for each in _containers(part)]
        if not level:
            return value
    raise ServerError(f"{where} is nested more than {DEEPEST} deep")


def _containers(value: Any) -> Iterable[Any]:
    """The lists and tables directly within a value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    # Pictures are long lists of numbers, and are passed over at once.
    return () if {dict, list}.isdisjoint(map(type, inner)) else (each for each in inner if type(each) in (dict, list))


def one_line(what: object) -> str:
    """A server's words, or an error's, as one printable line of bounded length."""
    text = str(what) or type(what).__name__
    text = " ".join("".join(character if character.isprintable() else " " for character in text[:2000]).split())
    return text if len(text) <= 200 else text[:199] + "…"
