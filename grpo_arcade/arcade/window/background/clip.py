"""The last seconds of play as a GIF. Runs in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from grpo_arcade.games import Episode
from grpo_arcade.recordings.films import Film, Frame, write_frames


def write_clip(
    parts: Sequence[tuple[Episode, int]],
    path: Path,
    palette: str,
    emit: Callable[[float], None] | None = None,
) -> Path:
    """Write the ends of one or several episodes, one after the other, as one GIF that repeats for ever.

    Args:
        parts: episodes of one game and options, each with how many of its first moves are left out.
        path: the file, written whole or not at all.
        palette: one of the game's.
        emit: told the share done, 0 to 1.
    """
    return write_frames(_frames(parts, palette, emit), path)


def _frames(
    parts: Sequence[tuple[Episode, int]], palette: str, emit: Callable[[float], None] | None
) -> Iterator[Frame]:
    moves = sum(episode.moves - first for episode, first in parts)
    done = 0
    begun = False
    for number, (episode, first) in enumerate(parts):
        hold = 2.0 if number == len(parts) - 1 else 0.6
        for frame in Film(episode, palette=palette, hold_s=hold):
            # The position before the first move that is shown belongs to the clip as well.
            if frame.move < first or (frame.move == first and begun and first and not done):
                continue
            begun = True
            yield frame
            if emit:
                emit(min(1.0, (done + frame.move - first) / max(1, moves)))
        done += episode.moves - first
