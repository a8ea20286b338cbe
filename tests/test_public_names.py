"""What programs may rely on: the names in docs/python.md, each typed and told of, and no others."""

import ast
import importlib
import inspect
import re
from itertools import pairwise
from pathlib import Path

import pytest

import grpo_arcade

PAGE = (Path(__file__).parents[1] / "docs" / "python.md").read_text()
STUB = Path(grpo_arcade.__file__).with_suffix(".pyi")
TABLE = {
    place: set(re.findall(r"`(\w+)`", names))
    for place, names in re.findall(
        r"^\| `(grpo_arcade[\w.]*)` \| (.+) \|$", PAGE.split("## All names")[1], re.MULTILINE
    )
}
ROOMS = list(TABLE)
EXPORTS = [(room, name) for room in ROOMS for name in importlib.import_module(room).__all__]


def test_pages_import_only_what_is_public():
    imported = set()
    for page in (Path(__file__).parents[1] / "docs").glob("*.md"):
        for block in re.findall(r"^```python[^\n]*\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE):
            for node in ast.walk(ast.parse(block)):
                if isinstance(node, ast.ImportFrom) and node.module.startswith("grpo_arcade"):
                    imported |= {(node.module, alias.name) for alias in node.names}
    assert imported
    private = [each for each in imported if ".".join(each) not in TABLE and each[1] not in TABLE.get(each[0], ())]
    assert private == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_package_exports_what_the_page_names_and_nothing_else(room):
    assert set(importlib.import_module(room).__all__) == TABLE[room]


@pytest.mark.parametrize(("room", "name"), EXPORTS, ids=[f"{room}.{name}" for room, name in EXPORTS])
def test_an_exported_name_has_a_docstring_and_types(room, name):
    found = getattr(importlib.import_module(room), name)
    if inspect.ismodule(found):
        pytest.fail(f"{room} exports a module as {name}")
    if inspect.isclass(found):
        assert found.__dict__.get("__doc__"), f"{name} has no docstring of its own"
        assert not found.__doc__.startswith(f"{name}("), f"{name} has the docstring that dataclass makes up"
        for method, function in vars(found).items():
            if inspect.isfunction(function) and not method.startswith("_"):
                told = function.__doc__ or any(getattr(base, method, None) for base in found.__mro__[1:])
                assert told, f"{name}.{method} has no docstring"
                assert_typed(function, f"{name}.{method}")
    elif inspect.isfunction(found):
        assert found.__doc__, f"{name} has no docstring"
        assert_typed(found, name)
    else:
        assert described_in_source(room, name), f"{name} has no docstring below it"


def assert_typed(function, name):
    signature = inspect.signature(function)
    untyped = [
        each.name
        for each in signature.parameters.values()
        if each.annotation is each.empty and each.name not in ("self", "cls")
    ]
    assert not untyped, f"{name}: {untyped} have no type"
    assert signature.return_annotation is not signature.empty, f"{name} does not say what it returns"


def described_in_source(room, name):
    """Whether a constant has a string below it where it is defined."""
    root = Path(grpo_arcade.__file__).parent.joinpath(*room.split(".")[1:])
    for path in root.glob("*.py"):
        body = ast.parse(path.read_text()).body
        for statement, following in pairwise(body):
            targets = getattr(statement, "targets", [getattr(statement, "target", None)])
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                return isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
    return False


def test_the_stub_has_the_names_of_the_package_from_the_same_places():
    said = {
        alias.asname: node.module
        for node in ast.parse(STUB.read_text()).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert said == {name: f"grpo_arcade.{place}" for name, place in grpo_arcade._PLACES.items()}
    assert (STUB.parent / "py.typed").is_file()


def test_every_name_is_there_and_other_names_are_not():
    for name in grpo_arcade.__all__:
        assert name in dir(grpo_arcade)
        assert getattr(grpo_arcade, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'mkae'"):
        grpo_arcade.mkae  # noqa: B018
