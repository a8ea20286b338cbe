import os
import subprocess
import sys

from grpo_arcade.recordings import save

PROGRAM = """
import hashlib, sys
from grpo_arcade.recordings import load
from grpo_arcade.recordings.films import write_gif
import pygame
report = write_gif(load(sys.argv[1]), sys.argv[2], size=150, frames_per_move=3)
assert not pygame.display.get_init(), "a GIF needs no display"
print(hashlib.sha256(report.path.read_bytes()).hexdigest())
"""


def run(program, *arguments):
    # Nothing in the environment that a user at a bare console would not have.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("SDL_", "PYGAME_", "DISPLAY"))
    }
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def test_two_fresh_processes_without_a_display_write_the_same_bytes(tmp_path, short):
    path = save(short, tmp_path / "game.episode")
    hashes = [run(PROGRAM, path, tmp_path / f"{number}.gif") for number in range(2)]
    assert hashes[0] == hashes[1]
    # Nothing but the hash: Pygame's greeting would spoil what a command prints as data.
    assert len(hashes[0].strip()) == 64


def test_reading_a_recording_loads_neither_pygame_nor_a_video_library(tmp_path, short):
    path = save(short, tmp_path / "game.episode")
    program = """
import sys
from grpo_arcade.recordings import load, verify
verify(load(sys.argv[1]))
print(*sorted({"pygame", "imageio", "imageio_ffmpeg", "torch"} & set(sys.modules)))
"""
    assert run(program, path).strip() == ""
