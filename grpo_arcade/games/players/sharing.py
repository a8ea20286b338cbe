"""Whether the games of one program can be played in one process without one of them finding what another has left.

Each game has its own globals, built-ins, modules and library functions, and the library's classes are sealed. What
games of a process still share are the functions inside the library's classes and a few of its objects (an alias of
``typing``, a flag of ``re``), and the memory they live in. So a program is played a process a game if it could get hold
of such a thing, whatever it does with it, or if it asks for addresses. Hardly any program that was written to play
does; the others pay about 5 ms a game.

This reads the program as the policy has, and trusts that the policy was kept. It must not run anything of it.
"""

from __future__ import annotations

import ast
import builtins
import enum
import sys
import types
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

_ASK_FOR_ADDRESSES = frozenset({"hash", "id", "object"})
_BY_TEXT = frozenset({"getattr", "attrgetter", "methodcaller"})
_LEAD_TO_FUNCTIONS = frozenset({"fdel", "fget", "fset", "func", "obj"})
"""Attributes of built-in types that give back a function or the object of an error."""
_IS_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE of Include/object.h: a class that was not built into the interpreter
_BUILTIN_TYPES = frozenset(name for name, value in vars(builtins).items() if isinstance(value, type))
_HARMLESS_DUNDERS = frozenset({"__class__", "__doc__", "__name__", "__qualname__"})


def can_share_a_process(nodes: list[ast.AST]) -> bool:
    """Whether one process can play all games of the program whose syntax tree has these nodes."""
    bases = {id(base) for node in nodes if isinstance(node, ast.ClassDef) for base in node.bases}
    names = {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in bases}
    if names & _ASK_FOR_ADDRESSES:
        return False
    imports = _Imports(nodes)
    return not (imports.everything or _gets_hold(nodes, imports) or _uses_shared_objects(nodes, imports))


class _Imports:
    """What a program imports."""

    def __init__(self, nodes: list[ast.AST]) -> None:
        self.everything = False
        """It imports all names of some module, whatever they are."""
        self.functions = set(_LEAD_TO_FUNCTIONS)
        """Attributes that lead to functions inside the classes it imports."""
        self.objects: set[str] = set()
        """Names by which it has a shared object that can be written to."""
        self.homes: dict[str, str] = {}
        """Names by which it has modules that hold such objects."""
        self.modules: set[str] = set()
        """Names by which it has modules."""
        self.names: set[str] = set()
        """Names by which it has what modules hold."""
        attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        roots = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
        passed_on = {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in roots}
        for node in nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    used = None if name in passed_on else attributes
                    self.modules.add(name)
                    for module in {alias.name, alias.name.partition(".")[0]}:
                        self._import(module, used)
                        if _shared_objects(module):
                            self.homes[name] = module
            elif isinstance(node, ast.ImportFrom):
                self.names |= {alias.asname or alias.name for alias in node.names}
                self.everything |= any(alias.name == "*" for alias in node.names)
                self._import(node.module or "", {alias.name for alias in node.names})
                shared = _shared_objects(node.module or "")
                self.objects |= {alias.asname or alias.name for alias in node.names if alias.name in shared}

    def _import(self, module: str, used: set[str] | None) -> None:
        self.functions |= _behind_the_names(module)
        for name, functions in _functions_in_classes(module).items():
            if used is None or name in used:
                self.functions |= functions


def _gets_hold(nodes: list[ast.AST], imports: _Imports) -> bool:
    """Whether it reads an attribute, other than to call it, that leads to a function all games share."""
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}

    def leads(name: str) -> bool:
        return name in imports.functions or (
            name.startswith("__") and name.endswith("__") and name not in _HARMLESS_DUNDERS
        )

    for node in nodes:
        if isinstance(node, ast.Attribute):
            if node.attr in _BY_TEXT or (leads(node.attr) and id(node) not in called):
                return True
        elif isinstance(node, ast.MatchClass):
            if any(map(leads, node.kwd_attrs)):
                return True
        elif isinstance(node, ast.Name):
            if node.id in _BY_TEXT and id(node) not in called:
                return True
        elif isinstance(node, ast.alias):
            if node.name in _BY_TEXT:
                return True
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _BY_TEXT:
            asked = node.args[1] if len(node.args) > 1 else None
            if not isinstance(asked, ast.Constant) or not isinstance(asked.value, str) or leads(asked.value):
                return True
    return False


