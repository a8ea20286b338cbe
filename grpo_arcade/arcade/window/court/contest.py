"""The games of a match on one court: who is asked, what everybody decides, points and results, and what is kept of it.

Knows no clock: the scene says when there is a step to be made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade.arcade.window.court.rival import Rival
from grpo_arcade.arcade.window.court.round import Round
from grpo_arcade.arcade.window.court.series import Series
from grpo_arcade.arcade.window.court.side import Side
from grpo_arcade.arcade.window.shell.kept_files import plain
from grpo_arcade.games import Episode, Game
from grpo_arcade.recordings import SUFFIX, save

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App


def named_for(episode: Episode) -> str:
    """What the file of a game is called, before the moment."""
    return plain(f"{episode.game}-{episode.player}-seed-{episode.seed}")[:120]


REWRITES = ("when asked", "after a lost game", "after a lost point")
"""When a model is asked for another program."""


class Contest:
    """A match between the same players.

    Args:
        app: the window.
        table: the game as programs are measured on it.
        options: with which it is played.
        sides: the players, in the order of the seats they begin at.
        best_of: games at most.
        changes: whether they change seats after each game.
        rewrites: one of :data:`REWRITES`.
        seed: of the first game; each has the next one.
    """

    _file: Path | None
    """Where the present game is kept, once it is."""

    round: Round
    """The present game."""

    def __init__(
        self,
        app: App,
        table: Game,
        options: Mapping[str, Any],
        sides: Sequence[Side],
        best_of: int,
        changes: bool,
        rewrites: str,
        seed: int,
    ) -> None:
        self._app, self._table, self._options = app, table, options
        self.sides = sides
        self.best_of, self._changes, self.rewrites = best_of, changes, rewrites
        self.seed = seed
        self.shift = 0
        """Seats that everybody has moved on before the first game."""
        self.past: list[Episode] = []
        """Games of this match that are over."""

    def call_players(self) -> None:
        """Let everybody get ready who is no person."""
        for side in self.sides:
            if side.rival is not None:
                try:
                    side.rival.begin()
                except (ValueError, OSError) as error:
                    side.rival.cannot(error)
                    self._app.complain(error)
        self.ask()

    def dismiss_players(self) -> None:
        """End their processes."""
        for side in self.sides:
            if side.rival is not None:
                side.rival.stop()

    # Game by game.

    def begin_match(self) -> None:
        """Begin with the first game."""
        self.series = Series(len(self.sides), self.best_of, self._changes, self.shift)
        self.past = []
        self._files: list[Path] = []
        self.begin_game()

    def begin_game(self) -> None:
        """Begin the next one."""
        self.seating = self.series.seating()
        seed = self.seed + self.series.played
        self.round = Round(self._table.name, self._options, seed, self._table.frame_rate)
        self._kept, self._file = -1, None
        self._asked: set[int] = set()
        self._held: dict[int, int] = {}
        for side in self.sides:
            if side.hands is not None:
                side.hands.let_go()
            elif side.rival is not None and side.rival.next_game():
                self._tell_of(side.rival)
        self.ask()

    def at(self, seat: int) -> Side:
        """Who sits there in this game."""
        return self.sides[self.seating[seat]]

    def end_game(self) -> None:
        """Note how it has ended, keep it, and let models that lost write another program, if that is wanted."""
        self.keep()
        self.past.append(self.episode())
        winners = list(dict.fromkeys(self.seating[seat] for seat in self.round.winners()))
        self.series.note(winners)
        for number, side in enumerate(self.sides):
            again = self.rewrites != REWRITES[0] and number not in winners and not self.series.decided
            if side.rival is not None and side.rival.writes and again:
                side.rival.write_again()

    def episode(self) -> Episode:
        """The present game as far as it has come."""
        return self.round.episode([self.at(seat).kept for seat in range(len(self.seating))])

    def games(self) -> list[Episode]:
        """All games with at least one move, the present one too."""
        unfinished = self.round.begun and not self.round.over
        return [*self.past, *([self.episode()] if unfinished else [])]

    def keep(self) -> None:
        """Save the present game, unless it has hardly begun or stands as it was saved."""
        played, game = len(self.round.actions), self.round.game
        if played == self._kept or (not self.round.over and game.plies < game.frame_rate):
            return
        self._kept = played
        episode = self.episode()
        if self._file is None or not self._file.exists():
            self._file = self._app.files.fresh_of_match(self._files, named_for(episode), SUFFIX)
            self._files.append(self._file)
        save(episode, self._file)

    # Position by position.

    def ask(self) -> None:
        """Ask the programs that decide in this position, and have not been asked."""
        if not self.round.asks:
            return
        for seat in self.round.game.acting():
            rival = self.at(seat).rival
            if rival is None or seat in self._asked or rival.mind is None or not rival.mind.ready:
                continue
            self._asked.add(seat)
            first = self.round.asks_first(seat, rival.mind, rival.source)
            rival.mind.ask(self.round.game, seat, self.round.seed if first else None)

    def actions(self) -> list[int] | None:
        """What everybody does who acts now; None while somebody has not decided, or has failed to."""
        game = self.round.game
        acting = game.acting()
        for seat in acting if self.round.asks else ():
            rival = self.at(seat).rival
            if rival is None:
                continue
            mind = rival.mind
            if mind is not None and mind.failed is not None:
                self.round.fail(seat, mind.failed)
                self._app.complain(f"{rival.name} has lost this game: {mind.error or 'its program failed'}")
                return None
            if mind is None or mind.action is None:
                return None
            self._held[seat] = mind.action
        actions: list[int] = []
        for seat in acting:
            hands = self.at(seat).hands
            action = hands.taken(game) if hands is not None else self._held[seat]
            if action is None:
                return None
            actions.append(action)
        return actions

    def step(self, actions: Sequence[int]) -> None:
        """Let everybody act, and ask what is to be done next."""
        changes = self.round.step(actions)
        if self.round.game.clock_driven and any(changes):
            self._point(changes)
        if self.round.asks:
            self._asked.clear()
            self.ask()

    def _point(self, changes: Sequence[float]) -> None:
        """Somebody has scored: programs that wait take over, and who has lost the point may write another."""
        for seat, change in enumerate(changes):
            rival = self.at(seat).rival
            if rival is None:
                continue
            if rival.take_over():
                # The point was lost by the one before it.
                self._tell_of(rival)
            elif change < 0 and self.rewrites == REWRITES[2] and rival.writes:
                rival.write_again()

    def _tell_of(self, rival: Rival) -> None:
        self._app.say(f"{rival.name} now plays by program {rival.number}")
