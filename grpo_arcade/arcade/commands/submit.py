"""``arcade submit``: a run as what a hackathon's judges ask for, in one folder."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from grpo_arcade.arcade.configuration import Positional
from grpo_arcade.foreign_text import one_line


@dataclass
class Command:
    """Make a submission of a run."""

    run: Positional[str | None] = None
    """The run: its folder, its name or the beginning of it, or latest."""
    folder: Positional[str | None] = None
    """The folder to write; it must not exist, or be empty."""
    output_dir: str = "outputs"
    """The folder of the runs, where they are looked for by name."""


def run(command: Command) -> int:
    """0 when it was written."""
    if command.run is None or command.folder is None:
        raise ValueError("which run, and where to? for example: arcade submit latest my-submission")
    from grpo_arcade.arcade.submission import write_submission
    from grpo_arcade.arcade.terminal import Bar
    from grpo_arcade.recordings.runs.find import find_run

    with Bar("reading the run") as bar:
        files = write_submission(find_run(command.run, command.output_dir), Path(command.folder), say=bar.say)
    for file in files:
        print(f"{one_line(file)}: {file.stat().st_size / 1_000_000:.2f} MB")
    folder = one_line(shlex.quote(command.folder))
    print(f"edit {one_line(files[0])}; then openenv validate {folder}, openenv push {folder}")
    return 0
