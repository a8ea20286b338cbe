"""Terminals that know only ASCII: every sign outside it is replaced, after the screen has been drawn."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_LOOKALIKES = {
    **dict.fromkeys("─━═╌┄╴╶╸╺▁▔⎯–—", "-"),
    **dict.fromkeys("│┃║▏▕▌▐▎▊┆┊", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝┏┓┗┛╷╵╻╹", "+"),
    **dict.fromkeys("█▓▇▆▅▄▃▂▀▰■▉▋▍", "#"),
    **dict.fromkeys("░▒▱□", "."),
    **dict.fromkeys("·•●○◉⏺∙", "*"),
    **dict.fromkeys("▶►▸→⏵❯", ">"),
    **dict.fromkeys("◀◄◂←", "<"),
    **{"▲": "^", "▴": "^", "↑": "^", "▼": "v", "▾": "v", "↓": "v", "×": "x", "…": "~", "✓": "+", "✗": "x", "⏸": "="},
    **{"⏹": "#", "⚠": "!", "⇧": "^", "‘": "'", "’": "'", "“": '"', "”": '"', "^": "^", "⌃": "^", "≤": "<", "≥": ">"},
}


def to_ascii(text: str) -> str:
    """As wide as ``text``, in ASCII; a sign without a lookalike becomes a question mark."""
    if text.isascii():
        return text
    return "".join(sign if sign.isascii() else _LOOKALIKES.get(sign) or "?" * cell_len(sign) for sign in text)


class AsciiOnly(LineFilter):
    """Put last in an app's filters."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments in ASCII."""
        return [Segment(to_ascii(text), style, control) for text, style, control in segments]
