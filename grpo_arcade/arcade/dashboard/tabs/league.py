"""The league of a run by self-play: its ladder, and who beat whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import DataTable, Static

from grpo_arcade.arcade.dashboard.dialogs import LOADING
from grpo_arcade.arcade.dashboard.draw.chart import BLUE, GREY, Chart, ChartData, Curve
from grpo_arcade.foreign_text import one_line
from grpo_arcade.recordings.runs import league
from grpo_arcade.recordings.runs.league import MODEL, Meeting, Member
from grpo_arcade.recordings.runs.reader import RunReader

_MOST_COLUMNS = 8
"""Of who beat whom: the strongest so many."""


@dataclass(frozen=True)
class Found:
    """What the tab shows."""

    ladder: tuple[Member, ...]
    """The strongest first."""
    games: Mapping[tuple[int, int], Meeting]
    """Of each two who have met."""
    strategies: tuple[tuple[int, float, float, float], ...]
    """By step: the rating of the strategy that joined then, as it is now, and its 95 % interval."""


class League(Vertical):
    """The tab of the league."""

    def __init__(self, *, plain: bool) -> None:
        """Nothing read yet."""
        super().__init__(id="league")
        self._plain = plain
        self._found: Found | None = None

    def compose(self) -> ComposeResult:
        """A curve over the table."""
        yield Static(LOADING, id="league-title")
        yield Chart(plain=self._plain, id="chart-league")
        yield DataTable(cursor_type="row", zebra_stripes=True)

    def read(self, reader: RunReader) -> Found:
        """Everybody, and all their games."""
        members = league.members(reader)
        ladder = tuple(sorted(members, key=lambda member: -member.mu))
        strategies = tuple((member.step, member.mu, *member.interval) for member in members if not member.baseline)
        return Found(ladder, league.table(league.meetings(reader)), strategies)

    def show(self, found: Found) -> None:
        """Show them."""
        if found == self._found:
            return
        self._found = found
        told = Text(" league", style="bold", no_wrap=True, overflow="ellipsis")
        told.append(
            f"  {len(found.ladder)} members, and the share of points each of them has won against another", "dim"
        )
        stalls = sum(each.stalls for (member, _), each in found.games.items() if member == MODEL)
        if stalls:
            told.append(f"; {stalls:,} of the model's rounds were given up", style="yellow")
        self.query_one("#league-title", Static).update(told)
        steps = [float(step) for step, *_ in found.strategies]
        ratings, low, high = ([row[place] for row in found.strategies] for place in (1, 2, 3))
        curves = (Curve("95 %", steps, high, GREY, base=low), Curve("rating", steps, ratings, BLUE, points=True))
        title = "strategies by the step in which they joined, as rated now"
        chart = ChartData(title, curves if found.strategies else (), empty="nobody has joined yet")
        self.query_one("#chart-league", Chart).set(chart)
        self._fill(found)

    def _fill(self, found: Found) -> None:
        table = self.query_one(DataTable)
        table.clear(columns=True)
        columns = found.ladder[:_MOST_COLUMNS]
        table.add_columns("#", "member", "rating", "95 %", "model", *(f"vs {member.id}" for member in columns))
        for member in found.ladder:
            low, high = member.interval
            model = found.games.get((MODEL, member.id))
            met = [found.games.get((member.id, other.id)) for other in columns]
            table.add_row(
                str(member.id),
                Text(one_line(member.name, 60)),
                f"{member.mu:,.0f}",
                f"{low:,.0f} to {high:,.0f}",
                f"{model.points:.0%}" if model else "",
                *("" if meeting is None else f"{meeting.points:.0%}" for meeting in met),
            )
