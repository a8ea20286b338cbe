"""``arcade new-game``: a folder that is a whole small game, to make one's own from."""

from __future__ import annotations

import keyword
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template

from grpo_arcade import __version__
from grpo_arcade.arcade.configuration import Positional
from grpo_arcade.atomic_write import whole_folder
from grpo_arcade.foreign_text import one_line

_FILES = {
    "README.md": "README.md",
    "pyproject.toml.txt": "pyproject.toml",
    "openenv.yaml": "openenv.yaml",
    "server/__init__.py.txt": "server/__init__.py",
    "server/app.py.txt": "server/app.py",
    "package/__init__.py.txt": "{module}/__init__.py",
    "package/picture.py.txt": "{module}/picture.py",
    "package/prompt.py.txt": "{module}/prompt.py",
    "package/toolbox.py.txt": "{module}/toolbox.py",
    "package/baselines.py.txt": "{module}/baselines.py",
    "tests/test_game.py.txt": "tests/test_{module}.py",
}


@dataclass
class Command:
    """Write the folder of a new game."""

    name: Positional[str] = ""
    """What the game is called: small letters, digits and hyphens."""
    to: str | None = None
    """The folder; one with the game's name, here, when absent."""
    install: bool = False
    """Have pip install it as well, so that every command knows it; what is changed in the folder counts at once."""


def run(command: Command) -> int:
    """0 when the folder is written."""
    name = checked_name(command.name)
    folder = Path(command.to or name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is there already; --to names another folder")
    write(name, folder)
    if command.install:
        _install(folder)
        print(one_line(f"{folder} is a game, and installed: arcade play {name} greedy"))
    else:
        install = f"pip install --editable {shlex.quote(str(folder))}"
        print(one_line(f"{folder} is a game: {install}, then arcade play {name} greedy"))
    return 0


def _install(folder: Path) -> None:
    """Let this Python know the game, from its folder.

    Raises:
        ValueError: pip is not there, or refuses; the folder stays.
    """
    # What it needs is here, and so may be what builds it: then nothing has to be fetched.
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"]
    if _builds_here():
        pip.append("--no-build-isolation")
    done = subprocess.run([*pip, "--editable", str(folder)], capture_output=True, text=True, errors="replace")
    if done.returncode:
        said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        errors = [line for line in said if "error" in line.lower()]
        why = one_line([*errors, *said, f"status {done.returncode}"][0])
        raise ValueError(f"{folder} is written, and pip could not install it: {why}")


def _builds_here() -> bool:
    """Whether setuptools is as the folder's pyproject.toml asks for it."""
    try:
        return int(version("setuptools").partition(".")[0]) >= 77
    except (PackageNotFoundError, ValueError):
        return False


def checked_name(name: str) -> str:
    """The name, if a game and a Python package can be called so.

    Raises:
        ValueError: they cannot, or something is already.
    """
    from grpo_arcade.games import game_names

    if not name:
        raise ValueError("what is the game called? for example: arcade new-game apples")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise ValueError(f"{name!r} cannot be a game's name: small letters, digits and single hyphens, a letter first")
    if name in game_names():
        raise ValueError(f"there is a game called {name} already")
    module = name.replace("-", "_")
    if keyword.iskeyword(module) or module in ("server", "tests") or find_spec(module) is not None:
        raise ValueError(f"{name} would be the Python package {module}, and there is something of that name already")
    return name


def write(name: str, folder: Path) -> None:
    """Write the game ``name`` into ``folder``."""
    module = name.replace("-", "_")
    values = {
        "name": name,
        "module": module,
        "class_name": "".join(part.capitalize() for part in name.split("-")),
        "title": name.replace("-", " ").capitalize(),
        "distribution": f"arcade-game-{name}",
        "environment": f"arcade_{module}",
        "version": __version__,
    }
    templates = files("grpo_arcade.arcade").joinpath("new_game")
    with whole_folder(folder):
        for template, place in _FILES.items():
            target = folder / place.format(module=module)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = Template(templates.joinpath(template).read_text("utf-8")).substitute(values)
            target.write_text(text, encoding="utf-8")
