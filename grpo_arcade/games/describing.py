"""What happened in an episode, in a few hundred characters: for a model that is to play better next time.

:func:`describe` says how it ended and after how long, and then what the game says of itself (:meth:`.Game.describe`);
of a game that says nothing, which actions were taken and the last moves with what the program saw; of a program
that failed, what it was called with. The seed is never part of it: whoever knew it would know the next game.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from grpo_arcade.foreign_text import one_line
from grpo_arcade.games.episode import Episode, score_text
from grpo_arcade.games.game import Game, Outcome
from grpo_arcade.games.replay import Replay
from grpo_arcade.games.seats import seat_number

LONGEST = 700
"""Characters of a description."""
LAST = 3
"""Moves at the end that are told."""
_MOST_GAINS = 6
_LONGEST_VIEW = 130
_LONGEST_LAST_VIEW = 450
_LONGEST_FIELD = 60
_ENDED = {
    Outcome.WON: ("won", ""),
    Outcome.DRAWN: ("drawn", ""),
    Outcome.LOST: ("lost", ""),
    Outcome.CAPPED: ("cut off", ", the most there may be"),
    Outcome.STUCK: ("given up", ", because nothing came of its moves any more"),
    Outcome.ILLEGAL: ("ended", " by an answer that is no action"),
    Outcome.TIMEOUT: ("ended", ", because the program took too long"),
    Outcome.CRASHED: ("ended", " by an error of the program"),
    Outcome.DISCONNECTED: ("broken off", " by its server"),
}
"""How an episode ended, and what is said of that after how long it was."""
_FAILED = Outcome.ILLEGAL, Outcome.TIMEOUT, Outcome.CRASHED


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
    game = replay.game
    number = seat_number(game, seat) if len(game.seats) > 1 or seat != 0 else 0
    result = episode.seats[number] if number < len(episode.seats) else episode
    if result.outcome in _FAILED:
        own = _asked_last(replay, number)
    elif len(game.seats) > 1:
        own = game.describe_seat(replay, number)
    else:
        own = game.describe(replay)
    return one_line(f"{ending(episode, number, game)} {own or in_general(episode, game, number)}", LONGEST)


def ending(episode: Episode, seat: int = 0, game: Game | None = None) -> str:
    """How it ended, for a seat where there are several, after how many moves, with which score: one sentence.

    ``game`` may have words of its own for having won and lost (:attr:`.Game.endings`).
    """
    result = episode.seats[seat] if seat < len(episode.seats) else None
    outcome, score, lost = (episode if result is None else result).outcome, episode.score, episode.wasted
    if result is not None:
        score, lost = result.score, result.wasted
    words = _ENDED if game is None else {**_ENDED, **game.endings}
    how, why = words.get(outcome, (outcome.value, ""))
    failed = [other for other in episode.seats if other is not result and not other.outcome.by_the_rules]
    if outcome is Outcome.WON and failed:
        why = ", because the program of another player failed"
    moves = episode.moves
    wasted = f", {lost:,} of {'yours' if episode.seats else 'which'} changed nothing" if lost else ""
    when = f"after {moves:,} move{'s' * (moves != 1)}" if moves or outcome not in _FAILED else "at the first move"
    return f"{score_text(score)} point{'s' * (abs(score) != 1)}; {how} {when}{wasted}{why}."


def _asked_last(replay: Replay, seat: int) -> str:
    """What a program was called with when it failed."""
    replay.seek(replay.episode.moves)
    if replay.ply < replay.episode.moves or seat not in replay.game.acting():
        return ""
    return f"It was called with {seen(replay.game.seat_observation(seat), _LONGEST_LAST_VIEW)}."


def seen(observation: Any, longest: int = _LONGEST_VIEW) -> str:
    """What a program saw, in at most so many characters: as Python writes it, a grid that is longer row by row."""
    if isinstance(observation, Mapping):
        words = ", ".join(f"{name!r}: {seen(value, _LONGEST_FIELD)}" for name, value in observation.items())
        return _middle_out("{" + words + "}", longest)
    words = _plain(observation)
    if len(words) > longest and _is_grid(observation):
        words = "rows " + " ".join("".join(map(str, row)) for row in observation)
    return _middle_out(words, longest)


def _is_grid(observation: Any) -> bool:
    return (
        isinstance(observation, list | tuple)
        and len(observation) > 1
        and all(isinstance(row, list | tuple) and len(row) > 1 for row in observation)
        and all(type(cell) is int and 0 <= cell <= 9 for row in observation for cell in row)
    )


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_plain, value)) + "]"
    return f"{value:.4g}" if isinstance(value, float) else repr(value)


def _middle_out(words: str, longest: int) -> str:
    """The beginning and the end of what is too long."""
    if len(words) <= longest:
        return words
    return f"{words[: longest * 2 // 3 - 3]} … {words[-(longest // 3) :]}"


def in_general(episode: Episode, game: Game, seat: int = 0) -> str:
    """What can be said of any game: which actions a seat took how often, and its last decisions."""
    replay = Replay(episode)
    own = _own_actions(replay, seat)
    if not own:
        return ""
    counts = Counter(action for _, action in own).most_common(6)
    shares = ", ".join(f"{game.actions[action]} {count / len(own):.0%}" for action, count in counts)
    told = f"Actions: {shares}.", _gains(replay, seat), last_moves(replay, seat, [ply for ply, _ in own])
    return " ".join(part for part in told if part)


def _gains(replay: Replay, seat: int) -> str:
    """When points came and went, where more is to be said of that than that they came at the end."""
    replay.seek(0)
    before, changes = replay.game.seat_score(seat), []
    while replay.step():
        if (now := replay.game.seat_score(seat)) != before:
            changes.append(f"{now - before:+.4g} at move {replay.ply:,}")
            before = now
    if not changes or (changes[-1].endswith(f" {replay.ply:,}") and len(changes) == 1):
        return ""
    return f"Points: {', '.join(changes[:_MOST_GAINS])}{' …' if len(changes) > _MOST_GAINS else ''}."


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


def last_moves(replay: Replay, seat: int, plies: Sequence[int], count: int = LAST) -> str:
    """The last moves of a seat: what the program saw, and what it answered; ``plies`` are the moves before them."""
    told = []
    game, each = replay.game, replay.episode.per_step
    for ply in plies[-count:]:
        replay.seek(ply)
        shown, before = seen(game.seat_observation(seat)), game.seat_score(seat)
        action = replay.actions[ply * each + game.acting().index(seat)]
        replay.step()
        gained = game.seat_score(seat) - before
        points = f" ({gained:+g} point{'s' * (abs(gained) != 1)})" if gained else ""
        told.append(f"{shown} → {game.actions[action]}{points}")
    return "Its last moves: " + "; ".join(told) + "." if told else ""
