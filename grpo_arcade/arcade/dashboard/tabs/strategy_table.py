"""A table of any number of strategies: it knows their ids, and fetches the rows that are on the screen."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from grpo_arcade.arcade.dashboard.draw.numbers import number, score
from grpo_arcade.arcade.dashboard.draw.shares import outcome_style
from grpo_arcade.recordings.runs.kind import RunKind

PAGE = 64
"""Rows fetched at once."""
_PAGES_KEPT = 64
FIELDS = (
    ("step", 6), ("grp", 5), ("outcome", 13), ("score", 8), ("reward", 8), ("advant.", 8), ("tokens", 7),
    ("copies", 7), ("cpu s", 6),
)  # fmt: skip
"""Headings and widths; :data:`KEYS` are what they are sorted by, the first one by the run's own word."""
KEYS = ("step", "group", "outcome", "score", "reward", "advantage", "tokens", "copies", "cpu")

Rows = Callable[[Sequence[int]], dict[int, dict[str, Any]]]


class StrategyTable(ScrollView, can_focus=True):
    """Lines of strategies, one of which is chosen."""

    DEFAULT_CSS = "StrategyTable { height: 1fr; overflow-x: auto; overflow-y: scroll; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--heading", "table--chosen"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "to(0)", "First", show=False),
        Binding("end", "to(-1)", "Last", show=False),
    ]
    cursor: reactive[int] = reactive(0)

    class Chosen(Message):
        """Another strategy is chosen."""

        def __init__(self, strategy_id: int) -> None:
            """Its id."""
            super().__init__()
            self.strategy_id = strategy_id

    class SortBy(Message):
        """A heading was clicked."""

        def __init__(self, key: str) -> None:
            """The heading's key."""
            super().__init__()
            self.key = key

    def __init__(self, rows: Rows, kind: RunKind) -> None:
        """``rows`` fetches rows by their ids."""
        super().__init__()
        self._rows, self._kind = rows, kind
        # Looking a style up takes as long as drawing a line.
        self._styles: dict[str, Style] = {}
        self._ids: array[int] = array("q")
        self._pages: dict[int, dict[int, dict[str, Any]]] = {}
        self._sorted = ("id", True)
        self._filled = False

    @property
    def chosen(self) -> int | None:
        """The chosen strategy's id."""
        return self._ids[self.cursor] if self.cursor < len(self._ids) else None

    def __len__(self) -> int:
        return len(self._ids)

    def fill(self, ids: array[int], key: str, descending: bool, *, anew: bool = False) -> None:
        """List these ids; the chosen strategy stays chosen where it is still listed near by.

        ``anew``: in another order, or others; then one wants to see what is first.
        """
        self._filled = True
        before = None if anew else self.chosen
        at_top = self.cursor == 0
        self._ids, self._pages, self._sorted = ids, {}, (key, descending)
        self.virtual_size = Size(sum(width for _, width in FIELDS), len(ids) + 1)
        place = 0
        # At the top one wants to see what is new; elsewhere, what one was looking at.
        if before is not None and not (at_top and key == "id"):
            try:
                place = ids.index(before)
            except ValueError:
                place = min(self.cursor, max(0, len(ids) - 1))
        self.set_reactive(StrategyTable.cursor, place)
        self.refresh()
        self._reveal()
        if self.chosen is not None and self.chosen != before:
            self.post_message(self.Chosen(self.chosen))

    def watch_cursor(self, before: int) -> None:
        """Show it, and say so."""
        self._reveal()
        # Two lines; when the view moves, the rest follows by itself. A line stands one below its place: the heading.
        self.refresh_line(before + 1)
        self.refresh_line(self.cursor + 1)
        if self.chosen is not None:
            self.post_message(self.Chosen(self.chosen))

    def on_resize(self) -> None:
        """The chosen one stays in sight."""
        self._reveal()

    def _reveal(self) -> None:
        # The heading covers the first line of what is seen.
        self.scroll_to_region(Region(0, self.cursor, 1, 2), animate=False, force=True, x_axis=False)

    def action_move(self, lines: int) -> None:
        """Up or down."""
        self._go(self.cursor + lines)

    def action_page(self, pages: int) -> None:
        """A screenful up or down."""
        self._go(self.cursor + pages * max(1, self.size.height - 2))

    def action_to(self, place: int) -> None:
        """The first, or with -1 the last."""
        self._go(place if place >= 0 else len(self._ids) - 1)

    def _go(self, place: int) -> None:
        self.cursor = max(0, min(len(self._ids) - 1, place))

    def on_click(self, event: events.Click) -> None:
        """Choose a line, or sort by a heading."""
        at = event.get_content_offset(self)
        if at is None:
            return
        if at.y == 0:
            right = 0
            for key, (_, width) in zip(KEYS, FIELDS, strict=True):
                right += width
                if at.x + self.scroll_offset.x < right:
                    self.post_message(self.SortBy(self._kind.step if key == "step" else key))
                    return
        elif (place := self.scroll_offset.y + at.y - 1) < len(self._ids):
            self._go(place)

    def render_line(self, y: int) -> Strip:
        """One line of what is seen; the first is the heading."""
        left, top = self.scroll_offset
        width = self.size.width
        if y == 0:
            return self._heading().crop(left, left + width).extend_cell_length(width, self._style("table--heading"))
        place = top + y - 1
        if place >= len(self._ids):
            if place == 0 and not self._ids:
                words = " no strategies (yet)" if self._filled else " loading…"
                nothing = Strip([Segment(words, self._style())])
                return nothing.extend_cell_length(width, self._style())
            return Strip.blank(width, self._style())
        style = self._style("table--chosen") if place == self.cursor else self._style()
        return self._line(self._row(place), style).crop(left, left + width).extend_cell_length(width, style)

    def _style(self, component: str = "") -> Style:
        if component not in self._styles:
            self._styles[component] = self.get_component_rich_style(component) if component else self.rich_style
        return self._styles[component]

    def notify_style_update(self) -> None:
        """Colours have changed: the theme's, or because the table gained the keys."""
        self._styles.clear()
        super().notify_style_update()

    def _heading(self) -> Strip:
        style = self._style("table--heading")
        by, descending = self._sorted
        segments = []
        for key, (name, width) in zip(KEYS, FIELDS, strict=True):
            if key == "step":
                name = key = self._kind.step
            label = name + ("▼" if descending else "▲") if key == by else name
            text = f" {label:<{width - 1}}" if key == "outcome" else f"{label:>{width}}"
            segments.append(Segment(text[-width:] if key != "outcome" else text[:width], style))
        return Strip(segments)

    def _row(self, place: int) -> dict[str, Any] | None:
        page = place // PAGE
        if page not in self._pages:
            if len(self._pages) >= _PAGES_KEPT:
                self._pages.pop(next(iter(self._pages)))
            self._pages[page] = self._rows(self._ids[page * PAGE : (page + 1) * PAGE])
        return self._pages[page].get(self._ids[place])

    def _line(self, row: dict[str, Any] | None, style: Style) -> Strip:
        if row is None:
            return Strip([Segment(f" (gone: the run was resumed from an earlier {self._kind.step})", style)])
        copies = f"{row['copies']}+" if row["copies"] >= 1000 else str(row["copies"])
        advantage = row["advantage"]
        leaning = Style(color=None if not advantage else "green" if advantage > 0 else "red")
        values = (
            str(row["step"]), "eval" if row["purpose"] != "training" else str(row["number"]), row["outcome"],
            score(row["score"]), number(row["reward"]), "–" if advantage is None else f"{advantage:+.2f}",
            str(row["tokens"]) + ("!" if row["truncated"] else ""), copies, f"{row['cpu_s']:.2f}",
        )  # fmt: skip
        segments = []
        for key, value, (_, width) in zip(KEYS, values, FIELDS, strict=True):
            if key == "outcome":
                colour = Style.parse(outcome_style(str(value)))
                segments.append(Segment(f" {value:<{width - 1}}"[:width], style + colour))
            else:
                segments.append(Segment(f"{value:>{width}}", style + leaning if key == "advantage" else style))
        return Strip(segments)
