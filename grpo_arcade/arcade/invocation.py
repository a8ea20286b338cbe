"""How this program was started, so that what it tells people to type works where they are."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path


def invoked_as() -> str:
    """What a person types to start it again: ``arcade``, its path, or ``python -m grpo_arcade``."""
    program = Path(sys.argv[0] or "arcade")
    if program.name == "__main__.py" or program.suffix == ".py":
        python = getattr(sys, "orig_argv", [sys.executable])[0]
        return f"{shlex.quote(python)} -m {__name__.partition('.')[0]}"
    if program.stem != "arcade":
        return "arcade"  # somebody else's program calls it
    found = shutil.which(program.name)
    if found is not None and _same(Path(found), program):
        return program.stem
    here = os.path.relpath(program)
    shorter = min(here if os.sep in here else os.path.join(".", here), str(program.absolute()), key=len)
    return shlex.quote(shorter)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
