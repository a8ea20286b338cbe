"""What happened in an episode, in a few hundred characters: for a model that is to play better next time.

:func:`describe` says how it ended and after how long, and then what the game says of itself (:meth:`.Game.describe`);
of a game that says nothing, which actions were taken and the last decisions with what the program saw. The seed is
never part of it: whoever knew it would know the next game.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from grpo_arcade.foreign_text import one_line
from grpo_arcade.games.episode import Episode, score_text
from grpo_arcade.games.game import Game, Outcome
from grpo_arcade.games.replay import Replay
from grpo_arcade.games.seats import seat_number

LONGEST = 700
"""Characters of a description."""
LAST = 3
"""Decisions at the end that are told."""
_LONGEST_VIEW = 130
_ENDED = {
    Outcome.WON: "won",
    Outcome.DRAWN: "drawn",
    Outcome.LOST: "lost",
    Outcome.CAPPED: "still going on when the most moves were made",
    Outcome.STUCK: "given up, because nothing came of its moves any more",
    Outcome.ILLEGAL: "ended by an answer that is no action",
    Outcome.TIMEOUT: "ended because the program took too long",
    Outcome.CRASHED: "ended by an error of the program",
    Outcome.DISCONNECTED: "broken off by its server",
}


def describe(episode: Episode, seat: str | int = 0) -> str:
    """What happened in an episode, on one line of at most :data:`LONGEST` characters.

    Of a game that cannot be played again here, only how it ended.

    Args:
        episode: of any game.
        seat: whose view is told, by its name or number, where there are several; that seat is called you.

    Raises:
        ValueError: the game has no such seat, in one line.
    """
    try:
        replay = Replay(episode)
    except ValueError:
        return ending(episode, seat if isinstance(seat, int) and seat > 0 else 0)
    number = seat_number(replay.game, seat) if len(replay.game.seats) > 1 or seat != 0 else 0
    if len(replay.game.seats) > 1:
        own = replay.game.describe_seat(replay, number)
    else:
        own = replay.game.describe(replay)
    return one_line(f"{ending(episode, number)} {own or in_general(episode, replay.game, number)}", LONGEST)


def ending(episode: Episode, seat: int = 0) -> str:
    """How it ended, for a seat where there are several, after how many moves, with which score: one sentence."""
    result = episode.seats[seat] if seat < len(episode.seats) else None
    outcome, score, lost = (episode if result is None else result).outcome, episode.score, episode.wasted
    if result is not None:
        score, lost = result.score, result.wasted
    how = _ENDED.get(outcome, outcome.value)
    failed = [other for other in episode.seats if other is not result and not other.outcome.by_the_rules]
    if outcome is Outcome.WON and failed:
        how += ", because the program of another player failed"
    moves = episode.moves
    wasted = f", {lost:,} of {'yours' if episode.seats else 'which'} changed nothing" if lost else ""
    return f"{score_text(score)} points; {how} after {moves:,} move{'s' * (moves != 1)}{wasted}."


def in_general(episode: Episode, game: Game, seat: int = 0) -> str:
    """What can be said of any game: which actions a seat took how often, and its last decisions."""
    replay = Replay(episode)
    own = _own_actions(replay, seat)
    if not own:
        return ""
    counts = Counter(action for _, action in own).most_common(6)
    shares = ", ".join(f"{game.actions[action]} {count / len(own):.0%}" for action, count in counts)
    return f"Actions: {shares}. {last_decisions(replay, seat, [ply for ply, _ in own])}"


def _own_actions(replay: Replay, seat: int) -> list[tuple[int, int]]:
    """Before which moves a seat decided, and what it did."""
    each = replay.episode.per_step
    own: list[tuple[int, int]] = []
    while True:
        ply, acting = replay.ply, replay.game.acting()
        if not replay.step():
            return own
        if seat in acting:
            own.append((ply, replay.actions[ply * each + acting.index(seat)]))


def last_decisions(replay: Replay, seat: int, plies: Sequence[int], count: int = LAST) -> str:
    """The last decisions of a seat: what the program saw, and what it answered; ``plies`` are the moves before them."""
    told = []
    game, each = replay.game, replay.episode.per_step
    for ply in plies[-count:]:
        replay.seek(ply)
        seen, before = repr(game.seat_observation(seat)), game.seat_score(seat)
        action = replay.actions[ply * each + game.acting().index(seat)]
        replay.step()
        gained = game.seat_score(seat) - before
        points = f" ({gained:+g} points)" if gained else ""
        seen = seen if len(seen) <= _LONGEST_VIEW else seen[:_LONGEST_VIEW] + "…"
        told.append(f"{seen} → {game.actions[action]}{points}")
    return "Its last decisions: " + "; ".join(told) + "." if told else ""
