"""What is to be seen of an episode, move after move, kept small: each position as what differs from the one before.

A position of an Atari game takes 34 KB, on a tape about 300 bytes, and comes back from it in less than 0.1 ms. Any
object that can be pickled may be taped. Knows no game, no process and no window.
"""

from __future__ import annotations

import pickle
import zlib
from typing import Any

import numpy as np

KEY_EVERY = 32
"""Every so many entries one stands for itself, so that none is far from one to start from."""
_WHOLE, _CHANGE = b"w", b"c"


class Packer:
    """Turns one object after the other into the entries of one tape."""

    def __init__(self) -> None:
        self._before = np.empty(0, np.uint8)
        self._count = 0

    def pack(self, thing: Any) -> bytes:
        """The next entry."""
        now = np.frombuffer(pickle.dumps(thing, pickle.HIGHEST_PROTOCOL), np.uint8)
        before, self._before = self._before, now
        whole = self._count % KEY_EVERY == 0 or before.size != now.size
        self._count += 1
        return _WHOLE + zlib.compress(now.data, 1) if whole else _CHANGE + zlib.compress((now ^ before).data, 1)


class Tape:
    """Entries that come in from a :class:`Packer`, and what they stand for."""

    def __init__(self) -> None:
        self._entries: list[bytes] = []
        self._at = -1
        self._bytes = np.empty(0, np.uint8)
        self._thing: Any = None

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """Bytes the entries take."""
        return sum(map(len, self._entries))

    def extend(self, entries: list[bytes]) -> None:
        """Put more at the end."""
        self._entries += entries

    def at(self, place: int) -> Any:
        """The object at a place from 0; the same object for the same place asked for twice in a row."""
        if place == self._at:
            return self._thing
        entry = self._entries[place]
        first = place
        while self._entries[first][:1] == _CHANGE and first != self._at + 1:
            first -= 1
        now = self._bytes
        for entry in self._entries[first : place + 1]:
            part = np.frombuffer(zlib.decompress(memoryview(entry)[1:]), np.uint8)
            now = part if entry[:1] == _WHOLE else now ^ part
        self._at, self._bytes = place, now
        self._thing = pickle.loads(now.data)
        return self._thing
