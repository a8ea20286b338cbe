"""Experiment trackers: what a run tells TensorBoard, trackio and Weights & Biases beside what TRL tells them.

Numbers go through the callbacks of transformers, which know each tracker; the champion's GIF goes to each in its own
way. Held-out scores, the baselines beside them and shares of outcomes are numbers under ``eval/`` and ``train/``.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade.games import Outcome
from grpo_arcade.recordings.runs.folder import RECORDINGS
from grpo_arcade.recordings.runs.reader import RunReader

if TYPE_CHECKING:
    from transformers import Trainer

PROJECT = "grpo-arcade"
"""What trackers that have projects file runs under."""


def check_trackers(names: Sequence[str]) -> None:
    """Refuse trackers that are not installed.

    Raises:
        ImportError: in one line, what to install.
    """
    if missing := [name for name in names if importlib.util.find_spec(name) is None]:
        raise ImportError(f"report_to {', '.join(missing)} is not installed: pip install {' '.join(missing)}")


def outcome_shares(outcomes: Mapping[str, int], prefix: str) -> dict[str, float]:
    """Every outcome's share, those that did not come too, so that a curve falls to 0 and does not break off."""
    whole = max(1, sum(outcomes.values()))
    return {f"{prefix}outcome/{outcome.value}": outcomes.get(outcome.value, 0) / whole for outcome in Outcome}


def evaluation_values(row: Mapping[str, Any]) -> dict[str, float]:
    """An evaluation (a row of ``evaluations``) as numbers by the names trackers show."""
    names = {"score": "mean", "score_low": "low", "score_high": "high", "champion": "champion"}
    names |= {name: name for name in ("won", "compiled", "distinct_share", "stage")}
    values = {f"eval_{name}": row[column] for name, column in names.items() if row[column] is not None}
    values |= {f"eval_baseline/{name}": kept["mean"] for name, kept in row["baselines"].items()}
    return values | outcome_shares(row["outcomes"], "eval_")


def film_strategy(folder: Path, strategy_id: int, name: str) -> Path:
    """Write the GIF of a recorded strategy's best game among the run's recordings.

    Raises:
        RecordingError: the game cannot be shown.
        OSError: the file cannot be written.
    """
    from grpo_arcade.recordings.films import write_gif

    with RunReader(folder) as run:
        episodes = run.episodes(strategy_id)
    path = folder / RECORDINGS / name
    write_gif([max(episodes, key=lambda episode: episode.score)], path)
    return path


def show(trainer: Trainer, gif: Path) -> None:
    """Send a GIF to those trackers that show moving pictures."""
    step = trainer.state.global_step
    for callback in trainer.callback_handler.callbacks:
        kind = type(callback).__name__
        if kind == "TensorBoardCallback":
            _to_tensorboard(callback.tb_writer, gif, step)
        elif kind == "TrackioCallback":
            trackio = callback._trackio
            trackio.log({"champion": trackio.Video(str(gif)), "train/global_step": step})
        elif kind == "WandbCallback":
            wandb = callback._wandb
            wandb.log({"champion": wandb.Video(str(gif), format="gif"), "train/global_step": step})


def _to_tensorboard(writer: Any, gif: Path, step: int) -> None:
    from PIL import Image
    from tensorboard.compat.proto.summary_pb2 import Summary

    with Image.open(gif) as picture:
        width, height = picture.size
    # TensorBoard's page shows an image by its bytes, so a GIF moves. `add_video` would need another library.
    image = Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=gif.read_bytes())
    writer._get_file_writer().add_summary(Summary(value=[Summary.Value(tag="champion", image=image)]), step)
    writer.flush()
