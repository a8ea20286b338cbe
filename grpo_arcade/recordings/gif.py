"""Films as GIFs: every colour exact while 255 suffice, only what changed is stored, equal frames become one.

The compression is Pillow's. What is ours is what it is given: a frame is cut to the rectangle that changed, pixels in
there that did not change may be transparent if that is shorter, and colours are numbered in the order in which they
first appear, so that most frames get by with short codes.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from grpo_arcade.games.episode import Episode
from grpo_arcade.recordings.file import RecordingError
from grpo_arcade.recordings.film import Film, Frame
from grpo_arcade.recordings.whole import whole

_TRANSPARENT = 0
_MOST_COLOURS = 255
"""Of 256, one is the transparent one."""
_LEGIBLE, _SMALLEST = 144, 96
"""Pixels a board keeps, to meet ``max_bytes``, while it has all its frames, and at last."""
_SHORT_RUN = 24
"""Pixels; unchanged ones in a row that interrupt changed ones are cheaper stored than made transparent."""
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
    moves_skipped: int
    """Moves of the longest episode that are not shown."""
    colours: int
    exact: bool
    """False if there were more than 255 colours, and those that came last were replaced by their nearest ones."""


def write_gif(
    episodes: Episode | Sequence[Episode],
    path: str | os.PathLike[str],
    *,
    frames_per_move: int = 2,
    speed: float = 1.0,
    size: int | None = None,
    max_bytes: int | None = None,
    palette: str | None = None,
    hold_s: float = 2.0,
    title: bool = True,
    progress: Progress | None = None,
) -> GifReport:
    """Write one episode, or two to six side by side, as a GIF that repeats for ever.

    Args:
        episodes: all of one game; each is verified first.
        path: the file, written whole or not at all.
        frames_per_move: 1 to see results, 2 to see what a move did and what came of it, 3 and more to see things move.
        speed: 1 shows the game at its own frame rate, 2 twice as fast. GIFs show 50 frames a second at most; what is
            faster loses frames, then moves.
        size: width of one board in pixels, 32 to 4096; by default the picture's natural size.
        max_bytes: if the film is larger it is made again until it fits: with smaller boards (down to 144 pixels), then
            with one frame per move and smaller boards (down to 96), then with moves left out. The report says what
            came of it; the same episodes and limit always give the same file.
        palette: one of the game's palettes, by default its first.
        hold_s: seconds the last frame stays.
        title: whether there is a strip with player, seed, score and outcome above each board.
        progress: called after every shown move; starts again from 0 each time the film is made again.

    Raises:
        RecordingError: an episode cannot be verified, an argument is bad, or the film cannot be made to fit.
    """
    if max_bytes is not None and max_bytes < 1:
        raise RecordingError(f"max_bytes must be at least 1, not {max_bytes}")

    def film(frames_per_move: int, size: int | None, every: int = 1) -> Film:
        return Film(
            episodes,
            frames_per_move=frames_per_move,
            speed=speed,
            size=size,
            palette=palette,
            hold_s=hold_s,
            title=title,
            every=every,
        )

    plan: Film | None = film(frames_per_move, size)
    while plan:
        encoded = _encode(plan, plan.moves, max_bytes, progress)
        if max_bytes is None or encoded.bytes <= max_bytes:
            return _written(encoded, plan, Path(path))
        plan = _smaller(plan, max_bytes / encoded.expected, film)
    raise RecordingError(f"this film cannot be made to fit into {max_bytes} bytes, even with hardly a move left in it")


def _smaller(plan: Film, ratio: float, film: Callable[..., Film]) -> Film | None:
    """The next film to try, where ``ratio`` of the bytes of ``plan`` would do; None if nothing is left to try."""
    # Bytes go with the side of a board rather than with its area. Always at least a little smaller.
    size = min(int(plan.size * ratio * 0.97), plan.size * 19 // 20)
    if plan.frames_per_move > 1:
        if size >= _LEGIBLE:
            return film(plan.frames_per_move, size)
        if plan.size > _LEGIBLE and size >= _LEGIBLE * 4 // 5:
            return film(plan.frames_per_move, _LEGIBLE)
        # Most bytes are in the frames of things under way, so that a film without them affords larger boards.
        larger = max(_SMALLEST, int(size * 1.3))
        return film(1, min(plan.size, larger))
    if plan.every == 1 and plan.size > _SMALLEST:
        return film(1, max(size, _SMALLEST))
    if plan.shown <= 1:
        return None
    return film(1, plan.size, max(plan.every + 1, int(plan.every / max(ratio, 1e-3))))


def _written(encoded: _Encoded, plan: Film, path: Path) -> GifReport:
    with whole(path) as scratch:
        scratch.write_bytes(b"".join(encoded.parts))
    return GifReport(
        path=path,
        bytes=encoded.bytes,
        frames=encoded.frames,
        seconds=encoded.hundredths / 100,
        width=plan.width,
        height=plan.height,
        frames_per_move=plan.frames_per_move,
        moves_skipped=plan.moves - plan.shown,
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
    with whole(path) as scratch:
        scratch.write_bytes(b"".join(encoded.parts))
    return Path(path)


def _encode(frames: Iterable[Frame], moves: int, limit: int | None, progress: Progress | None) -> _Encoded:
    """The whole file in pieces; given up as soon as it exceeds ``limit``."""
    colours = _Colours()
    size = len(colours.header(0, 0)) + 1
    blocks: list[tuple[bytes, int]] = []
    shown: np.ndarray | None = None
    last_move = -1
    expected = 0.0
    for frame in frames:
        if progress and frame.move != last_move:
            last_move = frame.move
            progress(frame.move, moves)
        block = _changed(frame.pixels, shown, colours)
        if block is None:
            # Nothing to see: the picture before stays longer.
            data, delay = blocks[-1]
            if delay + frame.hundredths <= _LONGEST:
                blocks[-1] = data, delay + frame.hundredths
                continue
            block = _changed(frame.pixels, None, colours)
            assert block is not None
        shown = frame.pixels
        blocks.append((block, frame.hundredths))
        size += 8 + len(block)
        if limit is not None and size > limit:
            expected = size * max(moves, 1) / max(frame.move, 1)
            break
    if shown is None:
        raise RecordingError("a GIF needs at least one frame")
    parts = [colours.header(shown.shape[1], shown.shape[0])]
    for data, delay in blocks:
        # Graphic control: leave the picture in place, colour 0 is transparent.
        parts.append(struct.pack("<BBBBHBB", 0x21, 0xF9, 4, 0b0000_0101, delay, _TRANSPARENT, 0))
        parts.append(data)
    parts.append(b"\x3b")
    return _Encoded(
        parts, size, max(expected, size), len(blocks), sum(delay for _, delay in blocks), len(colours), colours.exact
    )


def _changed(pixels: np.ndarray, shown: np.ndarray | None, colours: _Colours) -> bytes | None:
    """The image block that turns ``shown`` into ``pixels``; None if they are the same."""
    if shown is None:
        return _image_block(colours.numbers(pixels), 0, 0)
    different = pixels != shown
    rows = np.flatnonzero(different.any(axis=1))
    if not len(rows):
        return None
    top, bottom = rows[0], rows[-1] + 1
    columns = np.flatnonzero(different[top:bottom].any(axis=0))
    left, right = columns[0], columns[-1] + 1
    numbers = colours.numbers(pixels[top:bottom, left:right])
    changed = different[top:bottom, left:right]
    candidates = [numbers]
    if not changed.all():
        candidates += [np.where(mask, numbers, np.uint8(_TRANSPARENT)) for mask in (changed, _without_gaps(changed))]
    return min((_image_block(candidate, left, top) for candidate in candidates), key=len)


def _without_gaps(changed: np.ndarray) -> np.ndarray:
    """``changed`` with runs of at most ``_SHORT_RUN`` unchanged pixels between changed ones of a row filled."""
    width = changed.shape[1]
    # Every row gets a changed pixel at its end, so that hardly a run reaches over it.
    padded = np.pad(changed, ((0, 0), (0, 1)), constant_values=True).ravel()
    marks = np.flatnonzero(padded)
    runs = np.diff(marks)
    short = (runs > 1) & (runs <= _SHORT_RUN)
    steps = np.zeros(len(padded), np.int8)
    steps[marks[:-1][short]] += 1
    steps[marks[1:][short]] -= 1
    return (padded | (np.cumsum(steps, dtype=np.int8) > 0)).reshape(-1, width + 1)[:, :width]


def _image_block(numbers: np.ndarray, left: int, top: int) -> bytes:
    height, width = numbers.shape
    # LZW codes need only be as wide as the largest colour number of this frame, two bits at least.
    bits = max(2, int(numbers.max()).bit_length())
    data = Image.fromarray(numbers).tobytes("gif", "L", bits, 0)
    return struct.pack("<BHHHHBB", 0x2C, left, top, width, height, 0, bits) + data + b"\x00"


class _Colours:
    """The colours of one GIF, numbered from 1 in order of appearance."""

    def __init__(self) -> None:
        self._number_of = np.zeros(1 << 24, np.uint8)
        self._known: list[int] = []
        self.exact = True

    def __len__(self) -> int:
        return len(self._known)

    def numbers(self, pixels: np.ndarray) -> np.ndarray:
        """The number of each 0xRRGGBB pixel, as uint8."""
        numbers = self._number_of[pixels]
        if numbers.all():
            return numbers
        fresh, first = np.unique(pixels[numbers == 0], return_index=True)
        for colour in fresh[np.argsort(first)]:
            self._number_of[colour] = self._number_for(int(colour))
        return self._number_of[pixels]

    def _number_for(self, colour: int) -> int:
        if len(self._known) < _MOST_COLOURS:
            self._known.append(colour)
            return len(self._known)
        self.exact = False
        shifts = np.array([16, 8, 0])
        known = np.array(self._known)[:, None] >> shifts & 255
        distance = ((known - (colour >> shifts & 255)) ** 2).sum(axis=1)
        return int(distance.argmin()) + 1

    def header(self, width: int, height: int) -> bytes:
        """Everything before the first frame: sizes, all colours, and that the film repeats."""
        table = bytearray(3 * 256)
        for number, colour in enumerate(self._known, start=1):
            table[3 * number : 3 * number + 3] = colour.to_bytes(3, "big")
        screen = struct.pack("<6sHHBBB", b"GIF89a", width, height, 0b1111_0111, 0, 0)
        return screen + bytes(table) + b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
