"""A run as it stands, read again and again while it is trained: what the window and the dashboard both show.

Knows nothing of how it is shown. What belongs to one step or one strategy is asked of the reader when somebody looks.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grpo_arcade.recordings.runs.database import explained
from grpo_arcade.recordings.runs.folder import DATABASE, LIVE
from grpo_arcade.recordings.runs.history import History
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.league import Member, members
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.records import Alarm, Champion, HeldOut
from grpo_arcade.recordings.runs.verdict import Verdict, judge

COMMANDS_KEPT = 50
"""So many of the newest commands are part of a snapshot."""
_NEWS = f"""SELECT (SELECT max(step) FROM steps), (SELECT value FROM run WHERE key = 'updated'),
    (SELECT max(id) FROM events), (SELECT max(id) FROM champions), (SELECT count(*) FROM evaluations),
    (SELECT max(time) FROM evaluations),
    (SELECT group_concat(status) FROM (SELECT status FROM commands ORDER BY id DESC LIMIT {COMMANDS_KEPT}))"""
"""What differs when a snapshot does; a strategy that was just played is none of it."""


@dataclass(frozen=True)
class Snapshot:
    """Everything of one look at the run."""

    folder: Path
    game: str
    model: str
    status: str
    """As in :class:`~grpo_arcade.recordings.runs.records.RunSummary`."""
    step: int
    """The last one made; 0 before the first."""
    max_steps: int
    started: float
    updated: float
    """When the trainer last wrote something of a whole step; like ``started`` in seconds since 1970."""
    history: History
    """Every step so far: the one object that goes on growing."""
    held_out: tuple[HeldOut, ...]
    """Every evaluation, by step."""
    champions: tuple[Champion, ...]
    """The hall of fame, oldest first."""
    evaluating: tuple[int, int] | None
    """Of an evaluation that is being made: strategies scored so far, and of how many."""
    ladder: tuple[Member, ...]
    """Of a run by self-play: everybody in its league, the strongest first."""
    alarms: tuple[Alarm, ...]
    """Those that are on."""
    failure: Alarm | None
    """Why training failed for good, if it did."""
    verdict: Verdict
    """Whether it is learning."""
    baselines: Mapping[str, Mapping[str, float]]
    """By stage of the curriculum: mean held-out score of each baseline."""
    weights: Mapping[str, float]
    """What each reward function's value is multiplied by; empty where the run does not say."""
    strategies: int
    distinct_sources: int
    trainer_memory_bytes: float | None
    """What the trainer said it takes."""
    commands: tuple[Mapping[str, Any], ...]
    """The newest ones with their answers, newest first."""
    kind: RunKind = RunKind.TRAINING


class RunFollower:
    """Looks at one run. One thread may ask :meth:`changed` and :meth:`has_news` while another reads."""

    def __init__(self, folder: Path) -> None:
        """Open the run.

        Raises:
            RunFolderError: the folder is no run that can be read.
        """
        self.folder = folder
        self.reader = RunReader(folder)
        # A second connection tells whether anything changed without waiting for what the first one is reading.
        self.bell = RunReader(folder)
        self.history = History()
        self._inode = _inode(folder)
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
        """Whether a snapshot would differ from when this was last asked.

        A trainer writes each strategy when it has been played; a snapshot is of whole steps.
        """
        before, self._news = self._news, tuple(self.bell.query(_NEWS)[0])
        return self._news != before

    def replaced(self) -> bool:
        """Whether the run was deleted, or made anew, since it was opened: an open database outlives its name."""
        return _inode(self.folder) != self._inode

    def read(self) -> Snapshot:
        """The run as it stands.

        Raises:
            RunFolderError: it is gone or damaged.
        """
        with explained(self.folder):
            return self._read()

    def _read(self) -> Snapshot:
        reader, history = self.reader, self.history
        history.update(reader)
        told = reader.facts()
        kind = RunKind.of(told)
        started = float(told.get("started", 0.0))
        counts = "SELECT (SELECT count(*) FROM strategies), (SELECT count(*) FROM sources)"
        strategies, sources = reader.query(counts)[0]
        status, held_out, failure = reader.status(), reader.held_out(), reader.failure()
        rewards = list(zip(history.steps, history.columns["reward"], strict=True))
        return Snapshot(
            folder=self.folder,
            game=str(told.get("game", "")),
            model=str(told.get("model", "")),
            status=status,
            step=max(0, int(told.get("step", 0))),
            max_steps=int(told.get("max_steps", 0)),
            started=started,
            updated=max(float(told.get("updated", started)), history.last("time") or 0.0),
            history=history,
            held_out=tuple(held_out),
            champions=tuple(reader.champions()),
            evaluating=_evaluating(told.get("evaluating"), status),
            ladder=tuple(sorted(members(reader), key=lambda member: -member.mu)),
            alarms=tuple(reader.alarms()),
            failure=failure,
            verdict=judge(rewards, held_out, failure=failure.message if failure else "", live=status in LIVE, of=kind),
            baselines=told.get("baselines") or {},
            weights=reader.reward_weights(),
            strategies=strategies,
            distinct_sources=sources,
            trainer_memory_bytes=_memory(reader),
            commands=tuple(reader.commands(COMMANDS_KEPT)),
            kind=kind,
        )

    def close(self) -> None:
        """Close the database."""
        self.reader.close()
        self.bell.close()


def snapshot_of(folder: Path) -> Snapshot:
    """One look at a run.

    Raises:
        RunFolderError: the folder is no run that can be read.
    """
    with contextlib.closing(RunFollower(folder)) as follower:
        return follower.read()


def _evaluating(said: Any, status: str) -> tuple[int, int] | None:
    """None too where the trainer is gone: what it said last is true no more."""
    return (said[0], said[1]) if said and len(said) == 2 and status in LIVE else None


def _inode(folder: Path) -> int:
    try:
        return os.stat(folder / DATABASE).st_ino
    except OSError:
        return 0


def _memory(reader: RunReader) -> float | None:
    """In bytes: of the metrics' names that speak of memory, the largest."""
    rows = reader.query("SELECT metrics FROM steps ORDER BY step DESC LIMIT 1")
    metrics = reader.json("steps.metrics", rows[0]["metrics"]) if rows else {}
    said = [value for name, value in metrics.items() if "memory" in name and isinstance(value, int | float)]
    return max(said, default=None)
