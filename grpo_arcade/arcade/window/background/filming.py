"""A film as the person wants it, made in a process of its own. The file exists when it is whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grpo_arcade.games import Episode
from grpo_arcade.games.replay import beginning
from grpo_arcade.recordings.films import write_gif, write_mp4


@dataclass(frozen=True)
class FilmPlan:
    """What a film shall be like."""

    episodes: tuple[Episode, ...]
    moves: tuple[int, ...]
    """How far each is shown."""
    start: int
    """Moves into the games with which it begins."""
    format: str
    """"gif" or "mp4"."""
    size: int
    """Pixels of one board."""
    speed: float
    max_bytes: int | None
    """What a GIF has to fit into; None for no bound."""
    palette: str
    in_turn: bool
    """Whether the games are shown one after another; ``start`` then counts the moves of all."""


@dataclass(frozen=True)
class Filmed:
    """What came of it."""

    path: Path
    bytes: int
    seconds: float
    width: int
    height: int
    note: str
    """What had to be given up to fit; empty if nothing."""


def film(plan: FilmPlan, path: Path, emit: Callable[[float], None]) -> Filmed:
    """Make the film, telling the share done, 0 to 1.

    Raises:
        ValueError: it cannot be made, in one line.
    """

    def progress(done: int, moves: int) -> None:
        emit(done / max(1, moves))

    episodes = [beginning(episode, moves) for episode, moves in zip(plan.episodes, plan.moves, strict=True)]
    common = {
        "start": plan.start,
        "speed": plan.speed,
        "size": plan.size,
        "palette": plan.palette,
        "in_turn": plan.in_turn,
        "progress": progress,
    }
    if plan.format == "mp4":
        video = write_mp4(episodes, path, **common)  # type: ignore[arg-type]
        return Filmed(path, video.bytes, video.seconds, video.width, video.height, "")
    gif = write_gif(episodes, path, max_bytes=plan.max_bytes, **common)  # type: ignore[arg-type]
    given_up = []
    if gif.smaller:
        given_up.append(f"smaller, {gif.width}×{gif.height}")
    if gif.faster > 1:
        given_up.append(f"{gif.moves_skipped:,} moves left out")
    return Filmed(path, gif.bytes, gif.seconds, gif.width, gif.height, "; ".join(given_up))
