"""All about one strategy: its source, the difference from the champion, its reward with reasons, and its games."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.highlight import highlight
from textual.widgets import Static, TabbedContent, TabPane

from grpo_arcade.arcade.dashboard.draw.numbers import number, score
from grpo_arcade.arcade.dashboard.draw.page import Page
from grpo_arcade.arcade.dashboard.draw.shares import outcome_style
from grpo_arcade.arcade.dashboard.tabs.game_view import GameView
from grpo_arcade.arcade.dashboard.tabs.lineage import family_words, line_words
from grpo_arcade.foreign_text import clean, one_line
from grpo_arcade.games import Episode
from grpo_arcade.recordings.runs.earned import Earned, earned_by_outcome, elsewhere
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.lineage import Branch, Line, family, line_of
from grpo_arcade.recordings.runs.reader import RunReader

VIEWS = ("source", "diff", "reward", "lineage", "game")


@dataclass(frozen=True)
class Told:
    """A strategy with everything its views need."""

    row: dict[str, Any]
    episodes: tuple[Episode, ...]
    champion: str | None
    """The source of the run's champion."""
    best: str | None
    """The source of the best other strategy of its group."""
    text: Content
    """Its source in colours, with its error: made beside the screen's thread, because colouring takes time."""
    weights: Mapping[str, float]
    descriptions: Mapping[str, str]
    """What each reward function pays for, where the run says it."""
    paid: Mapping[str, Mapping[str, Earned]]
    """What each reward function gave the strategies of each outcome."""
    line: Line | None = None
    """Whom it comes from, where it was written from an earlier one."""
    family: tuple[Branch, ...] = ()
    """The tree around that line."""
    kind: RunKind = RunKind.TRAINING
    """Of its run."""


def tell(reader: RunReader, strategy_id: int) -> Told:
    """Read one strategy.

    Raises:
        RunFolderError: it is gone.
    """
    row = reader.strategy(strategy_id)
    champion = reader.champion()
    episodes = tuple(reader.episodes(strategy_id))
    source = None if champion is None else champion.source
    line = line_of(reader, strategy_id)
    return Told(
        row,
        episodes,
        source,
        reader.best_mate(strategy_id),
        _source(row),
        reader.reward_weights(),
        reader.facts().get("reward_descriptions") or {},
        earned_by_outcome(reader, list(row["rewards"] or ())),
        line,
        () if line is None else tuple(family(reader, line)),
        reader.kind,
    )


def highlighted(source: str) -> Content:
    """Python in colours, safe to show."""
    return highlight(clean(source), language="python")


class Detail(Vertical):
    """The right or lower half of the strategies tab."""

    def __init__(self, *, plain: bool) -> None:
        """``plain`` keeps to ASCII."""
        super().__init__(id="detail")
        self._plain = plain
        self.told: Told | None = None
        self.against = 0
        """Whom the difference is from: a place among :func:`_others`."""

    def compose(self) -> ComposeResult:
        """A line that names it, its views, and its games: beside them where there is room, else instead of them."""
        yield Static(id="detail-title")
        with Horizontal():
            with TabbedContent(id="views"):
                for name in VIEWS[:-1]:
                    with TabPane(name.capitalize(), id=f"view-{name}"):
                        yield Page(id=name)
            yield GameView(plain=self._plain)

    def on_mount(self) -> None:
        """Most runs have no lineage."""
        self.query_one("#views", TabbedContent).hide_tab("view-lineage")

    @property
    def views(self) -> tuple[str, ...]:
        """Those of :data:`VIEWS` that the strategy has."""
        has_line = self.told is not None and self.told.line is not None
        return tuple(name for name in VIEWS if has_line or name != "lineage")

    @property
    def view(self) -> str:
        """Which of :data:`VIEWS` is open."""
        if self.has_class("game-open"):
            return "game"
        return self.query_one("#views", TabbedContent).active.removeprefix("view-")

    def open_view(self, name: str) -> None:
        """Open a view."""
        self.set_class(name == "game", "game-open")
        self.screen.query_one("#strategies").set_class(name == "game", "game-open")
        if name != "game":
            self.query_one("#views", TabbedContent).active = f"view-{name}"

    def show(self, told: Told) -> None:
        """Show a strategy."""
        same = self.told is not None and self.told.row["id"] == told.row["id"]
        self.told = told
        title = _title(told.row, told.kind)
        if told.line is not None:
            title.append(f"  {line_words(told.line)}", style="dim")
        self.query_one("#detail-title", Static).update(title, layout=False)
        views = self.query_one("#views", TabbedContent)
        (views.hide_tab if told.line is None else views.show_tab)("view-lineage")
        self._show_open(from_start=not same)
        if not same:
            self.query_one(GameView).fill(told.episodes)

    def on_tabbed_content_tab_activated(self, event: TabbedContent.TabActivated) -> None:
        """Views are made when they are looked at: highlighting is the dear part."""
        event.stop()
        self._show_open()

    def _show_open(self, *, from_start: bool = True) -> None:
        if self.told is None:
            return
        row, view = self.told.row, self.query_one("#views", TabbedContent).active.removeprefix("view-")
        page = self.query_one(f"#{view}", Page)
        if view == "source":
            page.show(self.told.text, from_start=from_start)
        elif view == "diff":
            others = _others(self.told)
            named, other = others[self.against % len(others)]
            page.show(_difference(row["source"], other, named), from_start=from_start)
        elif view == "reward":
            page.show(_reward(self.told), from_start=from_start)
        elif view == "lineage" and self.told.line is not None:
            page.show(family_words(self.told.line, self.told.family, plain=self._plain), from_start=from_start)

    def switch_diff(self) -> None:
        """Compare with the next there is: the parent, the champion, the best of the group."""
        self.against += 1
        self._show_open()


