"""Strategies that try to get out by what is sent back, and forged."""

from tests.attacks.hostile.attack import attacks

attacks(
    "hostile answers",
    hash_that_loops="""
        class S(str):
            def __hash__(self):
                while True: pass
        return S('W')
    """,
    equal_to_everything="""
        class E:
            def __eq__(self, o): return True
            def __hash__(self): return hash('W')
        return E()
    """,
    class_that_lies="""
        class L:
            @property
            def __class__(self): raise SystemExit
        return L()
    """,
    str_that_raises="""
        class B(Exception):
            def __str__(self): raise KeyboardInterrupt
        raise B()
    """,
    str_that_loops="""
        class B(Exception):
            def __str__(self):
                while True: pass
        raise B()
    """,
    huge_error="raise Exception('x' * 10 ** 7)",
    control_characters="raise Exception('\\x1b[2J\\x1b]0;owned\\x07\\r\\n\\x00\\u202e' * 9)",
    surrogates="raise Exception('\\ud800' * 50)",
    negative="return -1",
    two_to_the_64="return 2 ** 64",
    truth="return True",
    nothing="return None",
    not_a_number="return float('nan')",
    generator="return (key for key in 'WASD')",
    self_containing="x = []\nx.append(x)\nreturn x",
    index_that_loops="""
        class I(int):
            def __index__(self):
                while True: pass
            def __int__(self):
                while True: pass
        return I(2)
    """,
    metaclass_name="return type('x', (), {})()",
    exception_group="raise ExceptionGroup('g' * 1000, [ValueError('x' * 1000) for _ in range(1000)])",
    stop_iteration="raise StopIteration('W')",
)

attacks(
    "protocol forgery",
    write_reply="""
        import os, struct
        os.write(3, struct.pack('<IHH', 1, 2, 0) + b'\\x00\\x00')
    """,
    write_winning_outcome="""
        import os
        os.write(3, b'{"outcome": "won", "score": 999999}' * 10)
    """,
    write_pickle="""
        import os
        os.write(3, b"cos\\nsystem\\n(S'touch OUTBOX/pickle'\\ntR.")
    """,
    write_huge_counts="import os, struct\nos.write(3, struct.pack('<IHH', 1, 65535, 65535))",
    flood="import os\nwhile True: os.write(3, b'\\xff' * 65536)",
    many_replies_ahead="""
        import os, struct
        for n in range(1, 1000): os.write(3, struct.pack('<IHH', n, 2, 0) + b'\\x02\\x02')
    """,
    read_own_channel="import os\nraise Exception(os.read(3, 100))",
    bad_action_byte="""
        import os, struct
        os.write(3, struct.pack('<IHH', 1, 2, 0) + b'\\xfa\\xfa')
        while True: pass
    """,
    patch_replier="""
        import sys
        m = sys.modules['sandbox.child']
        m.Channel.reply = lambda self, n, a, e: self.write(n)
    """,
    patch_marshal="import marshal\nmarshal.loads = lambda b: ([0, 1], [[], []])",
    patch_wire="""
        import sys
        sys.modules['sandbox.wire'].ILLEGAL = 0
        return 'anything'
    """,
    page_scribble="""
        import gc
        for o in gc.get_objects():
            if type(o) is memoryview or type(o).__name__ == 'Channel':
                try:
                    for i in range(8000): o.spent[i] = float('nan')
                    o.now[0] = 4000000000
                except Exception: pass
        while True: pass
    """,
    close_channel="import os\nos.close(3)",
    wrong_thread_state="import sys\nsys.setswitchinterval(1e9)\nsys.stdout.write('x')",
    renewed_move_clock="""
        import gc
        (channel,) = [o for o in gc.get_objects() if type(o).__name__ == 'Channel']
        while True: channel.now[1] = channel.now[1] + 1 & 0xffff
    """,
    trickling_reply="""
        import os, struct, time
        for byte in struct.pack('<IHH', 1, 2, 2000) + bytes(2) + b'x' * 2000:
            os.write(3, bytes([byte]))
            late = time.perf_counter() + 0.008
            while time.perf_counter() < late: pass
    """,
    answers_unread="""
        import os, struct
        for n in range(1, 10 ** 5): os.write(3, struct.pack('<IHH', n, 2, 0) + bytes([n % 4] * 2))
    """,
)

attacks(
    "mutation of the observation",
    clear="board.clear()",
    write_goal="""
        for row in board:
            for i in range(len(row)): row[i] = 2048
        return 'D'
    """,
    replace_rows="board[:] = [[1024, 1024, 0, 0]] * 4\nreturn 'A'",
    self_reference="board[0] = board\nreturn 'A'",
    grow="board.extend(board * 10 ** 5)\nreturn 'A'",
    delete_global="global strategy\ndel strategy",
    remember_and_restore="""
        first = []
        ---
        if not first: first.append(board)
        first[0][0][0] = 2048
        return 'WASD'[len(first[0]) % 4]
    """,
)

# The part above the line runs once per game; what it finds there another game has left.
