"""Text from a model or a library, made safe to show: no escape sequences, no control characters, no endless lines."""

from __future__ import annotations

import re

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")
# Everything a terminal would obey instead of showing, and the marks that turn text around.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
LONGEST = 2_000
"""Characters of a line that are shown."""


def clean(text: str) -> str:
    """``text`` without what a terminal would obey; lines are kept, and long ones cut."""
    text = _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", _ESCAPES.sub("", text.replace("\r\n", "\n"))).expandtabs(4)
    return "\n".join(line if len(line) <= LONGEST else line[:LONGEST] + "…" for line in text.split("\n"))


def log_line(line: str) -> str:
    """A line of a log as it looked when it was printed: what a carriage return overwrote is gone."""
    kept = [part for part in line.rstrip("\r\n").split("\r") if part]
    return clean(kept[-1] if kept else "")
