"""A tape: what is to be seen of a game, move after move, kept small as what differs from the position before.

A position of an Atari game takes 34 KB, on a tape about 300 bytes, and comes back from it in less than 0.1 ms. Any
object that can be pickled may be taped. A tape grows while another process plays; knows no game, no process, no window.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from grpo_arcade.games.episode import Verdict

KEY_EVERY = 32
"""Every so many entries one stands for itself, so that none is far from one to start from."""
AT_FIRST = 60
"""Moves of a new tape that are made before anybody has said how many are wanted."""
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
    """Entries that come in from a :class:`Packer`, and what they stand for: the start, then one a move.

    Args:
        expected: moves there will be, as far as is known.
        ask: asks whoever makes it for more, by which move is being shown and up to which one more is wanted.
    """

    def __init__(self, expected: int = 0, ask: Callable[[int, int], None] | None = None) -> None:
        self.expected = expected
        """Moves there will be, as far as is known by now."""
        self.verdict: Verdict | None = None
        """Whether what was taped is genuine, once it is known that there will be no more than there is."""
        self._ask = ask
        self._asked = AT_FIRST
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

    def extend(self, entries: Sequence[bytes], verdict: Verdict | None = None) -> None:
        """Put more at the end; with a verdict, these are the last."""
        self._entries += entries
        if verdict is not None:
            self.verdict = verdict
            self.expected = max(0, len(self) - 1)

    def want(self, shown: int, upto: int) -> None:
        """Say which move is being shown, and which will be wanted soon."""
        upto = min(upto, self.expected + 1)  # one more than there are: that the last has been is known after it
        if self._ask is None or self.verdict is not None or upto <= self._asked:
            return
        # Said once in a while: whoever makes it works some way ahead anyway.
        if upto > self.expected or self._asked < shown + (upto - shown) * 3 // 4:
            self._asked = upto
            self._ask(shown, upto)

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
