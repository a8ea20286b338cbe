import contextlib
import importlib.util
import sqlite3
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory):
    """A run in which every table has rows; nobody may write to it."""
    path = Path(__file__).parents[2] / "arcade" / "dashboard" / "made_run.py"
    spec = importlib.util.spec_from_file_location("made_run", path)
    module = sys.modules.setdefault("made_run", importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    folder = module.make_run(tmp_path_factory.mktemp("whole"), 3, alarms=True)
    with contextlib.closing(sqlite3.connect(folder / "run.db", isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO champions SELECT 1, step, id, time, 0, score, NULL, '[1.0, 2.0]' FROM strategies "
            "WHERE source_id IS NOT NULL ORDER BY id DESC LIMIT 1"
        )
        connection.execute("INSERT INTO commands (time, name) VALUES (1.0, 'pause')")
    return folder
