"""Which of the shipped fonts draws a character: a line of text in pieces of one font each.

Latin-1 is Rubik's own file. Its Latin Extended-A, Cyrillic and Hebrew are a second one, Noto Sans has Greek, phonetic
letters and what else there is of Latin and Cyrillic. All other scripts, signs and emoji come from Unifont, pixel by
pixel (``pixels``). A character that nobody has is written as its number, ``U+12000``.
"""

from __future__ import annotations

import json
import re
import unicodedata
from bisect import bisect_right
from functools import cache
from importlib.resources import files
from itertools import groupby

from grpo_arcade.games.fonts import pixels

RUBIK, RUBIK_MORE, NOTO, UNIFONT = "Rubik", "Rubik-more", "NotoSans", "Unifont"
CODE = "JetBrainsMono-Medium.ttf"
"""The file of the font whose letters are all equally wide, for programs; it has what Rubik's own file has."""
LATIN = frozenset(map(chr, (*range(0x20, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)))) | set("–—‘’“”•…€™−")
"""What Rubik's own file has."""
_RIGHT_TO_LEFT = re.compile("R(?:[Rn]*R)?")
_INVISIBLE = ("Cf", "Me", "Mn")
"""Categories of what has no width of its own."""


def pieces(text: str) -> list[tuple[str, str]]:
    """Fonts and what each of them writes, from left to right."""
    if LATIN.issuperset(text):
        return [(RUBIK, text)]
    shown = _from_left_to_right(_shown(unicodedata.normalize("NFC", text)))
    return [(font, "".join(run)) for font, run in groupby(shown, _font_of)]


def _shown(text: str) -> str:
    """What can be drawn in a line: white space is blank, and what nobody has is told by its number."""
    return "".join(
        " " if c.isspace() else c if _font_of(c) else "" if unicodedata.category(c) in _INVISIBLE else f"U+{ord(c):04X}"
        for c in text
    )


def _font_of(character: str) -> str:
    """The first font that has it; empty where none has."""
    if character in LATIN:
        return RUBIK
    code = ord(character)
    for font, (starts, ends) in _ranges().items():
        place = bisect_right(starts, code) - 1
        if place >= 0 and code <= ends[place]:
            return font
    return UNIFONT if pixels.has(code) else ""


@cache
def _ranges() -> dict[str, tuple[list[int], list[int]]]:
    told = json.loads(files(__package__).joinpath("letters.json").read_text("utf-8"))
    return {font: ([first for first, _ in ranges], [last for _, last in ranges]) for font, ranges in told.items()}


def _from_left_to_right(text: str) -> str:
    """``text`` as it stands in a line, whose words of scripts from right to left are turned around, and their order."""
    kinds = "".join(
        "R" if kind in ("R", "AL") else "n" if kind in ("WS", "ON", "NSM", "CS", "ES") else "L"
        for kind in map(unicodedata.bidirectional, text)
    )
    line, end = [], 0
    for run in _RIGHT_TO_LEFT.finditer(kinds):
        line += [text[end : run.start()], text[run.start() : run.end()][::-1]]
        end = run.end()
    return "".join(line) + text[end:]
