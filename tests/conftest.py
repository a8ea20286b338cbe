"""What holds for every test."""

import contextlib
import importlib.util
import os
import signal
import sqlite3
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers

# Runs made in tests are of this machine, whose key is made for the tests alone.
_KEY = tempfile.TemporaryDirectory(prefix="arcade-key-")
os.environ["ARCADE_MACHINE_KEY"] = str(Path(_KEY.name) / "machine.key")

# A window that is open on this machine does not write for the tests.
os.environ["ARCADE_WRITER"] = str(Path(_KEY.name) / "writer.json")

# Nobody downloads; said before huggingface_hub is imported, because it reads this once.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

# A shell that starts the tests in the background makes them ignore Ctrl-C, and their children would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples at every run, so that nothing fails by chance; `make soak` looks for new ones, and what it finds
# becomes a test. A busy machine is no failure. Some examples are constants out of those of our modules that happen to be
# imported by then, which differ with the tests a process ran before, even where nothing is left to chance; so none are.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("random", max_examples=2_000, deadline=None, print_blob=True)
settings.load_profile("fixed")


def pytest_configure(config):
    if config.getoption("--hypothesis-profile") in (None, "fixed"):
        providers._get_local_constants = lambda: providers._local_constants


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Half as many again as there are cores: some tests wait for servers, clocks and ends of processes."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + (cores + 1) // 2


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory):
    """A run in which every table has rows; nobody may write to it."""
    path = Path(__file__).parent / "arcade" / "dashboard" / "made_run.py"
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
