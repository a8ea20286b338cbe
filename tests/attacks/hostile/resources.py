"""Strategies that try to get out by what takes time and memory without end."""

from tests.attacks.hostile.attack import attacks

attacks(
    "bombs",
    memory_list="x = []\nwhile True: x.append([0] * 10 ** 6)",
    memory_string="return 'x' * 10 ** 11",
    memory_bytearray="x = bytearray(10 ** 10)",
    memory_doubling="x = 'x'\nwhile True: x += x",
    memory_kept="""
        kept = []
        ---
        kept.append([0] * 10 ** 6)
        return 'WASD'[len(kept) % 4]
    """,
    big_integer="return 9 ** 9 ** 9",
    big_shift="return 1 << (1 << 40)",
    big_factorial="import math\nreturn math.factorial(10 ** 7)",
    big_comb="import math\nreturn math.comb(10 ** 7, 5 * 10 ** 6)",
    big_to_string="return str(1 << 10 ** 8)",
    big_hex="return hex(1 << 10 ** 8)",
    regex_bomb="import re\nreturn re.match('(a+)+$', 'a' * 60 + 'b')",
    regex_compile_bomb="import re\nreturn re.compile('(' * 99 + 'a' + '{1,99})' * 99)",
    sum_range="return sum(range(10 ** 15))",
    list_of_range="return list(range(10 ** 12))",
    itertools_product="import itertools\nreturn len(list(itertools.product(range(100), repeat=9)))",
    deque_infinite="import itertools, collections\ncollections.deque(itertools.count(), maxlen=0)",
    compile_time_fold="return 'x' * 4096 * 4096 * 4096",
    busy_loop="while True: pass",
    slow_every_move="x = 0\nfor i in range(10 ** 6): x += i\nreturn 'WASD'[x % 4]",
    load_time_loop="""
        while True: pass
        ---
        return 'W'
    """,
    decimal_bomb="import decimal\ndecimal.getcontext().prec = 10 ** 8\nreturn decimal.Decimal(2) ** 10 ** 9",
    fraction_bomb="import fractions\nx = fractions.Fraction(3, 7)\nwhile True: x = x * x + 1",
    finally_blowup="\n".join("    " * depth + "try: pass\n" + "    " * depth + "finally:" for depth in range(19))
    + "\n"
    + "    " * 19
    + "pass",
    sort_with_evil_compare="""
        class E:
            def __lt__(self, other):
                while True: pass
        sorted([E(), E()])
    """,
)

attacks(
    "deep recursion",
    plain="return strategy(board)",
    raised_limit="import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(): f()\nf()",
    nested_repr="x = []\nfor _ in range(10 ** 6): x = [x]\nreturn repr(x)",
    nested_compare="a, b = [], []\nfor _ in range(10 ** 6): a, b = [a], [b]\nreturn a == b",
    nested_free="x = None\nfor _ in range(10 ** 6): x = (x,)\ndel x",
    nested_deepcopy="import copy\nx = []\nfor _ in range(10 ** 5): x = [x]\nreturn copy.deepcopy(x)",
    nested_map="x = iter([1])\nfor _ in range(10 ** 6): x = map(int, x)\nreturn next(x)",
    nested_chain="import itertools\nx = iter([1])\nfor _ in range(10 ** 6): x = itertools.chain(x)\nreturn next(x)",
    nested_partial="import functools\nf = int\nfor _ in range(10 ** 6): f = functools.partial(f)\nreturn f()",
    nested_json="import json\nreturn json.loads('[' * 10 ** 6)",
    nested_exceptions="""
        e = None
        while True:
            n = Exception()
            n.__cause__ = e
            e = n
    """,
    getattr_recursion="""
        class A:
            def __getattr__(self, n): return getattr(self, n + 'x')
        A().x
    """,
    nested_isinstance="t = int\nfor _ in range(10 ** 5): t = (t,)\nreturn isinstance('', t)",
    recursion_in_handler="""
        def f():
            try: f()
            finally: f()
        f()
    """,
)
