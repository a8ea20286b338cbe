"""Asking a person whether a run that somebody sent may use what it names."""

from __future__ import annotations

import sys
from pathlib import Path

from grpo_arcade.arcade.streams import tell
from grpo_arcade.foreign_text import one_line


def trusted(folder: Path, allowed: bool) -> None:
    """Ask, once for a run, before what it names is used; with ``allowed`` that was said already.

    Raises:
        StrangersRunError: the person does not want it, or nobody is there to be asked.
        RunFolderError: the run cannot be read.
    """
    from grpo_arcade.recordings.runs.made_here import made_here, mark
    from grpo_arcade.trainer.strangers import StrangersRunError, names, refuse_unless_trusted, sentence

    if made_here(folder):
        return
    named = names(folder)
    if not allowed:
        if not named:
            return
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            refuse_unless_trusted(folder)
        tell(f"{folder} was not made on this machine, or was changed. It would:")
        for what in named:
            tell(f"- {what}")
        print("Do you trust whoever made it? [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise StrangersRunError(f"{one_line(folder)} is left alone")
    mark(folder)
    tell(f"{folder} is trusted: it may {sentence(named)}" if named else f"{folder} is trusted: it names nothing")
