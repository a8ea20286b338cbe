"""Programs whose games try to find what another game of the same match has left: each names its way.

Each counts how many games have been there and lets the number decide its first move, so that a game which meets another
plays differently than alone.
"""

from textwrap import dedent

_PLAY = "\n\ndef strategy(board):\n    return 'WASD'[k % 4]\n"


def _program(body):
    return dedent(body).strip("\n") + _PLAY


# What the policy lets through: the games must not share what these write to.
ALLOWED = {
    name: _program(body)
    for name, body in {
        "flag_of_re": """
            import re
            v = re.RegexFlag(2) | re.RegexFlag(8)
            v.k = getattr(v, 'k', 0) + 1
            k = v.k
        """,
        "flag_of_re_by_setattr": """
            import re
            v = re.I | re.M
            setattr(v, 'k', getattr(v, 'k', 0) + 1)
            k = getattr(v, 'k')
        """,
        "method_of_counter": """
            from collections import Counter
            f = [Counter.most_common][0]
            try: f.k += 1
            except AttributeError: f.k = 1
            k = f.k
        """,
        "method_of_counter_in_a_module": """
            import collections
            class Mine(collections.Counter): pass
            f = [Mine.most_common][0]
            try: f.k += 1
            except AttributeError: f.k = 1
            k = f.k
        """,
        "method_by_a_class_pattern": """
            from collections import Counter
            k = 0
            match [Counter]:
                case [object(most_common=f)]:
                    f.k = getattr(f, 'k', 0) + 1
                    k = f.k
        """,
        "method_by_getattr": """
            from collections import Counter
            f = getattr(Counter, 'most' + '_common')
            f.k = getattr(f, 'k', 0) + 1
            k = f.k
        """,
        "method_by_attrgetter": """
            from collections import Counter
            from operator import attrgetter as ask
            f = ask('most_common')(Counter)
            f.k = getattr(f, 'k', 0) + 1
            k = f.k
        """,
        "method_of_random": """
            from random import Random
            f = Random(1).__class__.shuffle
            f.k = getattr(f, 'k', 0) + 1
            k = f.k
        """,
        "dunder_of_a_library_class": """
            from fractions import Fraction
            f = [Fraction.__add__][0]
            f.k = getattr(f, 'k', 0) + 1
            k = f.k
        """,
        "convert_of_total_ordering": """
            from functools import total_ordering
            @total_ordering
            class A:
                def __lt__(self, other): return True
                def __eq__(self, other): return True
            f = [A.__ge__][0]
            f.k = getattr(f, 'k', 0) + 1
            k = f.k
        """,
        "abstract_mark_on_a_method": """
            from abc import ABC, abstractmethod
            from collections import Counter
            class A(ABC):
                f = Counter.most_common
            try:
                A(); k = 0
            except TypeError:
                k = 1
            abstractmethod(Counter.most_common)
            class A(ABC):
                f = Counter.most_common
        """,
        "name_of_a_typing_alias": """
            from typing import List
            v = [List][0]
            k = len(v._name)
            v._name = v._name + 'x'
        """,
        "name_of_a_cached_alias": """
            import typing
            v = typing.Optional[int]
            k = len(v._name)
            v._name = v._name + 'x'
        """,
        "slot_of_a_special_form": """
            from typing import Optional as O
            v = [O][0]
            k = len(v._name)
            v._name = v._name + 'x'
        """,
        "kind_of_a_dataclass_field": """
            from dataclasses import dataclass, fields
            @dataclass
            class A: x: int = 0
            v = fields(A)[0]._field_type
            k = len(v.name)
            v.name = v.name + 'x'
        """,
        "origin_of_a_typing_alias": """
            import typing
            v = [typing.ContextManager][0]
            k = getattr(v, 'k', 0) + 1
            try: v.k = k
            except Exception: pass
        """,
        "getter_of_a_property": """
            from fractions import Fraction
            from statistics import NormalDist
            p = NormalDist.mean
            f = [p.fget][0]
            f.k = getattr(f, 'k', 0) + 1
            k = f.k
        """,
        "all_names_of_a_module": """
            from re import *
            v = I | M
            v.k = getattr(v, 'k', 0) + 1
            k = v.k
        """,
        "wraps_writes_for_it": """
            import functools
            from collections import Counter
            def mark(): pass
            k = 0
            f = [Counter.most_common][0]
            k = len(f.__doc__ or '')
            mark.__doc__ = (f.__doc__ or '') + 'x'
            functools.wraps(mark)(f)
        """,
        "setattr_on_a_module": """
            import math, random
            k = 0
            for module in (math, random):
                try:
                    k += getattr(module, 'k', 0)
                    setattr(module, 'k', 1)
                except Exception:
                    pass
        """,
        "wraps_writes_to_an_alias": """
            from functools import wraps
            from types import SimpleNamespace
            from typing import List
            k = getattr(List, 'k', 0) + 1
            try: wraps(SimpleNamespace(k=k))(List)
            except Exception: pass
        """,
        "wraps_writes_to_a_constant": """
            from dataclasses import field
            from functools import wraps
            from types import SimpleNamespace
            k = getattr(field().default, 'k', 0) + 1
            try: wraps(SimpleNamespace(k=k))(field().default)
            except Exception: pass
        """,
        "alias_in_a_base": """
            from typing import List
            def g(v):
                global k
                k = len(v._name)
                v._name = v._name + 'x'
                return object
            class A(g(List)): pass
        """,
        "alias_in_an_annotation": """
            from typing import List
            def g(v):
                global k
                k = len(v._name)
                v._name = v._name + 'x'
            def f(x: g(List)): pass
        """,
        "alias_in_a_subscript": """
            from typing import List
            class G:
                def __getitem__(self, v):
                    global k
                    k = getattr(v, 'k', 0) + 1
                    self.v = v
                def __ror__(self, v):
                    return self[v]
            g = G()
            def f(x: g[List]): pass
            def f(x: List | g): pass
        """,
        "alias_copied_onto": """
            import copy
            from types import SimpleNamespace
            from typing import List
            k = getattr(List, 'k', 0) + 1
            say = lambda version: (lambda: List, (), (None, {'__origin__': SimpleNamespace(k=k)}))
            try: copy.copy(SimpleNamespace(**{'__reduce_ex__': say}))
            except Exception: pass
        """,
        "flags_of_a_template": """
            from string import Template
            v = [Template.flags][0]
            k = getattr(v, 'k', 0) + 1
            v.k = k
        """,
        "addresses": """
            k = id([]) // 16
            keep = [[] for _ in range(50 + k % 7)]
        """,
        "addresses_by_hash": """
            class A: pass
            k = hash(A()) + hash(A)
            keep = [A() for _ in range(50)]
        """,
        "memory_together": """
            keep = []
            try:
                keep.append(bytearray(100 << 20))
                keep.append(bytearray(100 << 20))
            except MemoryError:
                pass
            k = len(keep)
        """,
    }.items()
}

# What the policy refuses; without it they find all of the interpreter.
REFUSED = {
    name: _program(body)
    for name, body in {
        "annotation_of_a_counter": """
            from collections import Counter
            d = Counter.most_common.__annotations__
            d['k'] = d.get('k', 0) + 1
            k = d['k']
        """,
        "modules_of_the_interpreter": """
            import sys
            sys.modules.setdefault('n', [0])[0] += 1
            k = sys.modules['n'][0]
        """,
        "builtins": """
            import builtins
            builtins.k = getattr(builtins, 'k', 0) + 1
            k = builtins.k
        """,
        "token_of_abstract_classes": """
            import abc
            from abc import get_cache_token
            k = get_cache_token()
            class A(abc.ABC): pass
            A.register(int)
        """,
        "enum_over_a_module": """
            import enum, sys
            k = len(sys.modules['enum'].__dict__)
            enum.global_enum(enum.Enum('X', f'a{k} b{k}', module='enum'))
        """,
    }.items()
}
