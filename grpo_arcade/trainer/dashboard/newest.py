"""Which run is meant: a folder, the name of a run, or the newest of all."""

from __future__ import annotations

from pathlib import Path

from grpo_arcade.trainer.run_folder import DATABASE, RunFolderError, list_runs

NEWEST = "newest"


def find_run(named: str = NEWEST, outputs: str | Path = "outputs") -> Path:
    """The folder of the run called ``named``: a path, a name in ``outputs``, or ``newest`` (a live one first).

    Raises:
        RunFolderError: there is none; says which there are.
    """
    if named != NEWEST:
        for folder in (Path(named), Path(outputs) / named):
            if (folder / DATABASE).is_file():
                return folder
        if Path(named).is_dir():
            raise RunFolderError(f"{named} is not a run folder: it holds no {DATABASE}; arcade runs lists them")
    runs = list_runs(outputs)
    if named == NEWEST and runs:
        live = [run for run in runs if run.status in ("starting", "running", "paused")]
        return (live or runs)[0].path
    known = ", ".join(run.path.name for run in runs[:5])
    hint = f"there are {known}" if known else "arcade train starts one"
    if named == NEWEST:
        raise RunFolderError(f"there are no runs in {outputs}; arcade train starts one, or name a run folder")
    raise RunFolderError(f"there is no run {named!r}, neither here nor in {outputs}; {hint}")
