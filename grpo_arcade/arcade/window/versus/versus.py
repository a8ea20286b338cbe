"""Who plays whom: the choice of players, board and pace before a match, on one court or on a board each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import pygame

from grpo_arcade.arcade.players.candidates import Candidate, candidates, introduced
from grpo_arcade.arcade.players.parse import parse_player
from grpo_arcade.arcade.players.player import POCKET, YOU, Baseline, Model, Person, Program, StrategyFile, Writer
from grpo_arcade.arcade.window.court.contest import REWRITES
from grpo_arcade.arcade.window.court.court import Court
from grpo_arcade.arcade.window.court.series import LENGTHS
from grpo_arcade.arcade.window.court.side import MOST_PERSONS
from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.home.games import ATARI_TILES
from grpo_arcade.arcade.window.play.options import choices
from grpo_arcade.arcade.window.shell.scene import Dropped, Event, Scene
from grpo_arcade.arcade.window.shell.widgets import CHANGED_BY_ARROWS, Focus, Item, column, draw_item, heading, stepped
from grpo_arcade.arcade.window.versus.going import PACES
from grpo_arcade.arcade.window.versus.match import Match
from grpo_arcade.arcade.window.versus.player_list import PlayerList
from grpo_arcade.games import Game, game_names, make
from grpo_arcade.games.names import shown_name
from grpo_arcade.games.seats import counts_for_several

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

FEWEST, MOST = 2, 6
SIDES = ("stay", "change after each game")
_SWITCHES = ("mode", "difficulty")
"""Options that a game for several has others of."""
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
    words = CHANGED_BY_ARROWS

    def __init__(self, app: App, game: str = "2048", players: Sequence[str] = ()) -> None:
        super().__init__(app)
        self.game = game
        self.court = 0
        """How many play on one court; 0 for a board each."""
        self.options: dict[str, Any] = {}
        self.players = list(players) or self._remembered_players() or [YOU, POCKET]
        self.best_of, self.sides, self.rewrites = LENGTHS[0], SIDES[0], REWRITES[0]
        self._take_court(first=True)
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
        return [Baseline(name) for name in self._table.baselines]

    @property
    def _courts(self) -> list[int]:
        """On how many courts the game can be played: for so many, or 0 for a board each."""
        alone = [] if len(make(self.game).seats) > 1 else [0]
        return [*counts_for_several(self.game), *alone]

    def _take_court(self, count: int = 0, first: bool = False) -> None:
        """Play for so many on one court, or on a board each; ``first`` as most people want it, where that can be had.

        Raises:
            ValueError: it cannot, in one line.
        """
        options: dict[str, Any] = {"players": count} if count else {}
        if first:
            for count in self._courts:
                with suppress(ValueError):
                    options = {"players": count} if count else {}
                    make(self.game, **options)
                    break
        self.options, self.court = dict(make(self.game, **options).options), count
        if self.court:
            persons = 0
            for place, word in enumerate(self.players):
                persons += word == YOU
                if persons > MOST_PERSONS:
                    self.players[place] = self._baselines[-1].name
            self._fill(self.court)

    def _fill(self, count: int) -> None:
        """Have so many players: those there are, and baselines."""
        baselines = [baseline.name for baseline in self._baselines]
        while len(self.players) < count:
            self.players.append(baselines[(len(self.players) - 1) % len(baselines)])
        del self.players[count:]

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
        player = parse_player(word, self._table, self.app.settings.outputs)  # or says who is meant
        if isinstance(player, StrategyFile):
            player.check()
        if word == YOU and self._full(place):
            few = "two of you have keys here" if self.court else "there is one of you"
            raise ValueError(f"{few}; the other players are programs")
        self.players[place] = word
        if player not in [candidate.player for candidate in self.candidates]:
            self._offer([*self.candidates, introduced(player, self._table)])
            typed = [word, *(old for old in self.app.memory.get("versus typed", []) if old != word)]
            self.app.memory.set("versus typed", typed[:_REMEMBERED])
        self.resized()

    def _full(self, place: int) -> bool:
        """Whether no more persons can play beside those at the other places."""
        others = [word for at, word in enumerate(self.players) if at != place]
        return others.count(YOU) >= (MOST_PERSONS if self.court else 1)

    def _change_player(self, place: int, by: int) -> None:
        taken = self._full(place)
        words = [each.word for each in self.candidates if not (taken and each.word == YOU)]
        self.players[place] = stepped(words, self.players[place], by)
        self.resized()

    def _change_game(self, by: int) -> None:
        own = [name for name in game_names() if not name.endswith(("/", ":"))]
        consoles = ["atari/" + title for title in ATARI_TILES] if "atari/" in game_names() else []
        shelf = [*own, *consoles]
        self.game = stepped(shelf if self.game in shelf else [*shelf, self.game], self.game, by)
        baselines = list(make(self.game).baselines)
        # Who plays only the other game makes room for this game's best.
        others = {name for game in shelf for name in make(game).baselines} - set(baselines)
        self.players = [baselines[-1] if word in others else word for word in self.players]
        self._take_court(first=True)
        if not self.court:
            self._alone()
        self._offer([each for each in self.candidates if not isinstance(each.player, Baseline | Program)])
        self.enter()

    def _change_count(self, by: int) -> None:
        self._fill(max(FEWEST, min(len(self.players) + by, MOST)))
        self.resized()

    def _change_court(self, by: int) -> None:
        self._take_court(stepped(self._courts, self.court, by))
        if not self.court:
            self._alone()
        self.enter()
        self.resized()

    def _alone(self) -> None:
        """Where everybody has a board, there is one of you."""
        if self.players.count(YOU) > 1:
            place = len(self.players) - 1 - self.players[::-1].index(YOU)
            self.players[place] = self._baselines[-1].name

    def _change_court_option(self, name: str, values: Sequence[Any], by: int) -> None:
        setattr(self, name, stepped(list(values), getattr(self, name), by))
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
        if self.court:
            changes = self.sides == SIDES[1]
            how: dict[str, Any] = {"best_of": self.best_of, "changes": changes, "rewrites": self.rewrites}
            self.app.open(Court(self.app, self.game, self.options, self.players, **how))
            return
        self.app.memory.set("versus players", list(self.players))
        self.app.open(Match(self.app, self.game, self.options, self.players, self.pace))

    # What is seen.

    def _rows(self) -> list[tuple[object, str, str, Callable[[int], None]]]:
        rows: list[tuple[object, str, str, Callable[[int], None]]] = [
            ("game", "Game", shown_name(self.game), self._change_game),
        ]
        if len(self._courts) > 1:
            several = f"one court, {self.court} players" if max(self._courts) > FEWEST else "one court"
            rows.append(("court", "Played on", several if self.court else "a board each", self._change_court))
        if not self.court:
            rows.append(("count", "Players", str(len(self.players)), self._change_count))
        seats = self._table.seats if self.court else ()
        for place, word in enumerate(self.players):
            label = seats[place].capitalize() if seats else f"Player {place + 1}"
            rows.append((place, label, self._name(word), lambda by, p=place: self._change_player(p, by)))  # type: ignore[misc]
        if self.court:
            rows += self._court_rows()
        for name in choices(self.game):
            if name not in self.options or (self.court and name in _SWITCHES):
                continue
            value = self.options[name]
            shown = f"{value}×{value}" if name == "size" else f"{value:,}" if isinstance(value, int) else str(value)
            rows.append((name, name.capitalize(), shown, lambda by, n=name: self._change_option(n, by)))  # type: ignore[misc]
        if YOU in self.players and not self.court and not make(self.game).clock_driven:
            rows.append(("pace", "The others play", self.pace, self._change_pace))
        return rows

    def _court_rows(self) -> list[tuple[object, str, str, Callable[[int], None]]]:
        found: list[tuple[str, str, str, Sequence[Any]]] = [
            ("best_of", "Best of", "one game" if self.best_of == 1 else f"{self.best_of} games", LENGTHS),
            ("sides", "Sides", self.sides, SIDES),
        ]
        if any(isinstance(self._player(word), Writer) for word in self.players):
            found.append(("rewrites", "Models write another program", self.rewrites, REWRITES))
        return [
            (key, label, value, partial(self._change_court_option, key, values)) for key, label, value, values in found
        ]

    def _player(self, word: str) -> object:
        """Who a word means; None where that is nobody here any more."""
        with suppress(ValueError, OSError):
            return parse_player(word, self._table, self.app.settings.outputs)
        return None

    def _name(self, word: str) -> str:
        """What is shown for a player's word: as it stands, where it means nobody here any more."""
        if word not in self._names:
            self._names[word] = word
            with suppress(ValueError, OSError):
                player = parse_player(word, self._table, self.app.settings.outputs)
                known = (each for each in self.candidates if each.player == player)
                self._names[word] = next(known, introduced(player, self._table)).line
        return self._names[word]

    def _choose(self, key: object, change: Callable[[int], None]) -> None:
        if isinstance(key, int):
            taken = self._full(key)
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
        heading(surface, look, self.area, "Versus", f"{shown_name(self.game)}, {self._how}")
        for item in self._focus.items:
            draw_item(surface, look, item, item is self._focus.item)
        height = look.px(theme.CAPTION)
        words = "Enter on a player shows all there are, and takes another; a strategy's file can be dropped here"
        last = self._focus.items[-1].rect
        y = min(last.bottom + look.px(16), self.area.bottom - height)
        room = self.area.width - 2 * look.px(theme.GAP)
        paint.text(surface, words, (self.area.centerx, y), height, look.faint, anchor="middle", room=room)

    @property
    def _how(self) -> str:
        return "on one court" if self.court else "the same seed for everybody"

    def keys(self) -> Sequence[str]:
        """Few."""
        return ("menu.choose", "menu.left", "menu.right", "app.back")
