"""Text of any length that scrolls, and is exchanged without laying the whole screen out anew."""

from __future__ import annotations

from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.visual import Visual, VisualType, visualize
from textual.widget import Widget


class Page(ScrollView):
    """Shows one text at a time.

    A ``Static`` inside a ``VerticalScroll`` looks the same, but every update of it measures every widget of the screen
    and paints them all: too dear where the text changes with every move of a cursor.
    """

    DEFAULT_CSS = "Page { height: 1fr; overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }"

    def __init__(self, *, id: str) -> None:
        """Empty."""
        super().__init__(id=id)
        self._visual: Visual = visualize(self, "", markup=False)
        self._lines: list[Strip] = []
        self._blank = Strip.blank(0)

    def show(self, text: VisualType, *, from_start: bool = True) -> None:
        """Show another text, from its start or where one was reading."""
        self._visual = visualize(self, text, markup=False)
        if self.text_selection is not None:
            self.screen.clear_selection()  # it was of another text
        self._lay_out()
        if from_start:
            self.scroll_home(animate=False, force=True)

    def on_resize(self, event: Resize) -> None:
        """Wrap for the new width."""
        self._lay_out()

    def notify_style_update(self) -> None:
        """Colours have changed."""
        super().notify_style_update()
        self._lay_out()

    @property
    def allow_select(self) -> bool:
        """Text can be selected with the mouse, tables cannot."""
        return isinstance(self._visual, Content)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected part of the text, as it was before it was wrapped."""
        return (selection.extract(self._visual.plain), "\n") if isinstance(self._visual, Content) else None

    def selection_updated(self, selection: Selection | None) -> None:
        """Mark it."""
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if not width:
            return
        # Padded here: asking for the style of every line that is painted takes longer than painting it.
        self._lines = Visual.to_strips(self, self._visual, width, None, self.visual_style, pad=True)
        self._blank = Strip.blank(width, self.rich_style)
        size = Size(width, len(self._lines))
        self.set_reactive(Widget.virtual_size, size)
        self._scroll_update(size)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of what is seen."""
        place = y + self.scroll_offset.y
        return self._lines[place] if place < len(self._lines) else self._blank
