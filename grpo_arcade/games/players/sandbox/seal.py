"""Makes what all games of a child share unchangeable, so that no game finds in it what another has left.

For the processes that run strategies only, where nothing else has a claim on the library: other code may rightly change
a class. What stays open, reached through an alias that the policy does not see: attributes of the members of the
library's enums, of ``typing.AnyStr``, ``NamedTuple`` and ``TypedDict``.
"""

from __future__ import annotations
import __future__

import abc
import contextlib
import copy
import ctypes
import dataclasses
import enum
import keyword
import sys
from typing import Any

from . import namespace
from .allowed import attribute_is_allowed

_IMMUTABLE = 1 << 8  # Py_TPFLAGS_IMMUTABLETYPE of Include/object.h
_FLAGS_OFFSET = 168  # of tp_flags in PyTypeObject, where pointers have 64 bits


def seal() -> None:
    """Seal the library classes and constants that strategies can import, for good."""
    with contextlib.suppress(TypeError):  # sealed already
        _close_registers()
        _close_evaluators()
        for constant in (dataclasses.MISSING, dataclasses.KW_ONLY, __future__.annotations):
            kind: Any = type(constant)
            kind.__setattr__ = _refuse
    kinds = {value if isinstance(value, type) else type(value) for value in namespace.shared_values()}
    kinds |= {type(kind) for kind in kinds}
    for above in {above for kind in kinds for above in kind.__mro__}:
        flags = ctypes.c_ulong.from_address(id(above) + _FLAGS_OFFSET)
        # Elsewhere than where they are known to be, they are left alone.
        if flags.value == above.__flags__ and not flags.value & _IMMUTABLE:
            flags.value |= _IMMUTABLE


def _refuse(_self: object, _name: str, _value: object) -> None:
    raise AttributeError("a strategy cannot change what it imported")


def _close_evaluators() -> None:
    """Take from the library what makes code or attributes of a strategy's text, or has it take plain names only."""
    for name in ("typing", "functools", "enum", "inspect", "annotationlib", "reprlib", "copy", "statistics", "random"):
        module = sys.modules.get(name)
        for evaluator in ("eval", "exec"):
            if module is not None and evaluator not in vars(module):
                setattr(module, evaluator, _no_code)
    make_dataclass: Any = dataclasses._process_class  # type: ignore[attr-defined]
    make_enum: Any = enum.EnumMeta._create_  # type: ignore[attr-defined]

    def process_class(cls: Any, *arguments: Any, **keywords: Any) -> Any:
        # The names of fields become part of a source text, whoever wrote them into the class or its parents' fields.
        for above in type.__dict__["__mro__"].__get__(cls):
            own = type.__dict__["__dict__"].__get__(above)
            names = [*dict(own.get("__annotations__") or {}), *dict(own.get("__dataclass_fields__") or {})]
            names += [field.name for field in dict(own.get("__dataclass_fields__") or {}).values()]
            for field_name in names:
                _plain_name(field_name)
        return make_dataclass(cls, *arguments, **keywords)

    def create(cls: Any, class_name: str, names: Any, *arguments: Any, **keywords: Any) -> Any:
        if type(names) is str:
            listed: list[Any] = names.replace(",", " ").split()
        else:
            listed = list(names.items()) if isinstance(names, dict) else list(names)
            listed = [entry if type(entry) is str else tuple(entry) for entry in listed]
        for entry in listed:
            _plain_name(entry if type(entry) is str else entry[0], dunder=False)
        return make_enum(cls, class_name, listed, *arguments, **keywords)

    def rebuild(copied: Any, *arguments: Any, **keywords: Any) -> Any:
        # What says how an object is copied may set any attribute of any other: that is for its class to say.
        with contextlib.suppress(AttributeError):
            if {"__reduce_ex__", "__reduce__"} & object.__getattribute__(copied, "__dict__").keys():
                raise TypeError("a strategy cannot say how one object is copied")
        return rebuild_any(copied, *arguments, **keywords)

    rebuild_any: Any = copy._reconstruct  # type: ignore[attr-defined]
    copy._reconstruct = rebuild  # type: ignore[attr-defined]
    dataclasses._process_class = process_class  # type: ignore[attr-defined]
    enum.EnumMeta._create_ = create  # type: ignore[attr-defined]


def _plain_name(name: object, dunder: bool = True) -> None:
    if type(name) is not str or not name.isidentifier() or keyword.iskeyword(name) or not attribute_is_allowed(name):
        raise TypeError(f"a strategy cannot name a field {name!r}" if type(name) is str else "a field's name is text")
    if not dunder and name.startswith("__"):
        raise TypeError(f"a strategy cannot name a member {name!r}")


def _no_code(*_arguments: object, **_keywords: object) -> None:
    raise TypeError("a strategy's text is never run as code")


def _close_registers() -> None:
    """Let strategies register classes with abstract classes of their own only."""
    register = abc.ABCMeta.register

    def register_own(cls: abc.ABCMeta, subclass: type) -> type:
        if cls.__module__ != "strategy":
            raise TypeError(f"a strategy cannot register a class with {cls.__name__}, which it imported")
        return register(cls, subclass)

    abc.ABCMeta.register = register_own  # type: ignore[method-assign]
