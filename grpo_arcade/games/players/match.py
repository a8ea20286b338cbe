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
- A game whose server was away (``disconnected``) is played again from its seed once the server is back, a few times.
- A child that was killed from outside (by a system that is out of memory, by a person) says nothing of the strategy:
  the match is played once more, and if that happens again it is a ``SandboxError``.

So the result depends on the source, the seeds and the limits, not on which other matches ran beside it. Nor does a game
depend on the others of its match: where a program could leave something for its next game, and where the games together
used more than half of the memory there is, each is played in a process of its own, one after another
(:mod:`~grpo_arcade.games.players.sharing`), and so are all when the policy is off. What is left: a program that writes
out the address of an object (``str(iter([]))``), orders a set of its own objects, or probes how large a block of memory
it can still get, may see that another game is there.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from grpo_arcade.games.episode import Episode, SeatResult, seat_results
from grpo_arcade.games.game import MOST_RETURNS, Outcome
from grpo_arcade.games.players.limits import Limits
from grpo_arcade.games.players.monty_sitting import GapError, MontySitting
from grpo_arcade.games.players.policy import Refusal, read_source
from grpo_arcade.games.players.sandbox import monty_gaps, process, walls, wire
from grpo_arcade.games.players.sharing import can_share_a_process
from grpo_arcade.games.players.sitting import FatalError, Sitting, Table, answers_to, clean, why_gone

_ATTEMPTS = 3


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
    wall: str = ""
    """What it was played behind: one of ``walls.WALLS``; empty if it was not played at all."""

    @property
    def mean_score(self) -> float:
        """Over all episodes, those that crashed or timed out included."""
        return fmean(episode.score for episode in self.episodes) if self.episodes else 0.0


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
    moves: int | None = None,
    allow_unwalled: bool = False,
) -> MatchResult:
    """Let the strategy in ``source`` play ``game`` once per seed.

    ``source`` must define ``strategy``, a function of one observation. With ``policy=False`` it is given all of Python,
    and only the wall confines it. ``opening`` are actions made before the strategy takes over, which stay part of the
    episodes; after ``moves`` of its own every game is capped. ``allow_unwalled`` is a person's word that this program
    may run with no wall around it where there is none that can run it (:mod:`.walls`).

    A game whose seats take turns is played at all of them by this one program; two against each other are
    :func:`~grpo_arcade.games.players.seats.play_seats`.

    Raises:
        ValueError: no such game or option, more than 8,190 seeds at once, an opening that the game refuses, or a game
            whose seats act together.
        SandboxError: this machine cannot confine a strategy.
    """
    from grpo_arcade.games.registry import make

    limits = limits or Limits()
    if len(seeds) > wire.MAX_GAMES:
        raise ValueError(f"a match has at most {wire.MAX_GAMES} seeds, not {len(seeds)}")
    tables = [Table(index, seed, make(game, **options), opening) for index, seed in enumerate(seeds)]
    if tables and tables[0].game.simultaneous:
        names = " and ".join(tables[0].game.seats)
        raise ValueError(f"{game} needs a player at each of its seats, {names}: arcade play {game} … --opponent …")
    if moves is not None:
        for table in tables:
            table.game.step_cap = min(table.game.step_cap, len(opening) + moves)
    if opening and tables and not tables[0].game.replayable:
        raise ValueError(f"{game} does not play the same game twice, so a strategy cannot take over in the middle")
    most = tables[0].game.most_at_once if tables else None
    if most is not None and len(seeds) > most:
        del tables
        again = functools.partial(
            play_match,
            limits=limits,
            player=player,
            policy=policy,
            opening=opening,
            moves=moves,
            allow_unwalled=allow_unwalled,
        )
        return _joined([again(source, game, options, seeds[at : at + most]) for at in range(0, len(seeds), most)])
    for table in tables:
        table.reset()
    found = read_source(source) if policy else []
    error, cpu_s, refused, wall = "", 0.0, None, ""
    if isinstance(found, Refusal):
        error, refused = found.reason, found.outcome
        for table in tables:
            table.outcome = refused
    else:
        program = _Program(source, limits, policy, len(tables) > 1 and not (policy and can_share_a_process(found)))
        playing = tables
        for returns in range(MOST_RETURNS + 1):
            if any(table.outcome is None for table in playing):
                played = _play_where_it_can(program, found, playing, allow_unwalled)
                error, cpu_s, wall, refused = error or played.error, cpu_s + played.cpu_s, played.wall, played.refused
            playing = [table for table in tables if table.outcome is Outcome.DISCONNECTED]
            if not playing or returns == MOST_RETURNS:
                break
            if not playing[0].game.comes_back(others_went_on=len(playing) < len(tables)):
                break
            for table in playing:
                table.reset()
        if tables and tables[0].outcome in (Outcome.SYNTAX_ERROR, Outcome.NO_CODE):
            refused = tables[0].outcome
    error = error or next((table.game.trouble for table in tables if table.game.trouble), "")
    return MatchResult(_episodes(source, tables, player), error, cpu_s, refused, wall)


