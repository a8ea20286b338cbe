"""Strategies that try to get out by what is left for other games, and guessed of the future."""

from tests.attacks.hostile.attack import attacks

attacks(
    "state across games",
    module_attribute="""
        import math
        math.games = getattr(math, 'games', 0) + 1
        if math.games > 1: raise Exception('leaked state')
        ---
        return 'A'
    """,
    setattr_on_module="""
        import heapq
        if hasattr(heapq, 'seen'): raise Exception('leaked state')
        setattr(heapq, 'seen', True)
        ---
        return 'A'
    """,
    attribute_on_library_function="""
        import heapq
        merge = [heapq.merge][0]
        if hasattr(merge, 'seen'): raise Exception('leaked state')
        merge.seen = True
        ---
        return 'A'
    """,
    alias_of_library_class="""
        from collections import Counter
        C = Counter
        if hasattr(C, 'seen'): raise Exception('leaked state')
        C.seen = True
        ---
        return 'A'
    """,
    setattr_on_library_class="""
        from collections import Counter
        if hasattr(Counter, 'seen'): raise Exception('leaked state')
        setattr(Counter, 'seen', True)
        ---
        return 'A'
    """,
    builtins_variable="""
        if 'seen' in __builtins__: raise Exception('leaked state')
        __builtins__['seen'] = True
        ---
        return 'A'
    """,
    builtin_replaced="""
        if len([]) == 7: raise Exception('leaked state')
        def len(x): return 7
        ---
        return 'A'
    """,
    random_state="""
        import random
        if random.getstate()[1][0] == 5: raise Exception('leaked state')
        random.setstate((3, (5,) * 624 + (624,), None))
        ---
        return 'A'
    """,
    random_class="""
        import random
        if hasattr(random.Random, 'seen'): raise Exception('leaked state')
        R = (random.Random,)[0]
        R.seen = True
        ---
        return 'A'
    """,
    attribute_of_builtin="""
        if hasattr(print, 'seen'): raise Exception('leaked state')
        print.seen = True
        ---
        return 'A'
    """,
    attribute_of_type="""
        if hasattr(type, 'seen'): raise Exception('leaked state')
        type.seen = True
        ---
        return 'A'
    """,
    hidden_library_class="""
        from collections import Counter
        if hasattr(Counter, 'seen'): raise Exception('leaked state')
        [Counter][0].seen = True
        ---
        return 'A'
    """,
    library_class_as_argument="""
        import fractions
        def mark(kind): kind.seen = True
        if hasattr(fractions.Fraction, 'seen'): raise Exception('leaked state')
        mark(fractions.Fraction)
        ---
        return 'A'
    """,
    library_constant="""
        import dataclasses
        if hasattr(dataclasses.MISSING, 'seen'): raise Exception('leaked state')
        [dataclasses.MISSING][0].seen = True
        ---
        return 'A'
    """,
    abstract_registration="""
        from collections.abc import Hashable
        if isinstance([], Hashable): raise Exception('leaked state')
        Hashable.register(list)
        ---
        return 'A'
    """,
    overload_registry="""
        import typing
        def turn(): pass
        if typing.get_overloads(turn): raise Exception('leaked state')
        typing.overload(turn)
        ---
        return 'A'
    """,
    enum_members="""
        import re
        if 'seen' in re.RegexFlag._member_map_: raise Exception('leaked state')
        re.RegexFlag._member_map_['seen'] = True
        ---
        return 'A'
    """,
    decimal_context="""
        import decimal
        if decimal.getcontext().prec == 77: raise Exception('leaked state')
        decimal.getcontext().prec = 77
        ---
        return 'A'
    """,
    cached_across_games="""
        from functools import lru_cache
        calls = []
        @lru_cache(maxsize=None)
        def once(x):
            calls.append(x)
            return len(calls)
        if once(1) != 1: raise Exception('leaked state')
        ---
        return 'A'
    """,
)

attacks(
    "clock and seed guessing",
    clock="import time\nraise Exception(time.time())",
    urandom="import os\nraise Exception(os.urandom(8).hex())",
    seed_from_state="""
        import random
        for seed in range(2000):
            if random.Random(seed).random() == random.random(): raise Exception(f'learnt {seed}')
    """,
    reseed_and_predict="""
        import random
        random.seed(0)
        empty = [(r, c) for r in range(4) for c in range(4) if not board[r][c]]
        return 'WASD'[empty.index(random.choice(empty)) % 4]
    """,
    id_as_entropy="return 'WASD'[id(board) // 16 % 4]",
    hash_as_entropy="return 'WASD'[hash(str(board)) % 4]",
    set_order_as_entropy="return list({'W', 'A', 'S', 'D', None})[0] or 'W'",
    datetime_now="import datetime\nraise Exception(datetime.datetime.now())",
    pid="import os\nraise Exception(os.getpid())",
    big_integers_in_memory="""
        import gc
        found = [repr(o) for o in gc.get_objects() if type(o) is dict for o in o.values() if type(o) is int and o > 2 ** 32]
        raise Exception(' '.join(found)[:1500])
    """,
    environment="import os\nraise Exception(str(dict(os.environ)) + str(os.sys.argv))",
)
