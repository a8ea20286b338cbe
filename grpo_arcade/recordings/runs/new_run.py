"""How a new run's folder comes about: its name, its configuration, and the versions it was made with."""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import re
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from grpo_arcade import __version__
from grpo_arcade.games.players.sandbox.process import SandboxError
from grpo_arcade.games.players.sandbox.walls import choose
from grpo_arcade.recordings.runs.folder import CONFIG, RECORDINGS, RunFolderError, taken, unwritable, write_json
from grpo_arcade.recordings.runs.made_here import mark

_PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "numpy", "pydantic-monty")


class Settings(Protocol):
    """What a run folder needs to know of a run's configuration."""

    game: str
    model: str
    output_dir: str
    run_name: str

    def to_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""

    def defaults(self) -> dict[str, Any]:
        """The same settings as they are when nobody says otherwise."""


def versions() -> dict[str, str]:
    """Versions of what a run depends on, and the wall its strategies are played behind."""
    found = {"grpo-arcade": __version__, "python": platform.python_version(), "platform": platform.platform()}
    for package in _PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    with contextlib.suppress(SandboxError):
        found["wall"] = choose()
    return found


def run_name(config: Settings) -> str:
    """What the run's folder is called: as the configuration says, else by game, model and the present second."""
    model = Path(config.model.rstrip("/")).name
    plain = re.sub(r"[^A-Za-z0-9._]+", "-", f"{config.game}-{model}").strip("-")
    return config.run_name or f"{plain}-{time.strftime('%Y%m%d-%H%M%S')}"


def check_new(config: Settings) -> Path:
    """Where :func:`new_folder` would make a folder now; nothing is made.

    Raises:
        RunFolderError: it could not.
    """
    folder = Path(config.output_dir, run_name(config))
    try:
        if folder.exists():
            raise taken(folder)
        above = next((parent for parent in folder.absolute().parents if parent.exists()), None)
        if above is None or not above.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(above, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise unwritable(folder.parent, error) from error
    return folder


def new_folder(config: Settings) -> Path:
    """Make an empty folder under ``config.output_dir``.

    Raises:
        RunFolderError: it cannot be made, or the name that was asked for is taken.
    """
    name = run_name(config)
    root = Path(config.output_dir)
    try:
        root.mkdir(parents=True, exist_ok=True)
        for again in range(100):
            folder = root / (name if not again else f"{name}-{again + 1}")
            try:
                folder.mkdir()
                return folder
            except FileExistsError:
                if config.run_name:
                    raise taken(folder) from None
    except OSError as error:
        raise unwritable(root, error) from error
    raise RunFolderError(f"{root} holds a hundred runs of this second; give a run_name")


def write_config(folder: Path, config: Settings) -> None:
    """Write what the run is trained with into its new folder, and make room for recordings."""
    (folder / RECORDINGS).mkdir()
    told = {
        "config": config.to_dict(),
        "defaults": config.defaults(),
        "versions": versions(),
        "git": _git_revision(),
        "command": sys.argv,
    }
    write_json(folder / CONFIG, told)
    mark(folder)


def _git_revision() -> str | None:
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        return None
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        asked = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
        return subprocess.run(asked, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    return None
