"""One child playing some of a match's games, watched: who is charged for which time, and what ends a game or all."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from grpo_arcade.games.episode import Episode
from grpo_arcade.games.game import Game, Outcome
from grpo_arcade.games.players.limits import Limits
from grpo_arcade.games.players.pinning import Pin
from grpo_arcade.games.players.sandbox import wire
from grpo_arcade.games.players.sandbox.process import Child, ChildLostError, End
from grpo_arcade.games.replay import play_again

_SHORT_ROUND_S = 0.002
"""Rounds longer than this gain nothing from both processes sharing a core."""
_SIGKILL, _SIGXCPU = 9, 24
_FROM_OUTSIDE = frozenset({1, 2, 3, 9, 10, 12, 13, 14, 15})
"""Signals that a confined process, which may not send any, cannot have sent itself: HUP, INT, QUIT, KILL, USR1, USR2,
PIPE, ALRM, TERM."""


@dataclass(slots=True)
class Table:
    """One game of the match and what was played on it."""

    index: int
    seed: int
    game: Game
    opening: bytes = b""
    actions: bytearray = field(default_factory=bytearray)
    outcome: Outcome | None = None

    def reset(self) -> None:
        """Back to the start, or to where the opening leads."""
        self.game.reset(self.seed)
        self.actions[:] = self.opening
        if self.opening:
            options, unfinished = self.game.options, Outcome.UNFINISHED
            play_again(Episode(self.game.name, options, self.seed, self.opening, unfinished, 0.0), self.game)
        self.outcome = self.game.outcome


FAILURES = {wire.ILLEGAL: Outcome.ILLEGAL, wire.CRASHED: Outcome.CRASHED}
"""What a game ends as by an answer that is no action."""


class FatalError(Exception):
    """The child is lost; ``index`` is the game at fault, None if it is the whole program."""

    def __init__(self, outcome: Outcome, text: str, index: int | None = None) -> None:
        super().__init__(text)
        self.outcome, self.text, self.index = outcome, text, index


def why_gone(end: End, index: int | None, hard_cpu_s: int) -> FatalError:
    """What the end of a child's process says of its program.

    Raises:
        ChildLostError: nothing; it was ended from outside.
    """
    if end.lost:
        raise ChildLostError("the fork server died in the middle of a match")
    if end.broke_out:
        return FatalError(Outcome.FORBIDDEN, "the program made a forbidden system call and the kernel ended it")
    if end.signal == _SIGXCPU or (end.signal == _SIGKILL and end.cpu_s > hard_cpu_s - 1):
        return FatalError(Outcome.TIMEOUT, "the program used up its CPU time", None)
    if end.signal in _FROM_OUTSIDE:
        raise ChildLostError(
            f"a strategy's process was killed from outside (signal {end.signal}): the machine may be out of memory",
            killed=True,
        )
    how = f"signal {end.signal}" if end.signal else "an exit"
    return FatalError(Outcome.CRASHED, f"the program's process ended by {how}: out of memory or stack", index)


class Place(Protocol):
    """What a child is asked for: a game, or one seat of a game."""

    outcome: Outcome | None
    """How it ended, once it has."""


class Exchange:
    """A child that answers for some places, its messages and its budgets."""

    def __init__(self, child: Child, limits: Limits, tables: Sequence[Place]) -> None:
        self.child, self.limits, self.tables = child, limits, tables
        self.error = ""
        # Without CPU clocks the same budgets hold for the wall clock, three times over, since machines are busy.
        self.patience = 1.0 if child.judged_by_cpu else 3.0
        self.slice = min(0.05, max(0.002, limits.move_cpu_s * self.patience / 10))
        child.set_slice(self.slice)
        self.pin = Pin(child.pid)
        self.started = self.checked = time.monotonic()

    def used_s(self) -> float:
        """Seconds that count against its budgets."""
        return self.child.cpu_s()

    def load(self, answers: bytes) -> None:
        """Take in what loading the source gave."""
        outcomes = {
            wire.CRASHED: Outcome.CRASHED,
            wire.NOT_VALID: Outcome.SYNTAX_ERROR,
            wire.NO_ENTRY: Outcome.NO_CODE,
        }
        for answer, table in zip(answers, self.tables, strict=True):
            if answer != 0:
                table.outcome = outcomes.get(answer, Outcome.FORBIDDEN)

    def exchange(self, message: bytes, sequence: int, count: int) -> bytes:
        """Send a message that asks for ``count`` answers; the answers."""
        watch: _Watch | None = None
        sent = self.child.send(message)
        while sent < len(message):
            # Only a child that answers without reading lets the channel fill up.
            watch = watch or _Watch(self, count)
            watch.look()
            sent += self.child.send(message[sent:])
        plain = wire.REPLY.pack(sequence, count, 0)
        reply = self.child.receive(len(plain) + count)
        if len(reply) < len(plain) + count or not reply.startswith(plain):
            reply = self._whole(reply, sequence, count, watch)
        return reply[wire.REPLY.size :]

    def _whole(self, reply: bytes, sequence: int, count: int, watch: _Watch | None) -> bytes:
        """A reply of which this much has come, once all of it is there; what went wrong is kept, and not given back."""
        end = need = wire.REPLY.size + count
        begun = False
        while True:
            if not begun and len(reply) >= wire.REPLY.size:
                said_sequence, said_count, text_bytes = wire.REPLY.unpack_from(reply)
                if said_sequence != sequence or said_count != count or text_bytes > wire.MAX_ERROR_BYTES:
                    raise FatalError(Outcome.FORBIDDEN, "the program wrote to the sandbox's channel")
                begun, need = True, end + text_bytes
            if len(reply) == need:
                break
            # One that trickles in is watched like one that does not come.
            watch = watch or _Watch(self, count)
            watch.look()
            reply += self.child.receive(need - len(reply))
        if need > end and not self.error:
            self.error = clean(reply[end:].decode("utf-8", "replace"))
        return reply[:end]

    def charge(self) -> None:
        """End what has used up its CPU time."""
        self.checked = now = time.monotonic()
        used, limits = self.used_s(), self.limits
        if used > limits.match_cpu_s * self.patience or now - self.started > limits.match_wall_s:
            raise FatalError(Outcome.TIMEOUT, f"the match used more than its {limits.match_cpu_s:g} s of CPU time")
        if used <= limits.game_cpu_s * self.patience:
            return
        spent = self.child.spent(len(self.tables))
        # These come from the child: take them only as shares of the time the kernel measured.
        spent = [share if 0.0 <= share < 1e9 else 0.0 for share in spent]
        total = sum(spent)
        for place, table in enumerate(self.tables):
            share = spent[place] / total if total > 0 else 1 / len(self.tables)
            if table.outcome is None and used * share > limits.game_cpu_s * self.patience:
                table.outcome = Outcome.TIMEOUT
                self.error = self.error or f"the game used more than its {limits.game_cpu_s:g} s of CPU time"


class Sitting(Exchange):
    """One child playing some of the match's games."""

    tables: list[Table]

    def __init__(self, child: Child, limits: Limits, tables: list[Table], actions: int) -> None:
        super().__init__(child, limits, tables)
        self.actions = actions

    def play(self, setup: Mapping[str, Any]) -> None:
        """Play to the end of all games; ``FatalError`` if the child does not live to see it."""
        first = [wire.pack(table.game.observation()) for table in self.tables]
        self.load(self.exchange(wire.pack({**setup, "first": first}), 0, len(self.tables)))
        running = _Running(self.tables)
        try:
            self._play_rounds(running)
        finally:
            running.note()

    def _play_rounds(self, running: _Running) -> None:
        kind, sequence = type(self.tables[0].game), 0
        self.pin.hold()
        checked_at, short = 0, True
        while running.places:
            if time.monotonic() - self.checked > self.slice:
                rounds, checked_at = sequence - checked_at, sequence
                short = (time.monotonic() - self.checked) < _SHORT_ROUND_S * rounds
                self.pin.loosen()
                self.charge()
                running.renew()
                if not running.places:
                    return
            message = wire.pack_round(running.places, kind.packed_observations(running.games))
            if sequence == checked_at + 2 and short:
                # Two rounds were enough for the scheduler to move both to an idle core, if there is one.
                self.pin.hold()
            sequence += 1
            answers = self.exchange(message, sequence & 0xFFFFFFFF, len(running.places))
            if max(answers) >= self.actions:
                answers = self._refuse(running, answers)
            running.played += answers
            if running.games and kind.step_together(running.games, answers):
                for table in running.tables:
                    table.outcome = table.game.outcome
                running.renew()

    def _refuse(self, running: _Running, answers: bytes) -> bytes:
        """End the games in which an answer was no action; the answers of the others, which alone go on."""
        for answer, table in zip(answers, running.tables, strict=True):
            if answer >= self.actions:
                if answer not in FAILURES:
                    raise FatalError(Outcome.FORBIDDEN, "the program wrote to the sandbox's channel")
                table.outcome = FAILURES[answer]
        running.renew()
        return bytes(answer for answer in answers if answer < self.actions)


