"""Who plays whom: the choice of players, board and pace before a match."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import pygame

from grpo_arcade.arcade.players.candidates import Candidate, candidates, introduced
from grpo_arcade.arcade.players.parse import parse_player
from grpo_arcade.arcade.players.player import POCKET, YOU, Baseline, Model, Person, Program, StrategyFile
from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.home.games import ATARI_TILES
from grpo_arcade.arcade.window.play.options import choices
from grpo_arcade.arcade.window.shell.scene import Dropped, Event, Scene
from grpo_arcade.arcade.window.shell.widgets import Focus, Item, column, draw_item, heading, stepped
from grpo_arcade.arcade.window.versus.going import PACES
from grpo_arcade.arcade.window.versus.match import Match
from grpo_arcade.arcade.window.versus.player_list import PlayerList
from grpo_arcade.games import Game, game_names, make
from grpo_arcade.games.names import shown_name

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

FEWEST, MOST = 2, 6
_REMEMBERED = 8
"""Players typed before that are offered again."""


class VersusScene(Scene):
    """Choose the players; the match opens over this.

    Args:
        app: the window.
        game: what is played.
        players: words of who plays; by default as last time.
    """

    title = "Versus"
    contexts = ("menu",)

    def __init__(self, app: App, game: str = "2048", players: Sequence[str] = ()) -> None:
        super().__init__(app)
        self.game = game
        self.options: dict[str, Any] = dict(make(game).options)
        self.players = list(players) or self._remembered_players() or [YOU, POCKET]
        self.pace = PACES[0]
        self.candidates: list[Candidate] = []
        """Who is offered; runs are looked at in a thread, so they come a little later."""
        self._names: dict[str, str] = {}
        """What is shown for words that have been looked up."""
        self._focus = Focus()
        self._first = True
        self._offer([introduced(each, self._table) for each in (Person(), Model(POCKET), *self._baselines)])

    def _remembered_players(self) -> list[str]:
        words = [word for word in self.app.memory.get("versus players", []) if isinstance(word, str)]
        return words if FEWEST <= len(words) <= MOST and words.count(YOU) <= 1 else []

    @property
    def _table(self) -> Game:
        return make(self.game, **self.options)

    @property
    def _baselines(self) -> list[Baseline]:
        return [Baseline(name) for name in make(self.game).baselines]

    def enter(self) -> None:
        """Look which runs have a champion or a checkpoint."""
        typed = [word for word in self.app.memory.get("versus typed", []) if isinstance(word, str)]
        look_at = candidates, self._table, self.app.settings.outputs, typed
        self.app.background.thread(*look_at, done=self._offer, failed=self.app.complain)

    def _offer(self, found: list[Candidate]) -> None:
        self.candidates = found
        self._names = {candidate.word: candidate.line for candidate in found}
        if self.area.width:
            self.resized()
            self.app.redraw()

    # What the person does.

    def handle(self, event: Event) -> bool:
        """Choose; a strategy's file that is dropped here plays."""
        if isinstance(event, Dropped):
            if not event.path.endswith(".py"):
                return False
            self._put(self._focused_player(), event.path)
        elif not self._focus.handle(event):
            return False
        self.app.redraw()
        return True

    def _focused_player(self) -> int:
        key = self._focus.item.key if self._focus.item else None
        return key if isinstance(key, int) else len(self.players) - 1

    def _put(self, place: int, word: str) -> None:
        player = parse_player(word, make(self.game), self.app.settings.outputs)  # or says who is meant
        if isinstance(player, StrategyFile):
            player.check()
        if word == YOU and YOU in self.players and self.players[place] != YOU:
            raise ValueError("there is one of you; the other players are programs")
        self.players[place] = word
        if player not in [candidate.player for candidate in self.candidates]:
            self._offer([*self.candidates, introduced(player, self._table)])
            typed = [word, *(old for old in self.app.memory.get("versus typed", []) if old != word)]
            self.app.memory.set("versus typed", typed[:_REMEMBERED])
        self.resized()

    def _change_player(self, place: int, by: int) -> None:
        taken = YOU in self.players and self.players[place] != YOU
        words = [each.word for each in self.candidates if not (taken and each.word == YOU)]
        self.players[place] = stepped(words, self.players[place], by)
        self.resized()

    def _change_game(self, by: int) -> None:
        own = [name for name in game_names() if not name.endswith(("/", ":"))]
        consoles = ["atari/" + title for title in ATARI_TILES] if "atari/" in game_names() else []
        shelf = [*own, *consoles]
        self.game = stepped(shelf if self.game in shelf else [*shelf, self.game], self.game, by)
        self.options = dict(make(self.game).options)
        baselines = list(make(self.game).baselines)
        # Who plays only the other game makes room for this game's best.
        others = {name for game in shelf for name in make(game).baselines} - set(baselines)
        self.players = [baselines[-1] if word in others else word for word in self.players]
        self._offer([each for each in self.candidates if not isinstance(each.player, Baseline | Program)])
        self.enter()

    def _change_count(self, by: int) -> None:
        count = max(FEWEST, min(len(self.players) + by, MOST))
        baselines = list(make(self.game).baselines)
        while len(self.players) < count:
            self.players.append(baselines[(len(self.players) - 1) % len(baselines)])
        del self.players[count:]
        self.resized()

    def _change_option(self, name: str, by: int) -> None:
        value = stepped(list(choices(self.game)[name]), self.options[name], by)
        make(self.game, **{**self.options, name: value})  # refuses with a line for the person
        self.options[name] = value
        self.resized()

    def _change_pace(self, by: int) -> None:
        self.pace = stepped(list(PACES), self.pace, by)
        self.resized()

    def _start(self) -> None:
        self.app.memory.set("versus players", list(self.players))
        self.app.open(Match(self.app, self.game, self.options, self.players, self.pace))

    # What is seen.

    def _rows(self) -> list[tuple[object, str, str, Callable[[int], None]]]:
        rows: list[tuple[object, str, str, Callable[[int], None]]] = [
            ("game", "Game", shown_name(self.game), self._change_game),
            ("count", "Players", str(len(self.players)), self._change_count),
        ]
        for place, word in enumerate(self.players):
            value = self._name(word)
            rows.append((place, f"Player {place + 1}", value, lambda by, p=place: self._change_player(p, by)))  # type: ignore[misc]
        for name in choices(self.game):
            value = self.options[name]
            shown = f"{value}×{value}" if name == "size" else f"{value:,}"
            rows.append((name, name.capitalize(), shown, lambda by, n=name: self._change_option(n, by)))  # type: ignore[misc]
        if YOU in self.players and not make(self.game).clock_driven:
            rows.append(("pace", "The others play", self.pace, self._change_pace))
        return rows

    def _name(self, word: str) -> str:
        """What is shown for a player's word: as it stands, where it means nobody here any more."""
        if word not in self._names:
            self._names[word] = word
            with suppress(ValueError, OSError):
                player = parse_player(word, make(self.game), self.app.settings.outputs)
                known = (each for each in self.candidates if each.player == player)
                self._names[word] = next(known, introduced(player, self._table)).line
        return self._names[word]

    def _choose(self, key: object, change: Callable[[int], None]) -> None:
        if isinstance(key, int):
            taken = YOU in self.players and self.players[key] != YOU
            known = [each for each in self.candidates if not (taken and each.word == YOU)]
            self.app.open(PlayerList(self.app, key + 1, known, self.players[key], partial(self._put, key)))
        else:
            change(1)

    def resized(self) -> None:
        """Rows in the middle, the one to press below them."""
        rows = self._rows()
        places = column(self.app.theme, self.area, len(rows) + 1)
        items = []
        for rect, (key, words, value, change) in zip(places, rows, strict=False):
            choose = lambda key=key, change=change: self._choose(key, change)  # noqa: E731
            items.append(Item(rect, choose, words, change, value, key=key))
        items.append(Item(places[-1], self._start, "Start", main=True, key="start"))
        self._focus.set(items)
        if self._first:
            self._first, self._focus.index = False, len(items) - 1

    def draw(self, surface: pygame.Surface) -> None:
        """The rows, and what may be typed."""
        look = self.app.theme
        surface.fill(look.page, self.area)
        heading(surface, look, self.area, "Versus", f"{shown_name(self.game)}, the same seed for everybody")
        for item in self._focus.items:
            draw_item(surface, look, item, item is self._focus.item)
        height = look.px(theme.CAPTION)
        words = "Enter on a player shows all there are, and takes another; a strategy's file can be dropped here"
        last = self._focus.items[-1].rect
        y = min(last.bottom + look.px(16), self.area.bottom - height)
        room = self.area.width - 2 * look.px(theme.GAP)
        paint.text(surface, words, (self.area.centerx, y), height, look.faint, anchor="middle", room=room)

    def keys(self) -> Sequence[str]:
        """Few."""
        return ("menu.choose", "menu.left", "menu.right", "app.back")
