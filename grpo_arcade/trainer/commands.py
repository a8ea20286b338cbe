"""What people ask of a run while it trains: read from its folder between two steps; a pause waits here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from grpo_arcade.trainer.recorder import Command, Recorder


def filmed(film: Callable[[], Path]) -> tuple[str, str]:
    """Make a film somebody asked for; how it went, and an answer in words."""
    try:
        return "done", f"wrote {film()}"
    except (ValueError, OSError) as error:
        return "refused", " ".join(str(error).split())


def waiting(recorder: Recorder, step: int, stopping: Callable[[], str]) -> Iterator[Command]:
    """The commands that have come, but for pause and resume; while paused, those that come then, until one resumes.

    ``stopping`` says why the run is about to stop, which ends a pause; empty where it is not.
    """
    paused: int | None = None
    while True:
        for command in recorder.commands():
            if command.name == "pause" and paused is None:
                paused = command.id
                recorder.note(status="paused")
                recorder.answer(command.id, "accepted", "paused", step)
            elif command.name == "resume" and paused is not None:
                recorder.answer(paused, "done", "resumed", step)
                recorder.answer(command.id, "done", "it goes on", step)
                recorder.note(status="running")
                paused = None
            elif command.name in ("pause", "resume"):
                recorder.answer(command.id, "refused", f"nothing to {command.name}", step)
                recorder.event("command", step, f"nothing to {command.name}", name=command.name)
            else:
                yield command
        if paused is None or stopping():
            return
        time.sleep(0.1)
