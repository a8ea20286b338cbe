"""The groups of a step: the completions side by side, what each earned, and which way GRPO pushes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import HorizontalScroll, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from grpo_arcade.arcade.dashboard.dialogs import Prompt
from grpo_arcade.arcade.dashboard.draw.numbers import number
from grpo_arcade.arcade.dashboard.tabs.strategy_detail import highlighted
from grpo_arcade.foreign_text import clean
from grpo_arcade.recordings.runs.reader import RunReader

_BAR = 12
"""Cells of the bar of the largest advantage."""


_COLUMN = 46
"""Cells of a column, as in the style sheet."""


@dataclass(frozen=True)
class Group:
    """One group, ready to be shown."""

    step: int
    number: int
    groups: int
    title: str
    columns: tuple[Content, ...]
    key: tuple[Any, ...]
    """Tells whether anything in it is new."""


class Groups(Vertical):
    """The tab of groups."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Earlier step"),
        Binding("right", "step(1)", "Later step"),
        Binding("g", "group", "Next group"),
        Binding("z", "go_to", "Step…"),
        Binding("end", "newest", "Newest"),
        Binding("comma", "slide(-1)", "Columns to the left", show=False),
        Binding("full_stop", "slide(1)", "Columns to the right", show=False),
    ]

    def __init__(self) -> None:
        """The newest step, as it comes."""
        super().__init__(id="groups")
        self._step: int | None = None
        self._number = 0
        self._shown: Group | None = None

    def compose(self) -> ComposeResult:
        """What the group plays, and a column a completion."""
        yield Static(id="groups-title")
        yield HorizontalScroll(id="columns", can_focus=False)

    def on_mount(self) -> None:
        """The keys belong to the whole."""
        self.can_focus = True

    def read(self, reader: RunReader) -> Group | None:
        """The group that is looked at; None while there is none."""
        step = self._step
        if step is None:
            # A group without rewards is still being played.
            step = reader.judged_step()
            if step is None:
                return None
        groups = reader.groups(step)
        if not groups:
            return Group(step, 0, 0, f"step {step} has no groups", (), (step,))
        number_ = min(self._number, len(groups) - 1)
        mates = [row for row in reader.strategies(step) if row["number"] == groups[number_]["number"]]
        key = (step, number_, tuple((row["id"], row["reward"]) for row in mates))
        if self._shown is not None and self._shown.key == key:
            return self._shown
        return _told(step, number_, groups, mates, key)

    def show(self, found: Group | None) -> None:
        """Show it."""
        title = self.query_one("#groups-title", Static)
        if found is None:
            title.update(Text(" no group is complete yet"))
            return
        self._number = found.number
        if found is self._shown:
            return
        self._shown = found
        title.update(Text(f" {found.title}", no_wrap=True, overflow="ellipsis"))
        columns = self.query_one("#columns")
        have = list(columns.query("VerticalScroll > Static").results(Static))
        for static, content in zip(have, found.columns, strict=False):
            static.update(content)
        for static in have[len(found.columns) :]:
            if static.parent is not None:
                static.parent.remove()  # type: ignore[attr-defined]
        columns.mount_all(VerticalScroll(Static(content), can_focus=False) for content in found.columns[len(have) :])

    def _again(self) -> None:
        self.run_worker(self.app.refresh_tab(), group="groups", exclusive=True)  # type: ignore[attr-defined]

    def action_step(self, way: int) -> None:
        """Another step."""
        if self._shown is not None:
            self._step = max(1, self._shown.step + way)
            self._again()

    def action_group(self) -> None:
        """The next group of the step."""
        if self._shown is not None and self._shown.groups:
            self._number = (self._shown.number + 1) % self._shown.groups
            self._again()

    def action_slide(self, way: int) -> None:
        """The columns beside."""
        columns = self.query_one("#columns")
        columns.scroll_relative(x=way * _COLUMN, animate=False)

    def action_newest(self) -> None:
        """The newest complete step, also when newer ones come."""
        self._step = None
        self._again()

    def action_go_to(self) -> None:
        """Ask for a step."""
        self.app.push_screen(Prompt("Which step?", "100"), self._go_to)

    def _go_to(self, answer: str | None) -> None:
        if answer and answer.isdigit() and int(answer) > 0:
            self._step = int(answer)
            self._again()
        elif answer:
            self.notify(f"{answer!r} is no step", severity="warning")


def _told(step: int, number_: int, groups: list[Any], mates: list[dict[str, Any]], key: tuple[Any, ...]) -> Group:
    group = groups[number_]
    seeds = group["seeds"]
    options = ", ".join(f"{clean(str(name))} {value}" for name, value in group["options"].items())
    advantages = [row["advantage"] or 0.0 for row in mates]
    up, down = sum(a > 0.005 for a in advantages), sum(a < -0.005 for a in advantages)
    pushed = f"GRPO makes {up} likelier, {down} less likely, leaves {len(mates) - up - down}"
    played = f"{len(seeds)} seeds {seeds[0]}…" if seeds else "no seeds"
    title = (
        f"step {step}, group {number_ + 1} of {len(groups)}: {len(mates)} completions; {pushed}; {options}; {played}"
    )
    most = max((abs(advantage) for advantage in advantages), default=0.0) or 1.0
    mates = sorted(mates, key=lambda row: -(row["advantage"] or 0.0))
    twins: dict[Any, int] = {}
    for row in mates:
        twins[row["source_id"]] = twins.get(row["source_id"], 0) + 1
    columns = tuple(_column(row, most, twins[row["source_id"]]) for row in mates)
    return Group(step, number_, len(groups), title, columns, key)


def _column(row: dict[str, Any], most: float, twins: int) -> Content:
    advantage = row["advantage"] or 0.0
    cells = round(abs(advantage) / most * _BAR)
    way = "▲" if advantage > 0.005 else "▼" if advantage < -0.005 else "●"
    tone = "$text-success" if advantage > 0.005 else "$text-error" if advantage < -0.005 else "dim"
    parts: list[Any] = [
        (f"{way} {advantage:+.2f} ", f"bold {tone}"), ("█" * cells + "\n", tone),
        (f"#{row['id']} ", "bold"), f"{row['outcome']}, score {number(row['score'])}\n",
        (f"reward {number(row['reward'])}", ""),
        (f", {row['tokens']} tokens" + (f", {twins} alike" if twins > 1 and row["source_id"] else "") + "\n\n", "dim"),
    ]  # fmt: skip
    parts.append(highlighted(row["source"]) if row["source"] else ("no strategy in this completion", "dim"))
    return Content.assemble(*parts)
