"""Films as GIFs: every colour exact while 255 suffice, only what changed is stored, equal frames become one.

The compression is Pillow's. What is ours is what it is given: a frame is cut to the rectangle that changed, pixels in
there that did not change may be transparent if that is shorter, and colours are numbered in the order in which they
first appear, so that most frames get by with short codes. A console's screen comes as numbers and stays numbers.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

import numpy as np
from PIL import Image

from grpo_arcade.atomic_write import atomic_write
from grpo_arcade.games.episode import Episode
from grpo_arcade.recordings.file import RecordingError
from grpo_arcade.recordings.films.canvas import Frame, rgb
from grpo_arcade.recordings.films.film import Film, FilmOptions

_TRANSPARENT = 0
_MOST_COLOURS = 255
"""Of 256, one is the transparent one."""
_LEGIBLE = 144
"""Pixels a drawn board keeps, to meet ``max_bytes``, while it has all its frames."""
_ALIKE = 1.5
"""How many times the fewest runs of equal pixels another way to store a frame may have and still be worth a try."""
_LONGEST = 65535
"""Hundredths of a second one frame can last."""

Progress = Callable[[int, int], None]
"""Called with how many moves are done and how many there are."""


@dataclass(frozen=True, slots=True)
class GifReport:
    """What was written."""

    path: Path
    bytes: int
    frames: int
    """Stored ones, after equal neighbours were merged."""
    seconds: float
    """One showing."""
    width: int
    height: int
    frames_per_move: int
    smaller: bool
    """Whether boards are smaller than was asked for, to save bytes."""
    moves_skipped: int
    """Moves of the longest episode that are not shown."""
    faster: float
    """How many times the speed asked for the film has, because of moves left out to save bytes; 1 if none were, and
    where a game that goes by the clock only has fewer frames a second."""
    colours: int
    exact: bool
    """False if there were more than 255 colours, and those that came last were replaced by their nearest ones."""


def write_gif(
    episodes: Episode | Sequence[Episode],
    path: str | os.PathLike[str],
    *,
    max_bytes: int | None = None,
    progress: Progress | None = None,
    **options: Unpack[FilmOptions],
) -> GifReport:
    """Write one episode, or several side by side or in turn, as a GIF that repeats for ever.

    Args:
        episodes: all of one game; each is verified first.
        path: the file, written whole or not at all.
        max_bytes: if the film is larger it is made again until it fits: with smaller boards (down to 144 pixels), then
            with one frame per move and smaller boards (down to 96), then with moves left out; a console's screen with
            smaller whole multiples of its size, then with fewer frames a second at the same pace, then with moves left
            out. The report says what came of it; the same episodes and limit always give the same file.
        progress: called after every shown move; starts again from 0 each time the film is made again.
        **options: how the film looks, see :class:`~grpo_arcade.recordings.films.film.FilmOptions`.

    Raises:
        RecordingError: an episode cannot be verified, an argument is bad, or the film cannot be made to fit.
    """
    if max_bytes is not None and max_bytes < 1:
        raise RecordingError(f"max_bytes must be at least 1, not {max_bytes}")
    film = Film(episodes, **options)
    plan: Film | None = film
    while plan:
        encoded = _encode(plan, plan.length, max_bytes, progress)
        if max_bytes is None or encoded.bytes <= max_bytes:
            return _written(encoded, plan, film, Path(path))
        plan = _smaller(plan, max_bytes / encoded.expected, film.every)
    raise RecordingError(f"this film cannot be made to fit into {max_bytes} bytes, even with hardly a move left in it")


def _smaller(plan: Film, ratio: float, every: int) -> Film | None:
    """The next film to try, where ``ratio`` of the bytes of ``plan`` would do; None if nothing is left to try.

    The first film showed ``every`` n-th move.
    """
    # Bytes go with the side of a board rather than with its area. Always at least a little smaller.
    size = min(int(plan.size * ratio * 0.97), plan.size * 19 // 20)
    if plan.frames_per_move > 1:
        if size >= _LEGIBLE:
            return plan.again(frames_per_move=plan.frames_per_move, size=size)
        if plan.size > _LEGIBLE and size >= _LEGIBLE * 4 // 5:
            return plan.again(frames_per_move=plan.frames_per_move, size=_LEGIBLE)
        # Most bytes are in the frames of things under way, so that a film without them affords larger boards.
        larger = max(plan.smallest, int(size * 1.3))
        return plan.again(frames_per_move=1, size=min(plan.size, larger))
    if plan.every == every and plan.size > plan.smallest:
        return plan.again(frames_per_move=1, size=max(size, plan.smallest))
    if plan.shown <= 1:
        return None
    return plan.again(frames_per_move=1, size=plan.size, every=max(plan.every + 1, int(plan.every / max(ratio, 1e-3))))


def _written(encoded: _Encoded, plan: Film, wanted: Film, path: Path) -> GifReport:
    with atomic_write(path) as scratch:
        scratch.write_bytes(b"".join(encoded.parts))
    return GifReport(
        path=path,
        bytes=encoded.bytes,
        frames=encoded.frames,
        seconds=encoded.hundredths / 100,
        width=plan.width,
        height=plan.height,
        frames_per_move=plan.frames_per_move,
        smaller=plan.size < wanted.size,
        moves_skipped=plan.length - plan.shown,
        faster=plan.faster,
        colours=encoded.colours,
        exact=encoded.exact,
    )


@dataclass(slots=True)
class _Encoded:
    parts: list[bytes]
    bytes: int
    expected: float
    """Bytes of the whole film, as far as can be said of one that was given up."""
    frames: int
    hundredths: int
    colours: int
    exact: bool


def write_frames(frames: Iterable[Frame], path: str | os.PathLike[str]) -> Path:
    """Write any frames of one size, parts of several films for example, as a GIF that repeats for ever.

    The file is written whole or not at all.
    """
    encoded = _encode(frames, 0, None, None)
    with atomic_write(path) as scratch:
        scratch.write_bytes(b"".join(encoded.parts))
    return Path(path)


def _encode(frames: Iterable[Frame], moves: int, limit: int | None, progress: Progress | None) -> _Encoded:
    """The whole file in pieces; given up as soon as it exceeds ``limit``."""
    colours = _Colours()
    size = len(colours.header(0, 0)) + 1
    blocks: list[tuple[bytes, int]] = []
    shown: Frame | None = None
    last_move = -1
    expected = 0.0
    for frame in frames:
        if progress and frame.move != last_move:
            last_move = frame.move
            progress(frame.move, moves)
        block = _changed(frame, shown, colours)
        if not block:
            # Nothing to see: the picture before stays longer.
            data, delay = blocks[-1]
            if delay + frame.hundredths <= _LONGEST:
                blocks[-1] = data, delay + frame.hundredths
                continue
            block = _changed(frame, None, colours)
        shown = frame
        blocks.append((block, frame.hundredths))
        size += 8 + len(block)
        if limit is not None and size > limit:
            expected = size * max(moves, 1) / max(frame.move, 1)
            break
    if shown is None:
        raise RecordingError("a GIF needs at least one frame")
    parts = [colours.header(shown.pixels.shape[1], shown.pixels.shape[0])]
    for data, delay in blocks:
        # Graphic control: leave the picture in place, colour 0 is transparent.
        parts.append(struct.pack("<BBBBHBB", 0x21, 0xF9, 4, 0b0000_0101, delay, _TRANSPARENT, 0))
        parts.append(data)
    parts.append(b"\x3b")
    return _Encoded(
        parts, size, max(expected, size), len(blocks), sum(delay for _, delay in blocks), len(colours), colours.exact
    )


def _changed(frame: Frame, shown: Frame | None, colours: _Colours) -> bytes:
    """The image block that turns ``shown`` into ``frame``; empty if they are the same."""
    pixels = frame.pixels
    if shown is None:
        return _image_block(colours.numbers(pixels, frame.colours), 0, 0)
    if frame.colours is shown.colours:
        different = pixels != shown.pixels
    else:
        different = frame.packed() != shown.packed()
    # Bytes are searched ten times faster than arrays.
    flags = different.tobytes()
    first = flags.find(1)
    if first < 0:
        return b""
    width = pixels.shape[1]
    top, bottom = first // width, flags.rfind(1) // width + 1
    columns = different[top:bottom].any(axis=0).tobytes()
    left, right = columns.find(1), columns.rfind(1) + 1
    opaque = colours.numbers(pixels[top:bottom, left:right], frame.colours)
    transparent = opaque * different[top:bottom, left:right]
    # What has fewer runs is mostly what becomes shorter; which of two is tried out where they are nearly as many.
    ways = sorted(((_runs(numbers), order, numbers) for order, numbers in enumerate((opaque, transparent))))
    blocks = [_image_block(numbers, left, top) for runs, _, numbers in ways if runs <= ways[0][0] * _ALIKE]
    return min(blocks, key=len)


def _runs(numbers: np.ndarray) -> int:
    row = numbers.ravel()
    return int(np.count_nonzero(row[1:] != row[:-1])) + 1


def _image_block(numbers: np.ndarray, left: int, top: int) -> bytes:
    height, width = numbers.shape
    # LZW codes need only be as wide as the largest colour number of this frame, two bits at least.
    bits = max(2, int(numbers.max()).bit_length())
    image = Image.frombuffer("L", (width, height), numbers, "raw", "L", 0, 1)
    data = image.tobytes("gif", "L", bits, 0)
    return struct.pack("<BHHHHBB", 0x2C, left, top, width, height, 0, bits) + data + b"\x00"


class _Colours:
    """The colours of one GIF, numbered from 1 in order of appearance."""

    def __init__(self) -> None:
        self._number_of: dict[int, int] = {}
        self._tables: list[tuple[np.ndarray | None, np.ndarray]] = []
        """Numbers of what pixels say, 0 where there is none yet, for colours and for each table of colours."""
        self.exact = True

    def __len__(self) -> int:
        return min(len(self._number_of), _MOST_COLOURS)

    def numbers(self, pixels: np.ndarray, colours: np.ndarray | None = None) -> np.ndarray:
        """The number of each pixel, as uint8; pixels are as in :class:`~grpo_arcade.recordings.films.canvas.Frame`."""
        table = self._table(colours)
        numbers = table.take(pixels)
        if not numbers.all():
            fresh, first = np.unique(pixels[numbers == 0], return_index=True)
            for value in fresh[np.argsort(first)]:
                table[value] = self._number_for(int(value if colours is None else colours[value]))
            numbers = table.take(pixels)
        return numbers

    def _table(self, colours: np.ndarray | None) -> np.ndarray:
        for known, table in self._tables:
            if known is colours:
                return table
        table = np.zeros(1 << 24 if colours is None else len(colours), np.uint8)
        self._tables.append((colours, table))
        return table

    def _number_for(self, colour: int) -> int:
        number = self._number_of.get(colour)
        if number is None:
            number = len(self._number_of) + 1
            if number > _MOST_COLOURS:
                self.exact = False
                known = rgb(np.array(list(self._number_of)[:_MOST_COLOURS], np.uint32)).astype(int)
                number = int(((known - rgb(np.array(colour, np.uint32))) ** 2).sum(axis=1).argmin()) + 1
            self._number_of[colour] = number
        return number

    def header(self, width: int, height: int) -> bytes:
        """Everything before the first frame: sizes, all colours, and that the film repeats."""
        table = np.zeros((256, 3), np.uint8)
        known = list(self._number_of)[:_MOST_COLOURS]
        table[1 : len(known) + 1] = rgb(np.array(known, np.uint32))
        screen = struct.pack("<6sHHBBB", b"GIF89a", width, height, 0b1111_0111, 0, 0)
        return screen + table.tobytes() + b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
