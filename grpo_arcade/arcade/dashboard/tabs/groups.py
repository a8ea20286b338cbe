"""The groups of a step: the completions side by side, what each earned, and which way GRPO pushes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import HorizontalScroll, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from grpo_arcade.arcade.dashboard.dialogs import LOADING
from grpo_arcade.arcade.dashboard.draw.lines import Lines
from grpo_arcade.arcade.dashboard.draw.numbers import number, score
from grpo_arcade.arcade.dashboard.tabs.step_tab import StepTab
from grpo_arcade.arcade.dashboard.tabs.strategy_detail import highlighted
from grpo_arcade.foreign_text import one_line
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.reader import RunReader

_BAR = 12
"""Cells of the bar of the largest advantage."""

_TINY = 0.005
"""A smaller advantage changes nothing that one could see."""
_WORTH = 3
"""Lines that all programs share, from which on they are folded."""
_BLOCKS = "▁▂▃▄▅▆▇█"
_COLUMN = 46
"""Cells of a column, as in the style sheet."""


@dataclass(frozen=True)
class Group:
    """One group, ready to be shown."""

    step: int
    number: int
    groups: int
    title: str
    advantages: Text
    """All of them in one line, the largest first."""
    columns: tuple[Content, ...]
    key: tuple[Any, ...]
    """Tells whether anything in it is new."""


class Groups(StepTab):
    """The tab of groups."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Earlier"),
        Binding("right", "step(1)", "Later"),
        Binding("g", "group", "Next group"),
        Binding("f", "fold", "Fold"),
        Binding("z", "go_to", "Go to…"),
        Binding("end", "newest", "Newest"),
        Binding("comma", "slide(-1)", "Columns to the left", show=False),
        Binding("full_stop", "slide(1)", "Columns to the right", show=False),
    ]

    def __init__(self, kind: RunKind) -> None:
        """The newest step, as it comes."""
        super().__init__(id="groups")
        self.kind = kind
        self._number = 0
        self._shown: Group | None = None
        self._fold = True
        """Whether lines that all programs begin with are left out."""

    @property
    def shown_step(self) -> int:
        """The step on the screen; 0 where there is none."""
        return self._shown.step if self._shown is not None else 0

    def compose(self) -> ComposeResult:
        """What the group plays, every advantage at a glance, and a column a program."""
        yield Static(LOADING, id="groups-title")
        yield Lines(id="groups-advantages")
        yield HorizontalScroll(id="columns", can_focus=False)

    def on_mount(self) -> None:
        """The keys belong to the whole."""
        self.can_focus = True

    def read(self, reader: RunReader) -> Group | None:
        """The group that is looked at; None while there is none."""
        step = self.asked_step
        if step is None:
            # A group without rewards is still being played.
            step = reader.judged_step()
            if step is None:
                return None
        groups = reader.groups(step)
        if not groups:
            return Group(step, 0, 0, f"{self.kind.step} {step} has no {self.whole}s", Text(), (), (step,))
        number_ = min(self._number, len(groups) - 1)
        mates = [row for row in reader.strategies(step) if row["number"] == groups[number_]["number"]]
        key = (step, number_, self._fold, tuple((row["id"], row["reward"]) for row in mates))
        if self._shown is not None and self._shown.key == key:
            return self._shown
        return _told(self.kind, step, number_, groups, mates, key, fold=self._fold)

    def show(self, found: Group | None) -> None:
        """Show it."""
        title = self.query_one("#groups-title", Static)
        if found is None:
            title.update(Text(f" no {self.whole} is complete yet"))
            return
        self._number = found.number
        if found is self._shown:
            return
        self._shown = found
        title.update(Text(f" {found.title}", no_wrap=True, overflow="ellipsis"))
        self.query_one("#groups-advantages", Lines).write([found.advantages])
        columns = self.query_one("#columns")
        have = list(columns.query("VerticalScroll > Static").results(Static))
        for static, content in zip(have, found.columns, strict=False):
            static.update(content)
        for static in have[len(found.columns) :]:
            if static.parent is not None:
                static.parent.remove()  # type: ignore[attr-defined]
        columns.mount_all(VerticalScroll(Static(content), can_focus=False) for content in found.columns[len(have) :])

    def action_group(self) -> None:
        """The next group of the step."""
        if self._shown is not None and self._shown.groups:
            self._number = (self._shown.number + 1) % self._shown.groups
            self.again()

    def action_fold(self) -> None:
        """Leave out, or show again, what all programs of a group begin with."""
        self._fold = not self._fold
        self.again()

    def action_slide(self, way: int) -> None:
        """The columns beside."""
        columns = self.query_one("#columns")
        columns.scroll_relative(x=way * _COLUMN, animate=False)