def play_table(source: str, table: Table, limits: Limits) -> str:
    """Let the strategy in ``source`` play one game to its end, which the table then tells; what went wrong, in a line.

    Raises:
        SandboxError: this machine cannot confine a strategy.
    """
    found = read_source(source)
    if isinstance(found, Refusal):
        table.outcome = found.outcome
        return found.reason
    return _play_where_it_can(_Program(source, limits, policy=True, apart=False), found, [table], False).error


def _joined(parts: Sequence[MatchResult]) -> MatchResult:
    """Matches on one seed after another as one."""
    episodes = tuple(episode for part in parts for episode in part.episodes)
    error = next((part.error for part in parts if part.error), "")
    return MatchResult(episodes, error, sum(part.cpu_s for part in parts), parts[0].refusal, parts[0].wall)


@dataclass(slots=True)
class _Sat:
    """How a sitting ended."""

    error: str
    cpu_s: float
    fatal: FatalError | None
    crowded: bool
    """Its games took so much memory together that one may have met the limit because of another, or it ended without
    saying in which game: they have to be played one by one."""


@dataclass(frozen=True, slots=True)
class _Program:
    """What is played, and how."""

    source: str
    limits: Limits
    policy: bool
    apart: bool
    """A process a game."""


@dataclass(frozen=True, slots=True)
class _Played:
    """What became of some games."""

    error: str
    cpu_s: float
    wall: str
    refused: Outcome | None = None


def _play_where_it_can(program: _Program, nodes: list[ast.AST], tables: list[Table], allow_unwalled: bool) -> _Played:
    """Play all games behind the wall there is, or refuse the program if that wall cannot run it."""
    wall = walls.choose(allow_unwalled)
    error, cpu_s, gap = "", 0.0, monty_gaps.gap_in(nodes) if wall == "monty" else ""
    if not gap:
        error, cpu_s, gap = _play_behind(wall, program, tables)
    if not gap:
        return _Played(error, cpu_s, wall)
    for table in tables:
        table.reset()
    if allow_unwalled:
        error, cpu_s, _ = _play_behind("policy", program, tables)
        return _Played(error, cpu_s, "policy")
    for table in tables:
        table.outcome = table.outcome or Outcome.FORBIDDEN
    return _Played(_no_wall_for_it(gap), cpu_s, "", Outcome.FORBIDDEN)


def _play_behind(wall: str, program: _Program, tables: list[Table]) -> tuple[str, float, str]:
    """What went wrong first, the CPU seconds, and what the wall cannot run of the program, if that is why it ended."""
    killed = 0
    for attempt in range(_ATTEMPTS):
        try:
            return *_play(wall, program, tables), ""
        except GapError as gap:
            return "", 0.0, str(gap)
        except process.ChildLostError as lost:
            killed += lost.killed
            if killed > 1 or attempt == _ATTEMPTS - 1:
                raise
            for table in tables:
                table.reset()
    raise AssertionError("unreachable")


def _no_wall_for_it(gap: str) -> str:
    return clean(f"the wall of this system, Monty, cannot run this program: {gap}")


