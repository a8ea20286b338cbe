"""From what a model wrote to the program in it.

The rule, in order:

1. A completion that is a program is taken as it is.
2. Of anything else the answer is read (``answer.py``): thoughts, harmony's other channels and whatever follows the end
   of the turn are no part of it. A thought that never ended is ``no_code``.
3. Of the fenced blocks (``fences.py``) the last that parses and binds the entry function is taken; failing that, the
   last that does if it ends at another fence, or where its last lines are prose.
4. Without one, the last definition of the entry function outside the fences is taken, from the first line before it to
   the last line after it that belong to the program; prose around it and a fence that opens nothing do not matter.
5. Failing that, a JSON string (a tool call's argument) that holds a program is read.
6. If none of these parses, the last text that defines the entry function is taken, and says what is wrong.

The program is kept byte for byte: carriage returns, trailing blanks and all. Only what the way here may have added is
taken off, where a program does not parse with it: an indent of all its lines, no-break spaces, marks of no width, the
escapes of HTML, and those of JSON where all lines became one. A method, an ``async def`` and a nested function are no
entry function.
"""

from __future__ import annotations

import ast
import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from grpo_arcade.games.game import Outcome
from grpo_arcade.games.players.answer import answer_of
from grpo_arcade.games.players.fences import Block, blocks, split_lines
from grpo_arcade.games.players.policy import MAX_SOURCE_CHARACTERS, Refusal, check_source, defines, parse

MAX_COMPLETION_CHARACTERS = 4_000_000
_MAX_PARSED = 24
_MAX_CHARACTERS_PARSED = 2 * MAX_SOURCE_CHARACTERS
_MAX_TRIES = 6

