"""What is to be trained: game, who learns, for how long. Opens from a game's card; the training is its own process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pygame

from grpo_arcade.arcade.players.player import POCKET
from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.home.games import ATARI, ATARI_TILES
from grpo_arcade.arcade.window.home.trainings import Plan
from grpo_arcade.arcade.window.play.options import choices
from grpo_arcade.arcade.window.shell.scene import Event, Scene
from grpo_arcade.arcade.window.shell.widgets import CHANGED_BY_ARROWS, Focus, Item, column, draw_item, heading, stepped
from grpo_arcade.games import game_names, make, score_text
from grpo_arcade.games.names import shown_name
from grpo_arcade.recordings.runs.folder import RESUMABLE, checkpoints
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.reader import list_runs

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

STEPS = {45: "45, a first look", 150: "150, as usual", 500: "500, a long run"}
_HELP = (
    "In every step the model writes a group of strategies, they play, and the better ones become likelier (GRPO). "
    "It is a process of its own: it goes on when this window is closed, and its run is kept in the folder {outputs}."
)


class Learner:
    """Who may learn: a model, or a run that goes on.

    Args:
        words: for people.
        model: as ``arcade train --model`` takes it.
        resume: the run that goes on, by its own settings.
    """

    def __init__(self, words: str, model: str = POCKET, resume: Path | None = None) -> None:
        self.words, self.model, self.resume = words, model, resume


def learners(outputs: str, game: str) -> list[Learner]:
    """Who may learn a game: the built-in model, runs that were broken off, and what runs have learnt."""
    found = [Learner("pocket: the built-in 5 M model")]
    for run in list_runs(outputs):
        if run.game != game:
            continue
        if run.status in RESUMABLE and run.kind is RunKind.TRAINING:
            found.append(Learner(f"go on with {run.path.name}, step {run.step} of {run.max_steps}", resume=run.path))
        if kept := checkpoints(run.path):
            score = f", held-out {score_text(run.score)}" if run.score is not None else ""
            found.append(Learner(f"the model of {run.path.name}{score}", str(kept[-1])))
    return found


class TrainScene(Scene):
    """Choose what is trained.

    Args:
        app: the window.
        game: what is played.
        options: the game's, where a card has others than its own.
        start: told the plan when the person has chosen.
    """

    title = "Train"
    contexts = ("menu",)
    words = CHANGED_BY_ARROWS

    def __init__(self, app: App, game: str, options: Mapping[str, Any], start: Callable[[Plan], None]) -> None:
        super().__init__(app)
        self.game = game
        self.options: dict[str, Any] = dict(options)
        self.max_steps = 45
        self._learners = [Learner("pocket: the built-in 5 M model")]
        self._learner = 0
        self._start_plan = start
        self._focus = Focus()
        self._first = True

    @property
    def plan(self) -> Plan:
        """What would be started now."""
        learner = self._learners[self._learner]
        return Plan(self.game, self.options, learner.model, self.max_steps, learner.resume)

    def enter(self) -> None:
        """Look who may learn."""
        self._look()

    def _look(self) -> None:
        outputs, game = self.app.settings.outputs, self.game
        self.app.background.thread(learners, outputs, game, done=self._offer, failed=self.app.complain)

    def _offer(self, found: list[Learner]) -> None:
        self._learners, self._learner = found, min(self._learner, len(found) - 1)
        self.resized()
        self.app.redraw()

    # What the person does.

    def handle(self, event: Event) -> bool:
        """Choose."""
        if not self._focus.handle(event):
            return False
        self.app.redraw()
        return True

    def _change_game(self, by: int) -> None:
        names = [name for name in game_names() if not name.endswith(("/", ":"))]
        names += [ATARI + title for title in ATARI_TILES] if ATARI in game_names() else []
        names += [] if self.game in names else [self.game]
        self.game = stepped(names, self.game, by)
        self.options, self._learner = {}, 0
        self._look()
        self.resized()

    def _change_option(self, name: str, by: int) -> None:
        values = list(choices(self.game)[name])
        now = make(self.game, **self.options).options[name]
        value = stepped(values, now, by)
        make(self.game, **{**self.options, name: value})  # refuses with a line for the person
        self.options[name] = value
        self.resized()

    def _change_learner(self, by: int) -> None:
        self._learner = (self._learner + by) % len(self._learners)
        self.resized()

    def _change_steps(self, by: int) -> None:
        self.max_steps = stepped(list(STEPS), self.max_steps, by)
        self.resized()

    def _start(self) -> None:
        plan = self.plan
        self.app.close(self)
        self._start_plan(plan)

    # What is seen.

    def _rows(self) -> list[tuple[str, str, str, Callable[[int], None]]]:
        rows: list[tuple[str, str, str, Callable[[int], None]]] = [
            ("game", "Game", shown_name(self.game), self._change_game),
            ("learner", "Who learns", self._learners[self._learner].words, self._change_learner),
        ]
        if self.plan.resume is not None:
            return rows  # by its own settings
        game = make(self.game, **self.options)
        for name in choices(self.game):
            value = game.options[name]
            shown = f"{value}×{value}" if name == "size" else f"{value:,}"
            rows.append((name, name.capitalize(), shown, lambda by, n=name: self._change_option(n, by)))  # type: ignore[misc]
        return [*rows, ("steps", "Steps", STEPS[self.max_steps], self._change_steps)]

    def resized(self) -> None:
        """Rows in the middle, the one to press below them."""
        rows = self._rows()
        places = column(self.app.theme, self.area, len(rows) + 1)
        items = [
            Item(place, lambda change=change: change(1), words, change, value, key=key)  # type: ignore[misc]
            for place, (key, words, value, change) in zip(places, rows, strict=False)
        ]
        items.append(Item(places[-1], self._start, "Train here", main=True, key="start"))
        self._focus.set(items)
        if self._first:
            self._first, self._focus.index = False, len(items) - 1

    def draw(self, surface: pygame.Surface) -> None:
        """The rows, and what a training is."""
        look = self.app.theme
        surface.fill(look.page, self.area)
        heading(surface, look, self.area, "Train", "a model learns to write strategies, on this machine")
        for item in self._focus.items:
            draw_item(surface, look, item, item is self._focus.item)
        height, last = look.px(theme.CAPTION), self._focus.items[-1].rect
        step, y = round(height * theme.LINE), last.bottom + look.px(22)
        lines = paint.wrapped(_HELP.format(outputs=self.app.settings.outputs), last.width, height)
        if y + len(lines) * step > self.area.bottom:
            return  # half a sentence says nothing
        for number, line in enumerate(lines):
            paint.text(surface, line, (self.area.centerx, y + number * step), height, look.soft, anchor="middle")

    def keys(self) -> Sequence[str]:
        """Few."""
        return ("menu.choose", "menu.left", "menu.right", "app.back")
