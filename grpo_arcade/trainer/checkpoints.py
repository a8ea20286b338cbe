"""A run's checkpoints: which are kept, which one to fall back to, and whether another one is worth its time."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade.recordings.runs.folder import STATE, checkpoint_step, checkpoints, write_json, writing
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.trainer import alarms
from grpo_arcade.trainer.processes import ProcessLost

if TYPE_CHECKING:
    from grpo_arcade.trainer.config import TrainConfig
    from grpo_arcade.trainer.recorder import History

SAVING_SHARE = 0.05
"""Of the time since the last checkpoint, what the next one may cost to be made beside those of ``save_steps``."""


class Checkpoints:
    """Those of one run; Hugging Face's trainer writes them, this says when and which stay."""

    def __init__(self, folder: Path, config: TrainConfig, history: History) -> None:
        """``folder`` is the run's."""
        self.folder = folder
        self.current: Path | None = None
        """The one of this moment, if there is one."""
        self._config, self._history = config, history
        self._saved_at, self._cost_s = time.perf_counter(), 0.0
        """When the last one was complete, and what it cost in seconds."""

    def can_afford_one(self) -> bool:
        """Whether a checkpoint now would cost a small share of the time since the last."""
        return self._cost_s <= SAVING_SHARE * (time.perf_counter() - self._saved_at)

    @contextlib.contextmanager
    def making(self, step: int) -> Iterator[None]:
        """While the one after ``step`` is written; half a checkpoint is of no use, and its room may be what is missing.

        Raises:
            RunFolderError: it cannot be written.
        """
        started, path = time.perf_counter(), self.folder / f"checkpoint-{step}"
        try:
            with writing(self.folder, RunKind.TRAINING.again(self.folder), anything_but=ProcessLost):
                yield
        except BaseException:
            shutil.rmtree(path, ignore_errors=True)
            raise
        self.current = path
        self._saved_at = time.perf_counter()
        self._cost_s = self._saved_at - started

    def complete(self, state: Mapping[str, Any]) -> None:
        """Write the state file of the one of this moment, if there is one: a checkpoint counts once that stands."""
        if self.current is not None:
            with writing(self.folder, RunKind.TRAINING.again(self.folder)):
                write_json(self.current / STATE, state)

    def rescue(self, step: int, save: Callable[[], None], state: Mapping[str, Any]) -> None:
        """Make the one after ``step``, if it is not there, while the step after it fails.

        What made that fail may keep this from being done: the first error is what is told.
        """
        if step not in map(checkpoint_step, checkpoints(self.folder)):
            with contextlib.suppress(Exception):
                with self.making(step):
                    save()
                self.complete(state)

    def good(self, latest: int) -> Path | None:
        """The newest one after at most ``latest`` steps whose strategies did not fail; None where there is none."""
        found = {checkpoint_step(path): path for path in self._kept()}
        good = alarms.newest_good(sorted(found), self._history.steps, self._history.falls, latest)
        return None if good is None else found[good]

    def _kept(self) -> list[Path]:
        """Those made every ``save_steps`` or when somebody asked; which others there are depends on the clock."""
        every, asked = self._config.save_steps, self._history.saves_asked
        return [path for path in checkpoints(self.folder) if (at := checkpoint_step(path)) % every == 0 or at in asked]

    def remove_old(self, step: int) -> None:
        """Remove those whose turn is over; the best one, and the one to fall back to, outlive theirs."""
        kept = self._kept()
        keep = {self.current, *kept[-self._config.save_total_limit :], self.good(step - alarms.WINDOW)}
        best = max(self._history.evaluations, key=lambda row: (row["stage"], row["mean"]), default=None)
        keep |= {self.folder / f"checkpoint-{best['step']}"} if best else set()
        for old in self.folder.glob("checkpoint-*"):
            if old not in keep:
                shutil.rmtree(old, ignore_errors=True)

    def remove_after(self, good: Path) -> None:
        """Remove those made later than ``good``."""
        for path in checkpoints(self.folder):
            if checkpoint_step(path) > checkpoint_step(good):
                shutil.rmtree(path, ignore_errors=True)
