"""A strategy's source on a surface: highlighted, wrapped, scrolled, and with what is new in it marked.

Spans come from Pygments; letters are all equally wide, as programs are written. Colours are the theme's, so a source
looks like the rest of the window.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from importlib.resources import as_file, files

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.foreign_text import clean_source
from grpo_arcade.games import fonts
from grpo_arcade.games.fonts.letters import CODE, LATIN

MOST_CHARACTERS = 60_000
"""What is shown of a longer text; a model gone astray writes megabytes."""
_CAP_HEIGHT = 0.73
"""Of the font of programs, in ems."""
_TAB = 4


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one line in one colour."""

    text: str
    kind: str
    """The name of a colour of the theme."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One row on the screen: spans with their x in pixels, and the line number where a line begins."""

    spans: tuple[tuple[int, Span], ...]
    line: int
    first: bool


def highlighted(source: str) -> list[list[Span]]:
    """The lines of a Python source, or of any text, as coloured spans. Never raises."""
    from pygments.lexers.python import PythonLexer

    lines: list[list[Span]] = [[]]
    for token, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(source[:MOST_CHARACTERS]):
        kind = _kind(str(token))
        for number, part in enumerate(text.split("\n")):
            if number:
                lines.append([])
            if part:
                lines[-1].append(Span(part.expandtabs(_TAB), kind))
    return lines


def _kind(token: str) -> str:
    for start, colour in (
        ("Token.Comment", "faint"),
        ("Token.Literal.String", "good"),
        ("Token.Literal.Number", "fair"),
        ("Token.Name.Function", "accent"),
        ("Token.Name.Class", "accent"),
        ("Token.Name.Builtin", "soft"),
        ("Token.Operator.Word", "rival"),
        ("Token.Keyword", "rival"),
        ("Token.Operator", "soft"),
        ("Token.Punctuation", "soft"),
    ):
        if token.startswith(start):
            return colour
    return "ink"


def new_lines(source: str, base: str) -> frozenset[int]:
    """Numbers, from 0, of the lines of ``source`` that ``base`` does not have at that place; blanks never count."""
    ours, theirs = ([line.rstrip() for line in text.split("\n")] for text in (source, base))
    matcher = difflib.SequenceMatcher(None, theirs, ours, autojunk=False)
    return frozenset(
        number
        for tag, _, _, start, end in matcher.get_opcodes()
        if tag in ("insert", "replace")
        for number in range(start, end)
        if ours[number]
    )


