"""Terminals that know only ASCII: every sign outside it is replaced, after the screen has been drawn."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from grpo_arcade.arcade.streams import to_ascii


class AsciiOnly(LineFilter):
    """Put last in an app's filters."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments in ASCII."""
        return [Segment(to_ascii(text), style, control) for text, style, control in segments]
