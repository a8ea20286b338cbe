"""Signs that a league goes round in a circle, or that nobody in it wants to win. Pure functions of what is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grpo_arcade.games import score_text
from grpo_arcade.recordings.runs.league import MODEL, Meeting, Member
from grpo_arcade.trainer.alarms import WINDOW, Sign

MOST_STALLS = 0.25
"""Share of games given up without a point, above which something must be said."""


def signs(
    members: Sequence[Member], meetings: Sequence[Meeting], evaluations: Sequence[Mapping[str, Any]]
) -> list[Sign]:
    """The alarms of a league that are on after the last step.

    Args:
        members: everybody, as rated now, in the order of joining.
        meetings: all games so far, oldest first.
        evaluations: rows as of ``run.db``.
    """
    return [*_circle(members, evaluations), *_stalling(meetings)]


def _circle(members: Sequence[Member], evaluations: Sequence[Mapping[str, Any]]) -> list[Sign]:
    """Whether champions beat each other while the model does worse against those it never trains with."""
    if len(evaluations) < 2:
        return []
    best, last = max(evaluations[:-1], key=lambda row: row["mean"]), evaluations[-1]
    strategies = [member for member in members if member.strategy_id is not None]
    then = max((member.mu for member in strategies if member.step <= best["step"]), default=None)
    now = max((member.mu for member in strategies), default=0.0)
    if then is None or now <= then or last["high"] >= best["low"]:
        return []
    return [
        Sign(
            "league_in_circles",
            f"the champion's rating rose from {then:,.0f} to {now:,.0f}, while the held-out score "
            f"fell from {score_text(best['mean'])} to {score_text(last['mean'])}",
            "each champion beats the one before it and nobody else: more league_opponents, or a lower learning_rate",
        )
    ]


def _stalling(meetings: Sequence[Meeting]) -> list[Sign]:
    """Whether games of the last steps were given up without a point."""
    mine = [meeting for meeting in meetings if meeting.member == MODEL]
    if not mine:
        return []
    recent = [meeting for meeting in mine if meeting.step > mine[-1].step - WINDOW]
    share = sum(meeting.stalls for meeting in recent) / max(1, sum(meeting.games for meeting in recent))
    if share <= MOST_STALLS:
        return []
    return [
        Sign(
            "mutual_stalling",
            f"{share:.0%} of the games were given up without a point: both keep them from going anywhere",
            "nothing is learnt from such games: other league_baselines, or a training game that ends otherwise",
        )
    ]
