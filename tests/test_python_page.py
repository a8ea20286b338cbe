"""The snippets of docs/python.md run one after another, as they stand, and print what stands under them."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "python.md"
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)
RUN_ALL = """
import contextlib, io, json, sys
space = {"__name__": "__main__"}
for number, block in enumerate(json.load(open("blocks.json"))):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(block, f"<block {number}>", "exec"), space)
    print(json.dumps(said.getvalue()), flush=True)
"""


def parts():
    """The page's blocks: snippets with what they print (None where the page does not say), and files by name."""
    blocks = [match.groups() for match in BLOCK.finditer(PAGE.read_text())]
    files = {title: text for _, title, text in blocks if title}
    snippets = []
    for place, (language, title, text) in enumerate(blocks):
        if language == "python" and not title:
            after = blocks[place + 1] if place + 1 < len(blocks) else ("", None, "")
            snippets.append((text, after[2] if after[0] == "text" else None))
    return snippets, files


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What each snippet printed, with the page's files and its package installed."""
    folder = tmp_path_factory.mktemp("python page")
    snippets, files = parts()
    for name, text in files.items():
        (folder / name).write_text(text)
    project = tomllib.loads(files["pyproject.toml"])["project"]
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    ((group, entries),) = project["entry-points"].items()
    (info / "entry_points.txt").write_text(f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in entries.items()))
    (folder / "blocks.json").write_text(json.dumps([text for text, _ in snippets]))
    (folder / "run_all.py").write_text(RUN_ALL)
    path = os.pathsep.join((str(folder), str(PAGE.parents[1])))
    done = subprocess.run(
        [sys.executable, "run_all.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "HF_HUB_OFFLINE": "1", "SDL_VIDEODRIVER": "dummy"},
        capture_output=True,
        text=True,
    )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    return said, done.stderr


def test_every_snippet_prints_what_the_page_says(printed):
    said, errors = printed
    snippets, _ = parts()
    assert len(said) == len(snippets), errors[-3000:]
    for (text, expected), output in zip(snippets, said, strict=True):
        assert output == (expected or ""), text


def test_there_is_a_snippet_for_each_thing_one_does():
    headings = re.findall(r"^## (.+)$", PAGE.read_text(), re.MULTILINE)
    assert headings[-1] == "All names"
    for heading in headings[:-1]:
        section = PAGE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
        assert "```python" in section, heading
