"""docs/from-the-notebook.md speaks of commands, options, presets, alarms and numbers that are there, and they run."""

import dataclasses
import inspect
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from grpo_arcade.arcade.cli import VERBS
from grpo_arcade.trainer import alarms, presets
from grpo_arcade.trainer.model_export import FORMATS, export

PAGE = (Path(__file__).parents[2] / "docs" / "from-the-notebook.md").read_text()


def options():
    """Every option of every command, without its dashes."""
    found = {"config", "preset", "resume", "dry-run", "help"}
    for verb in VERBS:
        command = import_module(f"grpo_arcade.arcade.commands.{verb.replace('-', '_')}").Command
        found |= {field.name.replace("_", "-") for field in dataclasses.fields(command)}
    return found


def test_every_option_command_and_format_exists():
    named = set(re.findall(r"(?<![\w-])--([a-z][a-z0-9-]*)", PAGE))
    assert named - options() == set()
    assert set(re.findall(r"\barcade ([a-z]+)\b", PAGE)) - set(VERBS) == set()
    table = PAGE[PAGE.index("## Formats") : PAGE.index("## When something is wrong")]
    assert set(re.findall(r"^\| `(\w[\w-]*)` \|", table, re.MULTILINE)) == set(FORMATS)


def test_every_preset_and_alarm_has_its_name():
    line = next(line for line in PAGE.splitlines() if line.startswith("Presets by machine:"))
    assert {*re.findall(r"`([\w-]+)`", line), "tutorial"} == set(presets.NAMES)
    shown = PAGE[PAGE.index("## When something is wrong") : PAGE.index("## Which of this")]
    said = " ".join(line for line in shown.splitlines() if "alarm" in line.lower())
    known = set(re.findall(r'Sign\(\s*"(\w+)"', inspect.getsource(alarms)))
    named = {word for word in re.findall(r"`([a-z_]+)`", said) if "_" in word or word == "timeouts"}
    assert named - known - {"function_works", "strategy_succeeds"} == set()
    assert known - named == set()


def test_the_tolerances_are_those_of_the_code():
    table = PAGE[PAGE.index("## Formats") : PAGE.index("## When something is wrong")]
    percent = {name: f"{share:.0%}".replace("%", " %") for name, share in export._TOLERANCES.items()}
    for name in ("merged-16bit", "mxfp4"):
        assert re.search(rf"^\| `{name}` .*{percent[name]} of the tokens", table, re.MULTILINE)
    shares = {name: f"{share:.0%}".replace("%", " %") for name, share in export._GGUF_TOLERANCES.items()}
    assert shares["bf16"] == shares["f16"]
    few = f"{export._FEW_BITS:.0%}".replace("%", " %")
    assert (
        f"f32 {shares['f32']}, bf16 and f16 {shares['f16']}, q8_0 {shares['q8_0']}, q6_k {shares['q6_k']}, "
        f"fewer bits {few}" in table
    )


@pytest.mark.soak
def test_the_commands_run_as_they_stand(tmp_path):
    program = tmp_path / "bin" / "arcade"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m grpo_arcade.arcade.cli "$@"\n')
    program.chmod(0o755)
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 6
    done = subprocess.run(
        ["sh", "-eux", "-c", "\n".join(blocks)],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert (tmp_path / "outputs" / "first" / "export-merged-16bit" / "README.md").is_file()
    assert "def strategy" in (tmp_path / "before.py").read_text()
    assert "def strategy" in (tmp_path / "after.py").read_text()