def _others(told: Told) -> list[tuple[str, str | None]]:
    """What a strategy can be compared with, and its source: first what it was written from, where there is that."""
    parent = told.line.parent if told.line is not None else None
    first = [] if parent is None or told.line is None else [(f"its parent #{parent.id}", told.line.parent_source)]
    whole = "group" if told.kind is RunKind.TRAINING else told.kind.step
    return [*first, ("the champion", told.champion), (f"the best other one of its {whole}", told.best)]


def _title(row: dict[str, Any], of: RunKind) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f" #{row['id']}", style="bold")
    text.append("  ")
    text.append(str(row["outcome"]), style=outcome_style(row["outcome"]))
    text.append(f"  score {score(row['score'])}  reward {number(row['reward'])}")
    kind = "group" if row["purpose"] == "training" else row["purpose"]
    place = "" if of is RunKind.SEARCH and kind == "group" else f" {kind} {row['number']}"
    text.append(f"  {of.step} {row['step']}{place}  {row['tokens']} tokens", style="dim")
    return text


def _source(row: dict[str, Any]) -> Content:
    parts: list[Content | tuple[str, str]] = []
    if row["error"]:
        parts.append((clean(row["error"]).strip() + "\n\n", "bold $text-error"))
    text = clean(row["text"] or "")
    if row["source"] is None:
        parts += [("no strategy in this completion; its text:\n\n", "dim"), (text, "")]
    else:
        parts.append(highlighted(row["source"]))
        if row["text"] != row["source"]:
            parts += [("\n\nthe whole completion:\n", "dim"), (text, "dim")]
    return Content.assemble(*parts)


def _difference(own: str | None, other: str | None, named: str) -> RenderableType:
    if own is None or other is None:
        missing = "this completion has no strategy" if own is None else f"there is no {named.removeprefix('the ')} yet"
        return Text(f"nothing to compare: {missing}", style="dim")
    if own == other:
        return Text(f"the same source as {named}", style="dim")
    text = Text(f"- {named}   + this one\n", style="dim")
    before, after = clean(other).splitlines(), clean(own).splitlines()
    for line in difflib.ndiff(before, after) if len(before) + len(after) < 400 else difflib.unified_diff(before, after):
        if line.startswith("?"):
            continue
        style = "green" if line.startswith("+") else "red" if line.startswith("-") else ""
        text.append(line.rstrip("\n") + "\n", style=style)
    return text


def _reward(told: Told) -> RenderableType:
    row = told.row
    if row["rewards"] is None:
        why = "held-out: scored, never rewarded" if row["purpose"] != "training" else "it has not been judged yet"
        return Text(f"no reward: {why}", style="dim")
    table = Table("reward function", box=None, pad_edge=False, header_style="dim")
    for heading in ("value", "× weight", "= part"):
        table.add_column(heading, justify="right")
    table.add_column("why")
    reasons = row["reasons"] or {}
    for name, value in row["rewards"].items():
        weight = told.weights.get(name)
        part = None if value is None or weight is None else value * weight
        weighted = "–" if weight is None else f"{weight:g}"
        table.add_row(Text(clean(name)), number(value), weighted, number(part), Text(one_line(reasons.get(name, ""))))
    table.add_row("reward", "", "", number(row["reward"]), "their sum", style="bold")
    advantage = row["advantage"]
    push = "changes nothing: its group has no spread, or it is average"
    if advantage is not None and abs(advantage) >= 0.005:
        push = "makes it likelier" if advantage > 0 else "makes it less likely"
    table.add_row(
        "advantage",
        "",
        "",
        "–" if advantage is None else f"{advantage:+.2f}",
        "above or below its round" if told.kind is RunKind.SEARCH else f"GRPO {push}",
    )
    parts: list[RenderableType] = [table, Text("\nwhat else there was to earn, before weights", style="dim")]
    for name in row["rewards"]:
        parts.append(Text.assemble((one_line(name), "bold"), "  ", one_line(told.descriptions.get(name, ""))))
        if paid := elsewhere(told.paid.get(name, {})):
            parts.append(Text(f"  in this run: {clean(paid)}", style="dim"))
    if row["error"]:
        parts += [Text("\nerror", style="dim"), Text(clean(row["error"]), style="red")]
    return Group(*parts)
