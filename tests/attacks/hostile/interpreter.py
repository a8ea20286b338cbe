"""Strategies that try to get out by what leads from a value to the interpreter around it."""

from tests.attacks.hostile.attack import attacks

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
