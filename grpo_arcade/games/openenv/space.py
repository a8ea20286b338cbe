"""What a served game is called in OpenEnv's world, and the folder that ``openenv push`` takes to a Space.

The folder holds wheels of this package (and of the game's, if it is another's), so that it needs no registry to have
them, and exact versions of all the rest. Knows OpenEnv's file formats, and not ``openenv``.
"""

from __future__ import annotations

import json
import random
import re
import sys
from importlib.metadata import PackageNotFoundError, entry_points
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from grpo_arcade import __version__
from grpo_arcade.atomic_write import whole_folder
from grpo_arcade.games.game import Game
from grpo_arcade.games.openenv.wheel import canonical, pins, write_wheel
from grpo_arcade.games.registry import GROUP

EXTRA = 'pip install "grpo-arcade[openenv]"'
_PROBED = 20
"""Moves in the plan with which OpenEnv's validation tries the server."""
_FILES = {
    "openenv.yaml": "openenv.yaml",
    "Dockerfile": "Dockerfile",
    "README.md": "README.md",
    "pyproject.toml.txt": "pyproject.toml",
    "__init__.py.txt": "__init__.py",
    "models.py.txt": "models.py",
    "client.py.txt": "client.py",
    "server/__init__.py.txt": "server/__init__.py",
    "server/app.py.txt": "server/app.py",
}


def environment_name(game: Game) -> str:
    """The environment's name for OpenEnv: ``arcade_2048``, ``arcade_atari_pong``."""
    return "arcade_" + re.sub(r"[^a-z0-9]+", "_", game.name.lower()).strip("_")


def summary(game: Game) -> str:
    """One sentence about the served environment."""
    options = ", ".join(f"{name} {value}" for name, value in game.options.items())
    return f"The game {game.name}{f' ({options})' if options else ''}, played move by move; from GRPO Arcade"


def write_space(game: Game, folder: Path) -> None:
    """Write the folder for ``game`` with its present options. It must not exist, or be empty.

    Raises:
        ValueError: there is something in the folder already, or the game's package cannot be taken along.
        ImportError: the server's libraries are not installed here, so their versions cannot be told.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is there already; choose a folder that is not")
    taken = sorted({"grpo-arcade", _distribution_of(game)})
    try:
        pinned = pins(taken, extras=["openenv"])
    except (PackageNotFoundError, ModuleNotFoundError) as error:
        raise ImportError(
            f"the folder tells the versions of what is installed here, and {error.name} is not: {EXTRA}"
        ) from error
    values = _values(game)
    templates = files(__package__).joinpath("space_files")
    with whole_folder(folder):
        for part in ("server", "validation", "wheels", "outputs"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        for template, place in _FILES.items():
            text = Template(templates.joinpath(template).read_text("utf-8")).substitute(values)
            (folder / place).write_text(text, encoding="utf-8")
        for name in taken:
            write_wheel(name, folder / "wheels")
        (folder / "requirements.txt").write_text("\n".join(pinned) + "\n", encoding="utf-8")
        (folder / "validation" / "runtime.json").write_text(json.dumps(_plan(game), indent=1) + "\n", encoding="utf-8")
        (folder / "outputs" / "README.md").write_text("What a run leaves behind goes here.\n", encoding="utf-8")


def _values(game: Game) -> dict[str, str]:
    name = environment_name(game)
    return {
        "name": name,
        "distribution": f"openenv-{canonical(name)}",
        "title": f"GRPO Arcade {game.name}",
        "client": "".join(word.capitalize() for word in name.split("_")) + "Env",
        "version": __version__,
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "game": game.name,
        "game_json": json.dumps(game.name),
        "options": repr(dict(game.options)),
        "summary": summary(game),
        "summary_json": json.dumps(summary(game)),
        "actions": ", ".join(f"`{action}`" for action in game.actions),
        "literals": ", ".join(json.dumps(action) for action in game.actions),
    }


def _distribution_of(game: Game) -> str:
    """The installed distribution whose entry point the game is."""
    for entry in entry_points(group=GROUP):
        family = entry.name.endswith(("/", ":")) and game.name.startswith(entry.name)
        if (entry.name == game.name or family) and entry.dist is not None:
            return canonical(entry.dist.name)
    return "grpo-arcade"


def _plan(game: Game) -> dict[str, Any]:
    """A reset and some legal moves, for OpenEnv's runtime validation."""
    rng = random.Random(0)
    game.reset(0)
    moves: list[dict[str, str]] = []
    while game.outcome is None and len(moves) < _PROBED:
        action = rng.choice(game.legal_actions())
        moves.append({"action": game.actions[action]})
        game.step(action)
    return {"plan_schema_version": "1", "reset": {"episode_id": "validation", "seed": 0}, "actions": moves}
