"""What each family of models writes around a program is decided: the program is found, or there is none."""

import json

import pytest

from grpo_arcade.games import Outcome
from grpo_arcade.games.players import extract_source
from grpo_arcade.games.players.answer import begun_thought

GOOD = 'import math\n\nBEST = "A"\n\n\ndef strategy(board):\n    return BEST if math.prod(board[0]) else "W"\n'
DRAFT = 'def strategy(board):\n    return "S"\n'
FENCED, FENCED_DRAFT = f"```python\n{GOOD}```", f"```python\n{DRAFT}```"

# What is played of each must be GOOD.
ANSWERED = {
    "llama": f"<|start_header_id|>assistant<|end_header_id|>\n\nHere it is:\n\n{FENCED}<|eot_id|>",
    "llama, tool": f"<|python_tag|>{GOOD}<|eom_id|>",
    "llama, runs on": f"{FENCED}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nAnother?\n{FENCED_DRAFT}",
    "qwen": f"<think>\nUp? Down?\n{FENCED_DRAFT}\nNo.\n</think>\n\n{FENCED}<|im_end|>",
    "qwen, no thinking": f"<think>\n\n</think>\n\n{FENCED}",
    "qwen, the prompt began the thought": f"Hm, {DRAFT}\n</think>\n\n{FENCED}<|im_end|>\n<|endoftext|>",
    "qwen, tool": f"<tool_call>\n{json.dumps({'name': 'run', 'arguments': {'code': GOOD}})}\n</tool_call>",
    "qwen coder, tool": f"<tool_call>\n<function=run>\n<parameter=code>\n{GOOD}</parameter>\n</function>\n</tool_call>",
    "deepseek": f"<think>\n{FENCED_DRAFT}\n</think>\n{FENCED}<｜end▁of▁sentence｜>",
    "deepseek, a sentence before": f"Okay. <think>\nfirst {DRAFT}</think>{FENCED}",
    "r1 style": f"<think>no {DRAFT}</think>\n<answer>\n{FENCED}\n</answer>",
    "r1 style, no fence": f"<think>no {DRAFT}</think>\n<answer>{GOOD}</answer>",
    "harmony": f"<|channel|>analysis<|message|>{FENCED_DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>{FENCED}<|return|>",
    "harmony, tools between": (
        f"<|channel|>analysis<|message|>try it<|end|><|start|>assistant<|channel|>commentary to=functions.run "
        f"<|constrain|>json<|message|>{json.dumps({'code': DRAFT})}<|call|><|start|>assistant<|channel|>final <|constrain|>"
        f"python<|message|>{GOOD}<|return|>"
    ),
    "harmony, the prompt began the answer": f"{FENCED}<|return|>",
    "harmony, no special tokens": f"analysisWe may write\n{FENCED_DRAFT}\nassistantfinal{FENCED}",
    "harmony, no special tokens, no fence": f"analysis{DRAFT}assistantcommentary to=x {DRAFT}assistantfinal{GOOD}",
    "harmony, no special tokens, no thought": f"final{GOOD}",
    "magistral": f"[THINK]{FENCED_DRAFT} or not[/THINK]{FENCED}</s>",
    "mistral": f" {FENCED}</s>[INST] and more? [/INST]{FENCED_DRAFT}",
    "gemma": f"Here you are:\n\n{FENCED}<end_of_turn>\n<eos>",
    "gemma, thinks": f"<|channel>thought\n{FENCED_DRAFT}<channel|>{FENCED}<turn|>",
    "medgemma": f"<unused94>thought\n{FENCED_DRAFT}<unused95>{FENCED}",
    "phi": f"<think>User wants a program. {DRAFT}</think>{FENCED}<|end|>",
    "phi, plain": f" {FENCED}<|end|><|user|>thanks<|end|>",
    "granite": f"<think>{FENCED_DRAFT}</think><response>{FENCED}</response>",
    "granite 3.2": f"Here is my thought process:\n{FENCED_DRAFT}\nHere is my response:\n{FENCED}",
    "command": f"<|START_THINKING|>{DRAFT}<|END_THINKING|><|START_RESPONSE|>{FENCED}<|END_RESPONSE|>",
    "apriel": f"Here are my reasoning steps:\n{FENCED_DRAFT}\n[BEGIN FINAL RESPONSE]\n{GOOD}[END FINAL RESPONSE]\n<|end|>",
    "exaone": f"<thought>\n{FENCED_DRAFT}\n</thought>\n\n{FENCED}",
    "seed": f"<seed:think>{FENCED_DRAFT}</seed:think>{FENCED}",
    "kimi": f"◁think▷{FENCED_DRAFT}◁/think▷{FENCED}",
    "glm": f"<think>{DRAFT}</think>\n<|begin_of_box|>{GOOD}<|end_of_box|>",
    "sky": f"<|begin_of_thought|>{DRAFT}<|end_of_thought|>\n<|begin_of_solution|>\n{FENCED}\n<|end_of_solution|>",
    "working out": f"<start_working_out>{FENCED_DRAFT}<end_working_out>\n<SOLUTION>\n{FENCED}\n</SOLUTION>",
    "other names": f"<reasoning>\n{FENCED_DRAFT}\n</reasoning>\n<answer>\n{FENCED}\n</answer>",
    "capitals": f"<Thinking>\n{FENCED_DRAFT}\n</Thinking>\n{FENCED}",
    "two thoughts": f"<think>{FENCED_DRAFT}</think>\nwait\n<think>{FENCED_DRAFT}</think>\n{FENCED}",
    "thinks again afterwards": f"{FENCED}\n<reflection>\nIt is right. {DRAFT}\n</reflection>",
    "a thought quotes its mark": f"<think>should <think> come again? {FENCED_DRAFT}</think>{FENCED}",
    "speaks of the mark": f"I did this without <think> tags, really.\n\n{FENCED}",
    # Fences.
    "lone closing fence": f"{GOOD}```",
    "lone closing fence, words after": f"{GOOD}```\n\nThis multiplies the first row.",
    "lone closing fence, words before": f"Here is the code:\n\n{GOOD}```\n",
    "lone closing tilde fence": f"{GOOD}~~~\n",
    "no fence beside a board": f"For the board\n\n```\n0 2\n2 4\n```\n\nI play so:\n\n{GOOD}",
    "no fence before a board": f"{GOOD}\n```\n0 2\n2 4\n```\nis played W.",
    "no fence beside a call": f"{GOOD}\n```python\nprint(strategy([[2]]))\n```\n",
    "two words": f"```python title=mine\n{GOOD}```",
    "a name": f'```python title="my strategy.py" linenums="1"\n{GOOD}```',
    "braces": f"```{{.python .numberLines}}\n{GOOD}```",
    "a comment": f"``` python # strategy.py\n{GOOD}```",
    "on the line of the fence": f"```{GOOD}```",
    "on the line of the fence, behind the language": f"```python {GOOD}```\nIt multiplies.",
    "closing fence with words": f"```python\n{GOOD}``` This multiplies.\nIt is quick.",
    "closing fence with a mark": f"<answer>```python\n{GOOD}```</answer>",
    "opened again": f"```python\n{GOOD}```python\n",
    "quoted": "> ```python\n" + "".join(f"> {line}".replace("> \n", ">\n") for line in GOOD.splitlines(True)) + "> ```\n",
    "in a list": "1. ```python\n" + "".join(f"   {line}" if line.strip() else line for line in GOOD.splitlines(True)) + "   ```\n",
    "tildes around backticks": f"~~~python\n{GOOD}~~~\n",
    "several": f"{FENCED_DRAFT}\nBetter:\n{FENCED}\nUsage:\n```python\nstrategy(b)\n```\n```\noutput: W\n```",
    "broken, then whole without a fence": f"```python\ndef strategy(board)\n```\n\n{GOOD}",
    # Prose.
    "words before": f"I suggest the following.\n\n{GOOD}",
    "words before that look like code": f"from my experience it is\nclass of its own:\nimport nothing else\n\n{GOOD}",
    "words after": f"{GOOD}\nThis multiplies the first row.\n\n- It's quick\n- def: none\n",
    "a word after": f"{GOOD}\nDone\n",
    "a note after": f"{GOOD}\nNote: quick\n",
    "words around": f"Sure!\n\n{GOOD}\n**Why?** The corner's \"best\".",
    "never closed, words after": f"```python\n{GOOD}\nThis multiplies the first row.",
    "indented": "So:\n\n" + "".join(f"    {line}" if line.strip() else line for line in GOOD.splitlines(True)),
    # What the way adds.
    "byte-order mark": f"\ufeff{GOOD}",
    "byte-order mark in the fence": f"```python\n\ufeff{GOOD}```",
    "no-break spaces": FENCED.replace("    ", "\u00a0\u00a0\u00a0\u00a0"),
    "narrow no-break spaces": FENCED.replace("BEST =", "BEST\u202f="),
    "escaped for HTML": FENCED.replace('"', "&quot;"),
    "JSON": json.dumps({"code": GOOD, "why": "quick"}),
    "JSON in a fence": f"```json\n{json.dumps({'explanation': 'x', 'program': GOOD}, indent=1)}\n```",
    "escaped for JSON": "```python\n" + json.dumps(GOOD)[1:-1] + "\n```",
}  # fmt: skip


