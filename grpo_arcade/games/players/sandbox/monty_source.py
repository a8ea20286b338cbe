"""A program as Monty is given it: a few things that models write in nearly every program, said in words it knows.

What is changed means the same in CPython, and every line stays where it is, so that an error names the person's own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

SEED = "seed_of_this_game"
"""The name in a game's namespace that stands for the seed of its own randomness."""

_Edit = tuple[int, int, int, int, str]
"""First line and byte, last line and byte, and what stands there instead."""


def for_monty(source: str) -> str:
    """The program with its idioms said otherwise; as it is where it is none."""
    tree = _parsed(source)
    lines = source.encode("utf-8", "surrogatepass").splitlines(keepends=True)
    edits = sorted({edit for node in ast.walk(tree) for edit in _edits(node, source)}, reverse=True)
    for line, start, last, end, text in edits:
        # Lines that go are given back as empty ones inside brackets.
        kept = b"\n" * (last - line)
        if kept:
            text = f"({text}"
        whole = lines[line - 1][:start] + text.encode() + kept + (b")" if kept else b"") + lines[last - 1][end:]
        lines[line - 1 : last] = whole.splitlines(keepends=True)
    return b"".join(lines).decode("utf-8", "surrogatepass")


def written_again(source: str, toolbox: str) -> list[str]:
    """The toolbox's functions that a program defines itself with as many parameters; see ``namespace.insist``."""
    if not toolbox:
        return []
    lent, own = (
        {
            node.name: len(node.args.posonlyargs) + len(node.args.args)
            for node in _parsed(text).body
            if isinstance(node, ast.FunctionDef)
        }
        for text in (toolbox, source)
    )
    return [name for name in lent if own.get(name) == lent[name]]


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])  # Monty will say what is wrong with it


def _edits(node: ast.AST, source: str) -> Iterator[_Edit]:
    if isinstance(node, ast.Call):
        yield from _seeded(node)
        for keyword in node.keywords:
            if keyword.arg == "key" and isinstance(keyword.value, ast.Attribute):
                yield _method_as_key(keyword.value)
    elif isinstance(node, ast.Delete) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Slice | ast.Tuple):
            yield (*_place(node), f"{ast.unparse(target.value)}.pop({ast.unparse(target.slice)})")
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript) and _is_of_typing(node.value, source):
        yield (*_place(node.value), "list")


def _seeded(call: ast.Call) -> Iterator[_Edit]:
    """``random.Random()`` and ``random.seed()`` with the game's seed, as in the namespace of a child."""
    if call.args or call.keywords:
        return
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if called in ("Random", "seed"):
        _, _, line, end = _place(call)
        yield line, end - 1, line, end - 1, SEED


def _method_as_key(method: ast.Attribute) -> _Edit:
    """``key=scores.get`` as a function, since methods are no values there."""
    return (*_place(method), f"(lambda of_this: {ast.unparse(method)}(of_this))")


def _is_of_typing(value: ast.Subscript, source: str) -> bool:
    """Whether a name is given to a type, for annotations: nothing else can be done with it."""
    root: ast.expr = value.value
    if isinstance(root, ast.Attribute):
        return isinstance(root.value, ast.Name) and root.value.id == "typing" and "import typing" in source
    return isinstance(root, ast.Name) and root.id in _TYPES and "typing" in source


_TYPES = frozenset(
    {"Callable", "Deque", "DefaultDict", "Dict", "FrozenSet", "Iterable", "Iterator", "List", "Literal", "Mapping"}
    | {"Optional", "Sequence", "Set", "Tuple", "Type", "Union"}
)


def _place(node: ast.expr | ast.stmt) -> tuple[int, int, int, int]:
    return node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
