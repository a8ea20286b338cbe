"""A process of a run that is not the first: it decides nothing, so no two processes can come to differ.

Between two steps it waits for orders from process 0's :class:`~grpo_arcade.trainer.session.Session`; each is a tuple of
the name of a method here and its arguments, and ``go_on`` is the last. torch is not imported here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade.games import make
from grpo_arcade.trainer.scoring import Assignment
from grpo_arcade.trainer.share import Share

if TYPE_CHECKING:
    from grpo_arcade.trainer.grpo_trainer import ArcadeTrainer


class Follower(Share):
    """The part of a process other than 0."""

    def __init__(self, *arguments: Any) -> None:
        """Take a seat beside the session, which says at once how the baselines score."""
        super().__init__(*arguments)
        _, *stage = self.processes.broadcast()
        self._enter_stage(*stage)

    def _enter_stage(self, at: int, baselines: Mapping[str, float]) -> None:
        self.curriculum.at = at
        self.game = make(self.config.game, **self.curriculum.stage.options)
        self.baselines = baselines

    def begin(self, step: int, completions: int) -> list[Assignment]:
        """What the ``completions`` of a step play, those of all processes."""
        return self.assignments(step, completions, self.processes.broadcast())

    def started(self, trainer: ArcadeTrainer) -> None:
        """Before the first step."""
        self._obey(trainer)

    def after_step(self, trainer: ArcadeTrainer) -> bool:
        """Everything between two steps; whether to stop."""
        self.processes.gather(self.stop_asked)
        return self._obey(trainer)

    def _obey(self, trainer: ArcadeTrainer) -> bool:
        while True:
            order, *arguments = self.processes.broadcast()
            if order == "go_on":
                return bool(arguments[0])
            if order == "enter_stage":
                self._enter_stage(*arguments)
            elif order == "evaluate":
                self.ask(trainer)
            elif order == "save":
                trainer.save()
            elif order == "fall_back":
                trainer.fall_back(Path(arguments[0]), arguments[1])
            else:
                raise AssertionError(f"there is no order {order!r}")
