"""The game for two that a game for one becomes in self-play, and what one strategy's games against others give."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from grpo_arcade.games import Episode, Game, Outcome, make
from grpo_arcade.games.episode import SeatResult
from grpo_arcade.games.players import Contender, MatchResult
from grpo_arcade.recordings.runs.packed import own_side

if TYPE_CHECKING:
    from grpo_arcade.games.players import Pool, SeatsResult

_ONE_PLAYER_ONLY = frozenset({"opponent"})
"""Options that a game for two has no use for."""


@dataclass(frozen=True)
class Opponent:
    """A member of the league whom a strategy meets."""

    id: int
    """In the league."""
    contender: Contender


@dataclass(frozen=True, slots=True)
class HeadToHead(MatchResult):
    """A strategy's games against others, each as its own side has it."""

    sat: tuple[int, ...] = ()
    """Of each episode: the strategy's seat."""
    met: tuple[int, ...] = ()
    """Of each episode: the opponent, by number."""


def court_options(game: Game, more: Mapping[str, Any]) -> dict[str, Any]:
    """The options with which a game for one is played by two; ``more`` are those in which training differs.

    Raises:
        ValueError: it cannot be, in one line.
    """
    if len(game.seats) != 1:
        raise ValueError(f"{game.name} has several seats already; self-play needs the game for one beside that for two")
    for name in sorted(_ONE_PLAYER_ONLY & more.keys()):
        raise ValueError(f"--train-game-options {name}: in self-play the opponents come from the league; leave it out")
    usual = make(game.name).options
    # What was not chosen is as it is usual for two: a cartridge has other modes then.
    chosen = {name: value for name, value in game.options.items() if name not in usual or usual[name] != value}
    options = {name: value for name, value in {**chosen, **more}.items() if name not in _ONE_PLAYER_ONLY}
    try:
        court = make(game.name, **options, players=2)
    except ValueError as error:
        why = "it is for one player only" if "no option 'players'" in str(error) else error
        raise ValueError(f"{game.name} cannot play against itself: {why}; connect-four and atari/pong can") from error
    if len(court.seats) != 2:
        raise ValueError(f"{game.name} cannot play against itself: it has no game for two")
    return dict(court.options)


def play(
    pool: Pool,
    source: str,
    player: str,
    game: str,
    options: Mapping[str, Any],
    seeds: Sequence[int],
    opponents: Sequence[Opponent],
) -> Future[HeadToHead]:
    """Let a strategy meet each opponent on every seed from both sides; opponents in order, seeds, then sides."""
    whole: Future[HeadToHead] = Future()
    parts: list[Future[SeatsResult]] = []
    left, lock = [len(opponents)], Lock()

    def ended(_: Future[SeatsResult]) -> None:
        with lock:
            left[0] -= 1
            if left[0]:
                return
        try:
            whole.set_result(_joined([part.result() for part in parts], opponents))
        except BaseException as error:
            whole.set_exception(error)

    contender = Contender(player, source=source)
    for opponent in opponents:
        parts.append(pool.submit_seats([contender, opponent.contender], game, options, seeds))
    for part in parts:
        part.add_done_callback(ended)
    return whole


def _joined(results: Sequence[SeatsResult], opponents: Sequence[Opponent]) -> HeadToHead:
    episodes: list[Episode] = []
    sat: list[int] = []
    met: list[int] = []
    for result, opponent in zip(results, opponents, strict=True):
        for episode, seating in zip(result.episodes, result.seatings, strict=True):
            seat = seating.index(0)
            episodes.append(own_side(episode, seat))
            sat.append(seat)
            met.append(opponent.id)
    return HeadToHead(
        episodes=tuple(episodes),
        error=next((result.errors[0] for result in results if result.errors[0]), ""),
        cpu_s=sum(result.cpu_s[0] for result in results),
        refusal=results[0].refusals[0],
        wall=results[0].walls[0],
        sat=tuple(sat),
        met=tuple(met),
    )


def unplayed(
    game: str,
    options: Mapping[str, Any],
    seeds: Sequence[int],
    opponents: Sequence[Opponent],
    outcome: Outcome,
    player: str,
    source: str | None,
) -> HeadToHead:
    """The same games of a program that may not be called: it loses each of them before the first move."""
    court = make(game, **options)
    digest = "" if source is None else hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
    mine = SeatResult(player, outcome, 0.0, 0, digest)
    episodes: list[Episode] = []
    for opponent in opponents:
        theirs = SeatResult(opponent.contender.name, Outcome.WON, 0.0)
        for seed in seeds:
            for seat in range(2):
                blank = Episode(game, dict(court.options), seed, b"", outcome, 0.0, versions=court.versions)
                seats = (mine, theirs) if seat == 0 else (theirs, mine)
                episodes.append(own_side(replace(blank, per_step=court.per_step, seats=seats), seat))
    games = len(seeds) * 2
    return HeadToHead(
        tuple(episodes),
        sat=(0, 1) * (len(seeds) * len(opponents)),
        met=tuple(opponent.id for opponent in opponents for _ in range(games)),
    )
