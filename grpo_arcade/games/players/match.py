"""One strategy plays N seeds of a game in lockstep: source and seeds in, one :class:`Episode` a seed out.

The games live here; the strategy lives in a child of the sandbox. Each round one message carries the observations of
all games still running, and one byte a game comes back. A strategy cannot touch a score, since nothing but actions
crosses over.

How games end when something goes wrong:

- An exception, or an answer that is no action, ends the game it happened in (``crashed``, ``illegal``); the others go
  on.
- A game that has used its CPU time between moves ends as ``timeout``; the others go on.
- A move that does not end, or a death of the child (out of memory, stack overflow), takes the child with it. The game
  in whose move it happened ends as ``timeout`` or ``crashed``. The other unfinished games are played again from their
  start in a fresh child, where they repeat themselves exactly, since every game has its own namespace and randomness.
  When it happens a second time in a match, the strategy is at fault, not one of its games: all that still run end so.
- A forbidden system call, or a message that breaks the protocol, ends all games of the match that still run as
  ``forbidden``.
- When the match has used its CPU time, all games that still run end as ``timeout``.

So the result depends on the source, the seeds and the limits, not on which other matches ran beside it.
"""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from grpo_arcade.games.episode import Episode
from grpo_arcade.games.game import Game, Outcome
from grpo_arcade.games.players.pinning import Pin
from grpo_arcade.games.players.policy import check_source
from grpo_arcade.games.players.sandbox import launcher, wire

