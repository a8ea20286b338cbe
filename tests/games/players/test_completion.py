"""Completion to source: what models really write is understood, and no text can make it raise or take long."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grpo_arcade.games import Outcome
from grpo_arcade.games.players import Extraction, extract_source

GOOD = 'import random\n\ndef helper(x):\n    return x\n\ndef strategy(board):\n    return random.choice("WASD")\n'
OTHER = 'def strategy(board):\n    return "W"\n'


def taken(completion):
    found = extract_source(completion)
    assert found.refusal is None, found.reason
    return found.source


@pytest.mark.parametrize(
    "completion",
    [
        f"```python\n{GOOD}```",
        f"Sure! Here it is:\n\n```python\n{GOOD}```\n\nIt plays at random. ```strategy``` is its name.",
        f"```\n{GOOD}```",
        f"```py\n{GOOD}```",
        f"```Python3\n{GOOD}```",
        f"~~~python\n{GOOD}~~~",
        f"````python\n{GOOD}````",
        f"```python\n{GOOD}",
        f"Text\n```python\n{GOOD}```   ",
        f"<think>maybe\n```python\n{OTHER}```\n</think>\n```python\n{GOOD}```",
        f"still thinking, the tag was in the template\n```python\n{OTHER}```\n</think>\n```python\n{GOOD}```",
        f"<|channel|>analysis<|message|>```python\n{OTHER}```<|end|><|start|>assistant<|channel|>final<|message|>```python\n{GOOD}```<|return|>",
        f"analysisI could write\n```python\n{OTHER}```\nassistantfinal```python\n{GOOD}```",
        f"```python\n{OTHER}```\nBetter:\n```python\n{GOOD}```",
        f"```python\n{GOOD}```\nUse it so:\n```python\nprint(strategy([[2]]))\n```",
        f"```python\n{GOOD}```\n\n```bash\npip install strategy\n```\n",
        f"```python\n{GOOD}```\nor broken:\n```python\ndef strategy(board)\n    return\n```",
        f"Code: ```python\n{GOOD}```",
        GOOD,
    ],
)
def test_the_program_is_found_and_kept_byte_for_byte(completion):
    assert taken(completion) == GOOD


def test_a_fence_may_close_on_the_last_line_of_the_code():
    assert taken(f"```python\n{OTHER.rstrip()}```\n") == OTHER.rstrip()


def test_carriage_returns_are_kept():
    dos = GOOD.replace("\n", "\r\n")
    assert taken("Here:\r\n```python\r\n" + dos + "```\r\n") == dos


def test_a_program_in_a_list_loses_the_lists_indent_only():
    indented = "".join("   " + line for line in OTHER.splitlines(keepends=True))
    assert taken(f"1. Like this:\n\n   ```python\n{indented}   ```\n") == OTHER


def test_plain_code_after_prose_starts_at_its_first_line():
    assert taken("I suggest the following.\n\n" + GOOD) == GOOD


def test_strings_with_fences_and_tags_inside_do_not_matter():
    source = 'def strategy(board):\n    """Uses ``` and <think> in text."""\n    s = "~~~ </b>"\n    return "W"\n'
    assert taken(f"```python\n{source}```") == source


@pytest.mark.parametrize(
    ("completion", "refusal"),
    [
        ("", Outcome.NO_CODE),
        ("I cannot help with that.", Outcome.NO_CODE),
        ("```python\nprint('hello')\n```", Outcome.NO_CODE),
        ("The strategy: always go left.", Outcome.NO_CODE),
        ("<think>```python\n" + OTHER + "```", Outcome.NO_CODE),
        ("<|channel|>analysis<|message|>```python\n" + OTHER + "```", Outcome.NO_CODE),
        ("```python\nclass A:\n    def strategy(self, board):\n        return 'W'\n```", Outcome.NO_CODE),
        ("```python\ndef strategy(board):\n    return (\n```", Outcome.SYNTAX_ERROR),
        ("def strategy(board)\n    return 'W'", Outcome.SYNTAX_ERROR),
        ("```python\ndef strategy(board):\n    return 'W'\x00\n```", Outcome.SYNTAX_ERROR),
        ("```python\ndef strategy(board):\n    return '\ud800'\n```", Outcome.SYNTAX_ERROR),
        ("```python\nimport os\ndef strategy(board):\n    return 'W'\n```", Outcome.FORBIDDEN),
        ("```python\nimport numpy as np\ndef strategy(board):\n    return 'W'\n```", Outcome.FORBIDDEN),
        ("```python\ndef strategy(board):\n    import numpy\n    return 'W'\n```", Outcome.FORBIDDEN),
        ("```python\ndef strategy(board):\n    return " + "(" * 500 + ")" * 500 + "\n```", Outcome.SYNTAX_ERROR),
        ("```python\ndef strategy(board):\n    return " + "-" * 50_000 + "1\n```", Outcome.SYNTAX_ERROR),
        ("```python\ndef strategy(board):\n    return " + "1+" * 30_000 + "1\n```", Outcome.SYNTAX_ERROR),
        ("```python\ndef strategy(board):\n    return 'W'\n" + "#" * 64_001 + "\n```", Outcome.FORBIDDEN),
    ],
)
def test_every_refusal_has_its_name_and_one_line(completion, refusal):
    found = extract_source(completion)
    assert found.refusal is refusal
    assert found.reason
    assert found.reason.isprintable()
    assert (found.source is None) or found.source in completion


