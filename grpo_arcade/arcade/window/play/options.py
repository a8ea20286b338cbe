"""What a game is played with: size, target, colours, who gives hints. Opens over the game it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pygame

from grpo_arcade.arcade.players.candidates import Candidate, candidates
from grpo_arcade.arcade.players.parse import parse_player
from grpo_arcade.arcade.players.player import Baseline, Program, StrategyFile
from grpo_arcade.arcade.window.background.advice import HintPlayer
from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.shell.scene import Dropped, Event, Scene
from grpo_arcade.arcade.window.shell.widgets import CHANGED_BY_ARROWS, Focus, Item, draw_item, heading, stepped
from grpo_arcade.games import Game, make
from grpo_arcade.games.names import shown_name

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

# What the window offers to choose from; the game itself refuses what it cannot do.
_CHOICES: dict[str, dict[str, Sequence[Any]]] = {
    "2048": {"size": range(2, 9), "target": [2**n for n in range(3, 18)]},
    "connect-four": {"opponent": ("random", "one-ply", "alpha-beta"), "opening": (0, 2, 4, 6)},
}


def choices(game: str) -> Mapping[str, Sequence[Any]]:
    """The options of a game that can be chosen, and from what."""
    if not game.startswith("atari/"):
        return _CHOICES.get(game, {})
    from grpo_arcade.games.atari.roms import rom

    cartridge = rom(game.removeprefix("atari/"))
    switches = {"mode": cartridge.modes, "difficulty": cartridge.difficulties}
    return {name: values for name, values in switches.items() if len(values) > 1}


class Playing(Protocol):
    """The game that the options are of, as the scene in which it is played tells it."""

    name: str
    """In the registry."""

    @property
    def game(self) -> Game:
        """What is on the board."""

    @property
    def hint_player(self) -> HintPlayer:
        """Who gives hints and autoplays."""

    @hint_player.setter
    def hint_player(self, hint_player: HintPlayer) -> None: ...

    def advise_by_file(self, file: StrategyFile) -> None:
        """Let a strategy's file give hints."""

    def use_options(self, options: dict[str, Any]) -> None:
        """Play with other options."""


class Options(Scene):
    """Changes take effect when the scene is left; another size or target is another game."""

    title = "Options"
    contexts = ("menu",)
    words = CHANGED_BY_ARROWS

    def __init__(self, app: App, play: Playing) -> None:
        super().__init__(app)
        self._play = play
        self._options = dict(play.game.options)
        self._focus = Focus()
        self._champions: list[HintPlayer] = []

    def enter(self) -> None:
        """Look which runs have a champion that could give hints."""
        self.app.background.thread(candidates, self._play.game, self.app.settings.outputs, done=self._offer)

    def _offer(self, found: list[Candidate]) -> None:
        self._champions = [each.player for each in found if isinstance(each.player, Program)]

    def leave(self) -> None:
        """Use what was chosen."""
        self._play.use_options(self._options)

    def handle(self, event: Event) -> bool:
        """Move and change; a strategy's file can be dropped here to give hints."""
        if isinstance(event, Dropped) and event.path.endswith(".py"):
            self._play.advise_by_file(StrategyFile(Path(event.path)))
            self.resized()
            return True
        return self._focus.handle(event)

    def resized(self) -> None:
        """Rows in the middle."""
        look = self.app.theme
        gap, height = look.px(theme.TIGHT), look.px(46)
        width = min(look.px(560), self.area.width - 2 * look.px(theme.GAP))
        rows = self._rows()
        total = (len(rows) + 1) * (height + gap)
        top = look.px(theme.PAD) * 2 + look.px(theme.TITLE)
        room = self.area.height - top - gap
        if total > room:
            height = max(look.px(20), room // (len(rows) + 1) - gap)
            total = (len(rows) + 1) * (height + gap)
        y = max(top, (self.area.height - total) // 2)
        items = []
        for label, value, change in rows:
            rect = pygame.Rect((self.area.width - width) // 2, y, width, height)
            items.append(Item(rect, lambda change=change: change(1), label, change, value, key=label))  # type: ignore[misc]
            y += height + gap
        done = pygame.Rect((self.area.width - width) // 2, y + gap, width, height)
        items.append(Item(done, lambda: self.app.close(self), self._verb(), main=True, key="done"))
        self._focus.set(items)

    def _verb(self) -> str:
        return "Back to the game" if self._options == dict(self._play.game.options) else "Play this"

    def _rows(self) -> list[tuple[str, str, Callable[[int], None]]]:
        rows: list[tuple[str, str, Callable[[int], None]]] = []
        for name, values in choices(self._play.name).items():
            value = self._options[name]
            shown = f"{value}×{value}" if name == "size" else f"{value:,}"
            rows.append((name.capitalize(), shown, lambda by, n=name, c=values: self._change(n, c, by)))  # type: ignore[misc]
        rows.append(("Hints and autoplay by", self._play.hint_player.label, self._change_hint_player))
        rows.append(("Colours", self.app.palette, self._change_palette))
        return rows

    def _change(self, name: str, choices: Sequence[Any], by: int) -> None:
        value = stepped(list(choices), self._options[name], by)
        make(self._play.name, **{**self._options, name: value})  # refuses with a line for the person
        self._options[name] = value
        self.resized()

    def _change_hint_player(self, by: int) -> None:
        found: list[HintPlayer] = [Baseline(name) for name in self._play.game.baselines]
        for word in (self.app.settings.hint, *self.app.memory.get("hint players", [])):
            with suppress(ValueError, TypeError, AttributeError):  # a file that is gone, or what no version remembered
                player = parse_player(word, self._play.game, self.app.settings.outputs)
                found += [player] if isinstance(player, Program) else []
        choices = dict.fromkeys([*found, self._play.hint_player, *self._champions])
        self._play.hint_player = stepped(list(choices), self._play.hint_player, by)
        self.resized()

    def _change_palette(self, by: int) -> None:
        self.app.set_palette(stepped(list(theme.PALETTES), self.app.palette, by))

    def draw(self, surface: pygame.Surface) -> None:
        """The rows."""
        look = self.app.theme
        surface.fill(look.page, self.area)
        heading(surface, look, self.area, "Options", shown_name(self._play.name))
        for item in self._focus.items:
            draw_item(surface, look, item, item is self._focus.item)
        if self._focus.items:
            first = self._focus.items[0].rect
            if self._options != dict(self._play.game.options) and first.top > look.px(100):
                at = first.centerx, first.top - look.px(theme.PAD)
                words = "The present game is kept until you come back to it"
                paint.text(surface, words, at, look.px(theme.CAPTION), look.faint, anchor="middle")
            height, last = look.px(theme.CAPTION), self._focus.items[-1].rect
            at = last.centerx, min(last.bottom + look.px(16), self.area.bottom - height)
            words, room = "A strategy's file (.py) can be dropped here to give hints", self.area.width
            paint.text(surface, words, at, height, look.faint, anchor="middle", room=room)

    def keys(self) -> Sequence[str]:
        """Few."""
        return ("menu.choose", "menu.left", "menu.right", "app.back")