_ATTEMPTS = 3
_SHORT_ROUND_S = 0.002
"""Rounds longer than this gain nothing from both processes sharing a core."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a strategy may use. CPU times are those of its own process, so a busy machine does not make it slow."""

    move_cpu_s: float = 1.0
    """CPU seconds for one move, and for loading the source once; kept to within about a tenth."""
    game_cpu_s: float = 20.0
    """CPU seconds for all moves of one game."""
    match_cpu_s: float = 90.0
    """CPU seconds for one child; a match has two at most."""
    memory_bytes: int = 256 << 20
    """Address space beyond what the interpreter itself has."""
    waiting_s: float = 1.0
    """Wall-clock seconds a strategy may sleep in the kernel in one move; nothing it may do needs any."""
    match_wall_s: float = 900.0
    """Wall-clock seconds for one child, a generous backstop."""

    def __post_init__(self) -> None:
        for name in ("move_cpu_s", "game_cpu_s", "match_cpu_s", "memory_bytes", "waiting_s", "match_wall_s"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise ValueError(f"{name} must be a positive number, not {value!r}")
        if self.memory_bytes < 16 << 20:
            raise ValueError(f"memory_bytes must be at least {16 << 20} (16 MiB), not {self.memory_bytes}")


@dataclass(frozen=True, slots=True)
class MatchResult:
    """What a match gave."""

    episodes: tuple[Episode, ...]
    """One per seed, in the order of the seeds."""
    error: str = ""
    """What went wrong first, with its line in the source, for people and models; empty if nothing did."""
    cpu_s: float = 0.0
    """CPU seconds the strategy's process used."""
    refusal: Outcome | None = None
    """Set if the source was not played at all."""

    @property
    def mean_score(self) -> float:
        """Over all episodes, those that crashed or timed out included."""
        return fmean(episode.score for episode in self.episodes) if self.episodes else 0.0


@dataclass(slots=True)
class _Table:
    """One game of the match and what was played on it."""

    index: int
    seed: int
    game: Game
    opening: bytes = b""
    actions: bytearray = field(default_factory=bytearray)
    outcome: Outcome | None = None

    def reset(self) -> None:
        self.game.reset(self.seed)
        self.actions[:] = self.opening
        for action in self.opening:
            self.game.step(action)
        self.outcome = self.game.outcome


class _FatalError(Exception):
    """The child is lost; ``index`` is the game at fault, None if it is the whole program."""

    def __init__(self, outcome: Outcome, text: str, index: int | None = None) -> None:
        super().__init__(text)
        self.outcome, self.text, self.index = outcome, text, index


class _Sitting:
    """One child playing some of the match's games."""

    def __init__(self, child: launcher.Child, limits: Limits, tables: list[_Table], actions: int) -> None:
        self.child, self.limits, self.tables, self.actions = child, limits, tables, actions
        self.error = ""
        self.buffer = memoryview(bytearray(wire.REPLY.size + len(tables) + wire.MAX_ERROR_BYTES + (1 << 16)))
        # Without CPU clocks the same budgets hold for the wall clock, three times over, since machines are busy.
        self.patience = 1.0 if child.judged_by_cpu else 3.0
        self.slice = min(0.05, max(0.002, limits.move_cpu_s * self.patience / 10))
        child.set_slice(self.slice)
        self.pin = Pin(child.pid)
        self.started = self.checked = time.monotonic()

    def play(self, setup: Mapping[str, Any]) -> None:
        """Play to the end of all games; ``_FatalError`` if the child does not live to see it."""
        first = [wire.pack(table.game.observation()) for table in self.tables]
        self.load(self.exchange(wire.pack({**setup, "first": first}), 0, len(self.tables)))
        places, tables, games = self.running()
        sequence = 0
        actions, kind = self.actions, type(self.tables[0].game)
        elsewhere = len(self.tables) > 1 and kind.begin is not Game.begin
        self.pin.hold()
        checked_at, short = 0, True
        while places:
            if time.monotonic() - self.checked > self.slice:
                rounds, checked_at = sequence - checked_at, sequence
                short = (time.monotonic() - self.checked) < _SHORT_ROUND_S * rounds
                self.pin.loosen()
                self.charge()
                places, tables, games = self.running()
                if not places:
                    return
            message = wire.pack_round(places, kind.packed_observations(games))
            if sequence == checked_at + 2 and short:
                # Two rounds were enough for the scheduler to move both to an idle core, if there is one.
                self.pin.hold()
            sequence += 1
            answers = self.exchange(message, sequence & 0xFFFFFFFF, len(places))
            ended = False
            if elsewhere:
                for answer, game in zip(answers, games, strict=True):
                    if answer < actions:
                        game.begin(answer)
            for answer, table, game in zip(answers, tables, games, strict=True):
                if answer < actions:
                    table.actions.append(answer)
                    game.step(answer)
                    if game.outcome is not None:
                        table.outcome = game.outcome
                        ended = True
                    continue
                ended = True
                if answer == wire.ILLEGAL:
                    table.outcome = Outcome.ILLEGAL
                elif answer == wire.CRASHED:
                    table.outcome = Outcome.CRASHED
                else:
                    raise _FatalError(Outcome.FORBIDDEN, "the program wrote to the sandbox's channel")
            if ended:
                places, tables, games = self.running()

    def running(self) -> tuple[list[int], list[_Table], list[Game]]:
        """Of the tables whose games go on: their places, themselves, the games."""
        live = [(place, table) for place, table in enumerate(self.tables) if table.outcome is None]
        return [place for place, _ in live], [table for _, table in live], [table.game for _, table in live]

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
        need, have = wire.REPLY.size + count, 0
        buffer = self.buffer
        while have < need:
            received = self.child.receive_into(buffer[have:need])
            have += received
            if have >= wire.REPLY.size and need == wire.REPLY.size + count:
                said_sequence, said_count, text_bytes = wire.REPLY.unpack_from(buffer)
                if said_sequence != sequence or said_count != count or text_bytes > wire.MAX_ERROR_BYTES:
                    raise _FatalError(Outcome.FORBIDDEN, "the program wrote to the sandbox's channel")
                need += text_bytes
            if have < need:
                # One that trickles in is watched like one that does not come.
                watch = watch or _Watch(self, count)
                watch.look()
        answers = bytes(buffer[wire.REPLY.size : wire.REPLY.size + count])
        if need > wire.REPLY.size + count and not self.error:
            self.error = clean(bytes(buffer[wire.REPLY.size + count : need]).decode("utf-8", "replace"))
        return answers

    def charge(self) -> None:
        """End what has used up its CPU time."""
        self.checked = now = time.monotonic()
        used, limits = self.child.cpu_s(), self.limits
        if used > limits.match_cpu_s * self.patience or now - self.started > limits.match_wall_s:
            raise _FatalError(Outcome.TIMEOUT, f"the match used more than its {limits.match_cpu_s:g} s of CPU time")
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


class _Watch:
    """Looks at a child that owes an answer, a slice of time after another."""

    def __init__(self, sitting: _Sitting, moves: int) -> None:
        self.sitting, self.moves = sitting, moves
        self.index, self.call = sitting.child.progress()
        self.start = self.since = self.last = sitting.child.cpu_s()
        self.idle_since: float | None = None
        # A child that thinks for long gains nothing from sharing a core.
        sitting.pin.loosen()

    def look(self) -> None:
        """Raise ``_FatalError`` if a budget is gone."""
        sitting, child, limits = self.sitting, self.sitting.child, self.sitting.limits
        index, call = child.progress()
        used = child.cpu_s()
        if (index, call) != (self.index, self.call):
            self.index, self.call, self.since = index, call, used
        culprit = index if index < len(sitting.tables) else None
        move_s = limits.move_cpu_s * sitting.patience
        # The page is the child's to write: however often it says it has begun another move, it was asked for so many.
        if used - self.since > move_s or used - self.start > move_s * self.moves:
            raise _FatalError(Outcome.TIMEOUT, f"a move took more than {limits.move_cpu_s:g} s of CPU time", culprit)
        self.wait(used, culprit)
        if used > limits.match_cpu_s * sitting.patience or time.monotonic() - sitting.started > limits.match_wall_s:
            raise _FatalError(Outcome.TIMEOUT, f"the match used more than its {limits.match_cpu_s:g} s of CPU time")

    def wait(self, used: float, culprit: int | None) -> None:
        """Raise ``_FatalError`` if the child has slept in the kernel for too long."""
        child, now = self.sitting.child, time.monotonic()
        if not child.judged_by_cpu or used != self.last or not child.waits():
            self.last, self.idle_since = used, None
        elif self.idle_since is None:
            self.idle_since = now
        elif now - self.idle_since > self.sitting.limits.waiting_s:
            raise _FatalError(Outcome.TIMEOUT, "the program waits for something instead of answering", culprit)


def clean(text: str) -> str:
    """Error text of a strategy's making as one printable line of at most 400 characters."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    printable = " ".join(printable.split())
    return printable if len(printable) <= 400 else printable[:399] + "…"


def play_match(
    source: str,
    game: str,
    options: Mapping[str, Any],
    seeds: Sequence[int],
    *,
    limits: Limits | None = None,
    player: str = "",
    policy: bool = True,
    opening: bytes = b"",
) -> MatchResult:
    """Let the strategy in ``source`` play ``game`` once per seed.

    ``source`` must define ``strategy``, a function of one observation. With ``policy=False`` it is given all of Python,
    and only the kernel confines it. ``opening`` are actions made before the strategy takes over, which stay part of the
    episodes.

    Raises:
        ValueError: no such game or option, more than 8,190 seeds at once, or an opening that the game refuses.
        SandboxError: this machine cannot confine a strategy.
    """
    from grpo_arcade.games.registry import make

    limits = limits or Limits()
    if len(seeds) > wire.MAX_GAMES:
        raise ValueError(f"a match has at most {wire.MAX_GAMES} seeds, not {len(seeds)}")
    tables = [_Table(index, seed, make(game, **options), opening) for index, seed in enumerate(seeds)]
    if opening and tables and not tables[0].game.replayable:
        raise ValueError(f"{game} does not play the same game twice, so a strategy cannot take over in the middle")
    most = tables[0].game.most_at_once if tables else None
    if most is not None and len(seeds) > most:
        del tables
        again = functools.partial(play_match, limits=limits, player=player, policy=policy, opening=opening)
        return _joined([again(source, game, options, seeds[at : at + most]) for at in range(0, len(seeds), most)])
    for table in tables:
        table.reset()
    refusal = check_source(source) if policy else None
    error, cpu_s, refused = "", 0.0, None
    if refusal is not None:
        error, refused = refusal.reason, refusal.outcome
        for table in tables:
            table.outcome = refused
    elif any(table.outcome is None for table in tables):
        for attempt in range(_ATTEMPTS):
            try:
                error, cpu_s = _play(source, tables, limits, policy)
                break
            except launcher.ServerDiedError:
                if attempt == _ATTEMPTS - 1:
                    raise
                for table in tables:
                    table.reset()
        if tables[0].outcome in (Outcome.SYNTAX_ERROR, Outcome.NO_CODE):
            refused = tables[0].outcome
    error = error or next((table.game.trouble for table in tables if table.game.trouble), "")
    return MatchResult(_episodes(source, tables, player), error, cpu_s, refused)


def _joined(parts: Sequence[MatchResult]) -> MatchResult:
    """Matches on one seed after another as one."""
    episodes = tuple(episode for part in parts for episode in part.episodes)
    error = next((part.error for part in parts if part.error), "")
    return MatchResult(episodes, error, sum(part.cpu_s for part in parts), parts[0].refusal)


def _play(source: str, tables: list[_Table], limits: Limits, policy: bool) -> tuple[str, float]:
    aliases = dict(tables[0].game.aliases)
    actions = len(tables[0].game.actions)
    setup = {
        "source": source.encode("utf-8", "surrogatepass"),
        "entry": "strategy",
        "actions": aliases,
        "policy": policy,
    }
    error, cpu_s = "", 0.0
    for last_chance in (False, True):
        running = [table for table in tables if table.outcome is None]
        child = launcher.spawn(limits.memory_bytes, int(limits.match_cpu_s) + 5, policy)
        fatal: _FatalError | None = None
        sitting = _Sitting(child, limits, running, actions)
        try:
            sitting.play(setup)
        except _FatalError as raised:
            fatal = raised
        except launcher.ChildGoneError:
            index = child.progress()[0]
            fatal = _why_gone(child.end(), index if index < len(running) else None)
        finally:
            sitting.pin.loosen()
            cpu_s += child.end().cpu_s
        error = error or sitting.error
        if fatal is None:
            break
        error = error or fatal.text
        unfinished = [table for table in running if table.outcome is None]
        if fatal.index is None or last_chance or len(unfinished) == 1:
            for table in unfinished:
                table.outcome = fatal.outcome
            break
        at_fault = [table for table in unfinished if table is running[fatal.index]] or unfinished
        for table in at_fault:
            table.outcome = fatal.outcome
        for table in unfinished:
            if table.outcome is None:
                table.reset()
    return error, cpu_s


def _why_gone(end: launcher.End, index: int | None) -> _FatalError:
    if end.lost:
        raise launcher.ServerDiedError("the fork server died in the middle of a match")
    if end.broke_out:
        return _FatalError(Outcome.FORBIDDEN, "the program made a forbidden system call and the kernel ended it")
    if end.signal in (24, 9):  # SIGXCPU, SIGKILL at the hard limit
        return _FatalError(Outcome.TIMEOUT, "the program used up its CPU time", None)
    how = f"signal {end.signal}" if end.signal else "an exit"
    return _FatalError(Outcome.CRASHED, f"the program's process ended by {how}: out of memory or stack", index)


def _episodes(source: str, tables: list[_Table], player: str) -> tuple[Episode, ...]:
    digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
    return tuple(
        Episode(
            game=table.game.name,
            options=dict(table.game.options),
            seed=table.seed,
            actions=bytes(table.actions),
            outcome=table.outcome or Outcome.CRASHED,
            score=float(table.game.score),
            wasted=table.game.wasted,
            player=player,
            source_sha256=digest,
            versions=table.game.versions,
            observations=table.game.kept(),
        )
        for table in tables
    )