def _told(
    kind: RunKind,
    step: int,
    number_: int,
    groups: list[Any],
    mates: list[dict[str, Any]],
    key: tuple[Any, ...],
    *,
    fold: bool,
) -> Group:
    group = groups[number_]
    seeds = group["seeds"]
    options = ", ".join(f"{one_line(str(name))} {value}" for name, value in group["options"].items())
    advantages = sorted((row["advantage"] or 0.0 for row in mates), reverse=True)
    up, down = sum(a > _TINY for a in advantages), sum(a < -_TINY for a in advantages)
    if kind is RunKind.TRAINING:
        which, what = f", group {number_ + 1} of {len(groups)}", "completions"
        pushed = f"GRPO makes {up} likelier, {down} less likely, leaves {len(mates) - up - down}"
    else:
        which, what = "", "candidates"
        pushed = f"{up} earned more than the mean, {down} less"
    played = f"{len(seeds)} seeds {seeds[0]}…" if seeds else "no seeds"
    alike = programs(mates)
    different = f", {len(alike)} different programs" if len(alike) < len(mates) else ""
    title = f"{kind.step} {step}{which}: {len(mates)} {what}{different}; {pushed}; {options}; {played}"
    most = max(map(abs, advantages), default=0.0) or 1.0
    shared = shared_lines([rows[0]["source"] for rows in alike]) if fold else 0
    columns = tuple(_column(rows, most, shared) for rows in alike)
    return Group(step, number_, len(groups), title, strip_of(advantages), columns, key)


def programs(mates: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The completions of a group, those with the same program together; the largest advantage first."""
    found: dict[Any, list[dict[str, Any]]] = {}
    for row in sorted(mates, key=lambda row: -(row["advantage"] or 0.0)):
        found.setdefault(row["source_id"] or ("none", row["id"]), []).append(row)
    return list(found.values())


def shared_lines(sources: Sequence[str | None]) -> int:
    """With how many lines all programs begin alike; 0 where that is hardly worth a line of its own."""
    split = [source.splitlines() for source in sources if source]
    if len(split) < 2:
        return 0
    first, last = min(split), max(split)  # all others lie between them
    count = next((at for at, lines in enumerate(zip(first, last, strict=False)) if lines[0] != lines[1]), None)
    count = min(len(first), len(last)) if count is None else count
    # The last line stays, so that nobody's program is empty.
    count = min(count, min(map(len, split)) - 1)
    return count if count >= _WORTH else 0


def strip_of(advantages: Sequence[float]) -> Text:
    """Every advantage as a block as high as it is large, upward ones in green, between the largest and the smallest."""
    if not advantages:
        return Text()
    most = max(map(abs, advantages)) or 1.0
    text = Text(f" advantages {advantages[0]:+.2f} ", style="dim")
    for advantage in advantages:
        block = _BLOCKS[round(abs(advantage) / most * (len(_BLOCKS) - 1))] if abs(advantage) > _TINY else "·"
        text.append(f"{block} ", style="green" if advantage > _TINY else "red" if advantage < -_TINY else "dim")
    return text.append(f"{advantages[-1]:+.2f}")


def _column(alike: list[dict[str, Any]], most: float, shared: int) -> Content:
    row = alike[0]
    advantage = row["advantage"] or 0.0
    cells = round(abs(advantage) / most * _BAR)
    way = "▲" if advantage > _TINY else "▼" if advantage < -_TINY else "●"
    tone = "$text-success" if advantage > _TINY else "$text-error" if advantage < -_TINY else "dim"
    parts: list[Any] = [
        (f"{way} {advantage:+.2f} ", f"bold {tone}"), ("█" * cells + "\n", tone),
        (f"#{row['id']} ", "bold"), f"{row['outcome']}, score {score(row['score'])}\n",
        (f"reward {number(row['reward'])}", ""), (f", {row['tokens']} tokens\n", "dim"),
    ]  # fmt: skip
    if len(alike) > 1:
        others = ", ".join(f"#{other['id']}" for other in alike[1:])
        parts.append((f"{len(alike)} alike: also {others}\n", "bold"))
    parts.append("\n")
    if not row["source"]:
        parts.append(("no strategy in this completion", "dim"))
    elif shared:
        parts += [(f"… {shared} lines that all begin with (f unfolds)\n", "dim"), _rest(row["source"], shared)]
    else:
        parts.append(highlighted(row["source"]))
    return Content.assemble(*parts)


def _rest(source: str, shared: int) -> Content:
    """A program from some line on, in the colours it has as a whole."""
    return Content("\n").join(highlighted(source).split("\n")[shared:])
