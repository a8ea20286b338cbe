"""What happened in an episode, in a few hundred characters: for a model that is to play better next time.

:func:`describe` says how it ended and after how long, and then what the game says of itself (:meth:`.Game.describe`);
of a game that says nothing, which actions were taken and the last decisions with what the program saw. The seed is
never part of it: whoever knew it would know the next game.
"""

from __future__ import annotations

from collections import Counter

from grpo_arcade.foreign_text import one_line
from grpo_arcade.games.episode import Episode, score_text
from grpo_arcade.games.game import Game, Outcome
from grpo_arcade.games.replay import Replay

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


def describe(episode: Episode) -> str:
    """What happened in an episode, on one line of at most :data:`LONGEST` characters.

    Of a game that cannot be played again here, only how it ended.
    """
    told = ending(episode)
    try:
        replay = Replay(episode)
    except ValueError:
        return told
    told += f" {replay.game.describe(replay) or in_general(episode, replay.game)}"
    return one_line(told, LONGEST)


def ending(episode: Episode) -> str:
    """How it ended, after how many moves, with which score: one sentence."""
    how = _ENDED.get(episode.outcome, episode.outcome.value)
    moves = episode.moves
    wasted = f", {episode.wasted:,} of which changed nothing" if episode.wasted else ""
    return f"{score_text(episode.score)} points; {how} after {moves:,} move{'s' * (moves != 1)}{wasted}."


def in_general(episode: Episode, game: Game) -> str:
    """What can be said of any game: which actions were taken how often, and the last decisions."""
    if not episode.actions:
        return ""
    counts = Counter(episode.actions).most_common(6)
    shares = ", ".join(f"{game.actions[action]} {count / len(episode.actions):.0%}" for action, count in counts)
    return f"Actions: {shares}. {last_decisions(Replay(episode))}"


def last_decisions(replay: Replay, count: int = LAST) -> str:
    """The last decisions: what the program saw, and what it answered."""
    told = []
    replay.seek(replay.length - count)
    while replay.ply < replay.length:
        seen, ply, before = repr(replay.game.observation()), replay.ply, replay.score
        if not replay.step():
            break
        gained = replay.score - before
        points = f" ({gained:+g} points)" if gained else ""
        seen = seen if len(seen) <= _LONGEST_VIEW else seen[:_LONGEST_VIEW] + "…"
        told.append(f"{seen} → {replay.game.actions[replay.actions[ply]]}{points}")
    return "Its last decisions: " + "; ".join(told) + "." if told else ""
