"""How strong the members of a league are, by OpenSkill: a mean and a standard deviation each, from who beat whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grpo_arcade.recordings.runs.league import Meeting, Member

MEAN, DEVIATION, LUCK = 1500.0, 500.0, 250.0
"""Of somebody of whom nothing is known, and how much one game depends on the day: OpenSkill's proportions, in numbers
of the size that chess players know. 350 points more win four games of five."""


def newcomer(member: Member) -> Member:
    """A member of whom nothing is known yet."""
    return replace(member, mu=MEAN, sigma=DEVIATION)


def rated(members: Sequence[Member], meetings: Sequence[Meeting]) -> list[Member]:
    """Members after these games, in the same order; games with others than members count for nobody.

    The games of one meeting are taken as evenly mixed as they can be, since a rating depends a little on their order.

    Raises:
        ImportError: openskill is not installed.
    """
    try:
        from openskill.models import PlackettLuce
    except ImportError as error:
        raise ImportError('a league is rated by openskill: pip install "grpo-arcade[train]"') from error
    # Members stay what they are, so that no game makes them less known (tau).
    model = PlackettLuce(mu=MEAN, sigma=DEVIATION, beta=LUCK, tau=0.0)
    known = {member.id: model.rating(mu=member.mu, sigma=member.sigma) for member in members}
    for meeting in meetings:
        if meeting.member not in known or meeting.opponent not in known:
            continue
        for ranks in _mixed(meeting):
            mine, theirs = known[meeting.member], known[meeting.opponent]
            [known[meeting.member]], [known[meeting.opponent]] = model.rate([[mine], [theirs]], ranks=ranks)
    return [replace(member, mu=known[member.id].mu, sigma=known[member.id].sigma) for member in members]


def _mixed(meeting: Meeting) -> list[list[float]]:
    """The ranks of the two in each game."""
    kinds = (([1.0, 2.0], meeting.wins), ([1.0, 1.0], meeting.draws), ([2.0, 1.0], meeting.losses))
    games = [((place + 0.5) / count, number, ranks)
             for number, (ranks, count) in enumerate(kinds) for place in range(count)]  # fmt: skip
    return [ranks for _, _, ranks in sorted(games, key=lambda game: game[:2])]
