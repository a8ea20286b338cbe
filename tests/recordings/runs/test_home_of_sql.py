"""All SQL stands in the home of runs, so that a change of the tables is a change of one folder."""

import ast
import re
from pathlib import Path

import grpo_arcade

PACKAGE = Path(grpo_arcade.__file__).parent
SQL = re.compile(r"\b(SELECT|INSERT (OR \w+ )?INTO|UPDATE \w+ SET|DELETE FROM|CREATE (TEMP )?TABLE|PRAGMA)\s")


def strings_of(path):
    return [
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def test_sql_stands_in_the_home_of_runs_alone():
    home = PACKAGE / "recordings" / "runs"
    speaking = {path for path in PACKAGE.rglob("*.py") if any(SQL.search(text) for text in strings_of(path))}
    assert home / "reader.py" in speaking
    assert sorted(path for path in speaking if home not in path.parents) == []
