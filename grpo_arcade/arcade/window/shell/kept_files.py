"""Where the files go that a person makes in the window."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path


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
