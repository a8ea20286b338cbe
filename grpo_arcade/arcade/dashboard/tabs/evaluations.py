"""Held-out evaluations: scores with their intervals over the run, what was reached, champions, and runs compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, Vertical
from textual.widgets import DataTable, Static

from grpo_arcade.arcade.dashboard.dialogs import LOADING, Prompt
from grpo_arcade.arcade.dashboard.draw.chart import BLUE, GREEN, GREY, ORANGE, PINK, YELLOW, Chart, ChartData, Curve
from grpo_arcade.arcade.dashboard.draw.numbers import score
from grpo_arcade.foreign_text import one_line
from grpo_arcade.recordings.runs.find import find_run
from grpo_arcade.recordings.runs.folder import RunFolderError
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.records import Champion, HeldOut
from grpo_arcade.recordings.runs.snapshot import Snapshot

_RUN_COLOURS = (BLUE, ORANGE, GREEN, PINK, YELLOW)
_DARK = (74, 84, 100)


@dataclass(frozen=True)
class Found:
    """What the tab shows."""

    rows: list[HeldOut]
    champions: list[Champion]
    """Newest first."""
    others: tuple[tuple[str, list[HeldOut]], ...]
    going: tuple[int, int] | None = None
    """Of one that is being made: strategies scored so far, and of how many."""
    trouble: str = ""


class Evaluations(Vertical):
    """The tab of evaluations."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "compare", "Compare…"),
        Binding("l", "log", "Log scale"),
        Binding("u", "alone", "This run alone", show=False),
        Binding("left", "pick(-1)", "Earlier one"),
        Binding("right", "pick(1)", "Later one"),
    ]

    def __init__(self, folder: Path, kind: RunKind, *, plain: bool) -> None:
        """Nothing compared yet."""
        super().__init__(id="evaluations")
        self._folder, self._kind = folder, kind
        self._plain = plain
        self._others: list[Path] = []
        self._picked: int | None = None
        self._log = False
        self._found: Found | None = None
        self.can_focus = True

    def compose(self) -> ComposeResult:
        """Two charts over two tables."""
        yield Static(LOADING, id="evaluations-title")
        with Grid(id="evaluation-charts"):
            yield Chart(plain=self._plain, id="chart-evaluations")
            yield Chart(plain=self._plain, id="chart-histogram")
        with Grid(id="evaluation-tables"):
            yield DataTable(id="evaluation-table", cursor_type="row")
            yield DataTable(id="champion-table", cursor_type="none")

    def on_mount(self) -> None:
        """The headings."""
        self.query_one("#evaluation-table", DataTable).add_columns(
            self._kind.step, "mean", "95 %", "won", "runs", "distinct"
        )
        champions = self.query_one("#champion-table", DataTable)
        champions.add_columns(f"champion of {self._kind.step}", "on its seeds", "before", "strategy")

    def read(self, reader: RunReader) -> Found:
        """Evaluations and champions of this run, and the compared runs' evaluations."""
        others, trouble = [], ""
        for folder in self._others:
            try:
                with RunReader(folder) as other:
                    others.append((folder.name, other.held_out()))
            except RunFolderError as error:
                trouble = str(error)
        run: Snapshot | None = self.app.snapshot  # type: ignore[attr-defined]
        going = run.evaluating if run is not None else None
        return Found(reader.held_out(), reader.champions()[::-1], tuple(others), going, trouble)

    def show(self, found: Found) -> None:
        """Show them."""
        before, self._found = self._found, found
        picked = self._place()
        row = found.rows[picked] if found.rows else None
        title = Text.assemble((" held-out evaluations", "bold"), no_wrap=True, overflow="ellipsis")
        if row is None:
            title.append("" if found.going else "  none yet", style="dim")
        else:
            trains = self._kind is RunKind.TRAINING
            who = f"{row.strategies} strategies" if trains else self._kind.held_out
            title.append(f"  after {self._kind.step} {row.step}: {who} on {row.seeds} seeds", style="dim")
            title.append(f", {row.won:.0%} won" + f", {row.compiled:.0%} run" * trains, style="dim")
        if found.going is not None:
            title.append(f"  evaluating: {found.going[0]} of {found.going[1]} strategies", style="bold green")
        title.append(f"  {found.trouble}" if found.trouble else "", style="red")
        self.query_one("#evaluations-title", Static).update(title)
        self.query_one("#chart-evaluations", Chart).set(_scores(found, self._folder.name, self._kind, log=self._log))
        histogram = row.histogram if row is not None else {}
        named = (
            f"what was reached after {self._kind.step} {row.step} (games)" if row is not None else "what was reached"
        )
        bars = tuple((one_line(name), float(count)) for name, count in _sorted(histogram))
        self.query_one("#chart-histogram", Chart).set(ChartData(named, bars=bars, empty="no evaluation yet"))
        if before is None or (before.rows, before.champions) != (found.rows, found.champions):
            self._fill(found)

    def _fill(self, found: Found) -> None:
        table = self.query_one("#evaluation-table", DataTable)
        table.clear()
        for row in reversed(found.rows):
            interval = f"{score(row.low)} to {score(row.high)}"
            shares = (f"{share:.0%}" for share in (row.won, row.compiled, row.distinct_share))
            table.add_row(str(row.step), score(row.mean), interval, *shares)
        table = self.query_one("#champion-table", DataTable)
        table.clear()
        for champion in found.champions:
            scores = score(champion.score), score(champion.previous)
            table.add_row(str(champion.step), *scores, f"#{champion.strategy_id}")

    def _place(self) -> int:
        rows = self._found.rows if self._found else []
        return len(rows) - 1 if self._picked is None else max(0, min(self._picked, len(rows) - 1))

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """A line of the evaluations picks its histogram."""
        if event.data_table.id == "evaluation-table" and self._found and event.data_table.has_focus:
            self._pick(len(self._found.rows) - 1 - event.cursor_row)

    def action_pick(self, way: int) -> None:
        """Another evaluation's histogram."""
        self._pick(self._place() + way)

    def _pick(self, place: int) -> None:
        if self._found is not None and self._found.rows:
            place = max(0, min(place, len(self._found.rows) - 1))
            self._picked = None if place == len(self._found.rows) - 1 else place
            self.show(self._found)

    def action_log(self) -> None:
        """Scores on a logarithmic axis, or on an even one again."""
        self._log = not self._log
        if self._found is not None:
            self.show(self._found)

    def action_compare(self) -> None:
        """Ask for another run."""
        question = f"Compare with which run? A folder, or a name in {self._folder.parent}"
        self.app.push_screen(Prompt(question, "outputs/2048-pocket-…"), self._compare)

    def _compare(self, answer: str | None) -> None:
        if not answer:
            return
        try:
            folder = find_run(answer, self._folder.parent)
            RunReader(folder).close()
        except RunFolderError as error:
            self.notify(str(error), severity="warning", timeout=8)
            return
        if folder.resolve() != self._folder.resolve() and folder not in self._others:
            self._others = [*self._others, folder][-(len(_RUN_COLOURS) - 1) :]
        self._again()

    def action_alone(self) -> None:
        """No comparison."""
        self._others = []
        self._again()

    def _again(self) -> None:
        self.run_worker(self.app.refresh_tab(), group="evaluations", exclusive=True)  # type: ignore[attr-defined]