class CodeView:
    """A text in a rectangle. Set :attr:`rect` in the scene's ``resized``; draw when something changed."""

    def __init__(self) -> None:
        self.rect = pygame.Rect(0, 0, 0, 0)
        self.new: frozenset[int] = frozenset()
        """Lines that are marked."""
        self.follows = False
        """Whether the end is kept in sight, as for a text that is being written."""
        self._text = ""
        self._lines: list[list[Span]] | None = None
        self._rows: list[_Row] = []
        self._laid_out: tuple[int, int] | None = None
        self._first = 0
        self._font: tuple[int, pygame.font.Font] | None = None

    @property
    def text(self) -> str:
        """What is shown."""
        return self._text

    def show(self, text: str, base: str | None = None, *, follows: bool = False) -> None:
        """Show another text, with what is new against ``base`` marked if there is one."""
        text = clean_source(text)
        if text != self._text:
            self._text, self._lines, self._laid_out = text, None, None
            if not follows:
                self._first = 0
        self.follows = follows
        shown = text[:MOST_CHARACTERS]
        self.new = new_lines(shown, base) if base is not None and base != text else frozenset()

    def scroll(self, rows: int) -> bool:
        """Move by rows; True if that changed anything."""
        before = self._first
        self.follows = False
        self._first = max(0, min(before + rows, len(self._rows) - 1))
        return self._first != before

    def draw(self, surface: pygame.Surface, look: Theme) -> None:
        """Paint the rectangle."""
        paint.panel(surface, self.rect, look.sunken, look.px(theme.RADIUS))
        pad = look.px(theme.TIGHT)
        inside = self.rect.inflate(-2 * pad, -2 * pad)
        if inside.width < 8 or inside.height < 8:
            return
        height = look.px(theme.BODY if self.rect.width > look.px(300) else theme.CAPTION)
        step = round(height * 1.75)
        digits = len(str(self._text.count("\n") + 1))
        gutter = paint.text_width("0" * digits, look.px(theme.CAPTION)) + 2 * pad
        self._lay_out(inside.width - gutter, height)
        shown = max(1, inside.height // step)
        last = max(0, len(self._rows) - shown)
        self._first = last if self.follows else min(self._first, last)
        clip = surface.get_clip()
        surface.set_clip(inside.clip(clip))
        font = self._sized(height)
        for place, row in enumerate(self._rows[self._first : self._first + shown]):
            top = inside.top + place * step
            if row.line in self.new:
                surface.fill(look.marked, (inside.left, top, inside.width, step))
                surface.fill(look.gold, (inside.left, top, max(2, pad // 3), step))
            if row.first:
                at = inside.left + gutter - pad, top + step // 2
                colour = look.soft if row.line in self.new else look.faint
                paint.text(surface, str(row.line + 1), at, look.px(theme.CAPTION), colour, anchor="right")
            for x, span in row.spans:
                at, colour = (inside.left + gutter + x, top), getattr(look, span.kind)
                if LATIN.issuperset(span.text):
                    glyphs = font.render(span.text, True, _rgb(colour))
                    surface.blit(glyphs, (at[0], top + (step - glyphs.get_height()) // 2))
                    continue
                # Of other letters paint knows the fonts; they stand on the same baseline.
                middle = top + (step - font.get_height()) // 2 + font.get_ascent() - height // 2
                lead = len(span.text) - len(span.text.lstrip())
                paint.text(surface, span.text.strip(), (at[0] + font.size(" " * lead)[0], middle), height, colour)
        surface.set_clip(clip)
        if last:
            self._draw_bar(surface, look, inside, shown)

    def _draw_bar(self, surface: pygame.Surface, look: Theme, inside: pygame.Rect, shown: int) -> None:
        width = look.px(3)
        length = max(look.px(theme.GAP), inside.height * shown // len(self._rows))
        top = inside.top + (inside.height - length) * self._first // max(1, len(self._rows) - shown)
        paint.panel(surface, pygame.Rect(self.rect.right - 2 * width, top, width, length), look.line, width // 2)

    def _sized(self, height: int) -> pygame.font.Font:
        if self._font is None or self._font[0] != height:
            pygame.font.init()
            with as_file(files(fonts) / CODE) as path:
                self._font = height, pygame.font.Font(path, round(height / _CAP_HEIGHT))
        return self._font[1]

    def _lay_out(self, width: int, height: int) -> None:
        if self._laid_out == (width, height):
            return
        if self._lines is None:
            self._lines = highlighted(self._text)
        self._laid_out = width, height
        font = self._sized(height)
        column = font.size(" ")[0]
        self._rows = []
        for number, line in enumerate(self._lines):
            text = "".join(span.text for span in line)
            indent = (len(text) - len(text.lstrip(" "))) * column
            indent = min(indent, width // 2)
            row: list[tuple[int, Span]] = []
            x, first = indent, True
            for span in _without_indent(line):
                for part in _cut(span, width - indent - 2 * column, font, height):
                    wide = _width(part.text, font, height)
                    if x + wide > width and row:
                        row, glued = _split(row)
                        self._rows.append(_Row(tuple(row), number, first))
                        x, row, first = indent + 2 * column, [], False
                        for piece in glued:
                            row.append((x, piece))
                            x += _width(piece.text, font, height)
                        if not part.text.strip() and not row:
                            continue
                    row.append((x, part))
                    x += wide
            self._rows.append(_Row(tuple(row), number, first))


def _split(row: list[tuple[int, Span]]) -> tuple[list[tuple[int, Span]], list[Span]]:
    """What stays of a full row, and what goes to the next with the word it belongs to, such as an opening quote."""
    for at in range(len(row) - 1, 0, -1):
        if row[at - 1][1].text.endswith(" "):
            return row[:at], [span for _, span in row[at:]]
    return row, []


def _without_indent(line: list[Span]) -> list[Span]:
    spans, begun = [], False
    for span in line:
        text = span.text if begun else span.text.lstrip(" ")
        if text:
            begun = True
            spans.append(Span("".join(c if c.isprintable() else "·" for c in text), span.kind))
    return spans


def _width(text: str, font: pygame.font.Font, height: int) -> int:
    """Pixels that a span takes, with the blanks at its ends."""
    if LATIN.issuperset(text):
        return font.size(text)[0]
    inner = text.strip()
    return font.size(" " * (len(text) - len(inner)))[0] + paint.text_width(inner, height) + max(1, height // 8)


def _cut(span: Span, room: int, font: pygame.font.Font, height: int) -> list[Span]:
    """A span in pieces that each fit; only comments, strings and nonsense are ever that long."""
    if _width(span.text, font, height) <= room or len(span.text) < 2:
        return [span]
    parts, line = [], ""
    for word in _words(span.text):
        if line and _width(line + word, font, height) > room:
            parts.append(Span(line, span.kind))
            line = word
        else:
            line += word
    return [*parts, Span(line, span.kind)]


def _words(text: str) -> list[str]:
    words = []
    for word in text.split(" "):
        words += [word[at : at + 24] for at in range(0, len(word), 24)] or [""]
        words[-1] += " "
    words[-1] = words[-1][:-1]
    return words


def _rgb(colour: int) -> tuple[int, int, int]:
    return colour >> 16 & 255, colour >> 8 & 255, colour & 255
