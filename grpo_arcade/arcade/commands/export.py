"""``arcade export`` (also ``arcade record``): recordings become a GIF or an MP4, two to six of them side by side."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from grpo_arcade.arcade.configuration import Positional

if TYPE_CHECKING:
    from grpo_arcade.games import Episode
    from grpo_arcade.recordings import GifReport, Mp4Report
    from grpo_arcade.trainer.run_folder import RunReader

MEGABYTE = 1_000_000
"""What upload limits mean by MB."""


@dataclass
class Command:
    """Make a film of recordings."""

    files: Positional[tuple[str, ...]] = ()
    """One to six recordings (.episode) of one game, shown side by side; or a run folder, which stands for a typical
    held-out game before and one after training."""
    to: str = ""
    """The file to write, .gif or .mp4."""
    frames_per_move: int | None = None
    """Pictures of one move; more of them slide more smoothly and weigh more. 2 in a GIF and 6 in an MP4 when absent."""
    speed: float = 1.0
    """How many times faster than the game's own pace."""
    width: int | None = None
    """Width of one board in pixels; the game's own when absent."""
    max_mb: float | None = None
    """GIF only: shrink the film until it takes at most so many megabytes (many sites take 10)."""
    palette: str | None = None
    """Colours, for 2048 classic or colour-blind."""
    hold_s: float = 2.0
    """Seconds the last picture stays."""
    flicker_safe: Literal["auto", "yes", "no"] = "auto"
    """On consoles: show the brighter of two frames, pixel by pixel, so that what blinks stays visible; auto does so in
    games that are known to blink."""
    title: bool = True
    """Whether a strip above each board names player, seed, score and outcome."""
    json: bool = False
    """Print what was written as JSON."""


def run(command: Command) -> int:
    """0 when the film was written."""
    from grpo_arcade import recordings
    from grpo_arcade.arcade.terminal import Bar

    if not command.files or not command.to:
        raise ValueError("which recordings, and where to? for example: arcade export game.episode --to game.gif")
    suffix = Path(command.to).suffix
    if suffix not in (".gif", ".mp4"):
        raise ValueError(f"--to {command.to}: the name must end in .gif or .mp4")
    if command.max_mb is not None and suffix != ".gif":
        raise ValueError("--max-mb is for GIFs; an MP4 is small enough")
    episodes = [episode for file in command.files for episode in _episodes(file)]
    look: recordings.FilmOptions = {
        "speed": command.speed,
        "size": command.width,
        "palette": command.palette,
        "hold_s": command.hold_s,
        "title": command.title,
        "flicker_safe": {"auto": None, "yes": True, "no": False}[command.flicker_safe],
    }
    if command.frames_per_move is not None:
        look["frames_per_move"] = command.frames_per_move
    report: GifReport | Mp4Report
    with Bar("filming", quiet=command.json) as bar:
        if suffix == ".gif":
            limit = None if command.max_mb is None else int(command.max_mb * MEGABYTE)
            report = recordings.write_gif(episodes, command.to, max_bytes=limit, progress=bar.to, **look)
        else:
            report = recordings.write_mp4(episodes, command.to, progress=bar.to, **look)
    facts = asdict(report) | {"path": str(report.path)}
    if command.json:
        print(json.dumps(facts))
        return 0
    hurried = f", {facts['moves_skipped']} moves left out" if facts.get("faster", 1) > 1 else ""
    print(
        f"{report.path}: {report.bytes / MEGABYTE:.2f} MB, {report.width}×{report.height},"
        f" {report.frames} frames, {report.seconds:.1f} s{hurried}"
    )
    return 0


def _episodes(file: str) -> list[Episode]:
    from grpo_arcade import recordings

    if not Path(file, "run.db").is_file():
        return [recordings.load(file)]
    from grpo_arcade.trainer.run_folder import RunReader

    with RunReader(file) as run:
        return before_and_after(run)


def before_and_after(run: RunReader) -> list[Episode]:
    """A typical game of the first and of the last evaluation, both on the first held-out seed.

    Raises:
        ValueError: the run has no evaluation yet.
    """
    steps = [evaluation["step"] for evaluation in run.evaluations()]
    if not steps:
        raise ValueError(f"{run.folder}: this run has not been evaluated yet")
    return [typical_episode(run, step) for step in (steps[0], steps[-1])]


def typical_episode(run: RunReader, step: int) -> Episode:
    """The game on the first held-out seed of the strategy whose score there is the median of that evaluation."""
    games = [run.episodes(row["id"])[0] for row in run.strategies(step, "evaluation")]
    middle = statistics.median_low(game.score for game in games)
    return next(game for game in games if game.score == middle)
