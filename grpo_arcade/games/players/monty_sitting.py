"""Some of a match's games played in one session of Monty's, by the rules of the module ``sitting``.

As there, a wrong answer or an exception ends its own game, a move without end takes the session with it.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence

from grpo_arcade.games.game import Game, Outcome
from grpo_arcade.games.players.limits import Limits
from grpo_arcade.games.players.sandbox import monty_gaps, monty_wall, wire
from grpo_arcade.games.players.sandbox.namespace import random_seed
from grpo_arcade.games.players.sitting import FatalError, Place, Table, clean

_PATIENCE = 3.0
"""Budgets hold for the wall clock, three times over, since machines are busy."""


class GapError(Exception):
    """Monty cannot run this program; the text says what and on which line."""


class MontySitting:
    """One session of Monty's playing some of the match's games."""

    def __init__(self, source: str, limits: Limits, tables: Sequence[Place], game: Game) -> None:
        self.tables, self.limits = tables, limits
        self.error = ""
        self.source = source
        self.named = ", ".join(map(repr, game.actions))
        self.session = monty_wall.MontyWorker(
            source,
            "" if game.lent is None else game.lent.source,
            game.aliases,
            limits.move_cpu_s * _PATIENCE,
            limits.game_cpu_s * _PATIENCE,
            limits.memory_bytes,
        )

    def play(self, tables: list[Table]) -> None:
        """Play to the end of all games.

        Raises:
            GapError: the program cannot be played here.
            FatalError: the session did not live to see the end.
        """
        with self.session:
            self.load([wire.pack(table.game.observation()) for table in tables])
            kind = type(tables[0].game)
            while live := [(place, table) for place, table in enumerate(tables) if table.outcome is None]:
                games = [table.game for _, table in live]
                observations = marshal.loads(kind.packed_observations(games))
                answers = self.ask([place for place, _ in live], observations)
                actions = len(games[0].actions)
                going_on = []
                for answer, (_, table) in zip(answers, live, strict=True):
                    if answer < actions:
                        table.actions.append(answer)
                        going_on.append(table)
                    else:
                        self.refuse(answer, table)
                if going_on:
                    answered = bytes(answer for answer in answers if answer < actions)
                    kind.step_together([table.game for table in going_on], answered)
                for table in going_on:
                    table.outcome = table.game.outcome
                self.charge()

    def load(self, first: Sequence[bytes]) -> None:
        """Run the source once a game, whose randomness comes from what it sees ``first``."""
        encoded = self.source.encode("utf-8", "surrogatepass")
        for place, table in enumerate(self.tables):
            seed = random_seed(encoded, first[place])
            try:
                if not self.session.load(seed):
                    table.outcome = Outcome.NO_CODE
                    self.error = self.error or "the program ran and left no function called strategy"
            except monty_wall.Trouble as trouble:
                self.end(trouble, place)

    def ask(self, places: Sequence[int], observations: Sequence[object]) -> list[int]:
        """A code for each of the places; those of games that ended otherwise are out of every range."""
        answers: list[int] = []
        while len(answers) < len(places):
            start = len(answers)
            try:
                answers, wrong = self.session.play(places, observations, start)
            except monty_wall.Trouble as trouble:
                found = None if trouble.lost else self.session.broken_off()
                if found is None or not start < len(found) <= len(places):
                    raise self.fatal(trouble, None) from trouble
                answers = found
                self.end(trouble, places[len(answers) - 1])
                continue
            if wrong:
                self.error = self.error or clean(
                    f"the strategy returned {wrong}, which is no action; the actions are {self.named}"
                )
        return answers

    def refuse(self, answer: int, table: Place) -> None:
        """End a game by an answer that is no action, unless something else has."""
        if table.outcome is None:
            limits = self.limits
            said = {
                monty_wall.TOO_LONG: f"a move took more than {limits.move_cpu_s:g} s of CPU time",
                monty_wall.TOO_MUCH: f"the game used more than its {limits.game_cpu_s:g} s of CPU time",
            }
            table.outcome = Outcome.TIMEOUT if answer in said else Outcome.ILLEGAL
            self.error = self.error or said.get(answer, "")

    def end(self, trouble: monty_wall.Trouble, place: int) -> None:
        """End the game in which the program raised; ``FatalError`` or ``GapError`` if it is not that alone."""
        gap = monty_gaps.gap_behind(trouble.kind, trouble.text)
        if gap:
            raise GapError(_with_line(gap, trouble.line)) from trouble
        if trouble.kind == "MemoryError" and "except" in self.source:
            raise GapError(_with_line("memory that runs out cannot be caught there", trouble.line)) from trouble
        if trouble.lost or trouble.kind in ("MemoryError", "TimeoutError"):
            raise self.fatal(trouble, place) from trouble
        self.tables[place].outcome = Outcome.CRASHED
        self.error = self.error or clean(_with_line(f"{trouble.kind}: {trouble.text[:300]}", trouble.line))

    def fatal(self, trouble: monty_wall.Trouble, place: int | None) -> FatalError:
        """What the end of the session says of the game it happened in."""
        if trouble.kind == "TimeoutError":
            text = f"a move took more than {self.limits.move_cpu_s:g} s of CPU time"
            return FatalError(Outcome.TIMEOUT, text, place)
        text = _with_line(f"{trouble.kind}: {trouble.text[:300]}", trouble.line)
        return FatalError(Outcome.CRASHED, clean(text), place)

    def charge(self) -> None:
        """End what has used up the time of the match."""
        limits = self.limits
        if self.session.used_s > limits.match_cpu_s * _PATIENCE:
            text = f"the match used more than its {limits.match_cpu_s:g} s of CPU time"
            raise FatalError(Outcome.TIMEOUT, text)


def _with_line(text: str, line: int | None) -> str:
    return f"{text} (line {line})" if line else text
