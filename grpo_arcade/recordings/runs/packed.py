"""The blobs of a run's database: token ids, and what was played in an episode."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grpo_arcade.games import Episode


def pack_tokens(ids: Sequence[int]) -> bytes:
    """Token ids as the database keeps them."""
    packed = array("I", ids)
    if packed.itemsize != 4:  # pragma: no cover - no platform of today
        packed = array("L", ids)
    return zlib.compress(packed.tobytes(), 6)


def unpack_tokens(blob: bytes) -> list[int]:
    """The inverse of :func:`pack_tokens`."""
    unpacked = array("I")
    unpacked.frombytes(zlib.decompress(blob))
    return unpacked.tolist()


def pack_actions(episode: Episode) -> bytes:
    """What an episode's row keeps of its actions, and behind them its observations, mostly none."""
    return zlib.compress(episode.actions, 6) + episode.observations


def unpack_actions(blob: bytes) -> tuple[bytes, bytes]:
    """The inverse of :func:`pack_actions`: actions and observations.

    Raises:
        zlib.error: the blob is damaged.
    """
    inflate = zlib.decompressobj()
    actions = inflate.decompress(blob)
    if not inflate.eof:
        raise zlib.error("a game's moves break off")
    return actions, inflate.unused_data
