"""``arcade`` with no command, as a process of its own."""

import os
import signal
import subprocess
import sys

import pytest

from grpo_arcade.arcade.cli import VERBS
from grpo_arcade.arcade.window.shell.display import HEADLESS_COMMANDS
from grpo_arcade.recordings import load

ARCADE = [sys.executable, "-m", "grpo_arcade.arcade.cli"]
# Closes the window as soon as it has drawn its first picture, as a person would by its button.
CLOSES_AT_ONCE = """
import sys, pygame
from grpo_arcade.arcade import cli
from grpo_arcade.arcade.window.shell.app import App
turn = App.turn
def first_turn(self, wait=True):
    drew = turn(self, wait)
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    return drew
App.turn = first_turn
sys.exit(cli.main([]))
"""


PLAYS_AND_WAITS = """
import sys, pygame
from grpo_arcade.arcade import cli
from grpo_arcade.arcade.window.shell.app import App
turn = App.turn
keys = [pygame.K_RETURN, *[pygame.K_LEFT, pygame.K_UP, pygame.K_RIGHT, pygame.K_DOWN] * 2]
def busy_turn(self, wait=True):
    drew = turn(self, wait)
    if keys:
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=keys.pop(0), mod=0, unicode=""))
    elif self.scene.next_update() is None:
        print("idle", flush=True)
    return drew
App.turn = busy_turn
sys.exit(cli.main([]))
"""


def surroundings(tmp_path, **environment):
    bare = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")}
    return bare | {
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        **environment,
    }


def start(command, tmp_path, **environment):
    bare = surroundings(tmp_path, **environment)
    return subprocess.run(command, env=bare, cwd=tmp_path, capture_output=True, text=True, timeout=120)


def test_without_a_display_arcade_says_in_one_line_what_works_and_exits_with_2(tmp_path):
    run = start(ARCADE, tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("arcade: there is no display")
    assert run.stderr.count("\n") == 1
    named = HEADLESS_COMMANDS.partition(" work without")[0].removeprefix("arcade ").replace(" and ", ", ").split(", ")
    assert set(named) <= set(VERBS)


def test_a_display_that_cannot_be_reached_is_one_line_too(tmp_path):
    run = start(ARCADE, tmp_path, DISPLAY=":98765", SDL_VIDEODRIVER="x11")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("arcade: no window can be opened")
    assert run.stderr.count("\n") == 1


def test_arcade_alone_opens_the_window_and_closing_it_is_success(tmp_path):
    run = start([sys.executable, "-c", CLOSES_AT_ONCE], tmp_path, SDL_VIDEODRIVER="dummy")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_neither_a_missing_audio_device_nor_a_broken_settings_file_keeps_it_shut(tmp_path):
    folder = tmp_path / "grpo-arcade"
    folder.mkdir()
    (folder / "settings.toml").write_text("palette = 'clasic'\n[keys]\n'play.puase' = 'p'\n")
    environment = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "none-such"}
    run = start([sys.executable, "-c", CLOSES_AT_ONCE], tmp_path, **environment)
    assert run.returncode == 0
    assert run.stdout == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_from_outside_while_it_sleeps_it_closes_at_once_and_the_game_is_saved(tmp_path, number):
    surrounding = surroundings(tmp_path, SDL_VIDEODRIVER="dummy")
    command = [sys.executable, "-c", PLAYS_AND_WAITS]
    with subprocess.Popen(command, env=surrounding, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as window:
        assert window.stdout.readline() == "idle\n"
        window.send_signal(number)
        assert window.wait(60) == 0
    (kept,) = tmp_path.glob("**/in-progress/*.episode")
    assert len(load(kept).actions) > 1