@pytest.mark.parametrize("shape", ANSWERED)
def test_the_program_of_the_answer_is_found(shape):
    found = extract_source(ANSWERED[shape])
    assert found.refusal is None, found.reason
    assert found.source.strip() == GOOD.strip()


@pytest.mark.parametrize("shape", ANSWERED)
def test_carriage_returns_change_nothing(shape):
    found = extract_source(ANSWERED[shape].replace("\n", "\r\n"))
    assert found.refusal is None, found.reason
    assert found.source.replace("\r\n", "\n").strip() == GOOD.strip()


UNFINISHED = [
    f"<think>\n{FENCED_DRAFT}",
    f"<think>\n{FENCED_DRAFT}\nBetter would be",
    f"Well. <think>\n{FENCED_DRAFT}",
    f"<thinking>{FENCED_DRAFT}",
    f"<thought>\n{DRAFT}",
    f"<reasoning>\n{FENCED_DRAFT}",
    f"<seed:think>{FENCED_DRAFT}",
    f"[THINK]{FENCED_DRAFT}",
    f"◁think▷{FENCED_DRAFT}",
    f"<|START_THINKING|>{FENCED_DRAFT}",
    f"<|begin_of_thought|>\n{FENCED_DRAFT}",
    f"<start_working_out>{FENCED_DRAFT}",
    f"<|channel>thought\n{FENCED_DRAFT}",
    f"<unused94>thought\n{DRAFT}",
    f"Here is my thought process:\n{FENCED_DRAFT}",
    f"Here are my reasoning steps:\n{FENCED_DRAFT}",
    f"<|channel|>analysis<|message|>{FENCED_DRAFT}",
    f"<|channel|>analysis<|message|>{FENCED_DRAFT}<|end|><|start|>assistant<|channel|>commentary<|message|>{FENCED_DRAFT}",
    f"<|channel|>commentary to=functions.run <|constrain|>json<|message|>{json.dumps({'code': DRAFT})}<|call|>",
    f"<|channel|>analysis<|message|>{FENCED_DRAFT}<|end|><|start|>assistant<|channel|>final",
    f"analysisWe could write\n{FENCED_DRAFT}",
    f"commentary to=functions.run json{json.dumps({'code': DRAFT})}",
    f"<think>a</think>\n<think>{FENCED_DRAFT}",
    f"<think>{FENCED_DRAFT}</reasoning>",
]


