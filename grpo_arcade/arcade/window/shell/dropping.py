"""A file that is dropped onto the window, where the scene on top has no use for it: it opens what it is for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from grpo_arcade.arcade.players.player import YOU, StrategyFile
from grpo_arcade.recordings import SUFFIX
from grpo_arcade.recordings.runs.folder import DATABASE

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App
    from grpo_arcade.arcade.window.shell.scene import Scene


def open_dropped(app: App, path: Path) -> bool:
    """Open what a file is for; True.

    Raises:
        ValueError: it is for nothing here, or not whole, in one line.
        OSError: it cannot be read.
    """
    app.open(_scene_of(app, path))
    return True


def _scene_of(app: App, path: Path) -> Scene:
    """What a file opens: a recording Replay, a strategy a match against it, a run's folder Watch."""
    if path.suffix.lower() == SUFFIX:
        from grpo_arcade.arcade.window.replay.replay import ReplayScene

        return ReplayScene.of_file(app, path)
    if path.suffix.lower() == ".py":
        from grpo_arcade.arcade.window.versus.versus import VersusScene

        check_strategy(path)
        return VersusScene(app, players=[YOU, str(path)])
    if (path / DATABASE).is_file():
        from grpo_arcade.arcade.window.watch.watch import WatchScene

        return WatchScene(app, path)
    raise ValueError(f"{path.name} is nothing to open here: drop a strategy (.py), a recording or a run's folder")


def check_strategy(path: Path) -> None:
    """Refuse a file in which there is no strategy that may be played.

    Raises:
        ValueError: why, in one line.
        OSError: it cannot be read.
    """
    from grpo_arcade.games.players import extract_source

    found = extract_source(StrategyFile(path).source())
    if found.refusal is not None:
        raise ValueError(f"{path.name}: {str(found.refusal).replace('_', ' ')}: {found.reason}")
