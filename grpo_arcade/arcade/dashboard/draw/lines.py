"""A few lines of text of which only those are painted anew that have changed.

A ``Static`` turns all of its text into segments at every update, and has all of it painted: too dear for what stands
beside a training and changes with every step of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Lines(Widget):
    """Shows a text a line; each is cut off, or left short, at the widget's width."""

    def __init__(self, *, id: str | None = None) -> None:
        """Empty."""
        super().__init__(id=id)
        self.lines: list[Text] = []
        self._strips: dict[int, Strip] = {}
        self._base: Style | None = None

    @property
    def allow_select(self) -> bool:
        """Nothing here is copied with the mouse."""
        return False

    def write(self, lines: Sequence[Text]) -> None:
        """Show other lines."""
        before, self.lines = self.lines, list(lines)
        most = max(len(before), len(self.lines))
        changed = [y for y in range(most) if before[y : y + 1] != self.lines[y : y + 1]]
        for y in changed:
            self._strips.pop(y, None)
        if changed:
            width = self.size.width
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def notify_style_update(self) -> None:
        """Colours have changed."""
        super().notify_style_update()
        self._strips.clear()
        self._base = None

    def on_resize(self) -> None:
        """What was cut off may have room now."""
        self._strips.clear()

    def render_lines(self, crop: Region) -> list[Strip]:
        """What is seen, from what is kept: there is no border and no padding to be put around it."""
        strips = [self._strips.get(y) or self.render_line(y) for y in crop.line_range]
        left, right = crop.column_span
        return strips if right - left == self.size.width else [strip.crop(left, right) for strip in strips]

    def render_line(self, y: int) -> Strip:
        """One line, in the widget's colours where it says none."""
        width = self.size.width
        base = self._base = self._base or self.rich_style
        line = self.lines[y] if y < len(self.lines) else Text()
        if line.cell_len > width:
            line = line.copy()
            line.truncate(width, overflow="ellipsis")
        console = self.app.console
        style = base + console.get_style(line.style)
        strip = Strip(Segment.apply_style(line.render(console), style)).adjust_cell_length(width, base)
        for change in self.get_line_filters():
            strip = strip.apply_filter(change, self.background_colors[1])
        self._strips[y] = strip
        return strip