@pytest.mark.parametrize("completion", UNFINISHED)
def test_a_thought_that_never_ended_is_no_program(completion):
    found = extract_source(completion)
    assert (found.source, found.refusal) == (None, Outcome.NO_CODE)
    assert found.reason.isprintable()


@pytest.mark.parametrize("answer", ["", "I cannot.", "The strategy: up."])
def test_a_draft_is_not_played_where_the_answer_holds_none(answer):
    assert extract_source(f"<think>{FENCED_DRAFT}</think>{answer}").refusal is Outcome.NO_CODE


MARKS = ["</think>", "[THINK]", "<answer>", "<|im_end|>", "</s>", "```\nx\n```", "~~~", "<|channel>thought"]


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("frame", ["{}", "```python\n{}```", "Text\n\n```python\n{}```\nand more"])
def test_marks_inside_a_program_are_words_like_others(mark, frame):
    source = f'def strategy(board):\n    """Written after\n    {mark}\n    in a text."""\n    return "W"\n'
    assert extract_source(frame.format(source)).source == source


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("async def strategy(board):\n    return 'W'\n", "async"),
        ("class Player:\n    def strategy(self, board):\n        return 'W'\n", "inside a class"),
        ("class Player:\n    x = 1\n\n    def strategy(self, board):\n        return 'W'\n", "inside a class"),
        (
            "def make():\n    def strategy(board):\n        return 'W'\n    return strategy\n",
            "inside a class or a function",
        ),
    ],
)
@pytest.mark.parametrize("frame", ["{}", "```python\n{}```", "Text:\n\n{}"])
def test_what_cannot_be_called_says_so(source, said, frame):
    found = extract_source(frame.format(source))
    assert found.refusal is Outcome.NO_CODE
    assert said in found.reason


