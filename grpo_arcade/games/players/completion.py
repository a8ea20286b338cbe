"""From what a model wrote to the program in it.

The rule, in order:

1. Reasoning is dropped: everything up to the last ``</think>``, an unclosed ``<think>``, and, in harmony text, every
   channel but the last ``final`` one. An answer that never came is ``no_code``.
2. Of the fenced blocks (three or more backticks or tildes, any language tag or none, the last one may lack its end) the
   last that parses and binds the entry function is taken; failing that the last that mentions its definition; failing
   that, the last one at all says what is wrong.
3. Without a fence the whole text is taken if it parses and binds the entry function, or else the part from its first
   line that begins a program.

The program is kept byte for byte: carriage returns, trailing blanks and all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from grpo_arcade.games.game import Outcome
from grpo_arcade.games.players.policy import MAX_SOURCE_CHARACTERS, Refusal, check_source, defines, parse

MAX_COMPLETION_CHARACTERS = 4_000_000
_MAX_BLOCKS_PARSED = 16
_MAX_CHARACTERS_PARSED = 2 * MAX_SOURCE_CHARACTERS

# Every repetition keeps what it took (``++``, ``*+``) and a run of fence characters is entered at its start only, so
# that no text makes the search go over it twice.
_FENCE = re.compile(r"((?<!`)`{3,}+|(?<!~)~{3,}+)[ \t]*+[^\s`~]*+[ \t]*+$")
_MAX_BEFORE_FENCE = 200
_CLOSING = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*$")
_CHANNEL = re.compile(r"<\|channel\|>\s*+(\w++)[^<]*+<\|message\|>")
_HARMONY_END = re.compile(r"<\|(?:end|return|call|start)\|>")
_OPEN_THOUGHT = re.compile(r"^<think>", re.M)
_PROGRAM_START = re.compile(r"(?:def|class|import|from|@)\b|@")


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
    answer = _answer(completion[:MAX_COMPLETION_CHARACTERS])
    blocks = _blocks(answer)
    source = _best(blocks, entry) if blocks else _without_fence(answer, entry)
    if source is None:
        return Extraction(None, Outcome.NO_CODE, f"the answer holds no program that defines {entry}")
    refusal: Refusal | None = check_source(source, entry)
    if refusal is None:
        return Extraction(source)
    return Extraction(source, refusal.outcome, refusal.reason)


def _answer(text: str) -> str:
    channels = list(_CHANNEL.finditer(text))
    if channels:
        finals = [match for match in channels if match[1] == "final"]
        if not finals:
            return ""
        return _HARMONY_END.split(text[finals[-1].end() :], maxsplit=1)[0]
    if text.startswith("analysis") and "assistantfinal" in text:
        # Harmony decoded without its special tokens.
        return text.rpartition("assistantfinal")[2]
    _, closed, after = text.rpartition("</think>")
    text = after if closed else text
    return _OPEN_THOUGHT.split(text, maxsplit=1)[0]


def _blocks(text: str) -> list[str]:
    """The contents of the fenced blocks, in order."""
    blocks: list[str] = []
    current: list[str] | None = None
    fence, indent = "", ""
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\r\n")
        if current is None:
            match = _FENCE.search(bare) if len(bare) < 300 and ("```" in bare or "~~~" in bare) else None
            if match and match.start() <= _MAX_BEFORE_FENCE:
                before = bare[: match.start()]
                fence, indent, current = match[1], before if before.isspace() else "", []
            continue
        match = _CLOSING.match(bare)
        if match and match[1].startswith(fence):
            blocks.append("".join(current))
            current = None
            continue
        current.append(line.removeprefix(indent))
    if current is not None:
        # Some models close the fence on the last line of the code.
        last = "".join(current)
        closed = last.rstrip()
        blocks.append(closed.removesuffix(fence) if closed.endswith(fence) else last)
    return blocks


def _best(blocks: list[str], entry: str) -> str | None:
    characters = 0
    for block in blocks[: -_MAX_BLOCKS_PARSED - 1 : -1]:
        characters += len(block)
        if characters > _MAX_CHARACTERS_PARSED:
            break
        if entry in block:
            tree = parse(block)
            if not isinstance(tree, Refusal) and defines(tree, entry):
                return block
    definition = re.compile(rf"\bdef\s+{re.escape(entry)}\b")
    for block in reversed(blocks):
        if definition.search(block):
            return block
    return None


def _without_fence(text: str, entry: str) -> str | None:
    if entry not in text:
        return None
    tree = parse(text)
    if not isinstance(tree, Refusal) and defines(tree, entry):
        return text
    position, start = 0, -1
    definition = re.compile(rf"def\s+{re.escape(entry)}\b")
    for line in text.splitlines(keepends=True):
        if start < 0 and _PROGRAM_START.match(line):
            start = position
        if definition.match(line):
            return text[start:]
        position += len(line)
    return None
