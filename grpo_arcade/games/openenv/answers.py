"""What a server says, as far as it can be understood: JSON of bounded size, whoever wrote it.

Reading costs a second or two at most: beside its bytes, an answer's lists, tables and values are counted before it is
taken apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from grpo_arcade.foreign_data import weight_of_json
from grpo_arcade.foreign_text import one_line as plain_line

LARGEST_MESSAGE = 16 << 20
"""Bytes of one message; a 210 × 160 RGB picture in JSON is 0.5 MB."""
DEEPEST = 32
"""Lists and tables within each other."""
MOST_VALUES = 1_500_000
"""Values of one message, lists and tables among them; a 512 × 512 RGB picture in JSON has a million."""


_WORDS = 200
"""Characters of a server's words that are shown."""


class ServerError(ValueError):
    """The server failed: it is not there, too slow, or says what cannot be understood. The message is one line."""


def parse_json(data: bytes, where: str) -> Any:
    """JSON, however hostile. Raises :class:`ServerError` if it is none, or more than anything sensible."""
    try:
        text = data.decode()
        if weight_of_json(text) > MOST_VALUES:
            raise ServerError(f"{where} holds more than {MOST_VALUES:,} values")
        value = json.loads(text)
    except ServerError:
        raise
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
    return plain_line(what, _WORDS) or type(what).__name__
