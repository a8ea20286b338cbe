"""What a server said in an episode, kept small: with it, an episode can be shown again when the server is gone.

One record an answer, all compressed as one stream. Long lists of bytes (pictures, memories) are taken out of the JSON
and stored as their difference from the ones before, which is mostly zeros. The last record may say how the episode
was ended from outside: by a server that failed, or because no more would be kept.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from grpo_arcade.foreign_data import parsed_json

LARGEST = 24 << 20
"""Compressed bytes that are kept of one episode."""
_RECORD = struct.Struct("<II")
_LARGEST_RECORD = 64 << 20
_MOST_VALUES = 1 << 18
"""JSON values of an answer, beside long lists of bytes."""
_LONG = 256
"""Numbers in a list that is worth storing as bytes."""


class Transcript:
    """Takes up the answers of one episode."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(6)
        self._written = bytearray()
        self._before: dict[str, bytes] = {}
        self._ended = False

    @property
    def full(self) -> bool:
        """Whether no more should be written."""
        return len(self._written) > LARGEST

    def write(self, answer: Mapping[str, Any]) -> None:
        """Keep an answer."""
        pictures: list[bytes] = []

        def packed(value: Any, path: str) -> Any:
            if isinstance(value, Mapping):
                return {key: packed(each, f"{path}.{key}") for key, each in value.items() if key}
            if not isinstance(value, list) or len(value) < _LONG:
                return value
            try:
                data = bytes(value) if set(map(type, value)) == {int} else b""
            except ValueError:
                data = b""
            if not data:
                return value
            pictures.append(_difference(data, self._before.get(path, b"")))
            self._before[path] = data
            return {"": len(data)}

        text = json.dumps(packed(answer, ""), separators=(",", ":")).encode()
        blob = b"".join(pictures)
        self._written += self._packer.compress(_RECORD.pack(len(text), len(blob)) + text + blob)

    def end(self, how: str) -> None:
        """Keep that the episode was ended from outside."""
        if not self._ended:
            self._ended = True
            text = json.dumps({"end": how}).encode()
            self._written += self._packer.compress(_RECORD.pack(len(text), 0) + text)

    def kept(self) -> bytes:
        """All so far."""
        return bytes(self._written) + self._packer.copy().flush()


class TranscriptReader:
    """Gives back what a :class:`Transcript` kept, answer by answer. Whatever the bytes are, memory stays bounded."""

    def __init__(self, kept: bytes) -> None:
        self._kept = kept
        self._unpacker = zlib.decompressobj()
        self._rest = kept
        self._ready = b""
        self._before: dict[str, bytes] = {}

    def read(self) -> dict[str, Any] | None:
        """The next answer, or ``{"end": ...}``; None where there is no more, or nothing that can be read."""
        try:
            head = self._take(_RECORD.size)
            text_length, blob_length = _RECORD.unpack(head)
            if text_length + blob_length > _LARGEST_RECORD:
                return None
            text, self._blob = self._take(text_length), self._take(blob_length)
            answer = parsed_json(text, most_values=_MOST_VALUES, finite=False)
            return self._unpacked(answer, "") if isinstance(answer, dict) else None
        except (zlib.error, struct.error, ValueError, EOFError):
            return None

    def _take(self, count: int) -> bytes:
        while len(self._ready) < count:
            more = self._unpacker.decompress(self._rest, count - len(self._ready))
            self._rest = self._unpacker.unconsumed_tail
            if not more:
                raise EOFError
            self._ready += more
        taken, self._ready = self._ready[:count], self._ready[count:]
        return taken

    def _unpacked(self, value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            return value
        if (count := value.get("")) is not None:
            if type(count) is not int or not 0 < count <= len(self._blob):
                raise ValueError
            difference, self._blob = self._blob[:count], self._blob[count:]
            data = _difference(difference, self._before.get(path, b""))
            self._before[path] = data
            return list(data)
        return {key: self._unpacked(each, f"{path}.{key}") for key, each in value.items()}


def _difference(data: bytes, before: bytes) -> bytes:
    """Bit by bit; against others of another length, the data itself. Its own inverse."""
    if len(data) != len(before):
        return data
    return (int.from_bytes(data, "little") ^ int.from_bytes(before, "little")).to_bytes(len(data), "little")
