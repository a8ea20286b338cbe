"""What a strategy finds around it: built-in functions, modules, and randomness of its own.

Every game gets its own set, so that nothing a strategy keeps in a module or in ``builtins`` reaches another game.
This is for clear errors and for playing the same twice. It is not the wall; the kernel is.
"""

from __future__ import annotations

import _random
import builtins
import importlib
import operator
import random
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from .allowed import FORBIDDEN_BUILTINS, METACLASSES, MODULES, attribute_is_allowed

# As the library's random does it: hashlib brings OpenSSL with it, whose memory every child of the fork server would pay
# for when it is born and when it dies, a twelfth of both.
try:
    from _sha2 import sha256  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found,unused-ignore]  # before Python 3.12
    except ImportError:
        from hashlib import sha256

_ONLY: dict[str, tuple[str, ...]] = {
    "__future__": ("annotations",),
    "sys": ("maxsize", "float_info"),
    "types": ("SimpleNamespace", "MappingProxyType", "GenericAlias"),
}


def _checked_name(name: object) -> str:
    if type(name) is not str:
        raise TypeError("attribute name must be a plain string")
    for part in name.split("."):
        if not attribute_is_allowed(part) or part in ("format", "__class__") or part in METACLASSES:
            raise AttributeError(f"a strategy cannot use the attribute {part}")
    return name


def _getattr(target: object, name: object, *default: object) -> object:
    if type(name) is str and name == "__class__":
        return _Type(target)  # type: ignore[call-arg]
    return getattr(target, _checked_name(name), *default)


def _hasattr(target: object, name: object) -> bool:
    return hasattr(target, _checked_name(name))


def _setattr(target: object, name: object, value: object) -> None:
    owner = "strategy"
    if isinstance(target, type):
        owner = type.__getattribute__(target, "__module__")
    elif type(target) is types.FunctionType:
        owner = target.__module__
    if isinstance(target, types.ModuleType) or owner != "strategy":
        raise AttributeError("a strategy cannot change what it imported")
    setattr(target, _checked_name(name), value)


def _delattr(target: object, name: object) -> None:
    delattr(target, _checked_name(name))


def _attrgetter(*names: object) -> Callable[[Any], Any]:
    return operator.attrgetter(*map(_checked_name, names))


def _methodcaller(name: object, /, *args: object, **kwargs: object) -> Callable[[Any], Any]:
    return operator.methodcaller(_checked_name(name), *args, **kwargs)


def _wraps(wrapped: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    import functools

    def decorate(wrapper: Callable[..., Any]) -> Callable[..., Any]:
        # It writes to what it is given, which must be the program's own.
        if type(wrapper) is not types.FunctionType or wrapper.__module__ != "strategy":
            raise TypeError("a strategy can wrap functions of its own only")
        return functools.update_wrapper(wrapper, wrapped)

    return decorate


def _singledispatch(function: Callable[..., Any]) -> Callable[..., Any]:
    """As ``functools.singledispatch``, except that an annotation which is text is not evaluated."""
    import functools

    dispatching: Any = functools.singledispatch(function)
    register_class = dispatching.register

    def register(kind: Any, implementation: Any = None) -> Any:
        if implementation is not None or isinstance(kind, type):
            return register_class(kind, implementation)
        annotation = next(iter(kind.__annotations__.values()), None)
        if not isinstance(annotation, type):
            raise TypeError("the class to register is not clear; name it: register(int)")
        return register_class(annotation, kind)

    dispatching.register = register
    return dispatching


class _TypeLike(type):
    """The class of what a strategy knows as ``type``: says what something is, makes nothing."""

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        if len(arguments) != 1 or keywords:
            raise TypeError("a strategy can ask type(x), and cannot build classes with type(...)")
        found = type(arguments[0])
        return _Type if issubclass(found, type) else found

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, type)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, type)

    def __setattr__(cls, name: str, value: object) -> None:
        raise AttributeError("a strategy cannot change type")


class _Type(metaclass=_TypeLike):
    pass


def _print(*_values: object, **_options: object) -> None:
    """Printing is allowed and goes nowhere."""


class SeededRandom(random.Random):
    """``random.Random`` whose default seed is not the machine's entropy, which a confined process cannot ask for."""

    default_seed = 0

    def __new__(cls, *_arguments: object, **_keywords: object) -> SeededRandom:
        """Without a seed of its own the base class would ask the machine for entropy."""
        return _random.Random.__new__(cls, 0)  # type: ignore[call-arg]

    def seed(self, a: Any = None, version: int = 2) -> None:
        """As ``random.Random.seed``, except that ``None`` is the strategy's own fixed seed."""
        super().seed(self.default_seed if a is None else a, version)


def random_seed(source: bytes, first_observation: bytes) -> int:
    """The seed of a strategy's own randomness in one game.

    It says nothing of the game's seed, nor of the game's place in the match: it depends on what the strategy knows
    anyway, its source and the position it is about to see, so a strategy plays the same whatever it is played beside.
    """
    digest = sha256(b"grpo-arcade strategy randomness\0")
    digest.update(len(source).to_bytes(8, "big") + source + first_observation)
    return int.from_bytes(digest.digest()[:8], "big")


CLASS_OF = "class of"
"""The built-in that stands for ``.__class__``; it is no identifier, so no program can name it."""

