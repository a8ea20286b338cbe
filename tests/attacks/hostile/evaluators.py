"""Strategies that have the library evaluate a text, or make an attribute, that the policy would refuse in a source.

Each raises ``reached`` once it runs what it wrote as text or has what it must not.
"""

from tests.attacks.hostile.attack import attacks

KIND = "evaluators of the library"

attacks(
    KIND,
    dispatch_on_a_text="""
        from functools import singledispatch
        box = [None]
        @singledispatch
        def f(x): return x
        @f.register
        def _(x: "box.__setitem__(0, ().__class__.__base__.__subclasses__()) or int"): return x
        ---
        if box[0]: raise Exception('reached')
    """,
    dispatch_through_an_object="""
        import functools
        box = [None]
        class Bait:
            __name__ = 'f'
            def __getattr__(self, name):
                if name == '__annotations__': return {'x': "box.append(eval) or int"}
                return {'box': box}
            def __call__(self, x): return x
        f = functools.singledispatch(lambda x: x)
        try: f.register(Bait())
        except Exception: pass
        ---
        if len(box) > 1: raise Exception('reached')
    """,
    dataclass_keys_through_wraps="""
        import dataclasses, functools
        box = []
        class Bait:
            def __getattr__(self, name):
                if name == '__annotations__': return {"x, y=box.append(print.__self__)": int}
                return {}
        class A: box = box
        try: functools.wraps(Bait())(A)
        except Exception: pass
        try: dataclasses.dataclass(A)
        except Exception: pass
        ---
        if box: raise Exception('reached')
    """,
    dataclass_keys_in_the_class="""
        from dataclasses import dataclass
        @dataclass
        class A:
            __annotations__ = {"x, y=__import__('os').getpid()": int}
        ---
        raise Exception('reached')
    """,
    dataclass_field_renamed="""
        from dataclasses import dataclass, fields
        box = []
        @dataclass
        class A:
            x: int = 0
        fields(A)[0].name = "x, y=__dataclass_builtins_object__.__subclasses__()"
        try:
            @dataclass
            class B(A): pass
            box.append(B)
        except TypeError: pass
        ---
        if box: raise Exception('reached')
    """,
    dataclass_field_of_a_special_name="""
        from dataclasses import dataclass, fields, field
        import copy
        box = []
        @dataclass
        class A:
            x: object = lambda self, version: (box.append, (1,))
        fields(A)[0].name = "__reduce_ex__"
        try:
            @dataclass(eq=False, init=False, repr=False)
            class B(A): pass
            copy.copy(B())
        except Exception: pass
        ---
        if box: raise Exception('reached')
    """,
    forward_reference="""
        import typing
        ref = typing.get_args(typing.Optional["().__class__.__base__.__subclasses__()"])[0]
        ---
        raise Exception('reached', ref._evaluate({}, {}, frozenset()))
    """,
    forward_reference_by_name="""
        import typing
        box = []
        ref = typing.get_args(typing.Optional["().__class__.__base__.__subclasses__()"])[0]
        for name in ('_eval' + 'uate', 'evaluate'):
            for arguments in (({}, {}, frozenset()), ()):
                try: box.append(getattr(ref, name)(*arguments))
                except Exception: pass
        ---
        if box: raise Exception('reached')
    """,
    enum_of_a_module="""
        import enum
        ---
        raise Exception('reached', list(enum.Enum._convert_('X', 'os', lambda name: True)))
    """,
    enum_over_a_module="""
        from enum import Enum, global_enum
        ---
        raise Exception('reached', global_enum(Enum('X', 'eval', module='builtins')))
    """,
    enum_with_special_members="""
        import copy, enum
        box = []
        for names in ([('A', 1), ('__reduce_ex__', lambda self, version: (box.append, (1,)))],
                      {'A': 1, '__deepcopy__': lambda self, memo: box.append(1)},
                      'A __init_subclass__'):
            try: copy.copy(enum.Enum('X', names).A), copy.deepcopy(enum.Enum('X', names).A)
            except Exception: pass
        ---
        if box: raise Exception('reached')
    """,
    class_of_a_class="""
        import copy
        box = []
        try: copy.copy(().__class__.__class__('X', (), {'__reduce_ex__': lambda self, version: (box.append, (1,))})())
        except Exception: pass
        ---
        if box: raise Exception('reached')
    """,
    class_of_an_abstract_class="""
        import abc
        class A(abc.ABC): pass
        ---
        raise Exception('reached', A.__class__('X', (), {'__del__': print}))
    """,
    class_in_a_pattern="""
        class A: pass
        match A:
            case object(__class__=kind): pass
        ---
        raise Exception('reached', kind('X', (), {'__del__': print}))
    """,
    false_metaclass="""
        box = []
        class ABCMeta:
            def __init__(self, *parts): box.append(parts)
            def __getattr__(self, name): raise AttributeError
            def __call__(self, *parts): return box.append(parts)
        class A(metaclass=ABCMeta): pass
        ---
        raise Exception('reached', box)
    """,
    false_metaclass_under_an_import="""
        import abc
        class abc:
            class ABCMeta:
                def __init__(self, name, bases, inside): self.inside = inside
        class A(metaclass=abc.ABCMeta): pass
        ---
        raise Exception('reached', A.inside)
    """,
    metaclass_by_inheritance="""
        from abc import ABCMeta
        class M(ABCMeta):
            def __getattr__(cls, name): return print
        ---
        raise Exception('reached', M('X', (), {'__reduce_ex__': print}))
    """,
    metaclass_by_another_name="""
        from abc import ABCMeta as Base
        ---
        raise Exception('reached', Base('X', (), {'__reduce_ex__': print}))
    """,
    metaclass_through_its_module="""
        import abc
        make = getattr(abc, 'ABC' + 'Meta')
        ---
        raise Exception('reached', make('X', (), {'__reduce_ex__': print}))
    """,
    copied_as_an_instance_says="""
        import copy, types
        box = []
        def target(): pass
        def made(): return target
        said = types.SimpleNamespace(**{'__reduce_ex__': lambda version: (made, (), (None, {'__qualname__': 'reached'}))})
        for how in (copy.copy, copy.deepcopy):
            try: how(said)
            except TypeError: pass
        ---
        if target.__qualname__ == 'reached': raise Exception('reached')
    """,
    type_behind_an_alias="""
        import typing
        alias = typing.Type[int]
        try: alias._inst = True
        except AttributeError: pass
        box = [typing.get_origin(alias)]
        try: box.append(alias('X', (), {'__reduce_ex__': print}))
        except TypeError: pass
        try: box.append(box[0]('X', (), {'__reduce_ex__': print}))
        except TypeError: pass
        ---
        if len(box) > 1: raise Exception('reached')
    """,
    getattr_of_an_enum="""
        import enum
        box = []
        class A(enum.Enum): X = 1
        try: box.append(enum.pickle_by_enum_name(A.X, 4)[0](A, '__mro__'))
        except AttributeError: pass
        ---
        if box: raise Exception('reached')
    """,
    property_of_an_enum="""
        import enum
        box = []
        p = enum.property()
        def target(): pass
        class A: x = p
        for name, value in (('_attr_type', 'attr'), ('_cls_type', target), ('name', '__globals__')):
            try: setattr(p, name, value)
            except AttributeError: pass
        try: box.append(A().x)
        except Exception: pass
        ---
        if box: raise Exception('reached')
    """,
)
