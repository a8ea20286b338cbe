"""How a run ends that cannot go on: what is recorded of it, and the one line that says why and what would help."""

from __future__ import annotations

import contextlib
import os
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from grpo_arcade.games.players import SandboxError
from grpo_arcade.recordings.runs.folder import LIVE, LOG, RunFolderError, is_live
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer import processes
from grpo_arcade.trainer.judging import RewardError

if TYPE_CHECKING:
    from grpo_arcade.recordings.runs.kind import RunKind
    from grpo_arcade.recordings.runs.writer import RunWriter


class TrainingError(ValueError):
    """Training cannot go on; one line that says why and what would help. The run can be resumed."""


_REFUSALS = (ValueError, ImportError, KeyboardInterrupt, SandboxError)
"""What may end a run before it began: a refusal, or whoever asked for it."""


@contextlib.contextmanager
def recorded(
    open_writer: Callable[[], RunWriter], kind: RunKind, lower: Callable[[], str], *, new: bool
) -> Iterator[RunWriter]:
    """The writer of a run, and whatever ends it: that is recorded and explained.

    A new run that ends before it has begun leaves nothing behind, so all that may fail or be killed belongs inside.

    Args:
        open_writer: makes the run folder, or opens it again.
        kind: says how the run is resumed.
        lower: says what to lower where memory ran out.
        new: whether this is the run's first start.

    Raises:
        TrainingError: instead of an error that is nobody's wrong setting; the log has the whole of it.
    """
    writer = open_writer()
    try:
        yield writer
    except BaseException as error:
        refused = isinstance(error, _REFUSALS) and not isinstance(error, RunFolderError)
        if new and refused and writer.discard():
            raise
        _note_end(writer, error)
        if (words := explained(error, kind.again(writer.folder), lower)) is not None:
            with contextlib.suppress(OSError), (writer.folder / LOG).open("r+", encoding="utf-8") as log:
                log.seek(0, os.SEEK_END)
                log.write("".join(traceback.format_exception(error)))
            raise words from error
        raise
    finally:
        writer.close()


def _note_end(writer: RunWriter, error: BaseException) -> None:
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
