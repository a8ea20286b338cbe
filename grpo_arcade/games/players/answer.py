"""What of a completion is its answer: thoughts, channels and the marks between turns are taken away.

Models mark their thoughts in many ways, and the marks arrive as text wherever nobody has read them before: Qwen,
DeepSeek, Phi and Granite write ``<think>``, Magistral ``[THINK]``, Gemma ``<|channel>thought``, Command
``<|START_THINKING|>``, gpt-oss the channels of its harmony format, others a fixed sentence. The rule for all:

- A thought ends with the mark that belongs to the one it began with. What stands before a mark that ends a thought
  nobody began was a thought too: then the prompt had begun it.
- A thought that never ends leaves no answer. A mark that begins one counts at the start or the end of a line only, so
  that an answer may speak of it.
- Of harmony text the last ``final`` channel is the answer, with its special tokens or without (``assistantfinal``).
- A mark that ends the turn ends the answer. What is put around an answer (``<answer>``, ``<tool_call>``, any other
  special token) divides it.
- Inside a fenced program that parses, all of these are words like others.

This knows nothing of games and never looks for a program's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from grpo_arcade.games.players.fences import blocks, split_lines

_NAMES = r"(?:\w{1,20}[:_])?think(?:ing)?|thoughts?|reasoning|reflection|analysis|scratch_?pad"
# Each alternative is (beginning, end); ``{name}`` of an end is what the beginning was called.
_THOUGHTS = (
    (rf"<(?P<name>{_NAMES})[ \t]*+>", rf"</(?P<name>{_NAMES})[ \t]*+>"),
    (r"\[THINK\]", r"\[/THINK\]"),
    (r"<\|think(?:ing)?\|>", r"<\|/think(?:ing)?\|>"),
    (r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),
    (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),
    (r"<start_working_out>", r"<end_working_out>|</start_working_out>"),
    (r"◁think▷", r"◁/think▷"),
    (r"<\|channel>thought\b", r"<channel\|>"),
    (r"<unused94>thought\b", r"<unused95>"),
    (r"^Here is my thought process:", r"^Here is my response:"),
    (r"^Here are my reasoning steps:", r"^\[BEGIN FINAL RESPONSE\]"),
)
_TURN = (
    r"(?:<\|(?:im_start|start_header_id|start_of_role)\|>|<start_of_turn>)(?:assistant|model)\b(?:<\|end_\w{1,20}\|>)?"
    r"|<\|(?:end|return|call|start|im_end|im_start|eot_id|eom_id|eot|eos|endoftext|end_of_text|end_of_turn|end_of_role"
    r"|start_of_role|start_header_id|end_header_id|begin_of_text|assistant|user|system|observation|END_RESPONSE"
    r"|END_OF_TURN_TOKEN|START_OF_TURN_TOKEN|CHATBOT_TOKEN|USER_TOKEN)\|>"
    r"|<｜[\w▁]{1,40}｜>|</?s>|<eos>|<bos>|<end_of_turn>|<start_of_turn>|<turn\|>|\[/?INST\]|\[END FINAL RESPONSE\]"
)
_AROUND = (
    r"</?(?:answer|response|output|solution|code|program|python|final(?:_answer)?|result|tool_call|function_call"
    r"|function(?:=\w{1,60})?|parameter(?:=\w{1,60})?)[ \t]*+>|<\|[\w/ ]{1,40}\|>"
    r"|\[TOOL_CALLS\]|\[/?(?:ANSWER|PYTHON)\]"
)
_MARK = re.compile(
    "|".join(
        [f"(?P<b{i}>{begins.replace('name', f'n{i}')})" for i, (begins, _) in enumerate(_THOUGHTS)]
        + [f"(?P<e{i}>{ends.replace('name', f'm{i}')})" for i, (_, ends) in enumerate(_THOUGHTS)]
        + [f"(?P<turn>{_TURN})", f"(?P<around>{_AROUND})"]
    ),
    re.M | re.I,
)
_MAY_BEGIN = re.compile(r"[<\[◁]|^Here ", re.M)
"""Where a mark can begin at all: looking for this alone first is ten times faster."""
_ALWAYS = frozenset(
    f"b{i}" for i, (begins, _) in enumerate(_THOUGHTS) if begins.startswith((r"<\|", "<unused", "◁", "^"))
)
"""Beginnings that are special tokens or have their place in the pattern; the others may be words of a sentence."""
_CHANNEL = re.compile(r"<\|channel\|>\s*+(\w++)(?:[^<]|<(?!\|(?:message|channel)\|>))*+<\|message\|>")
_HARMONY_END = re.compile(r"<\|(?:end|return|call|start|channel)\|>")
# Without its special tokens, a channel's name and its first word are one.
_PLAIN_HARMONY = re.compile(r"(?:analysis|commentary)(?:[^\s:.,;!?-]| to=)")
_PLAIN_FINAL = re.compile(r"final(?:```|~~~|def |import |from |class |@)")
_MAX_PROTECTED = 8


@dataclass(frozen=True, slots=True)
class Answer:
    """What a completion says after all thinking."""

    parts: tuple[str, ...]
    """Stretches of the text, in order; marks stood between them. Empty if there is no answer."""
    unfinished: bool
    """Whether the text ends inside a thought. What stood before that thought is kept."""


def answer_of(text: str, is_program: Callable[[str], bool]) -> Answer:
    """Find the answer in a completion; linear in its length.

    Args:
        text: all of it.
        is_program: whether the text of a fenced block parses; asked a few times at most.
    """
    final = _final_channel(text)
    if final is None:
        return Answer((), True)
    text = final
    parts: list[str] = []
    position, said = 0, False
    thinking: tuple[str, str] | None = None
    for mark in _marks(text, is_program):
        kind, name = mark.lastgroup or "", _name(mark)
        if thinking is not None:
            if (kind, name) == thinking:
                thinking, position = None, mark.end()
            continue
        if kind.startswith("b"):
            if kind in _ALWAYS or _borders_a_line(text, mark):
                parts.append(text[position : mark.start()])
                said = said or bool(parts[-1].strip())
                thinking = "e" + kind[1:], name
        elif kind.startswith("e"):
            # The prompt had begun this thought.
            parts, position, said = [], mark.end(), False
        else:
            parts.append(text[position : mark.start()])
            position, said = mark.end(), said or bool(parts[-1].strip())
            # Before the first word a mark only begins the turn.
            if kind == "turn" and said:
                return Answer(tuple(parts), False)
    if thinking is None:
        parts.append(text[position:])
    return Answer(tuple(parts), thinking is not None)


def begun_thought(prompt: str) -> str:
    """The mark with which the end of a prompt begins a thought, for putting it before the completion; or empty."""
    prompt = prompt[-100:]
    last = next(reversed(list(_all_marks(prompt))), None)
    if last is None or not (last.lastgroup or "").startswith("b") or prompt[last.end() :].strip():
        return ""
    return prompt[last.start() :]


def _final_channel(text: str) -> str | None:
    """The last ``final`` channel of harmony text, other text as it is; None if there is no such channel."""
    if "<|channel|>" in text:
        finals = [channel for channel in _CHANNEL.finditer(text) if channel[1] == "final"]
        return _HARMONY_END.split(text[finals[-1].end() :], maxsplit=1)[0] if finals else None
    start = text.lstrip()
    if start.startswith(("analysis", "commentary")):
        _, found, after = start.rpartition("assistantfinal")
        return after if found else None if _PLAIN_HARMONY.match(start) else text
    return start[5:] if _PLAIN_FINAL.match(start) else text


def _marks(text: str, is_program: Callable[[str], bool]) -> Iterator[re.Match[str]]:
    marks = list(_all_marks(text))
    if not marks:
        return
    spans = _protected(text, [mark.start() for mark in marks], is_program)
    for mark in marks:
        if not any(start <= mark.start() < end for start, end in spans):
            yield mark


def _all_marks(text: str) -> Iterator[re.Match[str]]:
    position = 0
    for place in _MAY_BEGIN.finditer(text):
        if place.start() >= position and (mark := _MARK.match(text, place.start())):
            position = mark.end()
            yield mark


def _protected(text: str, places: list[int], is_program: Callable[[str], bool]) -> list[tuple[int, int]]:
    """Where the fenced programs stand that have a mark among their words."""
    lines = split_lines(text)
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line))
    found: list[tuple[int, int]] = []
    asked = 0
    for block in reversed(blocks(lines)):
        start, end = offsets[block.first], offsets[block.last]
        while places and places[-1] >= end:
            places.pop()
        if asked == _MAX_PROTECTED or not places:
            break
        if places[-1] >= start:
            asked += 1
            if is_program(block.content(lines)):
                found.append((start, end))
    return found


def _name(mark: re.Match[str]) -> str:
    groups = mark.groupdict()
    return next((v.lower() for k, v in groups.items() if v is not None and k[0] in "nm"), "")


def _borders_a_line(text: str, mark: re.Match[str]) -> bool:
    before, after = text[max(0, mark.start() - 40) : mark.start()], text[mark.end() : mark.end() + 40]
    starts = not before.rpartition("\n")[2].strip() and ("\n" in before or mark.start() <= 40)
    return starts or not after.partition("\n")[0].strip()
