"""Text from a file, a model, a server or a library, made safe to show: nothing that a terminal would obey.

A name may hold an escape sequence that erases the line it stands in and writes another, marks that turn text around,
or a thousand lines. Whatever shows text that this program did not write passes it through here: :func:`one_line` where
a line is meant, :func:`clean` where a block is. Imports nothing of the rooms, so that every room may use it.
"""

from __future__ import annotations

import re

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)|[ -/]+[0-~]|[@-Z\\-_])"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_CONTROLS = re.compile(
    # Everything a terminal would obey instead of showing; line ends that only some take for one
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029"
    # marks that turn text around, are of no width, or say which language or sign is meant
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff"
    r"\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    # and halves of characters, which no stream can write: bytes of a file's name that are no UTF-8.
    r"\ud800-\udfff]"
)
_MARK = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILES = re.compile(f"({_MARK}{{3}}){_MARK}+")
"""Marks above one another, until they cover the lines around."""
_SHOWN = "\N{REPLACEMENT CHARACTER}"
LONGEST = 2_000
"""Characters of a line that are shown."""


def clean(text: str) -> str:
    """``text`` without what a terminal would obey; lines are kept, and long ones cut."""
    text = clean_source(text).expandtabs(4)
    if len(text) <= LONGEST:
        return text
    return "\n".join(line if len(line) <= LONGEST else line[:LONGEST] + "…" for line in text.split("\n"))


def clean_source(text: str) -> str:
    """As :func:`clean`, but with its tabs and as long as it is: a program that somebody may send to a file."""
    return _PILES.sub(r"\1", _CONTROLS.sub(_SHOWN, _ESCAPES.sub("", text.replace("\r\n", "\n"))))


def clean_piece(piece: str) -> str:
    """A piece of a text that comes bit by bit. Of an escape sequence everything but its sign is left to be seen."""
    return _CONTROLS.sub(_SHOWN, piece.replace("\r", ""))


def one_line(text: object, longest: int = LONGEST) -> str:
    """``text`` (or what it is as text) on one line without what a terminal would obey, at most so many characters."""
    line = " ".join(clean(str(text)[: 4 * longest]).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def log_line(line: str) -> str:
    """A line of a log as it looked when it was printed: what a carriage return overwrote is gone."""
    kept = [part for part in line.rstrip("\r\n").split("\r") if part]
    return clean(kept[-1] if kept else "")
