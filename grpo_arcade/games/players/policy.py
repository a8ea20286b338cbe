"""Reads a strategy's source before it runs and refuses, in one clear line, what no strategy may ask for.

This keeps honest programs deterministic and tells a model what it did wrong. It is not the wall: the sandbox is, and
holds without it. It must not execute, import or compile anything of the source.
"""

from __future__ import annotations

import ast
import re
import string
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from unicodedata import combining, normalize

from grpo_arcade.games.game import Outcome
from grpo_arcade.games.players.sandbox.allowed import (
    FORBIDDEN_BUILTINS,
    METACLASSES,
    MODULES,
    attribute_is_allowed,
)

MAX_SOURCE_CHARACTERS = 64_000
"""Ten times what models write. Reading a program costs up to 15 µs and 2 KB a character in the process that asks."""
_MAX_MARKS = 30
"""Combining characters in a row, as in Unicode's Stream-Safe Text Format (UAX #15): sorting a run of them, as the
compiler does in names, takes quadratic time."""

_IMPORT_GUARDS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
# ``case int(x)`` looks at the value itself; for other classes a positional pattern reads the attributes that
# ``__match_args__`` names.
_SELF_MATCHING = frozenset(
    {"bool", "bytearray", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"}
)
_FORBIDDEN_DEFINITIONS = frozenset({"__class__", "__getattribute__", "__copy__", "__deepcopy__", "__annotations__"})

# Python warns of odd but valid programs while it parses them; whose they are, they say nothing about this program.
warnings.filterwarnings("ignore", module="<strategy>")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a source is not played."""

    outcome: Outcome
    """``FORBIDDEN``, ``SYNTAX_ERROR`` or ``NO_CODE``."""
    reason: str
    """One line, with the line number where there is one."""
    line: int = 0
    """Where the program does not parse; 0 if that is not known."""


class _ForbiddenError(Exception):
    def __init__(self, node: ast.AST, what: str) -> None:
        line = getattr(node, "lineno", None)
        super().__init__(what + (f" (line {line})" if line else ""))


def parse(source: str) -> ast.Module | Refusal:
    """The syntax tree, or why there is none. Never raises for any ``str``."""
    if len(source) > MAX_SOURCE_CHARACTERS:
        return Refusal(
            Outcome.FORBIDDEN, f"the program has {len(source):,} characters; {MAX_SOURCE_CHARACTERS:,} are allowed"
        )
    if not source.isascii() and _has_a_run_of_marks(source):
        return Refusal(Outcome.FORBIDDEN, f"the program has more than {_MAX_MARKS} combining characters in a row")
    try:
        return ast.parse(source, "<strategy>")
    except SyntaxError as error:
        line = f" (line {error.lineno})" if error.lineno else ""
        return Refusal(Outcome.SYNTAX_ERROR, f"{type(error).__name__}: {_one_line(error.msg)}{line}", error.lineno or 0)
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        why = _one_line(str(error)) or "the program is nested too deeply"
        return Refusal(Outcome.SYNTAX_ERROR, f"{type(error).__name__}: {why}")


def _has_a_run_of_marks(source: str) -> bool:
    # Judged by what the compiler's normal form makes of a character: some marks only appear there.
    marks = {c for c in set(source) if not c.isascii() and combining(normalize("NFKD", c)[0])}
    return bool(marks) and bool(re.search(f"[{re.escape(''.join(sorted(marks)))}]{{{_MAX_MARKS + 1}}}", source))


def check_source(source: str, entry: str = "strategy") -> Refusal | None:
    """None if the source may be played; see :func:`read_source`."""
    found = read_source(source, entry)
    return found if isinstance(found, Refusal) else None


def read_source(source: str, entry: str = "strategy") -> list[ast.AST] | Refusal:
    """All nodes of the syntax tree of a source that may be played, or why it may not.

    It must parse, bind ``entry`` at its top level, and import and name only what strategies may. An import of a module
    that is not there is fine inside ``try`` with an ``except ImportError``: it will raise ``ImportError``.
    """
    tree = parse(source)
    if isinstance(tree, Refusal):
        if tree.outcome is Outcome.FORBIDDEN or mentions(source, entry):
            return tree
        return Refusal(Outcome.NO_CODE, f"this is no program that defines {entry}")
    if not defines(tree, entry):
        return Refusal(Outcome.NO_CODE, f"the program defines no function called {entry}")
    nodes = list(ast.walk(tree))
    try:
        _check(nodes)
    except _ForbiddenError as error:
        return Refusal(Outcome.FORBIDDEN, _one_line(str(error)))
    return nodes


def mentions(source: str, entry: str) -> bool:
    """Whether a text that does not parse looks as if it was meant to define ``entry``."""
    return re.search(rf"^[ \t]*(?:def[ \t]+{re.escape(entry)}\b|{re.escape(entry)}[ \t]*=)", source, re.M) is not None


def defines(tree: ast.Module, entry: str) -> bool:
    """Whether the top level of the program binds ``entry``, inside ``if`` and ``try`` too."""
    return any(_binds(statement, entry) for statement in _top_level(tree.body))


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    waiting = list(body)
    while waiting:
        statement = waiting.pop()
        yield statement
        for name in ("body", "orelse", "finalbody"):
            if isinstance(statement, ast.If | ast.Try | ast.With | ast.For | ast.While):
                waiting += getattr(statement, name, [])
        for handler in getattr(statement, "handlers", []):
            waiting += handler.body


def _binds(statement: ast.stmt, entry: str) -> bool:
    if isinstance(statement, ast.FunctionDef):
        return statement.name == entry
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets = [statement.target]
    else:
        return False
    return any(isinstance(target, ast.Name) and target.id == entry for target in targets)


def _one_line(text: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in text)
    return printable if len(printable) <= 300 else printable[:299] + "…"


def _check(nodes: list[ast.AST]) -> None:
    guarded = _guarded_imports(nodes)
    calls = {id(node.func): node for node in nodes if isinstance(node, ast.Call)}
    metaclasses = _metaclasses(nodes)
    imported = _imported_names(nodes)
    for node in nodes:
        _check_identifiers(node)
        if isinstance(node, ast.Import):
            for alias in node.names:
                _check_import(node, alias.name, id(node) in guarded)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise _ForbiddenError(node, "relative imports have nothing to import from")
            _check_import(node, node.module or "", id(node) in guarded)
            _check_imported_names(node)
        elif isinstance(node, ast.Name):
            _check_name(node, id(node) in metaclasses)
        elif isinstance(node, ast.Attribute):
            _check_attribute(node, calls.get(id(node)), imported, id(node) in metaclasses)
        elif isinstance(node, ast.ClassDef):
            _check_class(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name in _FORBIDDEN_DEFINITIONS:
                raise _ForbiddenError(node, f"a strategy cannot define {node.name}")
        elif isinstance(node, ast.MatchClass):
            _check_match_class(node)
        elif isinstance(node, ast.Call):
            _check_call(node)


def _metaclasses(nodes: list[ast.AST]) -> set[int]:
    """The values of ``metaclass=...`` that mean what they say, since nothing else in the program has their name."""
    bound = {name for node in nodes for name in _bound_names(node)}
    found: set[int] = set()
    for node in nodes:
        for keyword in node.keywords if isinstance(node, ast.ClassDef) else []:
            root = keyword.value.value if isinstance(keyword.value, ast.Attribute) else keyword.value
            if isinstance(root, ast.Name) and root.id not in bound:
                found.add(id(keyword.value))
    return found


def _bound_names(node: ast.AST) -> Iterator[str]:
    """Names that a node gives a meaning of the program's own."""
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node.id
    elif isinstance(node, ast.Import):
        yield from (alias.asname for alias in node.names if alias.asname not in (None, alias.name))
    elif isinstance(node, ast.ImportFrom):
        names = [alias.asname or alias.name for alias in node.names]
        yield from (name for name in names if node.module not in ("abc", "enum") or name not in METACLASSES)
    elif not isinstance(node, ast.alias):
        yield from _identifiers(node)


def _guarded_imports(nodes: list[ast.AST]) -> set[int]:
    found: set[int] = set()
    for node in nodes:
        if isinstance(node, ast.Try) and any(_catches_import_errors(handler) for handler in node.handlers):
            for statement in _top_level(node.body):
                if isinstance(statement, ast.Import | ast.ImportFrom):
                    found.add(id(statement))
    return found


def _catches_import_errors(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id in _IMPORT_GUARDS for kind in kinds)


def _imported_names(nodes: list[ast.AST]) -> set[str]:
    """Names bound by imports, and plain further names for what they hold."""
    imported: set[str] = set()
    # In the order of the tree, so that an alias of an alias is seen too, if it comes later as it must to work.
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            imported |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.Assign | ast.NamedExpr):
            root = node.value
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and root.id in imported:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                imported |= {target.id for target in targets if isinstance(target, ast.Name)}
    return imported