def _scores(found: Found, name: str, kind: RunKind, *, log: bool) -> ChartData:
    runs = [(name, found.rows), *found.others]
    names = Counter(run for run, _ in runs)
    # Two of one name are told apart by their numbers in the comparison.
    runs = [(f"{run} ({at})" if names[run] > 1 else run, rows) for at, (run, rows) in enumerate(runs, 1)]
    curves = []
    for place, (run, rows) in enumerate(runs):
        xs = [row.step for row in rows]
        if place == 0 or len(runs) == 2:
            colour = _DARK if place == 0 else (110, 84, 50)
            curves.append(Curve("95 %" if place == 0 else "", xs, [row.low for row in rows], colour))
            curves.append(Curve("", xs, [row.high for row in rows], colour))
        dash = place, len(runs)
        curves.append(Curve(one_line(run), xs, [row.mean for row in rows], _RUN_COLOURS[place], points=True, dash=dash))
    baselines = found.rows[-1].baselines if found.rows else {}
    levels = tuple((one_line(which), mean, GREY) for which, mean in baselines.items())
    title = "held-out score"
    return ChartData(title, tuple(curves), levels, unit=kind.step, log=log, empty="no evaluation yet")


def _sorted(histogram: Mapping[str, float]) -> list[tuple[str, float]]:
    """Numbers by size, words as they come."""
    numeric = all(name.lstrip("-").isdigit() for name in histogram)
    return sorted(histogram.items(), key=lambda item: int(item[0])) if numeric else list(histogram.items())
