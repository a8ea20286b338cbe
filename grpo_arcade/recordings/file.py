"""The file of an episode: small, appendable, and readable up to where a crash tore it.

A file is one record after another, each being

    ====== ==========================================================================
    bytes  content
    ====== ==========================================================================
    4      ``GAE`` and the format's version, 0x01
    4      length of the payload, little-endian
    4      CRC-32 of the payload, little-endian
    …      payload, compressed by zlib
    ====== ==========================================================================

A payload is two little-endian 32-bit lengths (of the header, and how many actions), one byte with the bits an action
takes, the header as JSON, and the actions, most significant bit first, the last byte filled up with zeros. Games that
cannot be played again from seed and actions are followed by what was seen of them, whose length the header says. Of a
game of several seats the header holds ``seats``, a list with player, outcome, score, wasted moves and source digest of
each, and where all of them act at each step ``per_step``, how many actions that makes; neither is there for one seat.

People send each other such files, so that one costs what its size lets expect. What goes beyond these limits is not
written, and a file that holds it is refused as a whole:

    ================================ =====================================================
    file                             256 MiB, 100,000 records
    header                           64 KiB, 4,096 JSON values, 48 levels deep
    actions of a record              2^20, hours at any game's pace
    what was seen, of a record       1 MiB, and 16 times the payload's length (it is compressed itself)
    all records unpacked, in memory  32 MiB, and 16 times the file's length
    ================================ =====================================================

Reading takes time in proportion to the length of the file and of what it unpacks to: no byte is summed up again and
again where damaged records claim each other's content.

Knows how an episode is stored, not whether it is genuine: that is :mod:`.verify`'s.
"""

from __future__ import annotations

import json
import math
import os
import struct
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from grpo_arcade.atomic_write import atomic_write
from grpo_arcade.foreign_data import (
    MOST_VALUES,
    ForeignDataError,
    TooMuchError,
    inflated,
    parsed_json,
    read_file,
    size_text,
    weight_of_json,
)
from grpo_arcade.games.episode import Episode, SeatResult
from grpo_arcade.games.game import Outcome

SUFFIX = ".episode"
"""What names of recordings end in."""
LARGEST_FILE, MOST_RECORDS = 256 << 20, 100_000
LARGEST_HEADER: int = 64 << 10
MOST_ACTIONS: int = 1 << 20

_MAGIC = b"GAE\x01"
_FRAME = struct.Struct("<4sII")
_LENGTHS = struct.Struct("<IIB")
_A_VALUE, _A_RECORD = 64, 1 << 10
"""Bytes of memory that a JSON value takes, and a record beside its content; both about."""


class RecordingError(ValueError):
    """A recording cannot be read, shown or trusted; the message is one line."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What could be read of a file."""

    episodes: tuple[Episode, ...]
    note: str
    """One line on what was damaged and passed over; empty if nothing was."""


def to_bytes(episode: Episode) -> bytes:
    """One record. Raises :class:`RecordingError` if the episode holds what a recording cannot."""
    header = {
        "game": episode.game,
        "options": dict(episode.options),
        "seed": episode.seed,
        "outcome": str(episode.outcome),
        "score": episode.score,
        "wasted": episode.wasted,
        "player": episode.player,
        "source_sha256": episode.source_sha256,
        "versions": dict(episode.versions),
    }
    if episode.observations:
        header["observations"] = len(episode.observations)
    if episode.per_step != 1:
        header["per_step"] = episode.per_step
    if episode.seats:
        header["seats"] = [asdict(result) for result in episode.seats]
    try:
        text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise RecordingError(f"this episode cannot be recorded: {error}") from error
    if len(text) > LARGEST_HEADER or weight_of_json(text.decode()) > MOST_VALUES:
        raise RecordingError("this episode cannot be recorded: its options, player and versions are too long")
    if len(episode.actions) > MOST_ACTIONS:
        raise RecordingError(f"this episode cannot be recorded: it has more than {MOST_ACTIONS:,} moves")
    if episode.per_step < 1 or len(episode.actions) % episode.per_step:
        raise RecordingError("this episode cannot be recorded: its actions are no whole steps")
    fewest = max(1, max(episode.actions, default=0).bit_length())
    # Long games often repeat themselves by whole bytes, which zlib only sees if an action is one.
    packed = (_packed(text, episode.actions, bits, episode.observations) for bits in {fewest, 8})
    payload = min(packed, key=len)
    if len(episode.observations) > _most_seen(payload):
        raise RecordingError("this episode cannot be recorded: what was seen of it is too much")
    return _FRAME.pack(_MAGIC, len(payload), zlib.crc32(payload)) + payload


def from_bytes(data: bytes) -> Episode:
    """The episode of exactly one record. Raises :class:`RecordingError` for anything else."""
    loaded = _read_all(data, "these bytes")
    if loaded.note:
        raise RecordingError(loaded.note)
    return _only(loaded, "these bytes")


