"""The blobs of a run's database: token ids, and what was played in an episode."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

from grpo_arcade.foreign_data import ForeignDataError, inflated
from grpo_arcade.recordings.file import MOST_ACTIONS

if TYPE_CHECKING:
    from grpo_arcade.games import Episode

MOST_TOKENS = 1 << 20
"""Of a completion; no model writes as many."""


def pack_tokens(ids: Sequence[int]) -> bytes:
    """Token ids as the database keeps them."""
    packed = array("I", ids)
    if packed.itemsize != 4:  # pragma: no cover - no platform of today
        packed = array("L", ids)
    return zlib.compress(packed.tobytes(), 6)


def unpack_tokens(blob: bytes) -> list[int]:
    """The inverse of :func:`pack_tokens`.

    Raises:
        ForeignDataError: the blob is damaged, or holds more than any completion is long.
    """
    unpacked = array("I")
    content, rest = inflated(blob, 4 * MOST_TOKENS)
    if rest or len(content) % 4:
        raise ForeignDataError("the tokens of a completion are damaged")
    unpacked.frombytes(content)
    return unpacked.tolist()


def pack_actions(episode: Episode) -> bytes:
    """What an episode's row keeps of its actions, and behind them its observations, mostly none."""
    return zlib.compress(episode.actions, 6) + episode.observations


def unpack_actions(blob: bytes, most: int = MOST_ACTIONS) -> tuple[bytes, bytes]:
    """The inverse of :func:`pack_actions`: at most so many actions, and observations.

    Raises:
        ForeignDataError: the blob is damaged, or holds more than a recording may.
    """
    return inflated(blob, max(0, min(most, MOST_ACTIONS)))
