"""The blobs of a run's database: token ids, and what was played in an episode."""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

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


def pack_seats(episode: Episode) -> str:
    """How an episode of several seats was for each, as ``sittings`` keeps it."""
    rows = [[s.player, s.outcome.value, s.score, s.wasted, s.source_sha256] for s in episode.seats]
    return json.dumps(rows, separators=(",", ":"))


def whole_game(own: Episode, per_step: int, seats: list[list[Any]]) -> Episode:
    """The episode as its game has it, from how one seat has it and what :func:`pack_seats` kept.

    Raises:
        ForeignDataError: what was kept is not such.
    """
    from grpo_arcade.games import Outcome
    from grpo_arcade.games.episode import SeatResult

    try:
        results = tuple(
            SeatResult(str(player), Outcome(outcome), float(score), int(wasted), str(digest))
            for player, outcome, score, wasted, digest in seats
        )
    except (TypeError, ValueError) as error:
        raise ForeignDataError("the seats of an episode are damaged") from error
    if not results or not 1 <= per_step <= len(results):
        raise ForeignDataError("the seats of an episode are damaged")
    failed = [result.outcome for result in results if not result.outcome.by_the_rules]
    return replace(
        own,
        outcome=failed[0] if failed else results[0].outcome,
        score=results[0].score,
        wasted=sum(result.wasted for result in results),
        player=" against ".join(result.player for result in results),
        source_sha256="",
        per_step=per_step,
        seats=results,
    )


def own_side(episode: Episode, seat: int) -> Episode:
    """An episode of several seats as one of them has it: how it ended for that one, and what it scored there."""
    result = episode.seats[seat]
    return replace(
        episode,
        outcome=result.outcome,
        score=result.score,
        wasted=result.wasted,
        player=result.player,
        source_sha256=result.source_sha256,
    )


def unpack_actions(blob: bytes, most: int = MOST_ACTIONS) -> tuple[bytes, bytes]:
    """The inverse of :func:`pack_actions`: at most so many actions, and observations.

    Raises:
        ForeignDataError: the blob is damaged, or holds more than a recording may.
    """
    return inflated(blob, max(0, min(most, MOST_ACTIONS)))