def _play(wall: str, program: _Program, tables: list[Table]) -> tuple[str, float]:
    """Play all games to their ends, in one process or in one each; what went wrong first, and the CPU seconds."""
    running = [table for table in tables if table.outcome is None]
    if program.apart:
        return _play_apart(wall, program, running)
    error, cpu_s = "", 0.0
    for last_chance in (False, True):
        sitting = [table for table in running if table.outcome is None]
        sat = _sit(wall, program, sitting, program.limits)
        cpu_s += sat.cpu_s
        if sat.crowded:
            for table in running:
                table.reset()
            error, used = _play_apart(wall, program, running)
            return error, cpu_s + used
        error = error or sat.error
        fatal = sat.fatal
        if fatal is None:
            break
        error = error or fatal.text
        unfinished = [table for table in sitting if table.outcome is None]
        if fatal.index is None or last_chance or len(unfinished) == 1:
            for table in unfinished:
                table.outcome = fatal.outcome
            break
        at_fault = [table for table in unfinished if table is sitting[fatal.index]] or unfinished
        for table in at_fault:
            table.outcome = fatal.outcome
        for table in unfinished:
            if table.outcome is None:
                table.reset()
    return error, cpu_s


def _play_apart(wall: str, program: _Program, tables: list[Table]) -> tuple[str, float]:
    """Play one game after another, each in a process of its own."""
    error, cpu_s, faults = "", 0.0, 0
    limits = program.limits
    for table in tables:
        left_s = limits.match_cpu_s - cpu_s
        if left_s > 0:
            sat = _sit(wall, program, [table], replace(limits, match_cpu_s=left_s))
            cpu_s += sat.cpu_s
            fatal, said = sat.fatal, sat.error
        else:
            text = f"the match used more than its {limits.match_cpu_s:g} s of CPU time"
            fatal, said = FatalError(Outcome.TIMEOUT, text), ""
        error = error or said
        if fatal is None:
            continue
        error, faults = error or fatal.text, faults + 1
        # A game may have ended by its last move, and the time of the match with it.
        table.outcome = table.outcome or fatal.outcome
        if fatal.outcome is Outcome.FORBIDDEN or faults > 1 or left_s <= 0:
            for other in tables:
                other.outcome = other.outcome or fatal.outcome
            break
    return error, cpu_s


def _sit(wall: str, program: _Program, tables: list[Table], limits: Limits) -> _Sat:
    """Let one child play these games to their ends, or to its own.

    Raises:
        process.ChildLostError: the child was ended by neither the strategy nor this process.
        GapError: the wall cannot run the program.
    """
    if wall == "monty":
        return _sit_in_monty(program.source, tables, limits)
    game, policy = tables[0].game, program.policy
    lent = game.lent
    setup = {
        "toolbox": b"" if lent is None else lent.source.encode(),
        "source": program.source.encode("utf-8", "surrogatepass"),
        "entry": "strategy",
        "actions": answers_to(game),
        "policy": policy,
    }
    hard_cpu_s = int(limits.match_cpu_s) + 5
    child = walls.spawn(wall, limits.memory_bytes, hard_cpu_s, policy)
    fatal: FatalError | None = None
    crowded = False
    sitting = Sitting(child, limits, tables, len(game.actions))
    try:
        sitting.play(setup)
        crowded = len(tables) > 1 and child.peak_bytes() > limits.memory_bytes // 2
    except FatalError as raised:
        fatal = raised
    except process.ChildGoneError:
        index = child.progress()[0]
        fatal = why_gone(child.end(), index if index < len(tables) else None, hard_cpu_s)
    finally:
        sitting.pin.loosen()
        cpu_s = child.leave()
    return _Sat(sitting.error, cpu_s, fatal, crowded)


def _sit_in_monty(source: str, tables: list[Table], limits: Limits) -> _Sat:
    sitting = MontySitting(source, limits, tables, tables[0].game)
    fatal: FatalError | None = None
    try:
        sitting.play(tables)
    except FatalError as raised:
        fatal = raised
    # Memory is what all games have together, and a worker that died does not say in which: one after another they do.
    unclear = fatal is not None and fatal.outcome is Outcome.CRASHED and len(tables) > 1
    return _Sat(sitting.error, sitting.session.used_s, fatal, unclear)


def _episodes(source: str, tables: list[Table], player: str) -> tuple[Episode, ...]:
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
            seats=_one_at_all(table, player, digest),
        )
        for table in tables
    )


def _one_at_all(table: Table, player: str, digest: str) -> tuple[SeatResult, ...]:
    """The seats of a game in which they take turns, and one program has played them all."""
    game, count = table.game, len(table.game.seats)
    failed = {game.to_move: table.outcome} if game.outcome is None and table.outcome is not None else {}
    return seat_results(game, [player] * count, failed, [digest] * count)