def test_another_entry_name_can_be_asked_for():
    assert extract_source("```python\ndef play(o):\n    return 0\n```", "play").refusal is None


PIECES = st.sampled_from(
    ["```", "```python\n", "~~~", "\n", "\r\n", "\r", "\x00", "\ud800", "<think>", "</think>", "<|channel|>", "final",
     "<|message|>", "<|end|>", "def strategy(board):\n", "    return 'W'\n", "import os\n", "(", "[", "{", "'", '"""',
     "\\", "#", "\t", "    ", "lambda: ", "strategy = ", "\x0b", "\x0c", "\u2028", "match x:\n", "f'{", "\ufeff", "0" * 50,
     "[THINK]", "[/THINK]", "<answer>", "</answer>", "<|im_end|>", "<|im_start|>", "</s>", "analysis", "assistantfinal", "> ", "1. ",
     "Here is my thought process:\n", "Here is my response:\n", "\u00a0", "&lt;", "\\n", "async ", "class A:\n", "Done\n", "x: y\n"]
)  # fmt: skip
COMPLETIONS = st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join))


@settings(max_examples=300, deadline=None)
@given(COMPLETIONS)
@example("```python\n" + "def strategy(b):\n return " + "[" * 1000)
@example("def strategy(b):\n" + "".join(" " * n + "if 1:\n" for n in range(1, 120)))
def test_no_text_makes_it_raise(text):
    decided(text)


@pytest.mark.soak
@settings(max_examples=100_000, deadline=None)
@given(COMPLETIONS)
def test_no_text_makes_it_raise_in_a_long_search(text):
    decided(text)


def decided(text):
    found = extract_source(text)
    assert isinstance(found, Extraction)
    assert (found.refusal is None) == (found.reason == "")
    if found.refusal is None:
        assert "strategy" in found.source
        assert found.source in text or mended(text)


def mended(text):
    """Whether there is anything in it that is taken off where a program does not parse with it."""
    return any(piece in text for piece in (" ", "\t", ">", "\u00a0", "\ufeff", "&lt;", "\\n"))


# Quadratic work on a megabyte would take minutes, and a twenty-fifth of them on a fifth of it; no clock is compared
# beyond telling these apart.
LENGTHS = pytest.mark.parametrize("length", [200_000, pytest.param(1_000_000, marks=pytest.mark.soak)])


@pytest.mark.parametrize(
    "piece",
    ["`", "```\n", "```python\n", "~", " ", "\n", "<think>", "</think>", "<|channel|>final<|message|>", "<|channel|>final",
     "strategy\n", "def strategy(b):\n", "def strategy(b): return 1\n", "```python\ndef strategy(b): (\n```\n", "x" * 190 + "```\n",
     "a ``` b\n", "```a b\n", "@\n", "\t\t\t```x", "strategy = ", "`" * 100 + " " * 190 + "`\n",
     "`" * 40 + " " * 250 + "`\n", "~" * 290 + "x~\n", "def ", "def\n", "```\nx = f'{strategy}'\n```\n", "é\u0323 "],
)  # fmt: skip
@LENGTHS
def test_a_long_answer_takes_time_in_proportion(piece, length):
    assert seconds(piece * (length // len(piece))) < length / 50_000


@pytest.mark.parametrize(
    "start", ["<|channel|>", "<|channel|>final<|message|>", "```", "```python\nstrategy", "<think>"]
)
@pytest.mark.parametrize("piece", ["a", " ", "`", "\u0301\u0323"])
@LENGTHS
def test_a_long_answer_after_a_tag_takes_time_in_proportion(start, piece, length):
    assert seconds(start + piece * (length // len(piece))) < length / 50_000


def seconds(text):
    started = time.process_time()
    extract_source(text)
    return time.process_time() - started
