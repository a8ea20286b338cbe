"""What a fresh interpreter loads: the only proof that a deferred import is really deferred."""

import ast
import graphlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import grpo_arcade

HEAVY = {"torch", "trl", "transformers", "textual", "pygame", "PIL", "numpy", "gymnasium", "imageio", "rich"}

IMPORT_GAMES = "import grpo_arcade.games"
PLAY = """
from grpo_arcade.games import make
game = make("2048")
game.reset(1)
while game.outcome is None:
    game.step(game.legal_actions()[0])
    game.observation()
game.view(), game.prompt(), game.baseline_scores()
"""
PLAY_BASELINES = """
from grpo_arcade.games.baseline_scores import play_baseline
for name in ("random", "greedy", "expectimax"):
    play_baseline("2048", {"target": 64}, name, [0])
"""
DRAW = """
import pygame
from grpo_arcade.games import make
game = make("2048")
game.picture().draw(pygame.Surface((200, 200)), game.view())
"""


def loaded_by(program):
    program += "\nimport json, sys\nprint(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(child.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "program", [IMPORT_GAMES, PLAY, PLAY_BASELINES], ids=["import games", "play 2048", "play baselines"]
)
def test_playing_loads_nothing_but_the_standard_library(program):
    assert not loaded_by(program) & HEAVY


def test_drawing_loads_no_model_and_no_dashboard():
    loaded = loaded_by(DRAW)
    assert "pygame" in loaded
    assert not loaded & {"torch", "trl", "transformers", "textual", "gymnasium"}


def test_rooms_do_not_know_the_rooms_above_them():
    # import-linter holds the contract for every import statement; this one is about what is really loaded.
    program = f"{PLAY}\nimport sys\nrooms = [n for n in sys.modules if n.startswith('grpo_arcade.')]\nassert all(n.startswith('grpo_arcade.games') for n in rooms), rooms"
    loaded_by(program)


APP, SCENE = (f"grpo_arcade.arcade.window.shell.{name}" for name in ("app", "scene"))


def imports():
    """Modules by name, each with those it imports anywhere: for types alone and inside of functions too."""
    root = Path(grpo_arcade.__file__).parent
    files = {
        ".".join(("grpo_arcade", *file.relative_to(root).with_suffix("").parts)).removesuffix(".__init__"): file
        for file in root.rglob("*.py")
    }
    found = {}
    for module, file in files.items():
        names = set()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                package = module if file.name == "__init__.py" else module.rpartition(".")[0]
                start = ".".join(package.split(".")[: len(package.split(".")) + 1 - node.level]) if node.level else ""
                of = f"{start}.{node.module or ''}".strip(".")
                # What is imported from a package may be a module in it.
                names |= {f"{of}.{a.name}" if f"{of}.{a.name}" in files else of for a in node.names}
        found[module] = names & files.keys() - {module}
    return found


def test_imports_go_round_in_no_circle_but_the_one_of_the_app_and_its_scenes():
    graph = imports()
    assert SCENE in graph[APP]
    assert APP in graph[SCENE]
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter(graph).prepare()
    graph[SCENE].discard(APP)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as circle:
        pytest.fail(" → ".join(reversed(circle.args[1])))


def test_no_module_has_more_than_400_lines():
    root = Path(grpo_arcade.__file__).parent
    long = {
        str(file.relative_to(root)): lines
        for file in root.rglob("*.py")
        if (lines := len(file.read_text().splitlines())) > 400
    }
    assert not long