def save(episode: Episode, path: str | os.PathLike[str]) -> Path:
    """Write a file of one episode, whole or not at all; an existing file is replaced."""
    path = Path(path)
    data = to_bytes(episode)
    with atomic_write(path) as scratch, scratch.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return path


def append(episodes: Episode | Iterable[Episode], path: str | os.PathLike[str]) -> Path:
    """Add episodes to the end of a file, which is made if need be. Readers may read it meanwhile."""
    path = Path(path)
    data = b"".join(map(to_bytes, [episodes] if isinstance(episodes, Episode) else episodes))
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("ab", buffering=0) as file:
            end, rest = file.tell(), memoryview(data)
            try:
                while rest:  # on a disk that fills up the first write takes what fits, and only the next one says why
                    rest = rest[file.write(rest) :]
                os.fsync(file.fileno())
            except OSError:
                file.truncate(end)
                raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    return path


def load(path: str | os.PathLike[str]) -> Episode:
    """The episode of a file that holds one.

    A torn end is passed over if a whole episode comes before it. Raises :class:`RecordingError` if the file is no
    recording, holds several episodes (:func:`load_all` reads those) or no whole one, and ``OSError`` if it cannot be
    opened.
    """
    return _only(load_all(path), str(path))


def load_all(path: str | os.PathLike[str]) -> Loaded:
    """Every whole episode of a file, in order, and a note if something was damaged.

    Raises :class:`RecordingError` if the file is no recording, ``OSError`` if it cannot be opened.
    """
    try:
        data = read_file(path, LARGEST_FILE)
    except ForeignDataError as error:
        raise RecordingError(f"{path} {error}") from error
    return _read_all(data, str(path))


def _only(loaded: Loaded, name: str) -> Episode:
    if len(loaded.episodes) == 1:
        return loaded.episodes[0]
    if not loaded.episodes:
        raise RecordingError(loaded.note or f"{name} holds no episode")
    raise RecordingError(f"{name} holds {len(loaded.episodes)} episodes where one was asked for; load_all() reads them")


def _read_all(data: bytes, name: str) -> Loaded:
    if not data:
        raise RecordingError(f"{name} is empty; a recording ({SUFFIX}) was expected")
    if not data.startswith(_MAGIC[: len(data)]):
        if data[:3] == _MAGIC[:3]:
            raise RecordingError(f"{name} has recording format {data[3]}; this version of GRPO Arcade reads format 1")
        raise RecordingError(f"{name} is not a recording ({SUFFIX}) of GRPO Arcade")
    try:
        episodes, damaged = _Reading(data).all()
    except TooMuchError as error:
        raise RecordingError(f"{name} {error}") from error
    note = ""
    if damaged:
        parts = "1 damaged part" if damaged == 1 else f"{damaged} damaged parts"
        whole = "1 whole episode" if len(episodes) == 1 else f"{len(episodes) or 'no'} whole episodes"
        note = f"{name} holds {whole}; {parts} passed over"
    return Loaded(tuple(episodes), note)


class _DamagedError(Exception):
    """Here is no whole record."""


