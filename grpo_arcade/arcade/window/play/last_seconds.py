"""The last seconds of a game as a GIF, made in a process beside the window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from grpo_arcade.arcade.window.background.clip import write_clip
from grpo_arcade.arcade.window.background.jobs import Task
from grpo_arcade.arcade.window.draw.boards import palette_of
from grpo_arcade.arcade.window.draw.words import size_words
from grpo_arcade.arcade.window.shell.saved import onward
from grpo_arcade.games import Episode, Game

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App


class LastSeconds:
    """Makes one GIF at a time.

    Args:
        app: the window, which says when it is there.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._task: Task | None = None
        self.share = 0.0
        """Of the one that is being made."""

    @property
    def running(self) -> bool:
        """Whether one is being made."""
        return self._task is not None and self._task.running

    def make(self, parts: list[tuple[Episode, int]], game: Game) -> None:
        """Begin, unless one is being made already.

        Args:
            parts: episodes, each with the move it is shown from.
            game: what is on the board: parts with other options are left out.

        Raises:
            ValueError: there is nothing to show.
        """
        if self.running:
            return
        same = [part for part in parts if dict(part[0].options) == dict(game.options)]
        if not same:
            raise ValueError("Nothing has been played yet that a GIF could show")
        path = self._app.files.fresh("films", f"{game.name.replace('/', '-')}-last-seconds", ".gif")
        self.share = 0.0
        palette = palette_of(game, self._app.palette)
        self._task = self._app.background.process(
            write_clip, same, path, palette, item=self._comes, done=self._done, failed=self._app.complain
        )

    def _comes(self, share: float) -> None:
        self.share = share

    def _done(self, path: Path) -> None:
        keys = onward(self._app.bindings)
        self._app.say(f"GIF saved ({size_words(path.stat().st_size)}): {path} · {keys}")
