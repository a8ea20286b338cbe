"""``arcade export`` (also ``arcade record``): recordings become a film, a run's model becomes files for other programs.

What ``--to`` says decides: a file that ends in .gif or .mp4 is a film, one of four words is a model's format.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from grpo_arcade.arcade.configuration import Positional
from grpo_arcade.foreign_text import one_line

if TYPE_CHECKING:
    from grpo_arcade.games import Episode
    from grpo_arcade.recordings.films import GifReport, Mp4Report

MEGABYTE = 1_000_000
"""What upload limits mean by MB."""


@dataclass
class Command:
    """Make a film of recordings, or files of a model."""

    files: Positional[tuple[str, ...]] = ()
    """For a film, one to six recordings (.episode) of one game, shown side by side, or more of them --in-turn; or a
    run, which stands for a typical held-out game before and one after training, or RUN:champion, a game of its best
    strategy. For a model, a run (its newest checkpoint), a checkpoint, or any other model. A run goes by its folder,
    its name, the beginning of one, or latest."""
    to: str = ""
    """A film: the file to write, .gif or .mp4. A model: lora (the adapter), merged-16bit (all weights in bfloat16),
    mxfp4 (gpt-oss alone), or gguf (llama.cpp, Ollama, LM Studio)."""
    frames_per_move: int | None = None
    """Film: pictures of one move; more of them slide more smoothly and weigh more. 2 in a GIF and 6 in an MP4 when
    absent."""
    speed: float = 1.0
    """Film: how many times faster than the game's own pace."""
    width: int | None = None
    """Film: width of one board in pixels; the game's own when absent. Consoles take the whole multiple of theirs that
    fits, 160, 320, 480 and so on."""
    max_mb: float | None = None
    """GIF only: shrink the film until it takes at most so many megabytes (many sites take 10)."""
    palette: str | None = None
    """Film: colours, for 2048 classic or colour-blind."""
    hold_s: float = 2.0
    """Film: seconds the last picture stays."""
    flicker_safe: Literal["auto", "yes", "no"] = "auto"
    """Film, on consoles: show the brighter of two frames, pixel by pixel, so that what blinks stays visible; auto does
    so in games that are known to blink."""
    title: bool = True
    """Film: whether a strip above each board names player, seed, score and outcome."""
    in_turn: bool = False
    """Film: whether the games are shown one after another on one board, as those of a match were played."""
    folder: str | None = None
    """Model: the folder to write; export-FORMAT in the run, or NAME-FORMAT here, when absent."""
    quant: tuple[str, ...] = ("q8_0",)
    """Model, gguf: how weights are rounded, a file each, as llama.cpp names it: f32, bf16, f16, q8_0, q4_k_m …"""
    base: str | None = None
    """Model: the 16-bit model to put the adapter on, where it was trained on a 4-bit copy of it."""
    llama_cpp: str | None = None
    """Model, gguf: the folder of llama.cpp's sources, whose converter is used; the pocket model needs none."""
    push_to_hub: str | None = None
    """Model: upload it to the Hugging Face hub under this name, once it has been read again and found the same."""
    private: bool = False
    """Model: whether it is private on the hub."""
    verify: bool = True
    """Model: let a fresh process read the export and see that it writes the same strategies as the checkpoint."""
    json: bool = False
    """Print what was written as JSON."""
    output_dir: str = "outputs"
    """Where runs are looked for by name."""


_FILM = ("frames_per_move", "speed", "width", "max_mb", "palette", "hold_s", "flicker_safe", "title", "in_turn")
_MODEL = ("folder", "quant", "base", "llama_cpp", "push_to_hub", "private", "verify")


def run(command: Command) -> int:
    """0 when it was written; 1 when a model's export does not write what the checkpoint writes."""
    from grpo_arcade.trainer.model_export import FORMATS

    if not command.files or not command.to:
        raise ValueError(
            "what, and to what? for example: arcade export game.episode --to game.gif, or arcade export RUN --to gguf"
        )
    if command.to in FORMATS:
        _refuse(command, _FILM, "a film of recordings")
        return _export_model(command)
    suffix = Path(command.to).suffix
    if suffix not in (".gif", ".mp4"):
        raise ValueError(f"--to {command.to}: a file must end in .gif or .mp4; a model goes to {', '.join(FORMATS)}")
    _refuse(command, _MODEL, "the files of a model")
    return _film(command, suffix)


