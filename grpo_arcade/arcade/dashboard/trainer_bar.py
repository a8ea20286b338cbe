"""The trainer that was started together with the dashboard: a bar that says why it died."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static

from grpo_arcade.arcade.detached_process import Trainer
from grpo_arcade.foreign_text import one_line


class TrainerBar(Static):
    """Is not seen while all is well, or where the trainer was started by somebody else."""

    def __init__(self, trainer: Trainer | None) -> None:
        """``trainer`` is the one to mind, if any."""
        super().__init__(id="trainer-failed")
        self.trainer = trainer

    @property
    def at_work(self) -> bool:
        """Whether there is one and it has not ended."""
        return self.trainer is not None and self.trainer.code is None

    def mind(self) -> None:
        """Say so if it has failed."""
        if self.trainer is not None and self.trainer.failed and not self.display:
            line = one_line(self.trainer.last_words().splitlines()[-1]).removeprefix("arcade: ")
            self.update(Text(f"The trainer ended with exit code {self.trainer.code}: {line}"))
            self.display = True
