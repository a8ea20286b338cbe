"""A scene's ear at a run: at once a first look in a thread, then news from the process of ``run_feed``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from grpo_arcade.arcade.window.background.jobs import Background, Task
from grpo_arcade.arcade.window.watch.run_feed import Dispatch, News, Receiver, follow, glance


class RunListener:
    """Listens to one run while somebody watches it.

    Args:
        background: where it works.
        folder: the run's.
        hear: told the run as it stands, whenever anything changed.
        failed: told if listening itself has failed.
    """

    def __init__(
        self,
        background: Background,
        folder: Path,
        hear: Callable[[News], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._background = background
        self._folder = folder
        self._hear = hear
        self._failed = failed
        self._receiver = Receiver()
        self._glance: Task | None = None
        self._task: Task | None = None
        self._last = News()

    @property
    def listening(self) -> bool:
        """Whether the process is what is heard, and no longer the first look."""
        return self._task is not None and self._glance is None

    def begin(self, step: int | None) -> None:
        """Listen, or go on to, with a step pinned or the newest followed."""
        self.end()
        self._receiver = Receiver()
        self._glance = self._background.thread(glance, self._folder, step, done=self._glanced, failed=self._failed)
        self._task = self._background.process(
            follow, self._folder, step, item=self._receive, failed=self._failed, hears=True
        )

    def end(self) -> None:
        """Stop listening."""
        for task in (self._glance, self._task):
            if task is not None:
                task.cancel()
        self._glance = self._task = None

    def pin(self, step: int | None) -> None:
        """Have another step shown; None for the newest."""
        if self._task is not None:
            self._task.tell(step)

    def _glanced(self, news: News | None) -> None:
        if news is not None and self._glance is not None:
            self._tell(news)

    def _receive(self, dispatch: Dispatch) -> None:
        if self._glance is not None:
            self._glance.cancel()  # too late to be of use
            self._glance = None
        news = self._receiver.news(dispatch)
        if news.problem and not news.game and self._last.game:
            # Gone before the process had seen it: what was shown stays, as it may be the last that is left of it.
            news = dataclasses.replace(self._last, problem=news.problem)
        self._tell(news)

    def _tell(self, news: News) -> None:
        self._last = news
        self._hear(news)
