"""The commands of docs/new-game.md, run as they stand there, in an environment of their own."""

import os
import re
import socket
import stat
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "new-game.md"


def blocks(until=None):
    """The page's commands, a text a block, up to the heading ``until``."""
    page = PAGE.read_text()
    if until is not None:
        page = page[: page.index(f"\n## {until}\n")]
    return re.findall(r"^```sh\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)


def script(commands):
    """One shell script; a server stays until the script ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = str(listening.getsockname()[1])
    text = ["set -eux"]
    for block in commands:
        if block.startswith("arcade serve apples --port"):
            log = "server.log"
            text.append(f"{block.strip()} > {log} &\nserver=$!\ntrap 'kill $server' EXIT")
            text.append(f"until grep -q http {log}; do kill -0 $server; sleep 0.2; done")
        else:
            text.append(block)
    return "\n".join(text).replace("8000", port)


@pytest.fixture
def environment(tmp_path):
    """A virtual environment that sees this one's packages, so that the page's pip installs there and fetches nothing."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    here = sysconfig.get_paths(vars={"base": str(venv), "platbase": str(venv)}, scheme="venv")["purelib"]
    Path(here, "outside.pth").write_text(f"import site; site.addsitedir({sysconfig.get_paths()['purelib']!r})\n")
    for name, module in (("pip", "pip"), ("arcade", "grpo_arcade.arcade.cli"), ("openenv", "openenv.cli")):
        program = venv / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {venv}/bin/python -m {module} "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {
        **os.environ,
        "PATH": f"{venv}/bin:{os.environ['PATH']}",
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "HF_HUB_OFFLINE": "1",
    }


def run(commands, folder, environment):
    child = subprocess.run(
        ["bash", "-c", script(commands)], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert child.returncode == 0, child.stdout[-4000:] + child.stderr[-4000:]
    return child.stdout


def test_the_page_makes_a_game_that_plays_and_passes_its_tests(tmp_path, environment):
    said = run(blocks(until="Make it yours"), tmp_path, environment)
    assert "5 passed" in said
    assert re.search(r"^follow: \d+ points in \d+ moves, won \(seed 3\), wall: \w+$", said, re.MULTILINE)
    assert (tmp_path / "apples" / "random.gif").read_bytes().startswith(b"GIF89a")


@pytest.mark.soak
def test_the_whole_page_runs_from_the_new_game_to_the_space(tmp_path, environment):
    pytest.importorskip("openenv")
    pytest.importorskip("trl")
    said = run(blocks(), tmp_path, environment)
    assert re.search(r"^lost [\d.]+ \[0, ", said, re.MULTILINE)
    assert said.count("won (seed 3)") == 2
    assert "finished" in said
    assert "Verdict: PASS" in said
    wheels = sorted((tmp_path / "apples" / "space" / "wheels").iterdir())
    assert [wheel.name.partition("-")[0] for wheel in wheels] == ["arcade_game_apples", "grpo_arcade"]
    with zipfile.ZipFile(wheels[0]) as game:
        assert {"apples/__init__.py", "apples/picture.py"} <= set(game.namelist())
        entry_points = next(name for name in game.namelist() if name.endswith(".dist-info/entry_points.txt"))
        assert "apples = apples:Apples" in game.read(entry_points).decode()
