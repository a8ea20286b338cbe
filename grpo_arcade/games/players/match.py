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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from grpo_arcade.games.episode import Episode
from grpo_arcade.games.game import Outcome
from grpo_arcade.games.players.limits import Limits
from grpo_arcade.games.players.policy import check_source
from grpo_arcade.games.players.sandbox import process, walls, wire
from grpo_arcade.games.players.sitting import FatalError, Sitting, Table

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
    tables = [Table(index, seed, make(game, **options), opening) for index, seed in enumerate(seeds)]
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
            except process.ServerDiedError:
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


def _play(source: str, tables: list[Table], limits: Limits, policy: bool) -> tuple[str, float]:
    aliases = dict(tables[0].game.aliases)
    actions = len(tables[0].game.actions)
    lent = tables[0].game.lent
    setup = {
        "toolbox": b"" if lent is None else lent.source.encode(),
        "source": source.encode("utf-8", "surrogatepass"),
        "entry": "strategy",
        "actions": aliases,
        "policy": policy,
    }
    error, cpu_s = "", 0.0
    for last_chance in (False, True):
        running = [table for table in tables if table.outcome is None]
        child = walls.spawn(limits.memory_bytes, int(limits.match_cpu_s) + 5, policy)
        fatal: FatalError | None = None
        sitting = Sitting(child, limits, running, actions)
        try:
            sitting.play(setup)
        except FatalError as raised:
            fatal = raised
        except process.ChildGoneError:
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


def _why_gone(end: process.End, index: int | None) -> FatalError:
    if end.lost:
        raise process.ServerDiedError("the fork server died in the middle of a match")
    if end.broke_out:
        return FatalError(Outcome.FORBIDDEN, "the program made a forbidden system call and the kernel ended it")
    if end.signal in (24, 9):  # SIGXCPU, SIGKILL at the hard limit
        return FatalError(Outcome.TIMEOUT, "the program used up its CPU time", None)
    how = f"signal {end.signal}" if end.signal else "an exit"
    return FatalError(Outcome.CRASHED, f"the program's process ended by {how}: out of memory or stack", index)


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
        )
        for table in tables
    )
