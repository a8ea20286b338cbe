"""What the interpreter Monty cannot run, or would run otherwise than CPython, in words for whoever wrote the program.

A program is refused rather than played otherwise, since a result must not depend on the wall it was had behind. Some of
that can be read from the program; the rest shows when Monty raises what CPython would not.
"""

from __future__ import annotations

import ast
import builtins
import collections
import functools
import random
import re
from typing import Any

from .allowed import MODULES
from .namespace import contents

_OTHERWISE = {
    "hash": "hash() has other values there",
    "id": "id() has other values there",
}
_TYPES: dict[str, Any] = {
    "function": type(lambda: None),
    "builtin_function_or_method": type(len),
    "method": type([].append),
    "generator": type(_ for _ in ()),
    "Random": random.Random,
    "module": type(ast),
    "functools.partial": functools.partial,
}
_NO_ATTRIBUTE = re.compile(r"^(?:type object )?'([\w.]+)'(?: object)? has no attribute '(\w+)'")
_NO_MODULE_ATTRIBUTE = re.compile(r"^module '([\w.]+)' has no attribute '(\w+)'")
_NO_NAME_IN = re.compile(r"^cannot import name '(\w+)' from '([\w.]+)'")
_NO_MODULE = re.compile(r"^No module named '([\w.]+)'")
_NO_NAME = re.compile(r"^name '(\w+)' is not defined")
_IN_ORDER = frozenset({"enumerate", "iter", "list", "map", "next", "reversed", "tuple", "zip", "filter"})


def gap_in(nodes: list[ast.AST]) -> str:
    """Why Monty would run this program otherwise than CPython, as far as it can be read; empty if it would not."""
    sets = _names_of_sets(nodes)
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in _OTHERWISE:
            return f"{_OTHERWISE[node.id]} (line {node.lineno})"
        walked = _walked(node)
        if walked is not None and _is_set(walked, sets):
            return f"a set is walked in another order there; sort it (line {walked.lineno})"
    return ""


def _names_of_sets(nodes: list[ast.AST]) -> frozenset[str]:
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if _is_set(node.value, frozenset()):
                found |= {target.id for target in targets if isinstance(target, ast.Name)}
                found |= {target.attr for target in targets if isinstance(target, ast.Attribute)}
        elif isinstance(node, ast.FunctionDef):
            returned = [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return)]
            if any(value is not None and _is_set(value, frozenset()) for value in returned):
                found.add(node.name)
    return frozenset(found)


def _is_set(node: ast.expr, sets: frozenset[str]) -> bool:
    if isinstance(node, ast.Set | ast.SetComp):
        return True
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor):
        return _is_set(node.left, sets) or _is_set(node.right, sets)
    if isinstance(node, ast.Call):
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        return called in ("set", "frozenset") or called in sets
    if isinstance(node, ast.Attribute):
        return node.attr in sets
    return isinstance(node, ast.Name) and node.id in sets


def _walked(node: ast.AST) -> ast.expr | None:
    """What a node goes through in order, if it does."""
    if isinstance(node, ast.For | ast.comprehension):
        return node.iter
    if isinstance(node, ast.Starred):
        return node.value
    if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Name):
        called = node.func.id
        # With a key, the first of several that are equally large is another one there.
        return node.args[-1] if called in _IN_ORDER or (called in ("max", "min") and node.keywords) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "pop" and not node.args:
            return node.func.value
        if node.func.attr in ("join", "extend") and len(node.args) == 1:
            return node.args[0]
    return None


def gap_behind(kind: str, message: str) -> str:
    """Why Monty raised an error of this type and text, if it lacks what CPython has; empty if the program is wrong."""
    if kind == "NotImplementedError" and ("monty" in message.lower() or "support" in message):
        return _plainly(message)
    if kind in ("AttributeError", "ImportError", "ModuleNotFoundError", "NameError", "TypeError"):
        for pattern, is_there in _LACKS:
            found = pattern.search(message)
            if found and is_there(*found.groups()):
                return _plainly(message)
    return "typing's names cannot be subscribed there outside annotations" if "'typing." in message else ""


def _plainly(message: str) -> str:
    text = message.replace("The monty syntax parser does not yet support", "it has not got yet:")
    return text.partition(" and no __dict__")[0]


def _type_has(name: str, attribute: str) -> bool:
    kind = _TYPES.get(name) or getattr(builtins, name, None) or getattr(collections, name.rpartition(".")[2], None)
    # Functions take any attribute, so one that is missing may not have been set: only setting it is Monty's lack.
    return hasattr(kind if isinstance(kind, type) else object, attribute)


_LACKS: tuple[tuple[re.Pattern[str], Any], ...] = (
    (re.compile(r"^'(function)' object has no attribute '(\w+)' and no __dict__"), lambda _kind, _name: True),
    (_NO_ATTRIBUTE, _type_has),
    (_NO_MODULE_ATTRIBUTE, lambda module, name: name in contents(module)),
    (_NO_NAME_IN, lambda name, module: name in contents(module)),
    (_NO_MODULE, lambda module: module in MODULES),
    (_NO_NAME, lambda name: hasattr(builtins, name)),
)