_OVERRIDES: dict[str, dict[str, Any]] = {
    "functools": {"singledispatch": _singledispatch, "wraps": _wraps},
    "operator": {"attrgetter": _attrgetter, "methodcaller": _methodcaller},
    # The alias that people write in annotations leads to the real one.
    "typing": {"Type": typing._SpecialGenericAlias(_Type, 1, inst=False, name="Type")},  # type: ignore[attr-defined]
    "sys": {"setrecursionlimit": lambda _limit: None, "getrecursionlimit": lambda: 1000},
}


def _public_names(module: types.ModuleType, name: str) -> dict[str, Any]:
    wanted = _ONLY.get(name) or getattr(module, "__all__", None) or [key for key in vars(module) if key[0] != "_"]
    if name == "copy":
        wanted = ("copy", "deepcopy", "Error")
    found = {key: getattr(module, key) for key in wanted if key not in MODULES[name] and hasattr(module, key)}
    found = {key: value for key, value in found.items() if not isinstance(value, types.ModuleType)}
    return {**found, **_OVERRIDES.get(name, {})}


def _load_modules() -> dict[str, dict[str, Any]]:
    return {name: _public_names(importlib.import_module(name), name) for name in MODULES}


_CONTENTS = _load_modules()
_BUILTINS = {name: value for name, value in vars(builtins).items() if name not in FORBIDDEN_BUILTINS} | {
    "__build_class__": builtins.__build_class__,
    "__debug__": True,
    "delattr": _delattr,
    "getattr": _getattr,
    "hasattr": _hasattr,
    "print": _print,
    "setattr": _setattr,
    "type": _Type,
    CLASS_OF: _Type,
}
_FUNCTIONS = {name: value for name, value in _BUILTINS.items() if type(value) is types.FunctionType}
_RANDOM_METHODS = [name for name in random.__all__ if callable(getattr(random.Random, name, None))]


def _own_copy(value: Any) -> Any:
    """A library function as one game's own, since functions can be given attributes."""
    # Those with attributes already (typing.NamedTuple) are known to their modules by identity.
    if type(value) is not types.FunctionType or vars(value):
        return value
    copied = types.FunctionType(
        value.__code__, value.__globals__, value.__name__, value.__defaults__, value.__closure__
    )
    copied.__kwdefaults__ = value.__kwdefaults__
    return copied


def _own_random(seed: int) -> dict[str, Any]:
    class Random(SeededRandom):
        default_seed = seed

    Random.__qualname__ = Random.__name__
    generator = Random()
    return {"Random": Random} | {name: getattr(generator, name) for name in _RANDOM_METHODS}


def contents(module: str) -> Mapping[str, Any]:
    """What a strategy finds in a module, before any game has its own copy; nothing for one that is not there."""
    return _CONTENTS.get(module, {})


def shared_values() -> list[Any]:
    """All that strategies can import and of which every game of a child gets the same one."""
    return [SeededRandom, *(value for contents in _CONTENTS.values() for value in contents.values())]


def namespace(seed: int) -> dict[str, Any]:
    """The globals of one game's strategy, with built-ins, modules and randomness that no other game shares."""
    loaded: dict[str, types.ModuleType] = {}

    def load(name: str) -> types.ModuleType:
        if name not in loaded:
            module = types.ModuleType(name)
            contents = _own_random(seed) if name == "random" else _CONTENTS[name]
            vars(module).update({key: _own_copy(value) for key, value in contents.items()})
            if name != "__future__":
                module.__all__ = [key for key in vars(module) if not key.startswith("__")]  # type: ignore[attr-defined]
            loaded[name] = module
        return loaded[name]

    def import_(
        name: str,
        _globals: Mapping[str, object] | None = None,
        _locals: Mapping[str, object] | None = None,
        wanted: tuple[str, ...] | None = (),
        level: int = 0,
    ) -> types.ModuleType:
        if level or type(name) is not str or name not in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r} for strategies", name=str(name))
        module = load(name)
        if wanted:
            return module
        top, _, below = name.partition(".")
        if below:
            vars(load(top))[below] = module
        return load(top)

    own = {name: _own_copy(function) for name, function in _FUNCTIONS.items()}
    return {"__name__": "strategy", "__builtins__": _BUILTINS | own | {"__import__": import_}}


def unrestricted_namespace(seed: int) -> dict[str, Any]:
    """Globals with Python's own built-ins and imports, for proving that the kernel alone is a wall."""
    random.seed(seed)
    return {"__name__": "strategy", "__builtins__": builtins}


def lend(names: dict[str, Any], tools: types.CodeType) -> dict[str, types.FunctionType]:
    """Define a toolbox's functions among the globals of one game's strategy; those functions, by name.

    They keep globals of their own, so that a strategy that gives one of their names to something else does not change
    what the others call.
    """
    own: dict[str, Any] = {"__name__": "toolbox", "__builtins__": names["__builtins__"]}
    exec(tools, own)
    lent = {name: value for name, value in own.items() if type(value) is types.FunctionType}
    names.update(lent)
    return lent


def insist(names: dict[str, Any], lent: Mapping[str, types.FunctionType]) -> None:
    """Put a toolbox's functions back where a program has written them again, with as many parameters.

    Small models do so although they are told not to, and mostly get it wrong. A function that takes something else is
    another one that happens to have the name, and stays.
    """
    for name, tool in lent.items():
        written = names.get(name)
        if type(written) is types.FunctionType and written.__code__.co_argcount == tool.__code__.co_argcount:
            names[name] = tool
