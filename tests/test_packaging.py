"""What is released: a wheel that installs and plays where there is no repository, and an sdist that holds no films."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

import grpo_arcade

ROOT = Path(__file__).parents[1]
SOURCES = (
    "pyproject.toml",
    "MANIFEST.in",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "constraints.txt",
    "constraints-newest.txt",
)
PLAYS = """
set -eu
arcade --version
arcade play 2048 greedy --seed 1 --to greedy.gif
printf 'def strategy(board):\\n    return "WASD"[board[0][0] %% 4]\\n' > mine.py
arcade play 2048 mine.py --seed 2 --to mine.gif
arcade play atari/pong random --seed 3 --to pong.gif
arcade eval mine.py random --seeds 2
python -c "import grpo_arcade, pathlib, sys; here = pathlib.Path(grpo_arcade.__file__); assert here.is_relative_to(sys.prefix), here"
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The wheel and the sdist, from a copy of the sources."""
    pytest.importorskip("build")
    folder = tmp_path_factory.mktemp("build")
    for name in SOURCES:
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "grpo_arcade", folder / "grpo_arcade", ignore=shutil.ignore_patterns("__pycache__"))
    # What lies about in a working copy must not come along.
    (folder / "tests").mkdir()
    (folder / "tests" / "test_something.py").write_text("")
    (folder / "docs").mkdir()
    (folder / "docs" / "film.gif").write_bytes(b"GIF89a")
    order = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder / "dist"), str(folder)]
    done = subprocess.run(order, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
    (wheel,) = (folder / "dist").glob("*.whl")
    (sdist,) = (folder / "dist").glob("*.tar.gz")
    return wheel, sdist


def test_the_wheel_holds_all_that_is_read_at_run_time(built):
    wheel, _ = built
    held = set(zipfile.ZipFile(wheel).namelist())
    here = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "grpo_arcade").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert here - held == set()
    assert not [name for name in held if not name.startswith(("grpo_arcade/", "grpo_arcade-"))]


def test_the_sdist_holds_no_films_and_no_tests(built):
    _, sdist = built
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert not [name for name in names if name.endswith((".gif", ".mp4", ".episode", ".pyc"))]
    assert not [name for name in names if name.startswith(("tests", "docs", "examples", "benchmarks"))]
    assert {"pyproject.toml", "README.md", "LICENSE", "grpo_arcade/py.typed"} <= set(names)


def test_neither_is_large(built):
    assert all(file.stat().st_size < 12_000_000 for file in built)


def test_the_version_stands_in_one_place(built):
    wheel, sdist = built
    version = grpo_arcade.__version__
    assert wheel.name == f"grpo_arcade-{version}-py3-none-any.whl"
    assert sdist.name == f"grpo_arcade-{version}.tar.gz"
    assert re.search(r'^dynamic = \["version"\]', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)


def play_in(venv, folder):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ARCADE"))}
    environment["PATH"] = f"{venv / 'bin'}:{environment['PATH']}"
    done = subprocess.run(["sh", "-c", PLAYS], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
    assert done.stdout.startswith(f"arcade {grpo_arcade.__version__}\n")
    assert all((folder / f"{name}.gif").stat().st_size > 1000 for name in ("greedy", "mine", "pong"))


@pytest.mark.skipif(os.name != "posix", reason="the commands are a shell's")
def test_the_wheel_plays_where_there_is_no_repository(built, tmp_path):
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin" / "python")]
    subprocess.run([*pip, "install", "--quiet", "--no-index", "--no-deps", str(built[0])], check=True)
    # Dependencies are this environment's; a plain path in a .pth file runs no other .pth, so nothing editable is found.
    here = sysconfig.get_paths(vars={"base": str(venv), "platbase": str(venv)}, scheme="venv")["purelib"]
    places = [place for place in sys.path if place.endswith("site-packages")]
    Path(here, "outside.pth").write_text("\n".join(places) + "\n")
    play_in(venv, tmp_path)


@pytest.mark.soak
@pytest.mark.skipif(os.name != "posix", reason="the commands are a shell's")
def test_the_wheel_plays_in_an_empty_environment(built, tmp_path):
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    order = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--constraint"]
    subprocess.run([*order, str(ROOT / "constraints.txt"), str(built[0])], check=True)
    play_in(venv, tmp_path)
