"""What the window remembers from one day to the next: best scores, the last board, the colours. One small JSON file."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from grpo_arcade.atomic_write import atomic_write


class Memory:
    """Values by name; written when the window closes and whenever :meth:`save` is called.

    A file that cannot be read is put aside, not overwritten.

    Args:
        path: the file; its folder is made when needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, Any] = {}
        self._changed = False
        self.problems: list[str] = []
        """One line for each thing that went wrong."""
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(values, dict):
                raise ValueError("not a table")
            self._values = values
        except FileNotFoundError:
            pass
        except OSError as error:
            self.problems.append(f"{path}: {error.strerror}; scores start afresh")
        except ValueError:
            aside = path.with_name(f"{path.name}.damaged-{int(time.time())}")
            try:
                os.replace(path, aside)
                self.problems.append(f"{path} was damaged; it is kept as {aside.name} and scores start afresh")
            except OSError as error:
                self.problems.append(f"{path} is damaged and cannot be put aside: {error.strerror}")

    def get(self, name: str, default: Any) -> Any:
        """A value, or the default where there is none of the default's type."""
        value = self._values.get(name, default)
        return value if default is None or isinstance(value, type(default)) else default

    def set(self, name: str, value: Any) -> None:
        """Remember a JSON value."""
        if self._values.get(name) != value:
            self._values[name] = value
            self._changed = True

    def forget(self, beginning: str) -> None:
        """No longer remember the values whose names begin so."""
        names = [name for name in self._values if name.startswith(beginning)]
        for name in names:
            del self._values[name]
        self._changed = self._changed or bool(names)

    def save(self) -> None:
        """Write the file, whole or not at all. A full or read-only disk is no reason to stop playing."""
        if not self._changed:
            return
        try:
            with atomic_write(self._path) as scratch:
                scratch.write_text(json.dumps(self._values, indent=1, sort_keys=True), encoding="utf-8")
            self._changed = False
        except OSError as error:
            line = f"{self._path}: {error.strerror}; scores cannot be kept"
            if line not in self.problems:
                self.problems.append(line)
