"""Servers of the tests: real ones in a child process, and hostile ones in a thread."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ENVIRONMENTS = Path(__file__).with_name("environments.py")


@contextlib.contextmanager
def running() -> Iterator[str]:
    """The address below which all of ``environments.py`` is served."""
    child = subprocess.Popen(
        [sys.executable, str(ENVIRONMENTS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield f"ws://127.0.0.1:{child.stdout.readline().strip()}"
    finally:
        child.stdin.close()
        child.wait(10)
        child.stdout.close()


@pytest.fixture(scope="session")
def servers():
    pytest.importorskip("openenv")
    with running() as address:
        yield address
