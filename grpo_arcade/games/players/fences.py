"""The fenced blocks of a text: three or more backticks or tildes before the first line and after the last.

Any words may follow the opening fence. Only the lines matter here; what stands in a block is for others to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Every repetition keeps what it took (``++``, ``*+``) and a run of fence characters is entered at its start only, so
# that no text makes the search go over it twice.
_AFTER_WORDS = re.compile(r"((?<!`)`{3,}+|(?<!~)~{3,}+)[ \t]*+[^\s`~]*+[ \t]*+$")
_AT_START = re.compile(r"([ \t>]*+)(?:[-*+][ \t]++|\d{1,3}[.)][ \t]++)?(?:(`{3,}+)[^`]*+|(~{3,}+)[^~]*+)$")
_CLOSING = re.compile(r"^[ \t>]*+(`{3,}+|~{3,}+)[ \t]*+$")
_CODE = re.compile(
    r"(?:`{3,}+|~{3,}+)[ \t]*+(?:[Pp]y(?:thon)?3?[ \t]++)?"
    r"((?:def|class|import|from)[ \t]++\w.*|@\w.*|\w++[ \t]++=[ \t].*)"
)
"""A program that begins on the line of its fence, behind the language or instead of it."""
_MAX_WORDS_BEFORE = 200
_MAX_LINE = 300
_LINES = re.compile(r"[^\r\n]*+(?:\r\n|\r|\n)|[^\r\n]++")


def split_lines(text: str) -> list[str]:
    """The lines with their ends, as Python's own parser counts them."""
    return _LINES.findall(text)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block, as places in a list of lines."""

    first: int
    """Its first line."""
    last: int
    """One past its last line, as Markdown has it: where the closing fence stands, or the text ends."""
    fence: str
    """The opening fence."""
    indent: str
    """What stands before the opening fence, and is no part of the lines of the block."""
    head: str = ""
    """What of the program stands on the line of the opening fence, its line end included; mostly nothing."""

    def content(self, lines: Sequence[str]) -> str:
        """Its text. A fence on the last line of a block that is never closed is taken off."""
        text = self._text(lines[self.first : self.last])
        bare = text.rstrip()
        return bare.removesuffix(self.fence) if self.last == len(lines) and bare.endswith(self.fence) else text

    def other_ends(self, lines: Sequence[str]) -> Iterator[str]:
        """Its text if it ended elsewhere: at a fence with words after it, at the end of a line, or at a later fence.

        Programs have fences in their texts, and models close a fence in ways that Markdown does not know.
        """
        for place in range(self.first, len(lines)):
            bare = lines[place].strip(" \t>\r\n")
            if bare.startswith(self.fence) and place != self.last:
                yield self._text(lines[self.first : place])
            elif bare.endswith(self.fence) and len(bare) < _MAX_LINE:
                last = lines[place].rstrip()
                yield self._text([*lines[self.first : place], last.removesuffix(self.fence)])

    def _text(self, lines: Sequence[str]) -> str:
        indent, short = self.indent, self.indent.rstrip()
        # Taken from all lines or from none: a program is no less indented than its fence by mistake.
        if not indent or not all(line.startswith(indent) or line.strip() == short for line in lines):
            return self.head + "".join(lines)
        return self.head + "".join(
            line.removeprefix(indent) if line.startswith(indent) else line.removeprefix(short) for line in lines
        )


def blocks(lines: Sequence[str]) -> list[Block]:
    """The fenced blocks, in order; the last may lack its end."""
    found: list[Block] = []
    opened: tuple[int, str, str, str] | None = None
    for place, line in enumerate(lines):
        if "```" not in line and "~~~" not in line:
            continue
        bare = line.rstrip("\r\n")
        if opened is None:
            if len(bare) < _MAX_LINE and (fence := _opening(bare)):
                code = _CODE.match(line, len(line) - len(line.lstrip(" \t>")), len(bare))
                opened = place + 1, *fence, code[1] + line[len(bare) :] if code else ""
            continue
        closing = _CLOSING.match(bare)
        if closing and closing[1].startswith(opened[1]):
            found.append(Block(opened[0], place, *opened[1:]))
            opened = None
    if opened is not None:
        found.append(Block(opened[0], len(lines), *opened[1:]))
    return found


def _opening(line: str) -> tuple[str, str] | None:
    if match := _AT_START.match(line):
        return match[2] or match[3], match[1]
    match = _AFTER_WORDS.search(line)
    return (match[1], "") if match and match.start() <= _MAX_WORDS_BEFORE else None
