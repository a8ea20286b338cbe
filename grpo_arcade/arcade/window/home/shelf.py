"""What lies around on this machine: training runs and recordings. Read in a thread; knows no scene."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from grpo_arcade.arcade.window.home.live_run import LiveRun, read_live
from grpo_arcade.games import Episode
from grpo_arcade.games.names import shown_name
from grpo_arcade.recordings import SUFFIX, RecordingError, load_all
from grpo_arcade.recordings.runs.folder import LIVE, RECORDINGS, RunFolderError
from grpo_arcade.recordings.runs.reader import list_runs
from grpo_arcade.recordings.runs.records import RunSummary

MOST = 200
"""Recordings that are listed, the newest."""
MOST_LIVE = 3
"""Runs that go on of which more is told than a line."""


@dataclass(frozen=True)
class Recording:
    """A file of episodes."""

    path: Path
    modified: float
    first: Episode | None
    """Without its moves and what was seen, since many are listed; None if the file cannot be read."""
    count: int
    problem: str = ""
    """Why not."""


@dataclass(frozen=True)
class Shelf:
    """Runs and recordings, the newest first."""

    runs: tuple[RunSummary, ...] = ()
    recordings: tuple[Recording, ...] = ()
    live: tuple[LiveRun, ...] = ()
    """Of the runs, the newest that go on."""


def look(outputs: Path, folder: Path, before: Shelf | None = None) -> Shelf:
    """What there is now.

    Args:
        outputs: where training runs are.
        folder: where the person's recordings are.
        before: an earlier look, so that only what is new has to be read.
    """
    runs = tuple(list_runs(outputs))
    known = {(r.path, r.modified): r for r in before.recordings} if before else {}
    found = []
    for place in (folder, *(run.path / RECORDINGS for run in runs)):
        for path in place.glob(f"*{SUFFIX}"):
            try:
                found.append((path.stat().st_mtime, path))
            except OSError:
                continue  # deleted this moment
    found.sort(reverse=True)
    recordings = tuple(known.get((path, at)) or _read(path, at) for at, path in found[:MOST])
    return Shelf(runs, recordings, tuple(_live(runs)))


def _live(runs: Iterable[RunSummary]) -> Iterator[LiveRun]:
    for run in [run for run in runs if run.status in LIVE][:MOST_LIVE]:
        with suppress(RunFolderError):  # deleted in this moment
            yield read_live(run)


def _read(path: Path, modified: float) -> Recording:
    try:
        loaded = load_all(path)
    except (RecordingError, OSError) as error:
        return Recording(path, modified, None, 0, str(error))
    first = replace(loaded.episodes[0], actions=b"", observations=b"") if loaded.episodes else None
    return Recording(path, modified, first, len(loaded.episodes), "" if first else loaded.note)


def run_line(run: RunSummary) -> str:
    """A run in a few words: "pocket · 2048 · step 41 · live"."""
    model = Path(run.model).name or run.model
    state = {"running": "live", "starting": "starting", "paused": "paused"}.get(run.status, run.status)
    return " · ".join([model, shown_name(run.game), f"{run.kind.step} {run.step}", state])


def by_score(episodes: Iterable[Episode]) -> list[Episode]:
    """Episodes, best score first."""
    return sorted(episodes, key=lambda episode: -episode.score)
