"""What makes a run a story in Watch: its best in the light, a new champion, before and after, the run showing itself.

Knows what is to be told and when; the scene lays it out and ``view`` paints it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pygame

from grpo_arcade.arcade.window.background.jobs import Task
from grpo_arcade.arcade.window.replay.playback import Playback
from grpo_arcade.arcade.window.shell.scene import Act as Asked
from grpo_arcade.arcade.window.shell.scene import Event
from grpo_arcade.arcade.window.watch.before_after import BeforeAfter, games_before_and_after, recorded_before_and_after
from grpo_arcade.arcade.window.watch.grid import TileGrid
from grpo_arcade.arcade.window.watch.run_feed import News
from grpo_arcade.arcade.window.watch.show import Act, Show, stops
from grpo_arcade.arcade.window.watch.spotlight import Part, Spotlight
from grpo_arcade.arcade.window.watch.tile import Tile
from grpo_arcade.games import Episode, score_text
from grpo_arcade.recordings.runs.folder import LIVE

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

MOMENT_S = 7.0
"""How long a new champion is told of."""


class Stage(Protocol):
    """What is asked of the scene."""

    app: App
    folder: Path
    news: News
    grid: TileGrid
    spotlight: Spotlight | None
    paused: bool

    def play(self, episode: Episode) -> Playback:
        """An episode, to be played again."""

    def enlarge(self, tile: Tile, *, best: bool = False) -> None:
        """Show one strategy large."""

    def close_spotlight(self) -> None:
        """Show the boards again."""

    def pin(self, step: int | None) -> None:
        """Keep a step in sight; None to follow the newest."""

    def relay_out(self) -> None:
        """Find places for everything, and paint it."""


class Story:
    """What is being told of one run.

    Args:
        stage: where.
    """

    def __init__(self, stage: Stage) -> None:
        self.moment = ""
        """Words for a champion that has just been found; empty when it is none any more."""
        self.show: Show | None = None
        """Set while the run shows itself."""
        self.pair: BeforeAfter | None = None
        """Before and after, while they are shown."""
        self._stage = stage
        self._moment_s = 0.0
        self._games: tuple[Episode, ...] = ()
        """The last two that were read; a round of the show without a new evaluation shows them again."""
        self._of: object = None
        """What was known of the run when they were read."""
        self._task: Task | None = None

    @property
    def part(self) -> Part:
        """What a strategy that comes into the light shows of itself."""
        return "all" if self.show is None or self.show.act == "pair" else self.show.act

    def hear(self, before: News) -> None:
        """Take in news, of which ``before`` were the last: there may be a new champion."""
        news = self._stage.news
        now, known = news.champion, before.champion.step if before.champion is not None else 0
        if now is None or before.shown == 0 or now.step <= known:
            return
        gained = f", {score_text(now.previous)} before" if now.previous is not None else ""
        self.moment = f"New champion in {news.kind.step} {now.step:,}: {score_text(now.score)} points{gained}"
        self._moment_s = MOMENT_S
        if self.show is not None and news.status in LIVE:
            self.show.jump("board")
            self._turn_to("board")

    def follow_best(self) -> None:
        """Have the best of the step in the light, if that was asked for; that of the step before until it is judged."""
        light, best, news = self._stage.spotlight, self._stage.grid.best(), self._stage.news
        if light is None or not light.best or best is None or best.entrant is None or best is light.tile:
            return
        tiles = self._stage.grid.tiles
        judged = all(tile.entrant is None or tile.entrant.reward is not None for tile in tiles)
        of_this = light.step == news.shown and light.tile in tiles
        better = light.tile.entrant is None or best.entrant.score > light.tile.entrant.score
        if (of_this and better) or (not of_this and judged):
            pair = self.pair
            self._stage.enlarge(best, best=True)
            self.pair = pair

    # What the person does.

    def toggle_spotlight(self) -> None:
        """The step's best strategy, large; or the boards again.

        Raises:
            ValueError: there is none yet.
        """
        light, best = self._stage.spotlight, self._stage.grid.best()
        if light is not None and light.best and self.pair is None:
            self.show = None
            self._stage.close_spotlight()
            return
        if best is None:
            raise ValueError("there is no strategy yet that could be shown")
        self._stage.enlarge(best, best=True)

    def toggle_pair(self) -> None:
        """A game before training and one after it, side by side; or away with them."""
        if self.pair is not None:
            self.pair = None
            self._stage.relay_out()
        else:
            self._ask_for_pair()

    def toggle_show(self) -> None:
        """Let the run show itself, or no longer.

        Raises:
            ValueError: there is nothing to show yet.
        """
        if self.show is not None:
            self.show = None
            pygame.display.set_allow_screensaver(True)
            self._stage.app.say("The show is over; the same key begins it again")
        elif self._stage.grid.best() is None:
            raise ValueError("there is no strategy yet that could be shown")
        else:
            self.show = Show()
            self._stage.paused = False
            pygame.display.set_allow_screensaver(False)
        self._turn_to("all")

    def handle(self, event: Event) -> bool:
        """While before and after are shown: put them away."""
        if not isinstance(event, Asked) or event.id not in ("app.back", "menu.choose"):
            return False
        self.toggle_pair()
        return True

    # The show.

    def _turn_to(self, act: Act) -> None:
        self.pair = None
        if act == "pair":
            self._ask_for_pair()
            return
        light, best, news = self._stage.spotlight, self._stage.grid.best(), self._stage.news
        if (light is None or not light.best) and best is not None:
            self._stage.enlarge(best, best=True)
        if self._stage.spotlight is not None:
            self._stage.spotlight.part = act
        told = stops(news.crowned, news.newest) if act == "all" and self.show and news.status not in LIVE else []
        if told and self.show is not None:
            self._stage.pin(told[self.show.rounds % len(told)])
        self._stage.relay_out()

    def advance(self, dt: float) -> bool:
        """Let time pass; True if something else is to be told."""
        changed = False
        if self.pair is not None and not self._stage.paused:
            self.pair.advance(dt)
        if self.moment:
            self._moment_s -= dt
            if self._moment_s <= 0:
                self.moment, changed = "", True
        if self.show is not None and self._stage.news.newest and self.show.advance(dt):
            self._turn_to(self.show.act)
            changed = True
        return changed

    def due(self) -> list[float]:
        """Seconds until each thing that happens by itself."""
        pair = self.pair.due() if self.pair is not None and not self._stage.paused else None
        moment = self._moment_s if self.moment else None
        show = self.show.due if self.show is not None and self._stage.news.newest else None
        return [max(0.0, seconds) for seconds in (pair, moment, show) if seconds is not None]

    # Before and after.

    def _ask_for_pair(self) -> None:
        """Have them shown, at once where the games are known."""
        news = self._stage.news
        of = max((point.step for point in news.points if point.held_out is not None), default=-1), news.newest
        if self._games and of == self._of:
            self._show_pair(self._games)
            return
        if self._task is not None and self._task.running:
            return
        app, folder = self._stage.app, self._stage.folder

        def failed(error: Exception) -> None:
            if self.show is None:
                app.complain(error)
            else:
                self.show.skip()

        def come(games: Sequence[Episode] | None) -> None:
            if games is None:
                if self.show is None:
                    app.say("This run has no held-out games: a first and a last program play once more…")
                self._task = app.background.process(games_before_and_after, folder, done=come, failed=failed)
                return
            self._games, self._of = tuple(games), of
            if self.show is None or self.show.act == "pair":
                self._show_pair(self._games)

        self._task = app.background.thread(recorded_before_and_after, folder, done=come, failed=failed)

    def _show_pair(self, games: Sequence[Episode]) -> None:
        self.pair = BeforeAfter(games, self._stage.play)
        self._stage.relay_out()

    def leave(self) -> None:
        """Nobody waits any more for what is on its way, and the screen may sleep."""
        pygame.display.set_allow_screensaver(True)
        if self._task is not None:
            self._task.cancel()
            self._task = None
