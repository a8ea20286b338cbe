"""What a fresh interpreter loads: the only proof that a deferred import is really deferred."""

import json
import subprocess
import sys

import pytest

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
