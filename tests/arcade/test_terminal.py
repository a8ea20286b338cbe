"""What takes long says so, also where there is no terminal; what is told twice stands once."""

import io
import os
import shlex
import subprocess
import sys
import time

import pytest

from grpo_arcade.arcade import terminal
from grpo_arcade.arcade.invocation import invoked_as
from grpo_arcade.arcade.terminal import Bar

from .test_endpoint import serving, streamed
from .test_write import GOOD


def test_what_takes_long_is_told_where_there_is_no_bar(monkeypatch):
    monkeypatch.setattr(terminal, "_UNTOLD_S", 0.0)
    monkeypatch.setattr(terminal, "_EVERY_S", 0.0)
    # No capsys: reading what it has captured can lose what another thread writes meanwhile.
    told = io.StringIO()
    monkeypatch.setattr(sys, "stderr", told)

    def heard(line):
        while line not in told.getvalue():
            time.sleep(0.001)

    with Bar("filming") as bar:
        heard("filming …\n")
        bar.to(40, 1_200)
        heard("filming: 40 of 1,200\n")
        bar.say("reading again")
        heard("reading again …\n")
    assert told.getvalue().count("40 of") == 1


@pytest.mark.parametrize("quiet", [True, False])
def test_what_is_quickly_done_or_quiet_says_nothing(monkeypatch, capsys, quiet):
    monkeypatch.setattr(terminal, "_UNTOLD_S", 0.0 if quiet else 60.0)
    with Bar("filming", quiet=quiet) as bar:
        bar.to(1, 2)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("words", [["write"], ["play", "2048"]], ids=" ".join)
def test_a_program_that_is_written_into_one_pipe_stands_in_it_once(words):
    with serving(streamed(GOOD)) as server:
        model = ["--model", server.url] if words == ["write"] else [server.url]
        order = [sys.executable, "-m", "grpo_arcade", *words, *model]
        done = subprocess.run(order, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0
    assert done.stdout.count("def strategy") == 1


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="terminals of one's own")
def test_a_program_that_is_piped_on_is_not_shown_on_the_terminal_as_well():
    ours, theirs = os.openpty()
    with serving(streamed(GOOD)) as server:
        order = [sys.executable, "-m", "grpo_arcade", "write", "--model", server.url]
        done = subprocess.run(order, stdout=subprocess.PIPE, stderr=theirs, text=True)
    os.close(theirs)
    os.set_blocking(ours, False)
    try:
        shown = os.read(ours, 1 << 16).decode()
    except OSError:  # nothing was ever written
        shown = ""
    os.close(ours)
    assert done.stdout.count("def strategy") == 1
    assert "def strategy" not in shown


def test_a_name_in_a_pipe_stays_in_one_piece(tmp_path):
    name = "2048-pocket-" + "a-long-name-" * 12
    program = (
        "from grpo_arcade.recordings.runs.writer import RunWriter\n"
        "from grpo_arcade.trainer.config import TrainConfig\n"
        f"RunWriter.create(TrainConfig(run_name={name!r}), {{'game': '2048', 'run_key': '00'}}).close()"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    order = [sys.executable, "-m", "grpo_arcade", "runs"]
    told = subprocess.run(order, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert f"outputs/{name} " in told


@pytest.mark.parametrize(
    ("argv", "path", "typed"),
    [
        (["bin/arcade", "demo"], "bin", "arcade"),
        (["bin/arcade", "demo"], "/nowhere", "bin/arcade"),
        (["{here}/bin/arcade", "demo"], "/nowhere", "bin/arcade"),
        (["{here}/a b/arcade", "demo"], "/nowhere", "'a b/arcade'"),
        (["{here}/grpo_arcade/__main__.py", "demo"], "bin", "{python} -m grpo_arcade"),
        (["/usr/bin/pytest"], "bin", "arcade"),
    ],
)
def test_what_to_type_is_told_as_it_was_typed(tmp_path, monkeypatch, argv, path, typed):
    monkeypatch.chdir(tmp_path)
    for folder in ("bin", "a b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "arcade").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path / path))
    monkeypatch.setattr(sys, "argv", [word.format(here=tmp_path) for word in argv])
    assert invoked_as() == typed.format(python=shlex.quote(sys.orig_argv[0]))
