"""A tab that shows one step: earlier, later, a chosen one, or always the newest."""

from __future__ import annotations

from textual.containers import Vertical

from grpo_arcade.arcade.dashboard.dialogs import Prompt
from grpo_arcade.recordings.runs.kind import RunKind


class StepTab(Vertical):
    """Subclasses bind ``step(-1)``, ``step(1)``, ``go_to`` and ``newest``, and show :attr:`asked_step`."""

    kind: RunKind
    asked_step: int | None = None
    """None follows the newest complete step."""

    @property
    def whole(self) -> str:
        """What has to be complete before anything is shown."""
        return "group" if self.kind is RunKind.TRAINING else self.kind.step

    @property
    def shown_step(self) -> int:
        """The step on the screen; 0 where there is none."""
        raise NotImplementedError

    def again(self) -> None:
        """Read and draw once more."""
        self.run_worker(self.app.refresh_tab(), group=type(self).__name__, exclusive=True)  # type: ignore[attr-defined]

    def action_step(self, way: int) -> None:
        """Another step."""
        if self.shown_step:
            self.asked_step = max(1, self.shown_step + way)
            self.again()

    def action_newest(self) -> None:
        """The newest complete step, also when newer ones come."""
        self.asked_step = None
        self.again()

    def action_go_to(self) -> None:
        """Ask for a step."""
        self.app.push_screen(Prompt(f"Which {self.kind.step}?", "100"), self._go_to)

    def _go_to(self, answer: str | None) -> None:
        if answer and answer.isdigit() and int(answer) > 0:
            self.asked_step = int(answer)
            self.again()
        elif answer:
            self.notify(f"{answer!r} is no {self.kind.step}", severity="warning")
