"""Which scene opens for what can be asked for in every scene: a file that is dropped, the settings.

The shell knows no scenes. Whoever makes the first one furnishes the app with this.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from grpo_arcade.arcade.players.player import YOU, StrategyFile
from grpo_arcade.recordings import SUFFIX
from grpo_arcade.recordings.runs.folder import DATABASE

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App


class Opener:
    """Opens scenes.

    Args:
        app: over whose scene.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    def settings(self) -> None:
        """What can be set, unless it is open."""
        from grpo_arcade.arcade.window.settings.settings import SettingsScene

        if not any(isinstance(scene, SettingsScene) for scene in self._app.scenes):
            self._app.open(SettingsScene(self._app))

    def file(self, path: Path) -> None:
        """What a file is for: a recording is replayed, a strategy plays against the person, a run's folder is watched.

        Raises:
            ValueError: it is none of these, or not whole, in one line.
            OSError: it cannot be read.
        """
        app = self._app
        if path.suffix.lower() == SUFFIX:
            from grpo_arcade.arcade.window.replay.replay import ReplayScene

            app.open(ReplayScene.of_file(app, path))
        elif path.suffix.lower() == ".py":
            from grpo_arcade.arcade.window.versus.versus import VersusScene

            StrategyFile(path).check()
            app.open(VersusScene(app, players=[YOU, str(path)]))
        elif (path / DATABASE).is_file():
            from grpo_arcade.arcade.window.watch.watch import WatchScene

            app.open(WatchScene(app, path))
        else:
            raise ValueError(
                f"{path.name} is nothing to open here: drop a strategy (.py), a recording or a run's folder"
            )