def _refuse(command: Command, names: tuple[str, ...], what: str) -> None:
    """Refuse what was asked for and would not be heard."""
    for field in fields(command):
        if field.name in names and getattr(command, field.name) != field.default:
            flag = field.name.replace("_", "-")
            raise ValueError(f"--{flag} is for {what}, and --to {command.to} is something else")


def _export_model(command: Command) -> int:
    from grpo_arcade.arcade.players.parse import parse_model
    from grpo_arcade.arcade.terminal import Bar
    from grpo_arcade.trainer.model_export import export_model

    if len(command.files) != 1:
        raise ValueError(f"--to {command.to} takes one model: a run, a checkpoint, or any other")
    model = parse_model(command.files[0], command.output_dir).name
    with Bar(f"reading {command.files[0]}", quiet=command.json) as bar:
        done = export_model(
            model,
            command.to,  # type: ignore[arg-type]  # one of FORMATS
            command.folder,
            quants=command.quant,
            base=command.base,
            llama_cpp=command.llama_cpp,
            push_to_hub=command.push_to_hub,
            private=command.private,
            verify=command.verify,
            say=bar.say,
        )
    if command.json:
        checks = [asdict(check) | {"passed": check.passed} for check in done.checks]
        print(json.dumps(asdict(done) | {"folder": str(done.folder), "checks": checks, "passed": done.passed}))
        return int(not done.passed)
    print(f"{one_line(done.folder)}: {done.format}, {done.bytes / MEGABYTE:,.1f} MB, with a model card")
    for check in done.checks:
        print(f"{'read again' if check.passed else 'NOT THE SAME'}: {one_line(check)}")
    if not done.checks:
        print("not checked: it has not been read again")
    if done.url is not None:
        print(one_line(done.url))
    elif command.push_to_hub is not None:
        print(f"not pushed to {command.push_to_hub}")
    return int(not done.passed)


def _film(command: Command, suffix: str) -> int:
    """Write the film."""
    from grpo_arcade.arcade.terminal import Bar
    from grpo_arcade.recordings import films

    if command.max_mb is not None and suffix != ".gif":
        raise ValueError("--max-mb is for GIFs; an MP4 is small enough")
    if command.max_mb is not None and not 1 / MEGABYTE <= command.max_mb < math.inf:
        raise ValueError(f"--max-mb {command.max_mb:g}: it takes a number of megabytes above 0, such as 10")
    episodes = [episode for file in command.files for episode in _episodes(file, command.output_dir)]
    look: films.FilmOptions = {
        "speed": command.speed,
        "size": command.width,
        "palette": command.palette,
        "hold_s": command.hold_s,
        "title": command.title,
        "in_turn": command.in_turn,
        "flicker_safe": {"auto": None, "yes": True, "no": False}[command.flicker_safe],
    }
    if command.frames_per_move is not None:
        look["frames_per_move"] = command.frames_per_move
    report: GifReport | Mp4Report
    with Bar("filming", quiet=command.json) as bar:
        if suffix == ".gif":
            limit = None if command.max_mb is None else int(command.max_mb * MEGABYTE)
            report = films.write_gif(episodes, command.to, max_bytes=limit, progress=bar.to, **look)
        else:
            report = films.write_mp4(episodes, command.to, progress=bar.to, **look)
    facts = asdict(report) | {"path": str(report.path)}
    if command.json:
        print(json.dumps(facts))
        return 0
    hurried = f", {facts['moves_skipped']} moves left out" if facts.get("faster", 1) > 1 else ""
    print(
        f"{one_line(report.path)}: {report.bytes / MEGABYTE:.2f} MB, {report.width}×{report.height},"
        f" {report.frames} frames, {report.seconds:.1f} s{hurried}"
    )
    return 0


def _episodes(word: str, outputs: str) -> list[Episode]:
    """The games that a recording or a run stands for."""
    from grpo_arcade import recordings
    from grpo_arcade.arcade.players.player import RunChampion
    from grpo_arcade.recordings.runs.before_after import before_and_after
    from grpo_arcade.recordings.runs.find import CHAMPION, find_run
    from grpo_arcade.recordings.runs.reader import RunReader

    if word.endswith(recordings.SUFFIX) or Path(word).is_file():
        return [recordings.load(word)]
    folder = find_run(word, outputs)
    if word.endswith(CHAMPION):
        return RunChampion(folder).games()[:1]
    with RunReader(folder) as run:
        return before_and_after(run)
