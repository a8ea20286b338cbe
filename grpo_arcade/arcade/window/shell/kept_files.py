"""Where the files go that a person makes in the window."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

_MOMENT = re.compile(r"(-\d{8}-\d{6})(-\d+)?$")
"""How names end that are given here; games of one match differ by the last number."""


def plain(words: str) -> str:
    """Words as the beginning of a file's name on any system."""
    return "".join(character if character.isalnum() else "-" for character in words)


def named_here(stem: str) -> bool:
    """Whether the window has given this name, and not a person."""
    return _MOMENT.search(stem) is not None


def match_of(stem: str) -> str:
    """What the names that the window gave the games of one match have in common."""
    return _MOMENT.sub(r"\1", stem)


class KeptFiles:
    """Folders by kind in the person's data folder, made when they are needed.

    Args:
        data_folder: the person's.
    """

    def __init__(self, data_folder: Path) -> None:
        self._data_folder = data_folder
        self.newest: Path | None = None
        """The file that was named last; it may still be being made."""

    def folder(self, kind: str) -> Path:
        """Where files of a kind go: "recordings", "films" or "screenshots"; made if need be."""
        folder = self._data_folder / kind
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def fresh(self, kind: str, stem: str, suffix: str) -> Path:
        """A file of that kind that does not exist yet, named for the moment."""
        stem = f"{stem}-{datetime.now():%Y%m%d-%H%M%S}"
        names = (f"{stem}{f'-{n}' if n else ''}{suffix}" for n in range(10_000))
        folder = self.folder(kind)
        self.newest = next(folder / name for name in names if not (folder / name).exists())
        return self.newest

    def fresh_of_match(self, earlier: Sequence[Path], stem: str, suffix: str) -> Path:
        """The file of another game of a match, called as those of ``earlier`` games are but for a number."""
        if not earlier:
            return self.fresh("recordings", stem, suffix)
        common = match_of(earlier[0].stem)
        names = (earlier[0].with_name(f"{common}-{number}{suffix}") for number in range(len(earlier) + 1, 10_000))
        self.newest = next(path for path in names if not path.exists())
        return self.newest