class _Reading:
    """One pass over a file, and how much of what it may cost is left."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._find = data.find
        self._memory = self._most_memory = (32 << 20) + 16 * len(data)
        self._sums = 4 * len(data)

    def all(self) -> tuple[list[Episode], int]:
        """Every whole episode, and how many damaged parts were passed over.

        Raises:
            TooMuchError: beyond the limits.
        """
        episodes: list[Episode] = []
        damaged = position = 0
        while 0 <= position < len(self._data):
            try:
                episode, position = self._record(position)
            except _DamagedError:
                damaged += 1
                # A writer that was killed may have been followed by another: look for the next record.
                position = self._find(_MAGIC, position + 1)
            else:
                episodes.append(episode)
                if len(episodes) > MOST_RECORDS:
                    raise TooMuchError(f"holds more than {MOST_RECORDS:,} episodes")
        return episodes, damaged

    def _record(self, position: int) -> tuple[Episode, int]:
        start = position + _FRAME.size
        if start > len(self._data):
            raise _DamagedError
        magic, length, crc = _FRAME.unpack_from(self._data, position)
        payload = self._data[start : start + length]
        if magic != _MAGIC or len(payload) != length:
            raise _DamagedError
        self._sums -= length
        if self._sums < 0:
            # What an honest tear claims is summed up twice, with whatever was written behind it.
            raise TooMuchError("is damaged throughout")
        if zlib.crc32(payload) != crc:
            raise _DamagedError
        return self._episode(payload), start + length

    def _episode(self, payload: memoryview) -> Episode:
        most_seen = _most_seen(payload)
        most = _LENGTHS.size + LARGEST_HEADER + MOST_ACTIONS + most_seen
        try:
            content, rest = inflated(payload, most)
        except TooMuchError as error:
            raise TooMuchError(f"holds an episode that {error}") from error
        except ForeignDataError as error:
            raise _DamagedError from error
        self._pay(len(content) + _A_RECORD)
        if rest or len(content) < _LENGTHS.size:
            raise _DamagedError
        header_length, count, bits = _LENGTHS.unpack_from(content)
        if header_length > LARGEST_HEADER:
            raise TooMuchError(f"holds an episode whose header is larger than {size_text(LARGEST_HEADER)}")
        if count > MOST_ACTIONS:
            raise TooMuchError(f"holds an episode of more than {MOST_ACTIONS:,} moves")
        text = content[_LENGTHS.size : _LENGTHS.size + header_length]
        try:
            self._pay(_A_VALUE * weight_of_json(text.decode()))
            header = parsed_json(text)
        except TooMuchError as error:
            raise TooMuchError(f"holds an episode whose header {error}") from error
        except ValueError as error:
            raise _DamagedError from error
        episode = _from_header(header, memoryview(content)[_LENGTHS.size + header_length :], count, bits)
        self._pay(count)
        if len(episode.observations) > most_seen:
            raise TooMuchError("holds an episode of which too much was seen")
        return episode

    def _pay(self, bytes_of_memory: int) -> None:
        self._memory -= bytes_of_memory
        if self._memory < 0:
            raise TooMuchError(f"would take more than {size_text(self._most_memory)} of memory")


def _most_seen(payload: bytes | memoryview) -> int:
    """Bytes that may be kept of what was seen in an episode with this payload."""
    return (1 << 20) + 16 * len(payload)


def _packed(header: bytes, actions: bytes, bits: int, observations: bytes) -> bytes:
    stream = actions
    if bits < 8:
        import numpy as np  # here, so that who only reads runs does not wait for it

        each = np.unpackbits(np.frombuffer(actions, np.uint8)[:, None], axis=1)[:, 8 - bits :]
        stream = np.packbits(each).tobytes()
    return zlib.compress(_LENGTHS.pack(len(header), len(actions), bits) + header + stream + observations, 9)


def _from_header(header: Any, stream: memoryview, count: int, bits: int) -> Episode:
    """The episode of a header as it was parsed, and of what follows it."""
    header = _typed(header, dict)
    try:
        seen = _whole_number(header.get("observations", 0))
        if not 1 <= bits <= 8 or len(stream) != math.ceil(count * bits / 8) + seen:
            raise _DamagedError
        return Episode(
            game=_typed(header["game"], str),
            options=_typed(header["options"], dict),
            seed=_whole_number(header["seed"]),
            actions=_unpacked(stream[: len(stream) - seen], count, bits),
            outcome=Outcome(_typed(header["outcome"], str)),
            score=_finite(header["score"]),
            wasted=_whole_number(header["wasted"]),
            player=_typed(header["player"], str),
            source_sha256=_typed(header["source_sha256"], str),
            versions={name: _typed(version, str) for name, version in _typed(header["versions"], dict).items()},
            observations=bytes(stream[len(stream) - seen :]),
            per_step=_per_step(header.get("per_step", 1), count),
            seats=tuple(map(_seat, _typed(header.get("seats", []), list))),
        )
    except (ValueError, KeyError) as error:
        raise _DamagedError from error


def _per_step(value: Any, count: int) -> int:
    """How many actions a step has, of which there are whole ones only."""
    if not _whole_number(value) or count % value:
        raise _DamagedError
    return int(value)


def _seat(entry: Any) -> SeatResult:
    entry = _typed(entry, dict)
    return SeatResult(
        player=_typed(entry["player"], str),
        outcome=Outcome(_typed(entry["outcome"], str)),
        score=_finite(entry["score"]),
        wasted=_whole_number(entry["wasted"]),
        source_sha256=_typed(entry["source_sha256"], str),
    )


def _unpacked(stream: memoryview, count: int, bits: int) -> bytes:
    if bits == 8:
        return bytes(stream)
    import numpy as np

    each = np.unpackbits(np.frombuffer(stream, np.uint8))[: count * bits].reshape(count, bits)
    return np.packbits(np.pad(each, ((0, 0), (8 - bits, 0))), axis=1).tobytes()


def _typed(value: Any, kind: Any) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _DamagedError
    return value


def _whole_number(value: Any) -> int:
    """A seed or a count."""
    if not 0 <= _typed(value, int) < 2**63:
        raise _DamagedError
    return int(value)


def _finite(value: Any) -> float:
    """A score; a whole one stays whole. Integers that no float holds count as infinite."""
    if not isinstance(_typed(value, (int, float)), float) and abs(value) > 10**300:
        raise _DamagedError
    return value
