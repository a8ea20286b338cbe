"""The league of a run that trains by self-play: who is in it, who beat whom, how strong each is. Only SELECTs.

Runs of earlier versions, and all that train otherwise, have no league.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grpo_arcade.recordings.runs.folder import RunFolderError
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.writer import RunWriter

MODEL = 0
"""The number under which the model's own games stand, those of all strategies of a step."""
SURE = 1.96
"""Standard deviations to each side of a rating: its 95 % interval."""


@dataclass(frozen=True)
class Member:
    """Somebody to play against, the same from first to last."""

    id: int
    name: str
    step: int
    """After which it joined."""
    baseline: str = ""
    """The game's baseline that it is; empty for a strategy."""
    strategy_id: int | None = None
    source: str = ""
    """Of a strategy."""
    mu: float = 0.0
    sigma: float = 0.0
    """OpenSkill's estimate of its strength, and the standard deviation of that."""

    @property
    def interval(self) -> tuple[float, float]:
        """The rating's 95 % interval."""
        return self.mu - SURE * self.sigma, self.mu + SURE * self.sigma


@dataclass(frozen=True)
class Meeting:
    """All games of two in one step, or in several, by rounds: a seed that is played from both sides.

    In runs of the earliest versions it is by games.
    """

    step: int
    """The last one."""
    member: int
    """By number; :data:`MODEL` for the strategies of the step."""
    opponent: int
    wins: int
    draws: int
    losses: int
    stalls: int
    """Of the draws, those that were given up without a point."""

    @property
    def games(self) -> int:
        """How many rounds there were."""
        return self.wins + self.draws + self.losses

    @property
    def points(self) -> float:
        """The member's share: a win 1, a draw one half."""
        return (self.wins + self.draws / 2) / max(1, self.games)

    def turned(self) -> Meeting:
        """The same as the opponent has it."""
        return Meeting(self.step, self.opponent, self.member, self.losses, self.draws, self.wins, self.stalls)


def trains_by_self_play(run: RunReader) -> bool:
    """Whether a run has a league, or is about to."""
    try:
        return bool(run.config()["config"].get("self_play"))
    except RunFolderError:
        return False


def members(run: RunReader) -> list[Member]:
    """Everybody in the league as rated last, in the order of joining; nobody where there is none."""
    if not _has_league(run):
        return []
    rows = run.query(
        "SELECT league.id, name, league.step, baseline, strategy_id, source, "
        "(SELECT mu FROM ratings WHERE member_id = league.id ORDER BY ratings.step DESC LIMIT 1) AS mu, "
        "(SELECT sigma FROM ratings WHERE member_id = league.id ORDER BY ratings.step DESC LIMIT 1) AS sigma "
        "FROM league LEFT JOIN strategies ON strategies.id = strategy_id LEFT JOIN sources ON sources.id = source_id "
        "ORDER BY league.id"
    )
    return [
        Member(
            row["id"],
            row["name"],
            row["step"],
            row["baseline"],
            row["strategy_id"],
            row["source"] or "",
            row["mu"] or 0.0,
            row["sigma"] or 0.0,
        )
        for row in rows
    ]


def meetings(run: RunReader, after: int = -1) -> list[Meeting]:
    """What came of the games of each step after a step, oldest first."""
    if not _has_league(run):
        return []
    rows = run.query("SELECT * FROM league_games WHERE step > ? ORDER BY step, member_id, opponent_id", (after,))
    return [Meeting(*tuple(row)) for row in rows]


def table(found: Sequence[Meeting]) -> dict[tuple[int, int], Meeting]:
    """Who beat whom: for each two who have met, by their numbers and both ways round, all their games together."""
    sums: dict[tuple[int, int], Meeting] = {}
    for one in found:
        for side in (one, one.turned()):
            key = side.member, side.opponent
            so_far = sums.get(key, Meeting(0, *key, 0, 0, 0, 0))
            sums[key] = Meeting(
                max(so_far.step, side.step),
                *key,
                so_far.wins + side.wins,
                so_far.draws + side.draws,
                so_far.losses + side.losses,
                so_far.stalls + side.stalls,
            )
    return sums


def ratings(run: RunReader) -> list[tuple[int, int, float, float]]:
    """Every rating ever: step, member, mu, sigma, oldest first."""
    if not _has_league(run):
        return []
    rows = run.query("SELECT step, member_id, mu, sigma FROM ratings ORDER BY step, member_id")
    return [tuple(row) for row in rows]


def write(
    writer: RunWriter,
    step: int,
    joined: Sequence[Member] = (),
    played: Sequence[Meeting] = (),
    rated: Sequence[Member] = (),
) -> None:
    """Add to the league what has happened in a step; all of it, or nothing."""
    with writer.together():
        writer.league("league", [_row(member) for member in joined])
        writer.league(
            "league_games",
            [
                {
                    **{"step": step, "member_id": one.member, "opponent_id": one.opponent},
                    **{"wins": one.wins, "draws": one.draws, "losses": one.losses, "stalls": one.stalls},
                }
                for one in played
            ],
        )
        writer.league(
            "ratings",
            [{"step": step, "member_id": one.id, "mu": one.mu, "sigma": one.sigma} for one in rated],
        )


def _row(member: Member) -> dict[str, Any]:
    return {
        **{"id": member.id, "name": member.name, "step": member.step},
        **{"baseline": member.baseline, "strategy_id": member.strategy_id},
    }


def _has_league(run: RunReader) -> bool:
    return bool(run.query("SELECT 1 FROM sqlite_master WHERE name = 'league'"))