class _Running:
    """Those of the tables whose games go on."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._all = tables
        self.played = bytearray()
        """What was answered at all of them in each round since they are these."""
        self.renew()

    def renew(self) -> None:
        """Leave out those whose games have ended."""
        if self.played:
            self.note()
        live = [(place, table) for place, table in enumerate(self._all) if table.outcome is None]
        self.places = [place for place, _ in live]
        self.tables = [table for _, table in live]
        self.games = [table.game for table in self.tables]

    def note(self) -> None:
        """Have the tables know what was played at them."""
        for at, table in enumerate(self.tables):
            table.actions += self.played[at :: len(self.tables)]
        self.played.clear()


class _Watch:
    """Looks at a child that owes an answer, a slice of time after another."""

    def __init__(self, sitting: Exchange, moves: int) -> None:
        self.sitting, self.moves = sitting, moves
        self.index, self.call = sitting.child.progress()
        self.start = self.since = self.last = sitting.used_s()
        self.idle_since: float | None = None
        # A child that thinks for long gains nothing from sharing a core.
        sitting.pin.loosen()

    def look(self) -> None:
        """Raise ``FatalError`` if a budget is gone."""
        sitting, child, limits = self.sitting, self.sitting.child, self.sitting.limits
        index, call = child.progress()
        used = sitting.used_s()
        if (index, call) != (self.index, self.call):
            self.index, self.call, self.since = index, call, used
        culprit = index if index < len(sitting.tables) else None
        move_s = limits.move_cpu_s * sitting.patience
        # The page is the child's to write: however often it says it has begun another move, it was asked for so many.
        if used - self.since > move_s or used - self.start > move_s * self.moves:
            raise FatalError(Outcome.TIMEOUT, f"a move took more than {limits.move_cpu_s:g} s of CPU time", culprit)
        self.wait(used, culprit)
        if used > limits.match_cpu_s * sitting.patience or time.monotonic() - sitting.started > limits.match_wall_s:
            raise FatalError(Outcome.TIMEOUT, f"the match used more than its {limits.match_cpu_s:g} s of CPU time")

    def wait(self, used: float, culprit: int | None) -> None:
        """Raise ``FatalError`` if the child has slept in the kernel for too long."""
        child, now = self.sitting.child, time.monotonic()
        if not child.judged_by_cpu or used != self.last or not child.waits():
            self.last, self.idle_since = used, None
        elif self.idle_since is None:
            self.idle_since = now
        elif now - self.idle_since > self.sitting.limits.waiting_s:
            raise FatalError(Outcome.TIMEOUT, "the program waits for something instead of answering", culprit)


def answers_to(game: Game) -> dict[str | int, int]:
    """Everything a strategy may return, to its action; the prompt's own names first, which a wrong answer is told."""
    return {name: game.aliases[name] for name in game.actions if name in game.aliases} | dict(game.aliases)


def clean(text: str) -> str:
    """Error text of a strategy's making as one printable line of at most 400 characters."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    printable = " ".join(printable.split())
    return printable if len(printable) <= 400 else printable[:399] + "…"
