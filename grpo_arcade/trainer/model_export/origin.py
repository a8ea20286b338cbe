"""What is exported: which checkpoint of which run, and what kind of model it is. Imports no torch."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grpo_arcade.recordings.runs.find import run_of
from grpo_arcade.recordings.runs.folder import checkpoint_step
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.models import POCKET, locate
from grpo_arcade.trainer.models.files import ADAPTER_CONFIG, read_object
from grpo_arcade.trainer.models.loading import base_name

ADAPTER_FILES = (ADAPTER_CONFIG, "adapter_model.safetensors")
POCKET_NAME = "pocket/weights"
"""How an exported adapter names the pocket model, whose place differs from machine to machine."""


class ExportError(ValueError):
    """The model cannot be exported like this; one line that says why and what would work."""


@dataclass(frozen=True)
class Origin:
    """A model to export."""

    model: Path | str
    """What ``load`` takes: a folder, or a hub name."""
    name: str
    """What to call it."""
    run: Path | None
    """The run that trained it, if one did."""
    settings: TrainConfig
    """Of that run; the defaults without one."""
    adapter: Mapping[str, Any] | None
    """The adapter's ``adapter_config.json``; None where the folder holds a whole model."""

    @property
    def step(self) -> int | None:
        """The step it was saved after."""
        return checkpoint_step(Path(self.model)) if self.run is not None else None

    @property
    def base(self) -> str | None:
        """The model that training began with: ``pocket``, a folder, or a hub name; None where nobody knows."""
        if self.adapter is not None:
            return base_name(str(self.adapter.get("base_model_name_or_path")))
        return self.settings.model if self.run is not None else None

    def architecture(self) -> dict[str, Any]:
        """The base's ``config.json``.

        Raises:
            ExportError: it cannot be read.
        """
        where = locate(self.base) if self.adapter is not None and self.base else self.model
        try:
            if isinstance(where, Path):
                return read_object(where / "config.json")
            from transformers import AutoConfig

            return dict(AutoConfig.from_pretrained(where).to_dict())
        except Exception as error:
            raise ExportError(
                f"{where}: its config.json cannot be read: {' '.join(str(error).split())[:200]}"
            ) from error


def origin_of(word: str) -> Origin:
    """The model a word means: a run folder (its newest checkpoint), a checkpoint, or any other model.

    Raises:
        ValueError: there is none, in one line.
    """
    run = run_of(word)
    settings, model = TrainConfig(), locate(word) if run is None else Path(word)
    if run is not None:
        with RunReader(run) as reader:
            settings = TrainConfig.of(reader)
            kept = reader.checkpoints()
        if run == Path(word):
            if not kept:
                raise ExportError(f"{word}: this run has no checkpoint yet")
            model = kept[-1]
        elif Path(word) not in kept:
            raise ExportError(f"{word} is no checkpoint of {run}; there are {', '.join(path.name for path in kept)}")
    adapter = None
    if isinstance(model, Path) and (model / ADAPTER_CONFIG).is_file():
        adapter = json.loads((model / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    name = run.name if run is not None else "pocket" if model == POCKET else Path(model).name
    return Origin(model, name, run, settings, adapter)


def on_another_base(origin: Origin, base: str, scratch: Path) -> Origin:
    """The same adapter on the model named ``base``: for one that was trained on a 4-bit copy of it."""
    if origin.adapter is None:
        raise ExportError(f"--base is for adapters; {origin.name} has all its weights")
    folder = scratch / "adapter"
    adapter = {**origin.adapter, "base_model_name_or_path": str(locate(base))}
    copy_adapter(Path(origin.model), folder, adapter)
    return Origin(folder, origin.name, origin.run, origin.settings, adapter)


def copy_adapter(source: Path, folder: Path, adapter: Mapping[str, Any]) -> None:
    """The files of an adapter and its tokenizer, with another ``adapter_config.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        if path.name in ADAPTER_FILES or path.name.startswith(("tokenizer", "chat_template", "special_tokens")):
            shutil.copyfile(path, folder / path.name)
    (folder / ADAPTER_CONFIG).write_text(json.dumps(adapter, indent=2) + "\n", encoding="utf-8")
