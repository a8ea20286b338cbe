"""The policy says no in one clear line, and yes to honest programs."""

import pytest

from grpo_arcade.games import Outcome
from grpo_arcade.games.players import check_source


def inside(body, above=""):
    lines = "\n".join("    " + line for line in body.split("\n"))
    return f"{above}\ndef strategy(board):\n{lines}\n    return 'W'\n"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("import os", "cannot import os"),
        ("import numpy", "inside try/except ImportError"),
        ("from os import path", "cannot import os"),
        ("import os.path as p", "cannot import os.path"),
        ("from . import x", "relative imports"),
        ("from math import __loader__", "__loader__"),
        ("try:\n    import os\nexcept ImportError:\n    pass", "cannot import os"),
        ("try:\n    import numpy\nexcept ValueError:\n    pass", "cannot import numpy"),
        ("eval('1')", "cannot use eval"),
        ("open('x')", "cannot use open"),
        ("globals()", "cannot use globals"),
        ("().__class__.__base__", "__base__"),
        ("(x for x in [1]).gi_frame", "gi_frame"),
        ("'{0.real}'.format(1)", "format"),
        ("f = '{}'.format", "format"),
        ("'{:{}}'.format(1, 2)", "format"),
        ("str.format('{}', 1)", "format"),
        ("type('X', (), {})", "build classes"),
        ("class A(metaclass=print):\n    pass", "metaclass"),
        ("class A(type):\n    pass", "metaclass"),
        ("class A:\n    __match_args__ = ('x',)", "__match_args__"),
        ("class A:\n    def __reduce__(self): return 1", "__reduce__"),
        ("class A:\n    def __del__(self): pass", "__del__"),
        ("match board:\n    case object(__dict__=d): pass", "__dict__"),
        ("match board:\n    case str(format=f): pass", "format"),
        ("import math\nmath.pi = 3", "imported"),
        ("import collections\nC = collections.Counter\nC.x = 3", "imported"),
        ("def f(__globals__): pass", "__globals__"),
        ("from functools import update_wrapper", "cannot import update_wrapper from functools"),
        ("from abc import ABCMeta as M", "as it is called"),
        ("from abc import ABCMeta\nclass M(ABCMeta):\n    pass", "as metaclass=... only"),
        ("class ABCMeta:\n    pass\nclass A(metaclass=ABCMeta):\n    pass", "name ABCMeta"),
        ("import enum as abc\nclass A(metaclass=abc.ABCMeta):\n    pass", "ABCMeta"),
        ("match board:\n    case object(__class__=c): pass", "__class__"),
        ("class A:\n    __annotations__ = {}", "__annotations__"),
        ("ｅｖａｌ('1')", "cannot use eval"),
        ("().__cl\u0061ss__.__m\u0072o__", "__mro__"),
    ],
)
def test_a_forbidden_thing_is_named_with_its_line(body, reason):
    refusal = check_source(inside(body))
    assert refusal is not None
    assert refusal.outcome is Outcome.FORBIDDEN
    assert reason in refusal.reason
    assert "(line " in refusal.reason
    assert "\n" not in refusal.reason


@pytest.mark.parametrize(
    "body",
    [
        "try:\n    import numpy as np\nexcept ImportError:\n    np = None",
        "try:\n    import numpy as np\nexcept:\n    np = None",
        "'{:>4}|{}'.format(1, 2)",
        "dir = 'W'\ndir = dir.lower()",
        "class A:\n    def __init__(self): self.__x = 1\n    def get(self): return self.__x",
        "type(board) is list",
        "strategy.count = 1",
        "match board:\n    case [int(x), *_]: pass\n    case str() | list(): pass",
        "import math",
        "from abc import ABCMeta, abstractmethod\nclass A(metaclass=ABCMeta):\n    pass",
        "import abc\nclass A(metaclass=abc.ABCMeta):\n    pass",
        "import enum\nclass A(enum.Enum, metaclass=enum.EnumMeta):\n    X = 1",
        "board.__class__.__name__",
        "print(board, end='')",
        "x = {**{'__x': 1}}",
        "assert isinstance(board, list), f'{type(board).__name__!r}'",
    ],
)
def test_honest_programs_pass(body):
    assert check_source(inside(body)) is None


@pytest.mark.parametrize("where", ["a{}", "board.a{}", "'{}'", "'\uff76{}'"])
@pytest.mark.parametrize("marks", ["\u0301\u0323", "\u0f73\u0301", "\uff9e\u0323"])
def test_a_pile_of_combining_characters_is_refused_before_the_compiler_sorts_it(where, marks):
    refusal = check_source(inside("x = " + where.format(marks * 16)))
    assert refusal.outcome is Outcome.FORBIDDEN
    assert "combining" in refusal.reason


def test_other_languages_are_fine():
    words = "हिन्दी ไทย việt עִבְרִית 日本語がある 한국어 e\u0301te\u0301"
    assert check_source(inside(f"# {words}\nétat = '{words * 50}'")) is None


@pytest.mark.parametrize("target", ["math" + ".a" * 900, "math" + "[0]" * 900 + ".a", "math.a" + "[0].a" * 400])
def test_a_target_however_long_is_refused_in_one_line(target):
    refusal = check_source(inside(f"import math\n{target} = 1"))
    assert refusal.outcome is Outcome.FORBIDDEN
    assert "cannot change math, which it imported" in refusal.reason


def test_a_text_that_was_never_a_program_is_no_code_and_a_broken_program_a_syntax_error():
    assert check_source("Sorry, I can't.").outcome is Outcome.NO_CODE
    assert check_source("def strategy(board:\n").outcome is Outcome.SYNTAX_ERROR
    assert check_source("def play(board):\n  return 1").outcome is Outcome.NO_CODE
    assert check_source("if True:\n  def strategy(board): return 'W'") is None
