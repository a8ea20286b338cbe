"""The folder: the game as an OpenEnv Space, and beside it what the run has to show."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from grpo_arcade.arcade.report import write_report
from grpo_arcade.arcade.submission.readme import Pictures, readme
from grpo_arcade.atomic_write import atomic_write
from grpo_arcade.games import Game, PixelPicture, make
from grpo_arcade.recordings.runs.before_after import before_and_after
from grpo_arcade.recordings.runs.folder import RunFolderError
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.snapshot import snapshot_of

MOST_GIF_BYTES = 9_500_000
"""Many sites take 10 MB."""
README, CHAMPION = "README.md", "champion.py"
GIF, CURVE, REPORT = "before-after.gif", "learning-curve.png", "report.html"
_NOT_REPEATED = ("run_name", "output_dir")


def write_submission(run: Path, folder: Path, *, say: Callable[[str], None] | None = None) -> list[Path]:
    """Write the folder; the files that come from the run, the README first.

    Args:
        run: its folder.
        folder: must not exist, or be empty.
        say: told what is being made.

    Raises:
        RunFolderError: the run cannot be read, or has not been evaluated yet.
        ValueError: none of its evaluations' games was kept, the folder is not empty, or the game is served elsewhere.
        ImportError: the extra ``openenv`` is not installed.
    """
    from grpo_arcade.games.openenv.space import write_space
    from grpo_arcade.recordings.films import write_gif
    from grpo_arcade.trainer.curve_picture import write_curve

    say = say or (lambda what: None)
    snapshot = snapshot_of(run)
    if not snapshot.held_out:
        raise RunFolderError(f"{run}: this run has not been evaluated yet, so it has no result to submit")
    if snapshot.game.startswith("openenv:"):
        raise ValueError(f"{snapshot.game} is somebody's environment already; submit a game of your own")
    with RunReader(run) as reader:
        game = _game(reader)
        filmed = before_and_after(reader)  # what a run cannot show is found out before anything is written
        say(f"writing the environment {game.name}")
        write_space(game, folder)
        space = (folder / README).read_text(encoding="utf-8")
        say("drawing the curves")
        write_curve(reader, folder / CURVE)
        say("filming before and after")
        options: dict[str, Any] = {} if isinstance(game.picture(), PixelPicture) else {"size": 300, "speed": 2}
        write_gif(filmed, folder / GIF, max_bytes=MOST_GIF_BYTES, **options)
        say("writing the report")
        write_report(run, folder / REPORT)
        told = reader.config()
        kept = f"{snapshot.kind}.toml"
        (folder / kept).write_text(_configuration(told["config"], snapshot.kind), encoding="utf-8")
        files = [folder / name for name in (README, REPORT, CURVE, GIF, kept)]
        if snapshot.champions:
            (folder / CHAMPION).write_text(snapshot.champions[-1].source, encoding="utf-8")
            files.append(folder / CHAMPION)
        pictures = Pictures(GIF, CURVE, REPORT, CHAMPION if snapshot.champions else "", kept)
        wheel = next((folder / "wheels").glob("grpo_arcade-*.whl")).name
        text = readme(game, snapshot, reader, space, pictures, _installing(wheel, told))
        with atomic_write(folder / README) as scratch:
            scratch.write_text(text, encoding="utf-8")
    return files


def _game(run: RunReader) -> Game:
    """The game as the last evaluation has it."""
    last = run.evaluations()[-1]
    return make(str(run.facts()["game"]), **last["options"])


def _configuration(config: Mapping[str, Any], kind: RunKind) -> str:
    """All settings as TOML, whatever the defaults of another version may be."""
    lines = [
        f"# The whole configuration of the run: arcade {kind} --config {kind}.toml",
        "# With the same run_key the same seeds are drawn; take the line out to play others.",
    ]
    # What JSON writes of these values is TOML.
    lines += [
        f"{name} = {json.dumps(value, ensure_ascii=False)}"
        for name, value in config.items()
        if value is not None and name not in _NOT_REPEATED
    ]
    return "\n".join(lines) + "\n"


def _installing(wheel: str, told: Mapping[str, Any]) -> str:
    """The command that installs what the run was made with; whoever asks endpoints alone needs no torch."""
    models = told["config"].get("model")
    if isinstance(models, list) and all(str(model).startswith(("http://", "https://")) for model in models):
        return f'pip install "wheels/{wheel}"'
    versions = told.get("versions") or {}
    names = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "numpy")
    pinned = [f"{name}=={str(versions[name]).partition('+')[0]}" for name in names if versions.get(name)]
    return " ".join([f'pip install "wheels/{wheel}[train]"', *pinned])
