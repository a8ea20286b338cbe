"""Ready-made settings for machines and purposes: one small TOML file each, read as ``--config`` files are.

Flags, the environment and a ``--config`` file beat a preset; a preset beats the defaults. The first line of each file
says in a comment what it is for.
"""

from __future__ import annotations

import difflib
from pathlib import Path

_FOLDER = Path(__file__).parent
NAMES = (
    "laptop",
    "atari",
    "new-game",
    "qwen-coder",
    "t4",
    "a100",
    "h100",
    "h200",
    "gpt-oss-120b",
    "long-context",
    "amd",
    "tutorial",
)
"""All presets, from small machines to large ones."""


def file(name: str) -> Path:
    """Where a preset stands.

    Raises:
        ValueError: there is no such preset; one line names them all.
    """
    if name not in NAMES:
        near = difflib.get_close_matches(name, NAMES, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ValueError(f"no preset is called {name!r}; {hint}there are {', '.join(NAMES)}")
    return _FOLDER / f"{name}.toml"


def purpose(name: str) -> str:
    """What a preset is for, in one line."""
    return file(name).read_text(encoding="utf-8").splitlines()[0].removeprefix("#").strip()
