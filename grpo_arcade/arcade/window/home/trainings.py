"""Trainings from the window: those it has started, and what it asks of those that go on. They outlive the window.

A training is a process of its own, the same that ``arcade train`` is; what is asked of it stands in its run's folder,
as what a dashboard asks does.
"""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade.arcade.detached_process import Trainer
from grpo_arcade.arcade.requests import Requests
from grpo_arcade.arcade.streams import tell
from grpo_arcade.arcade.window.home.live_run import LiveRun
from grpo_arcade.foreign_text import one_line
from grpo_arcade.games.names import shown_name
from grpo_arcade.recordings.runs.reader import RunReader

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

_SURE_S = 6.0
"""So long a second press counts as a yes."""


@dataclass(frozen=True)
class Plan:
    """What is to be trained."""

    game: str
    options: Mapping[str, Any]
    """The game's, where they are not its own."""
    model: str = "pocket"
    """Who learns, as ``arcade train --model`` takes it."""
    max_steps: int = 150
    resume: Path | None = None
    """A run to go on with instead, by its own settings."""

    @property
    def words(self) -> str:
        """What is trained, for people."""
        return self.resume.name if self.resume else f"{Path(self.model).name} · {shown_name(self.game)}"


def arguments(plan: Plan, outputs: str, name: str) -> list[str]:
    """The words behind ``arcade`` that train it; ``name`` is what a new run is called."""
    if plan.resume is not None:
        return ["train", "--resume", str(plan.resume), "--output-dir", outputs]
    said = ["train", plan.game, "--model", plan.model, "--max-steps", str(plan.max_steps)]
    said += ["--output-dir", outputs, "--run-name", name]
    options = [f"{option}={value}" for option, value in plan.options.items()]
    return [*said, "--game-options", *options] if options else said


@dataclass
class _Started:
    plan: Plan
    folder: Path
    trainer: Trainer
    told: bool = False
    """Whether its end has been told."""


class Trainings:
    """What this window has started and asked.

    Args:
        app: the window.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._started: list[_Started] = []
        self._requests: dict[Path, Requests] = {}
        self._stopping: tuple[Path, float] | None = None

    def start(self, plan: Plan) -> Path:
        """Start a training; the folder that its run will have.

        Raises:
            OSError: no process can be started.
        """
        from grpo_arcade.recordings.runs.new_run import run_name
        from grpo_arcade.trainer.config import TrainConfig

        outputs = self._app.settings.outputs
        name = run_name(TrainConfig(game=plan.game, model=plan.model, output_dir=outputs))
        folder = plan.resume or _free(Path(outputs, name))
        order = [sys.executable, "-P", "-m", "grpo_arcade.arcade.cli", *arguments(plan, outputs, folder.name)]
        self._started.append(_Started(plan, folder, Trainer(order)))
        self._app.say("Training begins: loading the model takes a moment. It goes on when this window is closed.")
        return folder

    def starting(self, known: Iterable[Path]) -> list[tuple[Path, Plan]]:
        """Those that run but have no folder yet that can be read; ``known`` are the runs that go on already."""
        there = set(known)
        begun = [each for each in self._started if each.trainer.code is None and each.folder not in there]
        return [(each.folder, each.plan) for each in begun]

    def mind(self) -> bool:
        """Say why one has failed; whether any has ended since this was asked last."""
        ended = [each for each in self._started if each.trainer.code is not None and not each.told]
        for each in ended:
            each.told = True
            if each.trainer.failed:
                line = one_line(each.trainer.last_words().splitlines()[-1]).removeprefix("arcade: ")
                self._app.complain(f"{each.plan.words}: {line}")
        return bool(ended)

    def going_on(self) -> list[tuple[int, Path]]:
        """Process and folder of those that do."""
        return [(each.trainer.pid, each.folder) for each in self._started if each.trainer.code is None]

    def tell_going_on(self) -> None:
        """Say in the terminal what goes on after the window."""
        for pid, folder in self.going_on():
            tell(f"training continues (process {pid}); watch it again with: arcade watch {shlex.quote(str(folder))}")

    def ask(self, live: LiveRun, name: str) -> None:
        """Ask a trainer for something; to stop has to be asked twice."""
        run = live.summary
        if name == "pause" and run.status == "paused":
            name = "resume"
        if name == "stop" and not self._sure(run.path):
            key = self._app.bindings.key_label("home.stop")
            self._app.say(
                f"{key} again stops {run.path.name} after this {run.kind.step}, and saves it; it can go on later"
            )
            return
        requests = self._requests.setdefault(run.path, Requests())
        self._app.background.thread(_send, run.path, name, done=requests.sent, failed=self._app.complain)
        self._app.say(
            {"stop": f"It stops after this {run.kind.step}…", "evaluate": "It will be evaluated…"}.get(name, f"{name}…")
        )

    def hear(self, runs: Sequence[LiveRun]) -> None:
        """Tell what trainers have answered."""
        for live in runs:
            for answer in self._requests.get(live.summary.path, Requests()).answers(live.commands):
                line = f"{answer.title}: {answer.words}"
                self._app.complain(line) if answer.refused else self._app.say(line)

    def _sure(self, path: Path) -> bool:
        before, self._stopping = self._stopping, (path, time.monotonic())
        if before is not None and before[0] == path and time.monotonic() - before[1] < _SURE_S:
            self._stopping = None
            return True
        return False


def _send(path: Path, name: str) -> int:
    with RunReader(path) as run:
        return run.send(name)


def _free(folder: Path) -> Path:
    """The folder, or one named like it that is not there yet."""
    names = (folder.with_name(f"{folder.name}-{n}") if n else folder for n in range(1000))
    return next(each for each in names if not each.exists())