@pytest.mark.parametrize(
    "source",
    [
        'strategy = lambda board: "W"\n',
        'strategy: object = lambda board: "W"\n',
        "class Player:\n    def move(self, board):\n        return 'W'\n\nstrategy = Player().move\n",
        "try:\n    import numpy\nexcept ImportError:\n    numpy = None\n\ndef strategy(board):\n    return 'W'\n",
        "if True:\n    def strategy(board):\n        return 'W'\n",
    ],
)
@pytest.mark.parametrize("frame", ["{}", "```python\n{}```"])
def test_every_way_to_bind_the_name_counts(source, frame):
    found = extract_source(frame.format(source))
    assert (found.source, found.refusal) == (source, None)


def test_the_last_of_several_programs_without_fences_is_taken():
    assert extract_source(f"{DRAFT}\nBetter would be this:\n\n{GOOD}\nGood luck!").source.strip() == GOOD.strip()


def test_a_fault_in_the_program_itself_is_not_cut_away():
    broken = 'def strategy(board):\n    return help_me(board)\n\ndef help_me(board)\n    return "W"\n'
    for text in (broken, f"Here:\n\n{broken}", f"```python\n{broken}```"):
        assert extract_source(text).refusal is Outcome.SYNTAX_ERROR


@pytest.mark.parametrize(
    ("prompt", "begun"),
    [
        ("<|im_start|>assistant\n<think>\n", "<think>\n"),
        ("<｜Assistant｜><think>\n", "<think>\n"),
        ("[/INST][THINK]", "[THINK]"),
        ("<|im_start|>assistant\n<think>\n\n</think>\n\n", ""),
        ("<|start|>assistant", ""),
        ("use <think> to think<|im_end|>\n<|im_start|>assistant\n", ""),
        ("", ""),
    ],
)
def test_a_thought_that_the_prompt_begins_is_known(prompt, begun):
    assert begun_thought("x" * 200 + prompt) == begun


@pytest.mark.parametrize(
    "piece",
    ["<|im_end|>", "<|start|>", "<answer>", "<answer>x", "[THINK]", "Here is my thought process:\n", "<|channel>thought",
     "◁think▷", "<", "[", '\\"', '"', '"def strategy\\n', "    def strategy(b):\n", "x\n    def strategy(b):\n",
     "> ```\n", "1. ```a\n", "```a\nstrategy```\n", "~~~\nstrategy\n", "strategy = 1\nx y\n", "<unused94>thought",
     "assistantfinal", "analysis", "```\n<think>\n```\n", "```\nstrategy </think>\n```\n", "&lt;", "<|x|>", "</s>a"],
)  # fmt: skip
@pytest.mark.parametrize("start", ["", "```python\nstrategy", "def strategy(b):\n    (\n"])
@pytest.mark.parametrize("size", [100_000, pytest.param(500_000, marks=pytest.mark.soak)])
def test_a_long_answer_takes_time_in_proportion(start, piece, size):
    import time

    text = start + piece * (size // len(piece))
    began = time.process_time()
    extract_source(text)
    # Quadratic work would take minutes for half a megabyte, and a twenty-fifth of them for a fifth of it.
    assert time.process_time() - began < size / 25_000
