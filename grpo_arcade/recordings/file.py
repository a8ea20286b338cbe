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
cannot be played again from seed and actions are followed by what was seen of them, whose length the header says.

Knows how an episode is stored, not whether it is genuine: that is :mod:`.verify`'s.
"""

from __future__ import annotations

import json
import math
import os
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grpo_arcade.atomic_write import atomic_write
from grpo_arcade.games.episode import Episode
from grpo_arcade.games.game import Outcome

SUFFIX = ".episode"

_MAGIC = b"GAE\x01"
_FRAME = struct.Struct("<4sII")
_LENGTHS = struct.Struct("<IIB")
_LARGEST = 64 << 20
"""Bytes a payload may have when decompressed, so that a hostile file cannot fill the memory."""


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
    try:
        text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise RecordingError(f"this episode cannot be recorded: {error}") from error
    fewest = max(1, max(episode.actions, default=0).bit_length())
    # Long games often repeat themselves by whole bytes, which zlib only sees if an action is one.
    packed = (_packed(text, episode.actions, bits, episode.observations) for bits in {fewest, 8})
    payload = min(packed, key=len)
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
    with path.open("ab", buffering=0) as file:
        file.write(data)
        os.fsync(file.fileno())
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
    return _read_all(Path(path).read_bytes(), str(path))


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
    episodes = []
    damaged = 0
    position = 0
    while position < len(data):
        try:
            episode, position = _read(data, position)
        except RecordingError:
            damaged += 1
            # A writer that was killed may have been followed by another: look for the next record.
            position = data.find(_MAGIC, position + 1)
            if position < 0:
                break
        else:
            episodes.append(episode)
    note = ""
    if damaged:
        parts = "1 damaged part" if damaged == 1 else f"{damaged} damaged parts"
        whole = "1 whole episode" if len(episodes) == 1 else f"{len(episodes) or 'no'} whole episodes"
        note = f"{name} holds {whole}; {parts} passed over"
    return Loaded(tuple(episodes), note)


def _read(data: bytes, position: int) -> tuple[Episode, int]:
    start = position + _FRAME.size
    if start > len(data):
        raise RecordingError("torn")
    magic, length, crc = _FRAME.unpack_from(data, position)
    payload = data[start : start + length]
    if magic != _MAGIC or len(payload) != length or zlib.crc32(payload) != crc:
        raise RecordingError("damaged")
    return _unpacked(payload), start + length


def _packed(header: bytes, actions: bytes, bits: int, observations: bytes) -> bytes:
    stream = actions
    if bits < 8:
        import numpy as np  # here, so that who only reads runs does not wait for it

        each = np.unpackbits(np.frombuffer(actions, np.uint8)[:, None], axis=1)[:, 8 - bits :]
        stream = np.packbits(each).tobytes()
    return zlib.compress(_LENGTHS.pack(len(header), len(actions), bits) + header + stream + observations, 9)


def _unpacked(payload: bytes) -> Episode:
    try:
        inflate = zlib.decompressobj()
        content = inflate.decompress(payload, _LARGEST)
        if not inflate.eof or inflate.unused_data:
            raise RecordingError("damaged")
        header_length, count, bits = _LENGTHS.unpack_from(content)
        body = content[_LENGTHS.size :]
        text, stream = body[:header_length].decode(), body[header_length:]
        header = _typed(json.loads(text, parse_constant=_no_number), dict)
        seen = _typed(header.get("observations", 0), int)
        if not 1 <= bits <= 8 or seen < 0 or len(stream) != math.ceil(count * bits / 8) + seen:
            raise RecordingError("damaged")
        stream, observations = stream[: len(stream) - seen], stream[len(stream) - seen :]
        actions = stream
        if bits < 8:
            import numpy as np

            each = np.unpackbits(np.frombuffer(stream, np.uint8))[: count * bits].reshape(count, bits)
            actions = np.packbits(np.pad(each, ((0, 0), (8 - bits, 0))), axis=1).tobytes()
        return Episode(
            game=_typed(header["game"], str),
            options=_typed(header["options"], dict),
            seed=_whole_number(header["seed"]),
            actions=actions,
            outcome=Outcome(_typed(header["outcome"], str)),
            score=_finite(header["score"]),
            wasted=_whole_number(header["wasted"]),
            player=_typed(header["player"], str),
            source_sha256=_typed(header["source_sha256"], str),
            versions={name: _typed(version, str) for name, version in _typed(header["versions"], dict).items()},
            observations=observations,
        )
    except RecordingError:
        raise
    except (zlib.error, struct.error, ValueError, KeyError, OverflowError, RecursionError) as error:
        raise RecordingError("damaged") from error


def _typed(value: Any, kind: Any) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise RecordingError("damaged")
    return value


def _whole_number(value: Any) -> int:
    """A seed or a count."""
    if not 0 <= _typed(value, int) < 2**63:
        raise RecordingError("damaged")
    return int(value)


def _finite(value: Any) -> float:
    if not math.isfinite(_typed(value, (int, float))):
        raise RecordingError("damaged")
    return value  # a whole score stays whole


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
