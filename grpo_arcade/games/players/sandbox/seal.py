"""Makes what all games of a child share unchangeable, so that no game finds in it what another has left.

For the processes that run strategies only, where nothing else has a claim on the library: other code may rightly change
a class. What stays open, reached through an alias that the policy does not see: attributes of the members of the
library's enums, of ``typing.AnyStr``, ``NamedTuple`` and ``TypedDict``.
"""

from __future__ import annotations
import __future__

import abc
import contextlib
import ctypes
import dataclasses
from typing import Any

from . import namespace

_IMMUTABLE = 1 << 8  # Py_TPFLAGS_IMMUTABLETYPE of Include/object.h
_FLAGS_OFFSET = 168  # of tp_flags in PyTypeObject, where pointers have 64 bits


def seal() -> None:
    """Seal the library classes and constants that strategies can import, for good."""
    with contextlib.suppress(TypeError):  # sealed already
        _close_registers()
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


def _close_registers() -> None:
    """Let strategies register classes with abstract classes of their own only."""
    register = abc.ABCMeta.register

    def register_own(cls: abc.ABCMeta, subclass: type) -> type:
        if cls.__module__ != "strategy":
            raise TypeError(f"a strategy cannot register a class with {cls.__name__}, which it imported")
        return register(cls, subclass)

    abc.ABCMeta.register = register_own  # type: ignore[method-assign]
