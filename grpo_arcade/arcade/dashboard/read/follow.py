"""A run as the dashboard follows it: whether there is news, the news, and whether the trainer lives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grpo_arcade.arcade.dashboard.read.facts import gather
from grpo_arcade.arcade.dashboard.read.history import History
from grpo_arcade.arcade.dashboard.read.machine import Load, Machine
from grpo_arcade.recordings.runs.reader import RunReader

_NEWS = """SELECT (SELECT max(step) FROM steps), (SELECT value FROM run WHERE key = 'updated'),
    (SELECT max(id) FROM events), (SELECT max(id) FROM champions), (SELECT count(*) FROM evaluations),
    (SELECT group_concat(status) FROM (SELECT status FROM commands ORDER BY id DESC LIMIT 50))"""
"""What differs when the header, the overview or a command's answer does."""


@dataclass(frozen=True)
class Look:
    """Everything of one look at the run."""

    facts: dict[str, Any]
    commands: list[dict[str, Any]]


class Watch:
    """Looks at one run. The screen's thread may ask :meth:`changed` and :meth:`has_news`, another does the reading."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        """``clock`` gives seconds since 1970.

        Raises:
            RunFolderError: the folder is no run that can be read.
        """
        self.reader = RunReader(folder)
        # A second connection tells whether anything changed without waiting for what the first one is reading.
        self.bell = RunReader(folder)
        self.history = History()
        self._machine = Machine()
        self._clock = clock
        self._version = -1
        self._news: tuple[Any, ...] = ()
        # Before anything is read: what comes while it is read is news.
        self.changed()
        self.has_news()

    def changed(self) -> bool:
        """Whether anything was written since this was last asked."""
        before, self._version = self._version, int(self.bell.query("PRAGMA data_version")[0][0])
        return self._version != before

    def has_news(self) -> bool:
        """Whether the facts differ from when this was last asked.

        A trainer writes each strategy when it has been played; the facts are those of whole steps.
        """
        before, self._news = self._news, tuple(self.bell.query(_NEWS)[0])
        return self._news != before

    def read(self) -> Look:
        """The facts, and the newest commands."""
        facts = gather(self.reader, self.history, self._clock())
        commands = self.reader.query("SELECT * FROM commands ORDER BY id DESC LIMIT 50")
        return Look(facts, [dict(row) for row in commands])

    def pulse(self) -> tuple[str, Load]:
        """What changes without news: the status, since nobody writes down that a trainer died, and the load."""
        return self.reader.status(), self._machine.look()

    def close(self) -> None:
        """Close the database."""
        self.reader.close()
        self.bell.close()
