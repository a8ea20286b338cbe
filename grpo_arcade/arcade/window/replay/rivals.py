"""Other episodes of the same seed, to be compared with the one that is shown: beside it, saved ones, then baselines."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grpo_arcade.arcade.window.background.jobs import Task
from grpo_arcade.games import Episode
from grpo_arcade.games.baseline_scores import play_baseline
from grpo_arcade.games.replay import table_of
from grpo_arcade.recordings import SUFFIX, load_all

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

_MOST_FILES = 500
"""Recordings that are looked through, the newest first."""


def saved_rivals(shown: Episode, folder: Path) -> list[Episode]:
    """Other episodes with the game, options and seed of the one that is shown, from a folder's recordings."""
    files = sorted(folder.glob(f"*{SUFFIX}"), key=lambda file: -file.stat().st_mtime)[:_MOST_FILES]
    found: list[Episode] = []
    for file in files:
        with contextlib.suppress(ValueError, OSError):
            found += [episode for episode in load_all(file).episodes if _rival(episode, shown)]
    return found


def _rival(episode: Episode, shown: Episode) -> bool:
    same = (episode.game, dict(episode.options), episode.seed) == (shown.game, dict(shown.options), shown.seed)
    return same and (episode.actions, episode.player) != (shown.actions, shown.player)


class Rivals:
    """Hands out one rival after the other, then None, then begins anew.

    Args:
        app: the window, beside which baselines play.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._here: list[Episode] = []
        """Those there are without playing, as far as they have been looked for."""
        self._looked = False
        """Whether saved ones have been looked for."""
        self._number = -1
        self._task: Task | None = None

    @property
    def running(self) -> bool:
        """Whether one is on its way."""
        return self._task is not None and self._task.running

    def next(self, shown: Episode, beside: Sequence[Episode], then: Callable[[Episode | None], None]) -> None:
        """Find the next one and hand it to ``then``, now or when it is there; None after the last."""
        if self.running:
            return
        if self._number < 0:
            self._here = [episode for episode in beside if _rival(episode, shown)]
        self._number += 1
        if self._number < len(self._here) or self._looked:
            self._go_on(shown, then)
            return

        def found(saved: list[Episode]) -> None:
            known = [(episode.actions, episode.player) for episode in self._here]
            self._here += [each for each in saved if (each.actions, each.player) not in known]
            self._looked = True
            self._go_on(shown, then)

        folder = self._app.files.folder("recordings")
        self._task = self._app.background.thread(saved_rivals, shown, folder, done=found, failed=self._app.complain)

    def _go_on(self, shown: Episode, then: Callable[[Episode | None], None]) -> None:
        baselines = list(table_of(shown).baselines)[::-1]
        if self._number < len(self._here):
            then(self._here[self._number])
        elif (number := self._number - len(self._here)) < len(baselines):
            name = baselines[number]
            self._app.say(f"{name} plays the same seed…")
            self._task = self._app.background.process(
                play_baseline,
                *(shown.game, dict(shown.options), name, [shown.seed]),
                done=lambda episodes: then(episodes[0]),
                failed=self._app.complain,
            )
        else:
            then(None)

    def pause(self) -> None:
        """Nobody waits any more for one that is on its way."""
        if self._task:
            self._task.cancel()
            self._task = None

    def stop(self) -> None:
        """Begin anew, for another episode."""
        self.pause()
        self._here, self._looked, self._number = [], False, -1