def _uses_shared_objects(nodes: list[ast.AST], imports: _Imports) -> bool:
    """Whether it has a shared object as a value, rather than in annotations or as a base class."""
    if not imports.objects and not imports.homes:
        return False
    types_only = _Types(nodes, imports)
    fine: set[int] = set()
    for node in nodes:
        if isinstance(node, ast.AnnAssign | ast.arg):
            fine.update(types_only.within(node.annotation))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            fine.update(types_only.within(node.returns))
        elif isinstance(node, ast.ClassDef):
            for base in node.bases:
                fine.update(types_only.within(base))
        elif isinstance(node, ast.Assign) and node.value in types_only.aliased:
            fine.update(types_only.within(node.value))
    for node in nodes:
        if id(node) in fine or not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
            continue
        if node.id in imports.objects or node.id in types_only.aliases or _is_home_of_used(node, nodes, imports):
            return True
    return False


class _Types:
    """Which expressions are types and nothing else: evaluated, they give a shared object to nobody."""

    def __init__(self, nodes: list[ast.AST], imports: _Imports) -> None:
        bound = Counter(node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load))
        bound.update(node.arg for node in nodes if isinstance(node, ast.arg))
        defined = Counter(node.name for node in nodes if isinstance(node, ast.ClassDef | ast.FunctionDef))
        classes = {node.name for node in nodes if isinstance(node, ast.ClassDef) and not node.decorator_list}
        known = {name for name in classes if defined[name] == 1} | imports.names | _BUILTIN_TYPES
        self._known = {name for name in known if not bound[name] and (name in classes or not defined[name])}
        self._modules = imports.homes.keys() | imports.modules
        self.aliases: set[str] = set()
        """Names given to types once (``Board = List[List[int]]``)."""
        self.aliased: list[ast.expr] = []
        for node in nodes:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript) and len(node.targets) == 1:
                target = node.targets[0]
                if isinstance(target, ast.Name) and bound[target.id] == 1 and self._are(node.value):
                    self.aliases.add(target.id)
                    self.aliased.append(node.value)
                    self._known.add(target.id)

    def within(self, tree: ast.expr | None) -> Iterable[int]:
        """The nodes of an expression, if it is a type and nothing else."""
        return map(id, ast.walk(tree)) if tree is not None and self._are(tree) else ()

    def _are(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Constant):
            return True
        if isinstance(node, ast.Name):
            return node.id in self._known
        if isinstance(node, ast.Attribute):
            return isinstance(node.value, ast.Name) and node.value.id in self._modules
        if isinstance(node, ast.Subscript):
            return self._are(node.value) and self._are(node.slice)
        if isinstance(node, ast.BinOp):
            return isinstance(node.op, ast.BitOr) and self._are(node.left) and self._are(node.right)
        return isinstance(node, ast.Tuple | ast.List) and all(map(self._are, node.elts))


def _is_home_of_used(name: ast.Name, nodes: list[ast.AST], imports: _Imports) -> bool:
    """Whether this name is a module from which a shared object is taken, or which is passed on."""
    if name.id not in imports.homes:
        return False
    taken = next((node.attr for node in nodes if isinstance(node, ast.Attribute) and node.value is name), None)
    return taken is None or taken in _shared_objects(imports.homes[name.id])


@cache
def _behind_the_names(module: str) -> frozenset[str]:
    """Attributes of objects that a module's functions give back: those of its private classes, and its private ones."""
    found: set[str] = set()
    for name, value in vars(sys.modules[module]).items() if _contents(module) else ():
        if isinstance(value, type) and value.__module__ == module:
            found |= {other for other in _lead_on(value) if name.startswith("_") or other.startswith("_")}
    return frozenset(found)


@cache
def _functions_in_classes(module: str) -> dict[str, frozenset[str]]:
    """Of each object of a module: the attributes that lead to functions and objects of the library's own."""
    return {name: _lead_on(value) for name, value in _contents(module).items()}


def _lead_on(value: Any) -> frozenset[str]:
    found: set[str] = set()
    kind: Any = value if isinstance(value, type) else type(value)
    for above in type.__dict__["__mro__"].__get__(kind):
        if above.__flags__ & _IS_HEAP_TYPE:
            for name, attribute in vars(above).items():
                is_function = isinstance(attribute, types.FunctionType | staticmethod | classmethod)
                is_shared = type(attribute).__flags__ & _IS_HEAP_TYPE and not hasattr(type(attribute), "__get__")
                if not name.startswith("__") and (is_function or is_shared or name.startswith("_")):
                    found.add(name)
    return frozenset(found)


@cache
def _shared_objects(module: str) -> frozenset[str]:
    """Names of a module's objects, neither classes nor functions, that have attributes to write to."""
    found = set()
    for name, value in _contents(module).items():
        kind = type(value)
        if isinstance(value, type):
            shared = issubclass(kind, enum.EnumMeta)
        elif kind is types.FunctionType:
            shared = bool(vars(value))
        else:
            shared = bool(kind.__flags__ & _IS_HEAP_TYPE)
        if shared:
            found.add(name)
    return frozenset(found)


def _contents(module: str) -> Mapping[str, Any]:
    from grpo_arcade.games.players.sandbox import namespace

    return namespace.contents(module)
