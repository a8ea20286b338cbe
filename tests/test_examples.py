"""Generated examples are the same in every run of the tests, whatever a process has imported before."""

import subprocess
import sys

FOUND = """
from hypothesis import given, strategies
{imports}
texts = []

@given(strategies.text())
def test_texts(text):
    texts.append(text)

def test_which():
    print("found", texts)
"""


def test_examples_do_not_depend_on_what_is_imported(tmp_path, request):
    found = []
    for imports in ("", "import grpo_arcade.games.twenty48"):
        path = tmp_path / "test_found.py"
        path.write_text(FOUND.format(imports=imports))
        command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-q", "-s", "-c", "/dev/null"]
        command += ["--rootdir", str(tmp_path), str(path)]
        printed = subprocess.run(command, cwd=request.config.rootpath, capture_output=True, text=True).stdout
        found.append(next(line for line in printed.splitlines() if "found" in line))
    assert found[0] == found[1]
