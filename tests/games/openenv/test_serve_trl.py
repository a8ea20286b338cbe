"""The example in which TRL's own ``environment_factory`` drives our server, run as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.games.openenv.serving import serving

pytest.importorskip("openenv")
pytest.importorskip("trl")

EXAMPLE = Path(__file__).parents[3] / "examples" / "trl_tools.py"


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_model_that_calls_a_tool_learns_on_our_server_beside_one_that_writes_a_program(tmp_path):
    with serving("2048", "--game-options", "size=3", "target=32", "--port", "0") as served:
        command = [sys.executable, str(EXAMPLE), "--server", served.url, "--steps", "2", "--moves", "3"]
        child = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr[-3000:]
    scores = dict(re.findall(r"^  (\S.*?\S)  +(\d+\.\d)$", child.stdout, re.MULTILINE))
    assert [*scores] == [
        "any legal move",
        "move by move, tiny, untrained",
        "move by move, after 2 steps",
        "a program, written by pocket",
    ]
    called = [float(each) for each in re.findall(r"'tools/call_frequency': '([\d.]+)'", child.stdout + child.stderr)]
    assert len(called) == 2
    assert min(called) > 0
