"""A trainer or a window started beside a dashboard or a window: a process of its own, which no end of theirs disturbs.

It gets a session of its own, so that neither Ctrl-C nor the loss of the terminal reaches it, and a file to print to,
because a pipe breaks when its reader leaves.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from grpo_arcade.recordings.runs.folder import DATABASE, RunFolderError
from grpo_arcade.recordings.runs.reader import RunReader

GOOD_CODES = (0, 130, 143)
"""What a trainer ends with that finished, was asked to stop, was interrupted, or was ended while it started."""
_LAST_BYTES = 20_000


class DetachedProcess:
    """A process that goes on by itself."""

    def __init__(self, order: Sequence[str], name: str) -> None:
        """Start it; ``name`` is what its last words call it where it had none.

        Raises:
            OSError: it cannot be started.
        """
        self._name = name
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self._process = subprocess.Popen(
            order, stdin=subprocess.DEVNULL, stdout=self._printed, stderr=self._printed, start_new_session=True
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """What it ended with, 128 and the signal where it was killed; None while it runs."""
        code = self._process.poll()
        return 128 - code if code is not None and code < 0 else code

    @property
    def failed(self) -> bool:
        """Whether it has ended otherwise than it should."""
        return self.code not in (None, *GOOD_CODES)

    def stop(self) -> None:
        """Ask it to end: a trainer at once while it starts, else after its step, saved. Does not wait."""
        if self.code is None:
            self._process.terminate()

    def last_words(self) -> str:
        """Its last line, or the whole traceback it ended with."""
        at = max(0, self._printed.seek(0, 2) - _LAST_BYTES)
        self._printed.seek(at)
        lines = [line for line in self._printed.read().decode("utf-8", "replace").splitlines() if line.strip()]
        if not lines:
            return "" if self.code is None else f"{self._name} ended with exit code {self.code} and said nothing"
        begin = max((place for place, line in enumerate(lines) if line.startswith("Traceback")), default=len(lines) - 1)
        return "\n".join(lines[-1:] if lines[-1].startswith("arcade: ") else lines[begin:])


class Trainer(DetachedProcess):
    """``arcade train``."""

    def __init__(self, order: Sequence[str]) -> None:
        """Start it."""
        super().__init__(order, "the trainer")

    def has_opened(self, folder: Path) -> bool:
        """Wait until its run can be read; False when it ended before."""
        while self.code is None:
            # The lock is left alone: who looks at it holds it for an instant, and it is being taken just now.
            if (folder / DATABASE).is_file():
                try:
                    RunReader(folder).close()
                    return True
                except RunFolderError:
                    pass  # its tables are being made
            time.sleep(0.05)
        return False


def window_on(folder: Path, strategy: int) -> DetachedProcess:
    """The window, opened on one strategy of a run."""
    order = [sys.executable, "-P", "-m", "grpo_arcade.arcade.cli", "watch", str(folder), "--strategy", str(strategy)]
    return DetachedProcess(order, "the window")