def _check_import(node: ast.AST, name: str, guarded: bool) -> None:
    if name in MODULES:
        return
    top = name.partition(".")[0]
    if top not in sys.stdlib_module_names and guarded:
        return
    if top in sys.stdlib_module_names:
        raise _ForbiddenError(node, f"a strategy cannot import {name}; pure modules such as math and random are there")
    hint = "; inside try/except ImportError it may be asked for" if top == "numpy" else ""
    raise _ForbiddenError(node, f"a strategy cannot import {name}: only Python's own pure modules are there{hint}")


def _check_imported_names(node: ast.ImportFrom) -> None:
    without = MODULES.get(node.module or "", ())
    for alias in node.names:
        if alias.name in without:
            raise _ForbiddenError(node, f"a strategy cannot import {alias.name} from {node.module}")
        if alias.name in METACLASSES:
            if node.module not in ("abc", "enum") or alias.asname not in (None, alias.name):
                raise _ForbiddenError(
                    node, f"a strategy can import {alias.name} only from abc or enum, as it is called"
                )
        elif alias.asname in METACLASSES:
            raise _ForbiddenError(node, f"a strategy cannot give the name {alias.asname} to something else")


def _identifiers(node: ast.AST) -> Iterator[str]:
    for name in ("id", "name", "asname", "arg", "rest"):
        value = getattr(node, name, None)
        if isinstance(value, str):
            yield value
    if isinstance(node, ast.Global | ast.Nonlocal):
        yield from node.names
    if isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            if isinstance(node, ast.ImportFrom) and alias.name not in METACLASSES:
                yield alias.name
            if alias.asname and alias.asname not in METACLASSES:
                yield alias.asname


