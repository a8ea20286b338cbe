"""How a run ends that cannot go on: what is recorded of it, and the one line that says why and what would help."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from grpo_arcade.recordings.runs.folder import LIVE, RunFolderError, is_live
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer import processes
from grpo_arcade.trainer.judging import RewardError

if TYPE_CHECKING:
    from grpo_arcade.recordings.runs.writer import RunWriter


class TrainingError(ValueError):
    """Training cannot go on; one line that says why and what would help. The run can be resumed."""


def note_end(writer: RunWriter, error: BaseException) -> None:
    """Record that the trainer ends without having finished."""
    interrupted = isinstance(error, KeyboardInterrupt)
    # A disk that is full has no room for these words either.
    with contextlib.suppress(RunFolderError):
        writer.note(status="stopped" if interrupted else "crashed")
        with RunReader(writer.folder) as run:
            step = int(run.facts().get("step", 0))
        writer.event("interrupted" if interrupted else "failed", step, f"{type(error).__name__}: {error}")


def has_ended(folder: Path) -> bool:
    """Whether process 0 has said, or says within half a minute, how the run ended."""
    for _ in range(300):
        if not is_live(folder):
            break
        time.sleep(0.1)
    try:
        with RunReader(folder) as run:
            return run.facts()["status"] not in LIVE
    except ValueError:
        # What was refused before it began leaves no folder behind.
        return True


def explained(error: BaseException, again: str, lower: Callable[[], str]) -> TrainingError | None:
    """The line for an error that is nobody's wrong setting; ``lower`` says what to lower where memory ran out."""
    from grpo_arcade.trainer.models.card_memory import card_memory
    from grpo_arcade.trainer.models.learner import is_out_of_memory

    if processes.is_lost(error):
        return TrainingError(f"another process of this run died; {again}")
    if is_out_of_memory(error):
        memory = card_memory()
        if memory is not None and memory.others:
            when = f"resume when they have ended: {again}; or start a new run with {lower()}"
            return TrainingError(f"memory ran out: {memory.words}; {when}")
        return TrainingError(f"memory ran out; start a new run with {lower()}, or resume where there is more: {again}")
    if isinstance(error, RewardError):
        return TrainingError(f"{error}; fix it, then resume with: {again}")
    if isinstance(error, OSError):
        return TrainingError(f"{type(error).__name__}: {' '.join(str(error).split())}; {again}")
    return None
