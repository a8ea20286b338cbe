"""Servers of the tests: real ones in a child process, and hostile ones in a thread."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@contextlib.contextmanager
def running() -> Iterator[str]:
    """The address below which all of ``environments.py`` is served."""
    program = [sys.executable, "-m", "tests.games.openenv.environments"]
    child = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield f"ws://127.0.0.1:{child.stdout.readline().strip()}"
    finally:
        child.stdin.close()
        child.wait(60)
        child.stdout.close()


@pytest.fixture(scope="session")
def servers():
    pytest.importorskip("openenv")
    with running() as address:
        yield address