def _check_identifiers(node: ast.AST) -> None:
    if isinstance(node, ast.alias):
        return
    for identifier in _identifiers(node):
        if identifier in METACLASSES and not isinstance(node, ast.Name):
            raise _ForbiddenError(node, f"a strategy cannot give the name {identifier} to something else")
        if identifier.startswith("__") and identifier.endswith("__") and not attribute_is_allowed(identifier):
            raise _ForbiddenError(node, f"a strategy cannot use the name {identifier}")


def _check_name(node: ast.Name, as_metaclass: bool) -> None:
    if node.id in METACLASSES and not (as_metaclass and isinstance(node.ctx, ast.Load)):
        raise _ForbiddenError(node, f"a strategy can use {node.id} as metaclass=... only")
    if node.id in FORBIDDEN_BUILTINS and isinstance(node.ctx, ast.Load):
        # A parameter or variable of that name (``dir`` is a favourite) is honest; reading the built-in is what is not
        # there, and a program that binds the name itself never reaches it.
        if node.id in _BINDABLE:
            return
        raise _ForbiddenError(node, f"a strategy cannot use {node.id}")


# Names that programs for board games like to give to variables; the built-ins behind them are simply absent.
_BINDABLE = frozenset({"dir", "vars", "help", "input", "exit", "copyright", "credits", "license"})


def _check_attribute(node: ast.Attribute, call: ast.Call | None, imported: set[str], as_metaclass: bool) -> None:
    of_module = isinstance(node.value, ast.Name) and node.value.id in ("abc", "enum")
    if node.attr in METACLASSES and not (as_metaclass and of_module):
        raise _ForbiddenError(node, f"a strategy can use {node.attr} as metaclass=... only")
    if not attribute_is_allowed(node.attr):
        raise _ForbiddenError(node, f"a strategy cannot use the attribute {node.attr}")
    if node.attr == "format" and not _is_plain_format(node, call):
        raise _ForbiddenError(node, "a strategy can call format on a literal with plain fields only; use an f-string")
    if not isinstance(node.ctx, ast.Load):
        if node.attr == "__class__":
            raise _ForbiddenError(node, "a strategy cannot change the class of an object")
        root: ast.expr = node.value
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        if isinstance(root, ast.Name) and root.id in imported:
            raise _ForbiddenError(node, f"a strategy cannot change {root.id}, which it imported")


def _is_plain_format(node: ast.Attribute, call: ast.Call | None) -> bool:
    value = node.value
    if call is None or not isinstance(value, ast.Constant) or not isinstance(value.value, str):
        return False
    try:
        fields = list(string.Formatter().parse(value.value))
    except ValueError:
        return True
    return all(name is None or (not set(name) & set(".[") and "{" not in (spec or "")) for _, name, spec, _ in fields)


def _check_class(node: ast.ClassDef) -> None:
    for keyword in node.keywords:
        allowed = isinstance(keyword.value, ast.Name | ast.Attribute) and keyword.arg == "metaclass"
        kind = keyword.value
        name = kind.id if isinstance(kind, ast.Name) else kind.attr if isinstance(kind, ast.Attribute) else ""
        if not allowed or name not in METACLASSES:
            raise _ForbiddenError(node, "a strategy's class cannot have a metaclass or other class arguments")
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id == "type":
            raise _ForbiddenError(node, "a strategy cannot define a metaclass")


def _check_match_class(node: ast.MatchClass) -> None:
    for name in node.kwd_attrs:
        if not attribute_is_allowed(name) or name in ("format", "__class__") or name in METACLASSES:
            raise _ForbiddenError(node, f"a strategy cannot match the attribute {name}")
    simple = isinstance(node.cls, ast.Name) and node.cls.id in _SELF_MATCHING
    if node.patterns and not simple:
        raise _ForbiddenError(node, "a strategy can match positions of built-in classes only; name the attributes")


def _check_call(node: ast.Call) -> None:
    if not isinstance(node.func, ast.Name):
        return
    if node.func.id == "type" and (len(node.args) != 1 or node.keywords or isinstance(node.args[0], ast.Starred)):
        raise _ForbiddenError(node, "a strategy can ask type(x), and cannot build classes with type(...)")
