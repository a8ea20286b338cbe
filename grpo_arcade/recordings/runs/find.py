"""Which run a word means, the same wherever a run is asked for: a path, a name, the beginning of one, or ``latest``."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from grpo_arcade.recordings.runs.folder import DATABASE, LIVE, RunFolderError
from grpo_arcade.recordings.runs.reader import list_runs

LATEST = "latest"
"""The word for the newest run; a live one comes before an ended one."""
CHAMPION = ":champion"
"""After a run: the best strategy of it."""


def find_run(word: str = LATEST, outputs: str | Path = "outputs", *, among: Sequence[str] | None = None) -> Path:
    """The folder of the run that ``word`` means.

    Args:
        word: a run folder, the name of one in ``outputs``, a beginning that only one name has, or ``latest``; also with
            ``:champion`` behind it.
        outputs: where names are looked up.
        among: where given, only runs of these statuses are meant by ``latest``.

    Raises:
        RunFolderError: there is none, or there are several; names them.
    """
    word = word.removesuffix(CHAMPION)
    if not word:
        raise RunFolderError("no run is named: a run is its folder, its name, the beginning of one, or latest")
    if word == LATEST:
        return _latest(outputs, among)
    if (found := _exactly(word, outputs)) is not None:
        return found
    names = run_names(outputs)
    begun = [name for name in names if name.startswith(word)]
    if len(begun) == 1:
        return Path(outputs, begun[0])
    if begun:
        raise RunFolderError(f"{word!r} begins the names of {len(begun)} runs: {_some(begun)}; write more of it")
    if Path(word).is_dir():
        raise RunFolderError(f"{word} is not a run folder: it holds no {DATABASE}; arcade runs lists them")
    near = difflib.get_close_matches(word, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {_some(names)}" if names else "arcade train starts one"
    raise RunFolderError(f"there is no run {word!r}, neither here nor in {outputs}; {hint}")


def run_of(model: str | Path) -> Path | None:
    """The run that made a model: its own folder, or the one a checkpoint lies in; None for any other model."""
    return next((folder for folder in (Path(model), Path(model).parent) if (folder / DATABASE).is_file()), None)


def whole_run(word: str, outputs: str | Path = "outputs") -> Path | None:
    """The run whose folder or whole name ``word`` is, or the newest one by ``latest``; None where it is no run's.

    Raises:
        RunFolderError: ``latest``, and there is none.
    """
    return _latest(outputs, None) if word == LATEST else _exactly(word, outputs)


def run_names(outputs: str | Path = "outputs") -> list[str]:
    """The names of all runs there, the latest of an alphabet first."""
    return sorted((database.parent.name for database in Path(outputs).glob(f"*/{DATABASE}")), reverse=True)


def _exactly(word: str, outputs: str | Path) -> Path | None:
    if not word:
        return None
    return next(
        (folder for folder in (Path(word).expanduser(), Path(outputs, word)) if (folder / DATABASE).is_file()), None
    )


def _latest(outputs: str | Path, among: Sequence[str] | None) -> Path:
    runs = list_runs(outputs)
    if among is not None:
        waiting = [run for run in runs if run.status in among]
        if not waiting:
            raise RunFolderError(f"no run in {outputs} is {' or '.join(among)}; arcade runs lists them")
        return waiting[0].path
    if not runs:
        raise RunFolderError(f"there are no runs in {outputs}; arcade train starts one, or name a run folder")
    return next((run for run in runs if run.status in LIVE), runs[0]).path


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
