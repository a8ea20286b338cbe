"""``arcade serve --export``: the folder is what OpenEnv's push takes and its validation passes, and it serves."""

import importlib
import os
import sys
import zipfile
from pathlib import Path

import pytest

from grpo_arcade.arcade.cli import main
from grpo_arcade.games import make
from tests.games.openenv.serving import serving

pytest.importorskip("openenv")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("spaces") / "arcade_2048"
    assert main(["serve", "2048", "--game-options", "size=3", "--export", str(target)]) == 0
    return target


@pytest.fixture(scope="module")
def installed(folder):
    """Its wheels unpacked, which is what installing a pure wheel is."""
    target = folder.parent / "site-packages"
    for wheel in (folder / "wheels").iterdir():
        with zipfile.ZipFile(wheel) as archive:
            assert archive.testzip() is None
            archive.extractall(target)
    return target


@pytest.fixture(scope="module")
def server(folder, installed):
    """The folder's server, started as its Dockerfile does, in a child process: there is no Docker here."""
    start = """
import socket
from server.app import app, run
with socket.create_server(("127.0.0.1", 0)) as listening:
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    run(app, listening)
"""
    path = os.pathsep.join((str(folder), str(installed)))
    env = {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    with serving(env=env, command=("-c", start), cwd=folder) as served:
        yield served


class ChildProcesses:
    """What OpenEnv's validation starts servers with, over one that runs already."""

    name = "child-process"
    supported_network_modes = frozenset({"public"})

    def __init__(self, server):
        from openenv.validation.types import ProviderCapability

        self.capabilities = frozenset({ProviderCapability.IMAGE_BUILD})
        self.base_url = server.url

    def build(self, root, execution):
        assert (Path(root) / execution.dockerfile).is_file()
        return "sha256:" + "0" * 64

    def start(self, spec):
        return self

    def inspect(self):
        return {}

    def stop(self):
        pass


def test_openenvs_validation_passes_at_every_level_it_can_grade_here(folder, server):
    from openenv.validation import Level, run_validation

    static = run_validation(folder, max_level=Level.STATIC)
    assert [(each.check_id, each.status.value) for each in static.results] == [("static.manifest", "pass")]
    assert static.verdict.value == "pass"

    report = run_validation(folder, provider=ChildProcesses(server))
    graded = {each.check_id: each.status.value for each in report.results if each.status.value != "skip"}
    assert graded == {
        "static.manifest": "pass",
        "runtime.startup": "pass",
        "runtime.reward_well_formed": "pass",
        "runtime.observation_schema": "pass",
        "runtime.state_contract": "pass",
    }, report
    # What is left has no grader in OpenEnv yet, or needs Docker's networks.
    left = {line for each in report.results if each.status.value == "skip" for line in each.evidence}
    assert left <= {"grader not implemented in this build", "missing provider capabilities: network_policy"}, left


def test_openenv_push_accepts_the_folder_and_leaves_it_as_it_is(folder, tmp_path):
    from openenv.cli.commands.push import _prepare_staging_directory, _validate_openenv_directory

    name, manifest = _validate_openenv_directory(folder)
    assert (name, manifest["port"]) == ("arcade_2048", 8000)
    _prepare_staging_directory(folder, name, tmp_path, ignore_patterns=[".*", "__pycache__", "*.pyc", "build/"])
    kept = {
        file.relative_to(folder) for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts
    }
    assert {file.relative_to(tmp_path) for file in tmp_path.rglob("*") if file.is_file()} == kept
    for file in kept:
        assert (tmp_path / file).read_bytes() == (folder / file).read_bytes()
    readme = (folder / "README.md").read_text()
    assert readme.startswith("---\n")
    assert "app_port: 8000\nbase_path: /web\n" in readme


def test_the_readmes_example_plays_on_the_folders_own_server(folder, server, capsys, monkeypatch):
    monkeypatch.syspath_prepend(str(folder.parent))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    example = (folder / "README.md").read_text().split("```python\n")[1].split("```")[0]
    exec(example.replace("http://localhost:8000", server.url), {})
    typed = importlib.import_module("arcade_2048")
    with pytest.raises(ValueError, match="Input should be 'W', 'D', 'S' or 'A'"):
        typed.Move(action="up")
    game = make("2048", size=3)
    game.reset(0)
    while game.outcome is None:
        game.step(game.legal_actions()[0])
    assert capsys.readouterr().out.split()[0] == str(game.outcome)


def test_the_pins_are_what_is_installed_here(folder):
    from importlib.metadata import version

    pins = dict(line.split("==") for line in (folder / "requirements.txt").read_text().splitlines())
    assert pins["openenv"] == "0.10.0"
    assert {"fastapi", "uvicorn", "pydantic", "numpy", "pillow", "pygame"} <= pins.keys()
    assert not {"grpo-arcade", "torch", "pytest"} & pins.keys()
    assert all(version(name) == pinned for name, pinned in pins.items())