_ASSIGNMENT = r"[^\W\d]\w*+[ \t]*+(?::[^=\n]*+)?=(?!=)"
_PROGRAM_START = re.compile(rf"(?:async|def|class|import|from)\b|@|try[ \t]*+:|if\b[^\r\n]*+(?<=:)|{_ASSIGNMENT}")
_CODE_AFTER = re.compile(rf"(?:async[ \t]++)?def[ \t]++\w|class[ \t]++\w++[ \t]*+[(:]|@\w|{_ASSIGNMENT}")
_FROM_THE_WAY = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u2007": " ", "\u200b": None, "\u2060": None, "\ufeff": None}
)
_HTML = re.compile(r"&(?:lt|gt|amp|quot|#39|#x27);")
_JSON_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*+(?:"|\\?(?=\n|\Z))')


@dataclass(frozen=True, slots=True)
class Extraction:
    """What was found in a completion."""

    source: str | None
    """The program byte for byte, also if it is refused; None if there is none."""
    refusal: Outcome | None = None
    """None if the program may be played, else ``NO_CODE``, ``SYNTAX_ERROR`` or ``FORBIDDEN``."""
    reason: str = ""
    """One line for people and models; empty if nothing is refused."""


def extract_source(completion: str, entry: str = "strategy") -> Extraction:
    """Find the program in ``completion`` and check it. Never raises for any ``str``; linear in its length."""
    text = completion[:MAX_COMPLETION_CHARACTERS].removeprefix("\ufeff")
    reader = _Reader(entry)
    source = reader.read(text, words_after=True) if _begins_a_program(text) else None
    if source is None:
        answer = answer_of(text, reader.parses)
        source = reader.find(answer.parts)
        if source is None:
            return Extraction(None, Outcome.NO_CODE, _why_none(answer.parts, answer.unfinished, entry))
    refusal: Refusal | None = check_source(source, entry)
    if refusal is None:
        return Extraction(source)
    none = refusal.outcome is Outcome.NO_CODE
    return Extraction(source, refusal.outcome, _why_none([source], False, entry) if none else refusal.reason)


def _begins_a_program(text: str) -> bool:
    start = text[:MAX_SOURCE_CHARACTERS].lstrip()
    return bool(_PROGRAM_START.match(start)) or start.startswith(("#", '"', "'"))


def _why_none(parts: Sequence[str], unfinished: bool, entry: str) -> str:
    if unfinished:
        return "the thought never ended, so that there is no answer; more tokens may be what it needs"
    name = re.escape(entry)
    for part in parts:
        if re.search(rf"\basync[ \t]++def[ \t]++{name}\b", part):
            return f"{entry} is an async function, which cannot be called; write it with def alone"
        if re.search(rf"^[ \t]++def[ \t]++{name}\b", part, re.M):
            return f"{entry} is defined inside a class or a function; define it at the top of the program"
    return f"the answer holds no program that defines {entry}"


class _Reader:
    """Looks for one program; parses no more than so much, whatever the text is."""

    def __init__(self, entry: str) -> None:
        self._entry = entry
        self._definition = re.compile(rf"def[ \t]++{re.escape(entry)}\b|{re.escape(entry)}[ \t]*+(?::[^=\n]*+)?=(?!=)")
        self._defined = re.compile(rf"\bdef\s+{re.escape(entry)}\b")
        self._parsed = 0
        self._characters = 0

    def find(self, parts: Sequence[str]) -> str | None:
        """The program in an answer, or what was meant to be one; None if there is nothing of the kind."""
        parts = [part for part in parts if self._entry in part]
        texts = [split_lines(part) for part in parts]
        fenced = [(lines, block) for lines in texts for block in blocks(lines)]
        asks = (
            (self.read(block.content(lines)) for lines, block in reversed(fenced)),
            (self._otherwise(lines, block) for lines, block in reversed(fenced)),
            (self._in_prose(stretch) for lines in reversed(texts) for stretch in reversed(_outside(lines))),
            (self._in_json(part) for part in reversed(parts)),
            (self._faulty(block.content(lines)) for lines, block in reversed(fenced)),
            (self._faulty_from(lines) for lines in reversed(texts)),
        )
        return next((source for ask in asks for source in ask if source is not None), None)

    def parses(self, source: str) -> bool:
        """Whether it is Python."""
        return not isinstance(self._parse(source), Refusal)

    def read(self, source: str, *, words_after: bool = False) -> str | None:
        """The program, if it is one that binds the entry function; ``words_after`` it may be prose that parses."""
        if self._entry not in source:
            return None
        tree = self._parse(source)
        if isinstance(tree, Refusal) and tree.outcome is Outcome.SYNTAX_ERROR:
            mended = _without_what_the_way_added(source)
            if mended == source:
                return None
            source, tree = mended, self._parse(mended)
        if isinstance(tree, Refusal) or not defines(tree, self._entry):
            return None
        return _without_words_after(tree, source) if words_after else source

    def _parse(self, source: str) -> ast.Module | Refusal:
        self._parsed += 1
        self._characters += len(source)
        if self._parsed > _MAX_PARSED or self._characters > _MAX_CHARACTERS_PARSED:
            return Refusal(Outcome.NO_CODE, "too much to read")
        return parse(source)

    def _otherwise(self, lines: Sequence[str], block: Block) -> str | None:
        content = block.content(lines)
        if self._entry not in content:
            return None
        ends = (text for text, _ in zip(block.other_ends(lines), range(_MAX_TRIES), strict=False))
        sources = (source for text in ends if (source := self.read(text)) is not None)
        return next(sources, None) or self._in_prose(split_lines(content))

    def _in_prose(self, lines: Sequence[str]) -> str | None:
        """The last program among lines of prose."""
        places = [place for place, line in enumerate(lines) if self._definition.match(line)]
        if not places:
            return self._indented(lines)
        starts = [place for place, line in enumerate(lines) if _PROGRAM_START.match(line)]
        for definition in reversed(places[-_MAX_TRIES:]):
            source = self._around(lines, definition, [place for place in starts if place <= definition])
            if source is not None:
                return source
        return None

    def _around(self, lines: Sequence[str], definition: int, starts: Sequence[int]) -> str | None:
        """The program around a definition: what does not parse before it or after it is left out."""
        start, end = starts[0], len(lines)
        for _ in range(_MAX_TRIES):
            source = "".join(lines[start:end])
            tree = self._parse(source)
            if not isinstance(tree, Refusal):
                return _without_words_after(tree, source) if defines(tree, self._entry) else None
            if not tree.line:
                return self.read(source) if tree.outcome is Outcome.SYNTAX_ERROR else None
            wrong = min(start + tree.line - 1, end - 1)
            while wrong > start and (not lines[wrong].strip() or lines[wrong][0] in " \t"):
                wrong -= 1
            if wrong < definition:
                start = next(place for place in (*starts, definition) if place > wrong)
            elif wrong > definition and not _CODE_AFTER.match(lines[wrong]):
                end = wrong
            else:
                return self.read(source)
        return None

    def _indented(self, lines: Sequence[str]) -> str | None:
        """A program that stands in the text as Markdown's indented code."""
        for place in range(len(lines) - 1, -1, -1):
            bare = lines[place].lstrip(" \t")
            indent = lines[place][: len(lines[place]) - len(bare)]
            if not indent or not self._definition.match(bare):
                continue
            first = last = place
            while first > 0 and (lines[first - 1].startswith(indent) or not lines[first - 1].strip()):
                first -= 1
            while last + 1 < len(lines) and (lines[last + 1].startswith(indent) or not lines[last + 1].strip()):
                last += 1
            if first and _CODE_AFTER.match(lines[first - 1]):
                return None
            return self._in_prose([line.removeprefix(indent) for line in lines[first : last + 1]])
        return None

    def _in_json(self, text: str) -> str | None:
        for found in _JSON_STRING.finditer(text):
            if "\\n" in found[0] and self._defined.search(found[0].replace("\\n", "\n")):
                try:
                    source = self.read(json.loads(found[0], strict=False))
                except ValueError:
                    continue
                if source is not None:
                    return source
        return None

    def _faulty(self, text: str) -> str | None:
        return text if self._defined.search(text) else None

    def _faulty_from(self, lines: Sequence[str]) -> str | None:
        start = None
        for place, line in enumerate(lines):
            if start is None and _PROGRAM_START.match(line):
                start = place
            if self._definition.match(line):
                return "".join(lines[start:])
        return None


def _outside(lines: list[str]) -> list[list[str]]:
    """The stretches of lines between all lines with fences, opening or closing."""
    stretches: list[list[str]] = [[]]
    for line in lines:
        if line.lstrip(" \t>").startswith(("```", "~~~")):
            stretches.append([])
        else:
            stretches[-1].append(line)
    return stretches


def _without_what_the_way_added(source: str) -> str:
    source = source.translate(_FROM_THE_WAY)
    if "\n" not in source.strip():
        source = source.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')
    if _HTML.search(source):
        source = html.unescape(source)
    lines = split_lines(source)
    first = next((line for line in lines if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip(" \t"))]
    return "".join(line.removeprefix(indent) for line in lines) if indent else source


def _without_words_after(tree: ast.Module, source: str) -> str:
    """Without words at the end that happen to parse: one alone, or some with a colon."""
    end = None
    for statement in reversed(tree.body):
        name = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Name)
        if not name and not (isinstance(statement, ast.AnnAssign) and statement.value is None):
            break
        end = statement.lineno - 1
    return source if end is None else "".join(split_lines(source)[:end])
