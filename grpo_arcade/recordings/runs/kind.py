"""The two kinds of run, and what the parts of each are called wherever a run is told of."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any


class RunKind(StrEnum):
    """What a run does; the value is the command of ``arcade`` that makes such a run and goes on with it."""

    TRAINING = "train"
    """A model learns, step by step."""
    SEARCH = "improve"
    """A program is improved, round by round, and no model is trained; the run's fact ``kind``."""

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> RunKind:
        """Of a run with these facts; a training says nothing of its kind."""
        return cls.SEARCH if facts.get("kind") == cls.SEARCH else cls.TRAINING

    @property
    def step(self) -> str:
        """What such a run makes one after the other."""
        return "round" if self is RunKind.SEARCH else "step"

    @property
    def work(self) -> str:
        """What it is, as a process that goes on."""
        return "search" if self is RunKind.SEARCH else "training"

    @property
    def doing(self) -> str:
        """What somebody does who is at it."""
        return "searching" if self is RunKind.SEARCH else "training"

    @property
    def does(self) -> str:
        """What its model does, between the model's name and the game's."""
        return "improves its program for" if self is RunKind.SEARCH else "learns"

    @property
    def held_out(self) -> str:
        """What is measured on the held-out seeds, after "the mean of", but for how many."""
        return "the champion" if self is RunKind.SEARCH else "strategies"

    @property
    def unseen(self) -> str:
        """What becomes of held-out seeds, after "seeds that"."""
        return "the model is told nothing of" if self is RunKind.SEARCH else "are never trained on"

    def steps(self, count: int) -> str:
        """So many of them."""
        return f"{count:,} {self.step}{'s' * (count != 1)}"

    def when(self, step: int) -> str:
        """After which step something was measured; 0 is the beginning."""
        return f"after {self.step} {step:,}" if step else "before training"

    def again(self, folder: Path) -> str:
        """The command that goes on with such a run."""
        return f"arcade {self} --resume {shlex.quote(str(folder))}"
