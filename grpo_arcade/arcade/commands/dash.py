"""``arcade dash``: the terminal dashboard of a run, live, finished or crashed."""

from __future__ import annotations

import gc
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grpo_arcade.arcade.configuration import Positional

if TYPE_CHECKING:
    from grpo_arcade.arcade.detached_process import Trainer


@dataclass
class Command:
    """Watch a training run in the terminal."""

    run: Positional[str] = "latest"
    """A run folder, a run's name or the beginning of it, or latest (a live one before an ended one)."""
    output_dir: str = "outputs"
    """Where runs are looked for by name."""
    once: bool = False
    """Print one plain frame and leave."""
    json: bool = False
    """Print the same facts as JSON and leave."""
    ascii: bool = False
    """Use nothing but ASCII signs."""
    color: bool = True
    """Colours; the variable NO_COLOR turns them off too."""


def run(command: Command) -> int:
    """0 when the dashboard was left or the frame printed."""
    from grpo_arcade.recordings.runs.find import find_run

    folder = find_run(command.run, command.output_dir)
    if command.once or command.json:
        from grpo_arcade.arcade.dashboard.read.facts import facts_of
        from grpo_arcade.recordings.runs.snapshot import snapshot_of

        facts = facts_of(snapshot_of(folder), time.time())
        if command.json:
            print(json.dumps(facts))
            return 0
        from grpo_arcade.arcade.dashboard.once import frame
        from grpo_arcade.arcade.streams import to_ascii

        text = frame(facts)
        print(to_ascii(text) if command.ascii else text)
        return 0
    require_terminal("the dashboard needs a terminal; for a pipe or a log: arcade dash --once, or --json")
    return open_dashboard(folder, ascii=command.ascii, color=command.color)


def require_terminal(otherwise: str) -> None:
    """Refuse with the line ``otherwise`` where nobody could see or press anything."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ValueError(otherwise)


def open_dashboard(folder: Path, *, ascii: bool = False, color: bool = True, trainer: Trainer | None = None) -> int:
    """Run the app until it is left; its exit code. ``trainer`` was started together with it."""
    # Until its first picture, when the app turns it on: searching for garbage takes a fifth of the time to open.
    gc.disable()
    from grpo_arcade.arcade.dashboard.app import Dashboard

    app = Dashboard(folder, plain=ascii or not _knows_unicode(), colour=color, trainer=trainer)
    app.run()
    return app.return_code or 0


def _knows_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
