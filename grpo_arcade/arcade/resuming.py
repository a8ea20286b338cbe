"""Which run ``--resume`` means, the same for all commands that go on with one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def folder_to_resume(words: Sequence[str], output_dir: str) -> Path:
    """The folder of the run that is named, or of the newest that did not finish. The run itself says which it is.

    Raises:
        ValueError: several are named.
        RunFolderError: there is no such run, or none that can be gone on with.
    """
    if len(words) > 1:
        raise ValueError(f"--resume takes one run folder, not {len(words)}")
    from grpo_arcade.recordings.runs.find import LATEST, find_run
    from grpo_arcade.recordings.runs.folder import RESUMABLE

    word = words[0] if words else LATEST
    return find_run(word, output_dir, among=RESUMABLE)
