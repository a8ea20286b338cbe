"""Films as MP4, by imageio and the ffmpeg program that its plugin imageio-ffmpeg carries: the extra ``video``."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from grpo_arcade.atomic_write import atomic_write
from grpo_arcade.games.episode import Episode
from grpo_arcade.recordings.file import RecordingError
from grpo_arcade.recordings.films.film import Film, FilmOptions

_RATE = 50
"""Frames a second; every delay of a film is a multiple of a hundredth, and 50 shows all but odd ones exactly."""


@dataclass(frozen=True, slots=True)
class Mp4Report:
    """What was written."""

    path: Path
    bytes: int
    frames: int
    seconds: float
    width: int
    height: int


def write_mp4(
    episodes: Episode | Sequence[Episode],
    path: str | os.PathLike[str],
    *,
    progress: Callable[[int, int], None] | None = None,
    **options: Unpack[FilmOptions],
) -> Mp4Report:
    """Write one episode, or several side by side or in turn, as H.264 video of 50 frames a second.

    Args:
        episodes: all of one game; each is verified first.
        path: the file, written whole or not at all.
        progress: gets the moves done and all.
        **options: how the film looks, see :class:`~grpo_arcade.recordings.films.film.FilmOptions`.

    Raises:
        RecordingError: an episode cannot be verified, an argument is bad, or the extra ``video`` is not installed.
        OSError: the file cannot be written.
    """
    try:
        import imageio.v2 as imageio
        import imageio_ffmpeg  # noqa: F401 - the plugin that imageio asks for by name
    except ImportError as error:
        raise RecordingError('MP4 needs an extra: pip install "grpo-arcade[video]"') from error
    options.setdefault("frames_per_move", 6)
    film = Film(episodes, **options)
    if film.screen and options.get("size") is None:
        film = film.again(frames_per_move=1, size=3 * film.natural_size)
    target = Path(path)
    count = owed = 0
    with atomic_write(target) as scratch:
        writer = imageio.get_writer(
            scratch,
            format="FFMPEG",
            fps=_RATE,
            codec="libx264",
            macro_block_size=2,
            ffmpeg_log_level="quiet",
            # Few hard-edged colours: a low rate factor costs little. One thread gives the same file everywhere.
            output_params=["-crf", "18", "-preset", "medium", "-threads", "1", "-movflags", "+faststart"],
        )
        try:
            with writer:
                for frame in film:
                    owed += frame.hundredths * _RATE
                    pixels = frame.rgb()
                    while owed >= 100:
                        writer.append_data(pixels)
                        count += 1
                        owed -= 100
                    if progress:
                        progress(frame.move, film.length)
        except OSError as error:
            if error.errno is not None:
                raise
            # What the plugin raises is a page without the reason.
            raise _failure(scratch, target) from error
        # Of what went wrong with the last bytes it says nothing.
        if not _holds(scratch, count):
            raise _failure(scratch, target)
    return Mp4Report(target, target.stat().st_size, count, count / _RATE, film.width, film.height)


def _holds(path: Path, frames: int) -> bool:
    """Whether a film can be read to its end."""
    import imageio_ffmpeg

    try:
        return imageio_ffmpeg.count_frames_and_secs(str(path))[0] == frames
    except RuntimeError:
        return False


def _failure(scratch: Path, target: Path) -> Exception:
    """Why ffmpeg could not write: the system says it to whoever tries to go on."""
    try:
        with scratch.open("ab") as file:
            file.write(bytes(1 << 16))
    except OSError as error:
        return OSError(error.errno, error.strerror, str(target))
    return RecordingError(f"{target}: ffmpeg could not write all of it")
