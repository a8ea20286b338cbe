"""The messages between the process that holds the games and the child that plays them.

Towards the child: a length, then that many bytes of ``marshal``. The direction is the trusted one.
From the child: a fixed header (sequence number, number of answers, bytes of error text), one byte an answer, the error
text. Nothing that comes from a child is ever deserialised: a child can lie about its answers, and nothing else.
"""

from __future__ import annotations

import marshal
import struct
from typing import Any

LENGTH = struct.Struct("<I")
REPLY = struct.Struct("<IHH")
"""Sequence number, number of answers, bytes of error text."""

ILLEGAL = 254
"""Answer byte: the strategy returned something that is no action."""
CRASHED = 255
"""Answer byte: the strategy raised; the error text says what."""
NOT_VALID = 253
"""Answer byte, when loading: the source does not compile."""
NO_ENTRY = 252
"""Answer byte, when loading: the source ran and defined no callable of the entry's name."""
MAX_ACTIONS = 250

MAX_ERROR_BYTES = 2000

PAGE = struct.Struct("<IIQ")
PAGE_BYTES = 65536
PAGE_HEADER_BYTES = 16
"""The shared page: index of the game being answered and number of the call (both uint32), padding, then one float64
a game: seconds of wall clock spent in it. It only serves to tell a strategy's games apart when one of them is slow, so
a child that lies in it can shift blame among its own games, and nothing else."""
MAX_GAMES = (PAGE_BYTES - PAGE_HEADER_BYTES) // 8

# The lone surrogate makes the name one that no file system has: to show the line of a syntax error the compiler opens
# the file it is told of, and a confined process that opens a file is killed.
ENTRY_FILE = "<strategy>\ud800"
"""File name of strategies in code objects: line numbers in errors are those of frames with this name."""
TOOLBOX_FILE = "<toolbox>\ud800"
"""File name of the functions that a game lends."""

LEASH_START = struct.Struct("<i")
"""Server to the process with the games: pid of the child, or minus errno."""
LEASH_END = struct.Struct("<iddq")
"""Server to the process with the games: wait status, user and system CPU seconds, peak resident KiB."""
LIMITS = struct.Struct("<QI?")
"""Launcher to server with three descriptors: memory bytes, CPU seconds of the hard limit, policy on."""


def pack(message: Any) -> bytes:
    """A message towards the child."""
    # Version 2 writes every object out: no two observations share a list that a strategy could change.
    body = marshal.dumps(message, 2)
    return LENGTH.pack(len(body)) + body


def pack_round(places: list[int], observations: bytes) -> bytes:
    """The message that asks for answers at ``places``, where ``observations`` is a list as ``marshal`` writes it."""
    where = marshal.dumps(places, 2)
    return LENGTH.pack(_PAIR_BYTES + len(where) + len(observations)) + _PAIR + where + observations


_PAIR = marshal.dumps((None, None), 2)[:-2]
"""How a pair begins."""
_PAIR_BYTES = len(_PAIR)
