"""Runs that another machine made, or that were changed since: what they name is shown and asked about, not used.

Playing such a run's strategies, watching it and filming it needs none of this: the sandbox and the replay are for that.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grpo_arcade.foreign_text import one_line
from grpo_arcade.recordings.runs.folder import checkpoints
from grpo_arcade.recordings.runs.made_here import made_here
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer import rewards
from grpo_arcade.trainer.models.files import ADAPTER_CONFIG
from grpo_arcade.trainer.models.loading import ModelError, adapter_base, base_name
from grpo_arcade.trainer.question import GAME, TUTORIAL


class StrangersRunError(ValueError):
    """A run names what this machine would load, import or ask, and nobody here has said that it may."""


def names(folder: Path) -> list[str]:
    """What going on with the run, or loading its model, would use besides what lies in it and in this program.

    Raises:
        RunFolderError: the run cannot be read.
    """
    with RunReader(folder) as run:
        said = run.config()["config"]
    found = [f"import the reward {name}" for name in _words(said.get("rewards")) if name not in rewards.names()]
    models = said.get("model", "pocket")
    asked = _words(models) if isinstance(models, list) else [str(models)]
    for name in dict.fromkeys([*asked, *map(_base, checkpoints(folder))]):
        does = "ask" if name.startswith(("http://", "https://")) else "load"
        found += [f"{does} the model {name}"] if base_name(name) != "pocket" else []
    game = str(said.get("game", ""))
    if not asks_nobody(game):
        found.append(f"play {game}, wherever that is")
    prompt = str(said.get("prompt", GAME))
    if prompt not in (GAME, TUTORIAL) and "\n" not in prompt:  # a text of several lines is asked as it is
        found.append(f"read the file {prompt} and ask with it")
    if said.get("use_vllm") and said.get("vllm_mode") == "server":
        found.append(f"send its model to {said.get('vllm_server_base_url')}")
    if said.get("ray_address"):
        found.append(f"play on the cluster {said['ray_address']}")
    if trackers := [name for name in _words(said.get("report_to")) if name != "none"]:
        found.append(f"tell {', '.join(trackers)}")
    return [one_line(what, 200) for what in found]


def asks_nobody(game: str) -> bool:
    """Whether a game of that name comes with this program and needs no server."""
    return game in ("2048", "connect-four") or game.startswith("atari/")


def refuse_unless_trusted(folder: str | Path) -> None:
    """Let a run pass that this machine made, or that names nothing.

    Raises:
        StrangersRunError: it names something; the line says what, and how to say that it may.
        RunFolderError: the run cannot be read.
    """
    folder = Path(folder)
    if not made_here(folder) and (named := names(folder)):
        raise StrangersRunError(
            f"{folder} was not made on this machine, or was changed, and would {sentence(named)}; if you trust whoever "
            f"made it: arcade runs {shlex.quote(str(folder))} --trust"
        )


def sentence(named: Sequence[str]) -> str:
    """Several things in a row."""
    return ", ".join(named[:-1]) + " and " * (len(named) > 1) + named[-1]


def _base(checkpoint: Path) -> str:
    """The model that an adapter's checkpoint is put on; the pocket for any other."""
    if not (checkpoint / ADAPTER_CONFIG).is_file():
        return "pocket"
    try:
        return adapter_base(checkpoint)
    except ModelError:
        return f"of {checkpoint.name}, whose {ADAPTER_CONFIG} cannot be read"


def _words(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
